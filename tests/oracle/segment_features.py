"""What hard cases of segments and feeds a shop really holds, by what the oracle finds in it."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.oracle.arms import drawn_arm
from tests.oracle.behaviour_customers import dim_persons
from tests.oracle.campaigns import Version
from tests.oracle.cohorts import month_day_later
from tests.oracle.due import fct_campaign_steps_done
from tests.oracle.facts import Fact
from tests.oracle.feeds import dim_visitors, objectors
from tests.oracle.reviews import fct_review_orders, fct_reviewable_goods, orders_asked_before
from tests.oracle.segment_marts import MARTS
from tests.oracle.sequences import Sequence, sequences
from tests.oracle.world import World

LISTS = tuple(mart for mart in MARTS if mart.startswith(("seg_", "feed_")))
OF_CARTS = "seg_cart_recovery"
SEGMENTS = {
    *LISTS, "member_held_out", "member_on_record", "member_of_merged_arms", "member_waits_for_arm",
    "member_of_newer_version", "member_of_version_begun", "step_done_before", "step_after_another",
    "step_of_slow_arm", "step_cools_down", "due_exactly_now", "cut_by_doubt_end", "two_accounts",
    "items_more", "nothing_to_show", "goods_gone", "shop_mailed", "free_shipping_reached",
    "free_shipping_missing", "last_seen_at_month_end", "birthday_of_leap_day", "birthday_of_month",
    "birthday_next_year", "tier_exactly", "tier_rolling_365d", "tier_single_order", "tier_lifetime",
    "tier_of_a_later_order", "second_by_median", "second_by_fixed_days", "second_offered",
    "review_by_ordered", "review_by_shipped", "review_by_delivered", "review_of_two_orders",
    "review_of_unknown_goods", "review_asked_before", "review_written", "review_tie",
    "issue_plain", "issue_of_campaign", "issue_stopped", "visitor_refuses", "visitor_gone",
    "coordinate_for_guest",
}  # fmt: skip


def segment_features(world: World) -> set[str]:
    """Every hard case of one shop's segments and feeds."""
    lists = {mart: MARTS[mart][1](world) for mart in LISTS}
    found = {mart for mart, rows in lists.items() if rows}
    found |= {name for mart, rows in lists.items() for name in _of_list(world, mart, rows)}
    return found.union(_reviews(world), _visitors(world, lists), _issues(world, lists))


def _of_list(world: World, mart: str, rows: list[Fact]) -> Iterator[str]:
    if mart.startswith("feed_"):
        return
    for row in rows:
        if row["is_held_out"]:
            yield "member_held_out"
        if row["due_at"] == world.shop.as_of:
            yield "due_exactly_now"
        if row.get("items_more"):
            yield "items_more"
        if row["content_source"] == "none" and "item_1_name" in row:
            yield "nothing_to_show"
        if row["reason_code"] in {"goods_gone", "shop_mailed"}:
            yield str(row["reason_code"])
        if mart == OF_CARTS and row["amount_to_free_shipping"] is not None:
            is_reached = row["amount_to_free_shipping"] == 0
            yield "free_shipping_reached" if is_reached else "free_shipping_missing"
        if mart != OF_CARTS and row["campaign_key"] != "newsletter":
            yield from _of_sequence(world, row)
        yield from _of_segment(world, mart, row)


def _of_sequence(world: World, row: Fact) -> Iterator[str]:
    version = (str(row["campaign_key"]), int(str(row["campaign_version"])))
    sequence = sequences(world)[version]
    if row["due_at"] > world.shop.as_of:
        yield "member_waits_for_arm"
    yield from _on_record(world, version, sequence, row)
    if version[1] > 1:
        yield "member_of_newer_version"
    if (version[0], version[1] + 1) in sequences(world):
        yield "member_of_version_begun"
    done = {
        (one["step_number"], one["occurrence_key"]): one["done_at"]
        for one in fct_campaign_steps_done(world)
        if (one["campaign_key"], one["person_id"]) == (version[0], row["person_id"])
    }
    step, occurrence = int(str(row["step_number"])), row["occurrence_key"]
    if (step, occurrence) in done:
        yield "step_done_before"
    if step > 1:
        yield "step_after_another"
        arms = {arm["arm_key"]: arm["delay_minutes"] for arm in sequence.arms}
        if arms.get(row["arm_key"]):
            yield "step_of_slow_arm"
    cool_down = timedelta(hours=int(str(sequence.steps[step]["cool_down_hours"])))
    validity = timedelta(hours=int(str(sequence.steps[step]["validity_hours"])))
    if row["valid_until_at"] < row["due_at"] + validity:
        yield "cut_by_doubt_end"
    for (number, other), at in done.items():
        if number == step and other != occurrence and _cools(world, at, cool_down):
            yield "step_cools_down"


def _cools(world: World, at: datetime, cool_down: timedelta) -> bool:
    return at <= world.shop.as_of < at + cool_down


def _on_record(world: World, version: Version, sequence: Sequence, row: Fact) -> Iterator[str]:
    drawn = drawn_arm(
        sequence.arms, salt=sequence.campaign["salt"], shop_id=world.shop.shop_id,
        person=str(row["person_id"]),
    )  # fmt: skip
    if drawn != row["arm_key"]:
        yield "member_on_record"
    records = {
        given.arm
        for given in world.assignments
        if (given.version, given.person, given.basis) == (version, row["person_id"], "recorded")
    }
    if len(records) > 1:
        yield "member_of_merged_arms"


def _of_segment(world: World, mart: str, row: Fact) -> Iterator[str]:
    sales = world.sales.get(str(row["person_id"]), [])
    if mart == "seg_winback":
        seen_on, months = row["last_seen_on"], world.shop.settings["winback_months"]
        if month_day_later(seen_on, months).day != seen_on.day:
            yield "last_seen_at_month_end"
    if mart == "seg_birthday":
        born = next(r for r in dim_persons(world) if r["person_id"] == row["person_id"])
        if born["birth_day"] == 29 and row["birthday_on"].day == 28:
            yield "birthday_of_leap_day"
        if row["reason_code"] == "birth_month":
            yield "birthday_of_month"
        if row["birthday_on"].year > world.shop.as_of_on.year:
            yield "birthday_next_year"
    if mart == "seg_spend_tier":
        yield f"tier_{str(row['reason_code']).removeprefix('reached_by_')}"
        if row["reached_amount"] == row["from_amount"]:
            yield "tier_exactly"
        if row["qualified_at"] > sales[0].ordered_at:
            yield "tier_of_a_later_order"
    if mart == "seg_second_purchase":
        fixed = world.shop.settings["second_purchase_days"]
        yield "second_by_fixed_days" if fixed else "second_by_median"
        if row["next_product_id"] is not None:
            yield "second_offered"
    if mart == "seg_review_request":
        yield f"review_by_{row['review_basis']}"
        if row["order_count"] > 1:
            yield "review_of_two_orders"


def _reviews(world: World) -> Iterator[str]:
    goods = {fact["order_id"] for fact in fct_reviewable_goods(world)}
    known = {row["order_id"] for row in world.shop["order_items"] if row["product_id"] is not None}
    for fact in fct_review_orders(world):
        if fact["order_id"] not in known:
            yield "review_of_unknown_goods"
        order = next(one for one in world.orders if one.order_id == fact["order_id"])
        lines = [
            r["product_id"] for r in world.shop["order_items"] if r["order_id"] == order.order_id
        ]
        if order.order_id in goods and len(set(lines) - {None}) > 1:
            yield "review_tie"
    if orders_asked_before(world):
        yield "review_asked_before"
    if any(row["order_id"] is not None for row in world.shop["product_reviews"]):
        yield "review_written"


def _visitors(world: World, lists: dict[str, list[Fact]]) -> Iterator[str]:
    if objectors(world):
        yield "visitor_refuses"
    named = {fact["visitor_id"] for fact in dim_visitors(world)}
    people = world.people
    browsers = {name: one.person for name, one in people.browsers.items() if not one.is_excluded}
    refused = objectors(world)
    if any(
        name not in named and person not in refused and people.browsers[name].shared_from_at is None
        for name, person in browsers.items()
    ):
        yield "visitor_gone"
    guests = {f["person_id"] for f in dim_persons(world) if f["person_kind"] == "guest"}
    shown = {fact["visitor_id"] for fact in lists["feed_onsite_coordinate"]}
    if any(
        one["visitor_id"] in shown and one["person_id"] in guests for one in dim_visitors(world)
    ):
        yield "coordinate_for_guest"
    accounts = Counter(
        one["person_id"] for one in dim_visitors(world) if one["visitor_kind"] == "member"
    )
    if max(accounts.values(), default=0) > 1:
        yield "two_accounts"


def _issues(world: World, lists: dict[str, list[Fact]]) -> Iterator[str]:
    campaigns = [s.campaign for s in sequences(world).values()
                 if s.campaign["segment_key"] == "newsletter"]  # fmt: skip
    if not campaigns:
        yield "issue_plain"
    elif lists["seg_newsletter"]:
        yield "issue_of_campaign"
    elif not any(row["is_active"] for row in campaigns):
        yield "issue_stopped"
