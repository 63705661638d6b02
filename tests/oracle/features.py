"""What hard cases a shop really holds, by what the oracle finds in it."""

from collections.abc import Iterator
from datetime import timedelta

from tests.oracle.audit import rpt_report_audit, rpt_report_identities
from tests.oracle.behaviour_features import BEHAVIOUR, behaviour_features
from tests.oracle.checks import rpt_experiment_checks, rpt_experiment_plan
from tests.oracle.days import mailable_changes
from tests.oracle.due import fct_cart_steps_due
from tests.oracle.effects import rpt_incrementality
from tests.oracle.products import rpt_form_errors
from tests.oracle.reports import STATES
from tests.oracle.segment_features import SEGMENTS, segment_features
from tests.oracle.shops import Shop
from tests.oracle.trial import trials
from tests.oracle.world import World

# Features that are put in on purpose and seen in the rows alone.
DRAWN = {
    "late_row", "second_version", "refund", "day_precision", "void_order", "second_currency",
    "snapshot", "listed_cart", "daylight_saving", "two_versions", "two_records", "sms",
    "other_campaign", "mailer_totals", "mapped_account", "test_account", "erased_account",
    "campaign_not_in_file", "crowd", "share_changed", "arm_of_older_file", "till",
}  # fmt: skip
FOUND = {
    "merge", "shared_browser", "tie", "abandoned_twice", "nobodys_cart", "address_on_too_many",
    "closed_ordered", "closed_emptied", "closed_expired", "closed_open", "closed_disappeared",
    "closed_void_order", "stage_checkout", "stage_payment", "touch_coupon", "touch_link",
    "touch_click", "untouched_order", "machine", "unknown", "bounced", "unsubscribed", "complained",
    "immature", "recorded", "drawn", "contaminated", "holdout", "eligible_later",
    "exactly_idle", "exactly_expired", "exactly_window_end", "exactly_cut_off",
}  # fmt: skip
VERDICTS = (
    "collecting", "better", "worse", "likely_better", "no_difference_larger_than",
    "cannot_be_measured",
)  # fmt: skip
BASES = ("holdout", "no_campaign", "all_eligible")
TRIED = {
    "trial_of_site", "trial_of_calendar", "trial_registered", "trial_in_bands", "trial_ended",
    "ratio_judged", "ratio_alarm", "held_out_written_to", "refused_beyond_holdout", "measurable",
    *(f"verdict_{verdict}" for verdict in VERDICTS), *(f"plan_by_{basis}" for basis in BASES),
}  # fmt: skip
SIGNS = {
    "form_error_named", "form_error_unnamed", "form_error_running", "step_due",
    "step_due_mailed_by_shop", "lost_consent", "printed_wrong", "printed_by_another", "total_wrong",
}  # fmt: skip
ALL = DRAWN | FOUND | TRIED | SIGNS | BEHAVIOUR | SEGMENTS | {f"state_{state}" for state in STATES}
RULES = ("touch_coupon", "touch_link", "touch_click")


def features(made: Shop, world: World) -> set[str]:
    """Every hard case of one shop."""
    drawn = {name for name, times in made.features.items() if times and name in DRAWN}
    found = (_people, _carts, _mail, _ends, _trials, _signs, behaviour_features, segment_features)
    return drawn.union(*(set(one(world)) for one in found))


def _people(world: World) -> Iterator[str]:
    people = world.people
    if len(set(people.person_of_account.values())) < len(people.person_of_account):
        yield "merge"
    if any(browser.shared_from_at for browser in people.browsers.values()):
        yield "shared_browser"
    used = [a.email_hash for a in people.accounts.values() if a.email_hash is not None]
    if any(used.count(a) > 1 and a not in people.person_of_address for a in used):
        yield "address_on_too_many"
    instants = [(e["anonymous_id"], e["occurred_at"]) for e in world.shop["events"]]
    if len(set(instants)) < len(instants):
        yield "tie"


def _carts(world: World) -> Iterator[str]:
    expiry = timedelta(days=world.shop.settings["cart_expiry_days"])
    for cart in world.carts:
        yield f"closed_{cart.close_reason or 'open'}"
        yield f"stage_{cart.stage}"
        if cart.close_basis in {"disappeared", "void_order"}:
            yield f"closed_{cart.close_basis}"
        if len(cart.abandonments) > 1:
            yield "abandoned_twice"
        if cart.person is None:
            yield "nobodys_cart"
    places = {(e["occurred_at"], world.people.of_event(e)) for e in world.shop["events"]}
    for cart in world.carts:
        if any((left, cart.person) in places for left in cart.abandonments):
            yield "exactly_idle"
        if (
            cart.close_reason == "expired"
            and (cart.last_activity_at + expiry, cart.person) in places
        ):
            yield "exactly_expired"


def _mail(world: World) -> Iterator[str]:
    orders = {(order.ordered_by_at, order.person) for order in world.orders if order.is_sale}
    for message in world.messages:
        yield from (RULES[rank] for _, rank in message.touches)
        yield from (e.reader for e in message.events if e.reader in {"machine", "unknown"})
        if message.is_bounced:
            yield "bounced"
        if message.happened("unsubscribe"):
            yield "unsubscribed"
        if message.happened("complaint"):
            yield "complained"
        if not message.is_mature:
            yield "immature"
        if (message.window_ends_at, message.person) in orders:
            yield "exactly_window_end"
    if any(not credit.is_recovered for credit in world.credits):
        yield "untouched_order"


def _ends(world: World) -> Iterator[str]:
    said = {r["occurred_at"] for r in world.shop["consents"]}
    said |= {r["started_at"] for r in world.shop["suppressions"]}
    for one in world.outcomes:
        yield f"state_{one.state}"
        if one.cart.abandoned_at in said:
            yield "exactly_cut_off"
        if one.reached.eligible_at not in {None, one.cart.abandoned_at}:
            yield "eligible_later"
    arms = {
        (row["campaign_key"], row["campaign_version"], row["arm_key"])
        for row in world.shop["campaign_arms"]
        if row["is_holdout"]
    }
    for given in world.assignments:
        yield given.basis
        if given.is_contaminated:
            yield "contaminated"
        if (*given.version, given.arm) in arms:
            yield "holdout"


def _trials(world: World) -> Iterator[str]:
    for trial in trials(world):
        if trial.kind == "site":
            yield "trial_of_site"
        if trial.campaign["segment_key"] not in {None, "cart_recovery"}:
            yield "trial_of_calendar"
        if trial.campaign["ends_at"] is not None:
            yield "trial_ended"
        if any(person.has_registered and person.is_mature for person in trial.persons):
            yield "trial_registered"
    for row in rpt_incrementality(world):
        if row["verdict"] is not None:
            yield f"verdict_{row['verdict']}"
        if row["difference_post_stratified"] not in {None, row["outcome_rate_difference"]}:
            yield "trial_in_bands"
    for row in rpt_experiment_checks(world):
        key, is_alarm = row["check_key"], row["is_alarm"]
        if key == "sample_ratio" and row["is_judged"]:
            yield "ratio_alarm" if is_alarm else "ratio_judged"
        if key == "held_out_written_to" and is_alarm:
            yield str(key)
        if key == "unsubscribe_rate" and row["event_count"] and row["baseline_event_count"]:
            yield "refused_beyond_holdout"
    for row in rpt_experiment_plan(world)[-1:]:
        yield f"plan_by_{row['base_rate_basis']}"
        if row["is_measurable"]:
            yield "measurable"


def _signs(world: World) -> Iterator[str]:
    events = {(e["event_name"], world.people.of_event(e)) for e in world.shop["events"]}
    if any(cart.is_running and ("Form Error", cart.person) in events for cart in world.carts):
        yield "form_error_running"
    for row in rpt_form_errors(world):
        yield "form_error_unnamed" if row["field_name"] == "unknown" else "form_error_named"
    for row in fct_cart_steps_due(world):
        yield "step_due_mailed_by_shop" if row["is_mailed_by_shop"] else "step_due"
    if any(not is_mailable for _, is_mailable in mailable_changes(world)):
        yield "lost_consent"
    for row in rpt_report_audit(world):
        if row["is_flagged"]:
            yield "printed_wrong"
        if row["note"] == "other_denominator_than_its_peers":
            yield "printed_by_another"
    if any(row["is_flagged"] for row in rpt_report_identities(world)):
        yield "total_wrong"
