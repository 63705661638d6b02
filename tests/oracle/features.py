"""What hard cases a shop really holds, by what the oracle finds in it."""

from collections.abc import Iterator
from datetime import timedelta

from tests.oracle.reports import STATES
from tests.oracle.shops import Shop
from tests.oracle.world import World

# Features that are put in on purpose and seen in the rows alone.
DRAWN = {
    "late_row", "second_version", "refund", "day_precision", "void_order", "second_currency",
    "snapshot", "listed_cart", "daylight_saving", "two_versions", "two_records", "sms",
    "other_campaign", "mailer_totals", "mapped_account", "test_account", "erased_account",
}  # fmt: skip
FOUND = {
    "merge", "shared_browser", "tie", "abandoned_twice", "nobodys_cart", "address_on_too_many",
    "closed_ordered", "closed_emptied", "closed_expired", "closed_open", "closed_disappeared",
    "closed_void_order", "stage_checkout", "stage_payment", "touch_coupon", "touch_link",
    "touch_click", "untouched_order", "machine", "unknown", "bounced", "unsubscribed", "complained",
    "immature", "recorded", "drawn", "contaminated", "holdout", "eligible_later",
    "exactly_idle", "exactly_expired", "exactly_window_end", "exactly_cut_off",
}  # fmt: skip
ALL = DRAWN | FOUND | {f"state_{state}" for state in STATES}
RULES = ("touch_coupon", "touch_link", "touch_click")


def features(made: Shop, world: World) -> set[str]:
    """Every hard case of one shop."""
    drawn = {name for name, times in made.features.items() if times and name in DRAWN}
    return drawn | set(_people(world)) | set(_carts(world)) | set(_mail(world)) | set(_ends(world))


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
