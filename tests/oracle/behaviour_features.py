"""What hard cases of behaviour a shop really holds, by what the oracle finds in it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from tests.oracle.behaviour import YEAR, listed_favourites, order_lines, purchasable, seen, signals
from tests.oracle.behaviour_customers import dim_persons
from tests.oracle.behaviour_now import fct_hesitating_persons, fct_new_arrival_matches
from tests.oracle.behaviour_offers import fct_person_content, fct_person_recommendations
from tests.oracle.behaviour_phases import ENDED, stays
from tests.oracle.behaviour_products import (
    HALF_LIFE_DAYS,
    WINDOWS,
    fct_person_tendencies,
    rpt_category_ranking,
    rpt_item_pairs,
)
from tests.oracle.behaviour_scores import (
    fct_motivation_scores,
    rpt_motivation_calibration,
    signs_of_persons,
)
from tests.oracle.behaviour_searches import rpt_search_words
from tests.oracle.known import SALES
from tests.oracle.world import World

BEHAVIOUR = {
    "phase_guest_buyer", "phase_repeat", "phase_loyal", "phase_moved_back", "cancelled_unpaid",
    "refund_and_cancelled", "week_accruing", "week_unknown", "week_middle", "week_high",
    "week_cut_by_order", "week_exactly_over", "score_capped", "score_three_pictures",
    "score_return_day", "score_sign_up", "band_inverted", "band_inverted_over_a_gap",
    "tendency_tie", "tendency_too_few", "half_life", "exactly_a_year", "over_a_year",
    "favourite_told_twice", "favourite_of_nobody", "ranking", "ranking_tie", "ranking_by_adders",
    "ranking_fallback", "ranking_sold_out", "exactly_window", "pair_ordered", "pair_viewed",
    "pair_tie", "pair_curated", "pair_curated_first", "pair_of_nobody", "free_gift", "line_twice", "two_screens",
    "login_after_now", "inquiry_open", "hesitates_pictures", "hesitates_views", "hesitates_cart",
    "hesitates_till_score_falls", "arrival_by_category", "arrival_by_tag", "taste_of_most",
    "content_cart", "content_favourite", "content_viewed", "content_ranking", "content_more",
    "favourite_lifted", "recommended_pair", "recommended_co_view", "recommended_ranking",
    "word_viewed", "word_name", "word_none", "waits_for_coupons", "one_speaks_for_two",
}  # fmt: skip


def behaviour_features(world: World) -> set[str]:
    """Every hard case of one shop's behaviour."""
    parts = (_phases, _scores, _tendencies, _favoured, _rankings, _pairs, _persons, _offered)
    return {name for part in parts for name in part(world)}


def _phases(world: World) -> Iterator[str]:
    for given in stays(world).values():
        yield from (f"phase_{stay.phase}" for stay in given)
        if any(one.order_count > other.order_count for one, other in pairwise(given)):
            yield "phase_moved_back"
    for order in world.orders:
        cancelled_at = order.row["cancelled_at"]
        if cancelled_at is None or cancelled_at >= world.shop.as_of or order.person is None:
            continue
        if order.row["source_status"] not in SALES | ENDED:
            yield "cancelled_unpaid"
        if order.is_given_back:
            yield "refund_and_cancelled"


def _scores(world: World) -> Iterator[str]:
    weights = {row["weight_key"]: row["daily_cap"] for row in world.shop["motivation_weights"]}
    signs = signs_of_persons(world)
    for fact in fct_motivation_scores(world):
        yield f"week_{fact['week_band'] or 'unknown'}"
        yield f"week_{fact['week_state']}"
        if fact["week_band"] is None:
            continue
        from_at, to_at, bought_at = (
            fact[name] for name in ("week_from_at", "week_to_at", "first_ordered_at")
        )
        own = [sign for sign in signs[str(fact["person_id"])] if from_at <= sign[1] < to_at]
        yield from (f"score_{kind}" for kind, *_ in own)
        if bought_at is not None and any(at >= bought_at for _, at, _ in own):
            yield "week_cut_by_order"
        if any(at == to_at for _, at, _ in signs[str(fact["person_id"])]):
            yield "week_exactly_over"
        counts = Counter((kind, day) for kind, _, day in own)
        if any(count > weights.get(kind, count) for (kind, _), count in counts.items()):
            yield "score_capped"
    bands = {str(fact["week_band"]): fact for fact in rpt_motivation_calibration(world)}
    if not bands["low"]["is_working"]:
        yield "band_inverted"
        if not bands["middle"]["person_count"]:
            yield "band_inverted_over_a_gap"


def _tendencies(world: World) -> Iterator[str]:
    weights = defaultdict(list)
    for fact in fct_person_tendencies(world):
        weights[fact["person_id"], fact["dimension"]].append(fact["signal_weight"])
    if any(len(set(given)) < len(given) for given in weights.values()):
        yield "tendency_tie"
    if {signal.person for signal in signals(world)} - {person for person, _ in weights}:
        yield "tendency_too_few"
    now = world.shop.as_of
    if any(now - one.at >= timedelta(days=HALF_LIFE_DAYS) for one in signals(world)):
        yield "half_life"
    if any(one.at == now - YEAR for one in signals(world)):
        yield "exactly_a_year"
    if any(one.at < now - YEAR and one.name == "Product Viewed" for one in seen(world)):
        yield "over_a_year"


def _favoured(world: World) -> Iterator[str]:
    told = {
        (one.person, one.product, one.day)
        for one in seen(world)
        if one.name == "Product Added to Wishlist"
    }
    for person, product, at, removed_at in listed_favourites(world):
        if person is None:
            yield "favourite_of_nobody"
        if removed_at is not None and removed_at < world.shop.as_of:
            yield "favourite_lifted"
        if (person, product, world.shop.on(at)) in told:
            yield "favourite_told_twice"


def _rankings(world: World) -> Iterator[str]:
    places: dict[tuple[object, ...], list[tuple[object, object]]] = defaultdict(list)
    for fact in rpt_category_ranking(world):
        yield "ranking_fallback" if fact["is_fallback"] else "ranking"
        place = (fact["category_id"], fact["window_days"])
        places[place].append((fact["orderer_count"], fact["adder_count"]))
    for given in places.values():
        if len(set(given)) < len(given):
            yield "ranking_tie"
        if len({orderers for orderers, _ in given}) < len(set(given)):
            yield "ranking_by_adders"
    sold = purchasable(world)
    for signal in signals(world):
        if places and signal.kind == "order" and signal.product not in sold:
            yield "ranking_sold_out"
        if any(signal.at == world.shop.as_of - timedelta(days=days) for days in WINDOWS):
            yield "exactly_window"


def _pairs(world: World) -> Iterator[str]:
    lifts, own = defaultdict(list), set()
    for fact in rpt_item_pairs(world):
        if fact["is_curated"]:
            yield "pair_curated"
            own.add((fact["pair_kind"], fact["product_id"]))
        elif (fact["pair_kind"], fact["product_id"]) in own:
            yield "pair_curated_first"
        if fact["support_count"] is not None:
            yield f"pair_{fact['pair_kind']}"
            lifts[fact["pair_kind"], fact["product_id"]].append(round(fact["lift"], 9))
    if any(len(set(given)) < len(given) for given in lifts.values()):
        yield "pair_tie"
    lines = order_lines(world)
    for order in world.orders:
        goods = lines.get(order.order_id, [])
        if order.is_sale and order.person is None and len(set(goods)) > 1:
            yield "pair_of_nobody"
        if len(set(goods)) < len(goods):
            yield "line_twice"
    if any(line["is_free"] for line in world.shop["order_items"]):
        yield "free_gift"
    spans = defaultdict(list)
    for session in world.sessions:
        if session.count("Product Viewed"):
            spans[session.person].append((session.started_at, session.ended_at))
    for given in spans.values():
        given.sort()
        if any(later[0] <= earlier[1] for earlier, later in pairwise(given)):
            yield "two_screens"


def _persons(world: World) -> Iterator[str]:
    now = world.shop.as_of
    facts = dim_persons(world)
    if any(fact["is_trained_abandoner"] for fact in facts):
        yield "waits_for_coupons"
    if any(fact["account_count"] > 1 and fact["birth_month"] is not None for fact in facts):
        yield "one_speaks_for_two"
    if any((row["last_login_at"] or now) > now for row in world.shop["customers"]):
        yield "login_after_now"
    if any((row["closed_at"] or now) >= now for row in world.shop["inquiries"]):
        yield "inquiry_open"


def _offered(world: World) -> Iterator[str]:
    for fact in fct_hesitating_persons(world):
        yield f"hesitates_{fact['hesitation_kind']}"
        if fact["valid_until_at"] < fact["last_sign_at"] + timedelta(hours=24):
            yield "hesitates_till_score_falls"
    for fact in fct_new_arrival_matches(world):
        yield f"arrival_by_{fact['matched_dimension']}"
    for fact in fct_person_tendencies(world):
        if fact["is_taste"] and fact["tendency_share"] < 2 * fact["shop_share"]:
            yield "taste_of_most"
    for fact in fct_person_content(world):
        yield f"content_{fact['content_source']}"
        if fact["items_more"]:
            yield "content_more"
    for fact in fct_person_recommendations(world):
        yield f"recommended_{fact['recommendation_reason']}"
    for fact in rpt_search_words(world):
        yield f"word_{fact['category_basis']}"
