"""Segments whose mails name goods: carts, visits, doubts and novelties (definitions, section 10)."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from tests.oracle.behaviour_now import fct_hesitating_persons, fct_new_arrival_matches
from tests.oracle.behaviour_offers import ITEMS, fct_person_content
from tests.oracle.behaviour_products import guide_of
from tests.oracle.browse import fct_browse_abandonments
from tests.oracle.due import fct_cart_episode_items, fct_cart_steps_due
from tests.oracle.facts import Fact
from tests.oracle.known import money
from tests.oracle.segments import TERMS, addressees, looked_back_to, terms
from tests.oracle.sequences import Occurrence, members, row_of
from tests.oracle.world import World

SHOWN = ("name", "price", "image_url", "url")
# How a mail's columns are called where the goods stand.
OFFERED = ("product_name", "price_amount", "image_url", "url")


def items_of_mail(goods: Sequence[Fact]) -> Fact:
    """Columns of up to three things, the first ones, and how many more there are."""
    fact: Fact = {"items_more": max(len(goods) - ITEMS, 0)}
    for number in range(ITEMS):
        one = goods[number] if number < len(goods) else {}
        for shown, name in zip(SHOWN, OFFERED, strict=True):
            fact[f"item_{number + 1}_{shown}"] = one.get(name)
    return fact


def can_be_shown(row: Fact) -> bool:
    """It has a picture and a page."""
    return row["image_url"] is not None and row["url"] is not None


def seg_cart_recovery(world: World) -> list[Fact]:
    """Every step of a cart that is due, what can be bought of it, and why not to write."""
    items: dict[object, list[Fact]] = defaultdict(list)
    for item in sorted(fct_cart_episode_items(world), key=lambda one: one["item_no"]):
        items[item["episode_id"]].append(item)
    names = ("campaign_key", "campaign_version", "step_number", "arm_key", "channel")
    return [
        row_of(
            _left(world, step, items[step["episode_id"]]), tuple(step[name] for name in names),
            step["due_at"], step["valid_until_at"], is_held_out=bool(step["is_held_out"]),
        )
        for step in fct_cart_steps_due(world)
    ]  # fmt: skip


def _left(world: World, step: Fact, held: list[Fact]) -> Occurrence:
    """The cart a step is about, by what lies in it."""
    products = {str(row["product_id"]): row for row in world.shop["products"]}
    shown = [
        {**products[str(one["product_id"])], "price_amount": one["price_now_amount"]} | one
        for one in held
        if one["is_purchasable"] and can_be_shown(products[str(one["product_id"])])
    ]
    cart = next(one for one in world.carts if one.episode_id == step["episode_id"])
    value_now = cart.value_now(products)
    facts = {
        **items_of_mail(shown),
        "stock_band": shown[0]["stock_band"] if shown else None,
        "guide_url": guide_of(world, shown[0]["primary_category_id"]) if shown else None,
        "currency": world.shop.currency,
        "value_amount": step["value_amount"],
        "value_now_amount": value_now,
        **terms(world, *TERMS[:3]),
        "amount_to_free_shipping": _missing(world, value_now),
    }
    return Occurrence(
        str(step["person_id"]), str(step["episode_id"]), step["qualified_at"],
        step["last_activity_at"], _why(step, held), facts, "cart" if shown else "none",
    )  # fmt: skip


def _why(step: Fact, held: list[Fact]) -> str:
    """What the shop no longer has and what it has mailed itself is not written about."""
    if held and all(one["is_in_catalogue"] and not one["is_purchasable"] for one in held):
        return "goods_gone"
    return "shop_mailed" if step["is_mailed_by_shop"] else f"abandoned_{step['stage']}"


def _missing(world: World, value: Decimal | None) -> Decimal | None:
    """What free shipping still takes."""
    least = money(world.shop.facts["free_shipping_from_amount"])
    return None if least is None or value is None else max(least - value, Decimal(0))


def own_content(world: World) -> dict[str, Fact]:
    """What a mail may show everybody of their own: never what others buy."""
    return {
        str(fact["person_id"]): fact
        for fact in fct_person_content(world)
        if fact["content_source"] != "ranking"
    }


def shown_of(content: Fact | None) -> Fact:
    """The mail's columns of somebody's content."""
    given = content or {}
    names = [f"item_{n + 1}_{shown}" for n in range(ITEMS) for shown in SHOWN]
    return {name: given.get(name) for name in (*names, "stock_band", "guide_url")} | {
        "items_more": given.get("items_more", 0)
    }


def source_of(content: Fact | None) -> str:
    """Where it comes from."""
    return "none" if content is None else str(content["content_source"])


def seg_browse_recovery(world: World) -> list[Fact]:
    """Visits of known persons that looked and took nothing."""
    contents, persons = own_content(world), addressees(world)
    given = []
    for visit in fct_browse_abandonments(world):
        person = str(visit["person_id"])
        is_recent = visit["abandoned_at"] > looked_back_to(world)
        if visit["is_identified"] and person in persons and is_recent:
            content = contents.get(person)
            facts = {"currency": world.shop.currency, **terms(world, *TERMS), **shown_of(content)}
            given.append(
                Occurrence(
                    person, str(visit["session_id"]), visit["abandoned_at"],
                    visit["abandoned_at"], f"abandoned_{visit['abandonment_kind']}", facts,
                    source_of(content),
                )
            )  # fmt: skip
    return members(world, "browse_recovery", given)


def seg_high_motivation(world: World) -> list[Fact]:
    """Who hesitates, by the day of the last sign and no longer than the hesitation."""
    contents, persons = own_content(world), addressees(world)
    given = []
    for doubt in fct_hesitating_persons(world):
        person, at = str(doubt["person_id"]), doubt["last_sign_at"]
        if person in persons:
            content = contents.get(person)
            facts = {
                "currency": content and content["currency"],
                "hesitated_product_id": doubt["product_id"],
                "motivation_score": doubt["rolling_score"],
                **shown_of(content),
            }
            given.append(
                Occurrence(
                    person, str(world.shop.on(at)), at, at,
                    f"hesitates_by_{doubt['hesitation_kind']}", facts, source_of(content),
                    until=doubt["valid_until_at"],
                )
            )  # fmt: skip
    return members(world, "high_motivation", given)


def seg_new_arrival(world: World) -> list[Fact]:
    """What was launched on one day and suits somebody is one mail, the best match first."""
    launches: dict[tuple[str, object], list[Fact]] = defaultdict(list)
    for match in sorted(fct_new_arrival_matches(world), key=lambda one: one["match_rank"]):
        if match["person_id"] in addressees(world):
            launches[str(match["person_id"]), match["new_from_on"]].append(match)
    given = []
    for (person, day), matches in launches.items():
        shown, best = [one for one in matches if can_be_shown(one)], matches[0]
        starts_at = world.shop.day_start(best["new_from_on"])
        facts = {
            **items_of_mail(shown),
            "currency": world.shop.currency,
            "matched_value": best["matched_value"],
            "tendency_share": best["tendency_share"],
            "launched_on": day,
        }
        given.append(
            Occurrence(
                person, str(day), starts_at, starts_at, f"matches_{best['matched_dimension']}",
                facts, "new_arrival" if shown else "none",
            )
        )  # fmt: skip
    return members(world, "new_arrival", given)
