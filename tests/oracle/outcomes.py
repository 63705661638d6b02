"""What became of every abandoned episode: the first state that applies (definitions, section 4)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.arms import Assignment, Candidate, assignments, known_arms
from tests.oracle.campaigns import (
    Ledgered,
    Version,
    cart_campaigns,
    ledger,
    running,
    version_of,
)
from tests.oracle.contact import Reach, contacts, reach
from tests.oracle.credit import Credit
from tests.oracle.episodes import Episode
from tests.oracle.known import Known, Row
from tests.oracle.messages import Message
from tests.oracle.persons import People
from tests.oracle.sales import Order, sales_of_persons

# These two defer a message, they do not refuse it.
DEFERRING = {"quiet_hours", "frequency_cap"}


@dataclass
class Outcome:
    """An abandoned episode and its terminal state."""

    cart: Episode
    reached: Reach
    version: Version | None
    arm: str | None
    eligible_at: datetime | None
    ledgered: Ledgered | None
    messages: list[Message]
    credits: list[Credit]
    window_ends_at: datetime
    first_valid_until_at: datetime | None
    is_step_valid: bool
    has_ordered_in_window: bool = False
    is_mature: bool = False
    state: str = ""
    reason: str = ""

    @property
    def handed_over_at(self) -> datetime | None:
        """First hand-off."""
        return self.ledgered.handed_over_at if self.ledgered else None

    @property
    def held_out_at(self) -> datetime | None:
        """First row of somebody held out."""
        return self.ledgered.held_out_at if self.ledgered else None

    @property
    def recovered(self) -> list[Credit]:
        """Orders credited after a touch, the first one first."""
        return sorted(
            (c for c in self.credits if c.is_recovered),
            key=lambda c: (c.order.ordered_at, c.order.order_id),
        )

    @property
    def recovered_amount(self) -> Decimal | None:
        """Revenue of the orders credited after a touch."""
        known = [c.order.revenue for c in self.recovered if c.order.revenue is not None]
        return sum(known, Decimal(0)) if known else None


def outcomes(
    shop: Known, found: People, made: list[Order], carts: list[Episode],
    messages: list[Message], credited: list[Credit],
) -> tuple[list[Outcome], list[Assignment]]:  # fmt: skip
    """Every abandoned episode's outcome, and every assignment to an arm."""
    told, named, campaigns = contacts(shop, found), ledger(shop, messages), cart_campaigns(shop)
    abandoned = [cart for cart in carts if cart.abandoned_at is not None]
    versions: dict[str, Version | None] = {}
    reached: dict[str, Reach] = {}
    eligible = []
    for cart in abandoned:
        own = named.get(cart.episode_id)
        version = (own.campaign, own.version) if own else running(campaigns, cart.abandoned_at)
        campaign = campaigns.get(version, Row())
        got = reach(
            told, cart.person, str(campaign["channel"] or "email"),
            str(campaign["purpose"] or "cart_reminder"),
            identified_at=cart.identified_at, abandoned_at=cart.abandoned_at,
            hours=int(str(campaign["eligibility_hours"] or shop.settings["eligibility_hours"])),
        )  # fmt: skip
        versions[cart.episode_id], reached[cart.episode_id] = version, got
        is_open = cart.closed_at is None or (got.eligible_at or shop.as_of) < cart.closed_at
        if version and got.eligible_at and is_open and got.eligible_at < shop.as_of:
            eligible.append(Candidate(version, cart.episode_id, cart.person, got.eligible_at))
    assigned = assignments(shop, found, eligible)
    of_messages, of_credits = defaultdict(list), defaultdict(list)
    for message in messages:
        of_messages[message.occurrence, message.campaign[0]].append(message)
    for credit in credited:
        of_credits[credit.message.occurrence, credit.message.campaign[0]].append(credit)
    arms = {(a.version, a.occurrence, a.person): a for a in assigned}
    sales = sales_of_persons(made)
    done = []
    for cart in abandoned:
        version = versions[cart.episode_id]
        place = (cart.episode_id, version[0] if version else None)
        outcome = _described(
            shop, cart, reached[cart.episode_id], version, campaigns.get(version, Row()),
            named.get(cart.episode_id), arms.get((version, cart.episode_id, cart.person)),
        )  # fmt: skip
        outcome.messages, outcome.credits = of_messages[place], of_credits[place]
        ends = [m.window_ends_at for m in outcome.messages]
        outcome.is_mature = max([outcome.window_ends_at, *ends]) <= shop.as_of
        outcome.has_ordered_in_window = any(
            cart.abandoned_at <= order.ordered_by_at < outcome.window_ends_at
            for order in sales.get(cart.person or "", ())
        )
        outcome.state, outcome.reason = _ended(outcome, shop.as_of)
        done.append(outcome)
    return done, assigned


def _described(
    shop: Known, cart: Episode, got: Reach, version: Version | None, campaign: Row,
    own: Ledgered | None, assigned: Assignment | None,
) -> Outcome:  # fmt: skip
    days = int(str(campaign["recovery_window_days"] or shop.settings["recovery_window_days"]))
    steps = {
        int(str(row["step_number"])): row
        for row in shop["campaign_steps"]
        if version_of(row) == version
    }
    delay: object = None
    if assigned is not None and version is not None:
        delay = known_arms(shop)[version].get(assigned.arm, Row())["delay_minutes"]
    # The clock of a step starts at the activity before the abandonment.
    started = cart.abandonments[-1] - cart.idle
    first_until = None
    if 1 in steps:
        minutes = steps[1]["delay_minutes"] if delay is None else delay
        first_until = _until(started + timedelta(minutes=int(str(minutes))), steps[1])
    return Outcome(
        cart, got, version,
        arm=(own.arm if own else None) or (assigned.arm if assigned else None),
        eligible_at=assigned.eligible_at
        if assigned
        else ((own.eligible_at if own else None) or got.eligible_at),
        ledgered=own, messages=[], credits=[],
        window_ends_at=cart.abandoned_at + timedelta(days=days),
        first_valid_until_at=first_until,
        is_step_valid=_is_next_valid(steps, own, started, delay, as_of=shop.as_of),
    )  # fmt: skip


def _until(due_at: datetime, step: Row) -> datetime:
    return due_at + timedelta(hours=int(str(step["validity_hours"])))


def _is_next_valid(
    steps: dict[int, Row], own: Ledgered | None, started: datetime, first_delay: object, *,
    as_of: datetime,
) -> bool:  # fmt: skip
    """True while the step after the last one done may still be handed over."""
    if own is None or not own.done:
        return False
    last = max(own.done)
    if last + 1 not in steps:
        return False
    delay = int(str(steps[last + 1]["delay_minutes"]))
    before = int(str(steps[last]["delay_minutes"])) if last in steps else delay
    if last == 1 and first_delay is not None:
        before = int(str(first_delay))
    # Due no sooner after the step before than the difference of their delays.
    due_at = max(
        started + timedelta(minutes=delay),
        own.done[last] + timedelta(minutes=max(delay - before, 0)),
    )
    return _until(due_at, steps[last + 1]) > as_of


def _ended(outcome: Outcome, as_of: datetime) -> tuple[str, str]:
    cart, sent = outcome.cart, outcome.messages
    handed, held = outcome.handed_over_at, outcome.held_out_at
    is_untouched = handed is None and held is None
    # Who was written to or held out was reachable, whatever has been learnt since.
    if is_untouched and outcome.reached.state != "reachable":
        return outcome.reached.state, outcome.reached.reason
    if outcome.version is None:
        return "no_campaign", ""
    decided = min((i for i in (handed, held) if i is not None), default=None)
    decided = decided or outcome.first_valid_until_at
    if cart.closed_at is not None and decided is not None and cart.closed_at < decided:
        if cart.close_reason == "ordered":
            return "self_ordered_before_step_1", ""
        if cart.close_reason == "emptied":
            return "emptied_before_step_1", ""
    why = outcome.ledgered.gate_reason if outcome.ledgered else None
    until = outcome.first_valid_until_at
    is_missed = until is not None and until <= as_of
    if is_untouched and (is_missed or (why is not None and why not in DEFERRING)):
        return "gated", why or "missed"
    if handed is None and held is not None:
        return "held_out", ""
    return _followed(outcome, sent, as_of)


def _followed(outcome: Outcome, sent: list[Message], as_of: datetime) -> tuple[str, str]:
    """What became of somebody who was written to, or still will be."""
    cart = outcome.cart
    if sent and all(message.is_lost for message in sent):
        reasons = [m.bounce_reason for m in sent if m.is_bounced and m.bounce_reason]
        return "not_delivered", min(reasons, default="not_sent")
    if outcome.recovered:
        return "recovered", str(outcome.recovered[0].rule)
    # What ends a cart after the window of its last message settles nothing.
    last = max((message.window_ends_at for message in sent), default=None)
    ended = cart.close_reason if last is None or (cart.closed_at or last) < last else None
    if outcome.credits or ended == "ordered":
        return "self_ordered_later", ""
    if not sent or any(message.window_ends_at > as_of for message in sent):
        return "open", ""
    if cart.close_reason is None and outcome.is_step_valid:
        return "open", ""
    return ("emptied_later" if ended == "emptied" else "lost"), ""
