"""May a person be written to? What was said, by whom, of which address (definitions, 4 and 6)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.known import Known
from tests.oracle.persons import Account, People

# Nothing else ends a refusal: a bare flag or a stale import revives nobody who said no.
EXPLICIT = {"form", "checkout", "double_opt_in", "written"}
SUPPRESSIONS = {
    "unsubscribe": "unsubscribe",
    "withdrawn_member": "unsubscribe",
    "hard_bounce": "hard_bounce",
    "soft_bounce_repeated": "hard_bounce",
    "manual": "manual_block",
    "legal": "manual_block",
    "complaint": "complaint",
    "erased": "erased",
}
# How far a person came: the first gate that closes is the state.
LABELS = (
    ("not_identified", ""),
    ("suppressed", "erased"),
    ("no_address", ""),
    ("no_consent", ""),
    ("suppressed", "unsubscribed"),
    ("suppressed", "complaint"),
    ("suppressed", "hard_bounce"),
    ("suppressed", "manual_block"),
    ("reachable", ""),
)
REACHABLE = len(LABELS) - 1


@dataclass(frozen=True)
class Statement:
    """A grant, a refusal or a block, at the place (address) it was said of."""

    place: str
    channel: str
    purpose: str
    kind: str
    is_explicit: bool
    at: datetime
    ended_at: datetime | None = None


@dataclass
class Reach:
    """How far an episode's person could be reached in time."""

    gate: int
    is_identified: bool
    has_address: bool
    eligible_at: datetime | None

    @property
    def state(self) -> str:
        """Terminal state the gate stands for, or `reachable`."""
        return LABELS[self.gate][0]

    @property
    def reason(self) -> str:
        """Kind of suppression."""
        return LABELS[self.gate][1]

    @property
    def has_consent(self) -> bool:
        """Consent was there, whatever stopped it."""
        return self.gate > 3


@dataclass
class Contacts:
    """Places and statements of every person."""

    places: dict[str, dict[str, list[Account]]]
    statements: dict[str, list[Statement]]

    def gate(
        self, person: str | None, channel: str, purpose: str, *,
        identified_at: datetime | None, at: datetime, inclusive: bool = False,
    ) -> tuple[int, bool]:  # fmt: skip
        """Furthest gate over the person's addresses at a moment, and whether any has an address.

        What is dated before the moment counts, with `inclusive` also what is dated at it.
        """

        def counts(instant: datetime | None) -> bool:
            return instant is not None and (instant < at or (inclusive and instant == at))

        if person is None or not counts(identified_at):
            return 0, False
        said = [
            s
            for s in self.statements.get(person, ())
            if counts(s.at)
            and (s.channel == channel or s.kind == "erased")
            and (s.purpose == purpose or (s.purpose, purpose) == ("marketing", "cart_reminder"))
        ]
        gates = [
            _gate(place, accounts, said, channel, at)
            for place, accounts in self.places.get(person, {}).items()
        ]
        has_address = any(
            _has_address(a, channel, at) for a in self.places.get(person, {}).values()
        )
        return max(gates, default=2), has_address


def contacts(shop: Known, found: People) -> Contacts:
    """Everything known of who may be written to."""
    places: dict[str, dict[str, list[Account]]] = defaultdict(lambda: defaultdict(list))
    users: dict[str, list[str]] = defaultdict(list)
    for account in found.accounts.values():
        person = found.of_account(account.customer_id)
        if account.email_hash is not None:
            users[account.email_hash].append(account.customer_id)
        if person is not None:
            places[person][account.email_hash or account.customer_id].append(account)
    statements: dict[str, list[Statement]] = defaultdict(list)
    for customer, address, statement in _said(shop):
        account = found.accounts.get(customer or "")
        place = address or (account.email_hash if account is not None else None)
        # What an address said binds everybody who uses it, joined or not.
        said_by = {*users.get(place or "", ()), *([customer] if customer else [])}
        for user in said_by:
            person = found.of_account(user)
            if person is not None:
                own = Statement(
                    place or customer or "", statement.channel, statement.purpose, statement.kind,
                    statement.is_explicit, statement.at, statement.ended_at,
                )  # fmt: skip
                statements[person].append(own)
    return Contacts(places, statements)


def _said(shop: Known) -> Iterable[tuple[str | None, str | None, Statement]]:
    """Account, address and statement, from every source of them."""
    for row in shop["consents"]:
        if row["consent_state"] not in {"granted", "denied"}:
            continue
        kind = "denial" if row["basis"] != "one_click_unsubscribe" else "unsubscribe"
        if row["consent_state"] == "granted":
            kind = "grant"
        yield row["customer_id"], row["email_hash"], Statement(
            "", str(row["channel"]), str(row["purpose"]), kind, row["basis"] in EXPLICIT,
            row["occurred_at"],
        )  # fmt: skip
    for row in shop["suppressions"]:
        if row["scope"] != "global":
            continue
        kind = SUPPRESSIONS[str(row["reason"])]
        # Unsubscribe, complaint and erasure never end by themselves.
        ends = row["ended_at"] if kind in {"hard_bounce", "manual_block"} else None
        yield (
            row["customer_id"],
            row["email_hash"],
            Statement("", str(row["channel"]), "marketing", kind, True, row["started_at"], ends),
        )
    tokens = {
        row["recipient_token"]: row["email_hash"]
        for row in shop["export_claims"]
        if row["recipient_token"] is not None
    }
    for row in shop["mail_events"]:
        if row["event_type"] in {"unsubscribe", "complaint", "hard_bounce"}:
            address = row["email_hash"] or tokens.get(row["recipient_token"])
            yield (
                None,
                address,
                Statement(
                    "", "email", "marketing", str(row["event_type"]), True, row["occurred_at"]
                ),
            )


def _erased_at(accounts: list[Account]) -> datetime | None:
    """When the last account of an address was erased; None while one is left."""
    instants = [account.erased_at for account in accounts]
    return None if None in instants else max(i for i in instants if i is not None)


def _has_address(accounts: list[Account], channel: str, at: datetime) -> bool:
    left = [account for account in accounts if account.erased_at is None]
    if channel != "email":
        return channel == "sms" and any(account.has_phone for account in left)
    # Of an account erased since the hash alone is left to tell of its address.
    erased_at = _erased_at(accounts)
    was_there = erased_at is not None and erased_at >= at and accounts[0].email_hash is not None
    return was_there or any(account.has_email for account in left)


def _gate(
    place: str, accounts: list[Account], said: list[Statement], channel: str, at: datetime
) -> int:
    """Gate that closes for one address, or `REACHABLE`."""

    def last(kind: str, *, own: bool | None = None, explicit: bool = False) -> datetime | None:
        return max(
            (
                s.at
                for s in said
                if s.kind == kind
                and (own is None or (s.place == place) == own)
                and (s.is_explicit or not explicit)
            ),
            default=None,
        )

    erased_at = _erased_at(accounts)
    if last("erased") is not None or (erased_at is not None and erased_at < at):
        return 1
    if not _has_address(accounts, channel, at):
        return 2
    # A grant holds for its own address alone; a refusal binds the person.
    renewed = last("grant", own=True, explicit=True)
    denied = last("denial", own=True)
    if last("grant", own=True) is None or _stands(denied, renewed):
        return 3
    refused = [i for i in (last("unsubscribe"), last("denial", own=False)) if i is not None]
    if _stands(max(refused, default=None), renewed):
        return 4
    if last("complaint") is not None:
        return 5
    in_force = [s for s in said if s.ended_at is None or s.ended_at > at]
    if any(s.kind == "hard_bounce" and s.place == place for s in in_force):
        return 6
    return 7 if any(s.kind == "manual_block" for s in in_force) else REACHABLE


def _stands(refused: datetime | None, renewed: datetime | None) -> bool:
    """A refusal that nothing later has ended; at the same instant the refusal wins."""
    return refused is not None and (renewed is None or renewed <= refused)


def reach(
    told: Contacts, person: str | None, channel: str, purpose: str, *,
    identified_at: datetime | None, abandoned_at: datetime, hours: int,
) -> Reach:  # fmt: skip
    """How far the person came at the abandonment or by the end of the eligibility hours."""
    cut_off = abandoned_at + timedelta(hours=hours)
    first, first_address = told.gate(
        person, channel, purpose, identified_at=identified_at, at=abandoned_at
    )
    last, last_address = told.gate(
        person, channel, purpose, identified_at=identified_at, at=cut_off
    )
    eligible_at = abandoned_at if first == REACHABLE else None
    if eligible_at is None and last == REACHABLE:
        instants = {abandoned_at, identified_at}
        for statement in told.statements.get(person or "", ()):
            instants |= {statement.at, statement.ended_at}
        eligible_at = next(
            instant
            for instant in sorted(i for i in instants if i is not None and i >= abandoned_at)
            if told.gate(
                person, channel, purpose,
                identified_at=identified_at, at=instant, inclusive=True,
            )[0] == REACHABLE
        )  # fmt: skip
    is_identified = identified_at is not None and identified_at < cut_off and person is not None
    return Reach(max(first, last), is_identified, first_address or last_address, eligible_at)
