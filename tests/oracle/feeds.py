"""What the site shows whom: by the id of a member or of a browser (definitions, section 10)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta

from tests.oracle.behaviour import once, seen
from tests.oracle.behaviour_offers import fct_person_content, fct_person_recommendations
from tests.oracle.behaviour_persons import dim_persons
from tests.oracle.behaviour_phases import stays
from tests.oracle.behaviour_products import fct_person_tendencies, rpt_category_ranking
from tests.oracle.behaviour_searches import rpt_search_words, word_of
from tests.oracle.cohorts import month_day_later
from tests.oracle.contact import contacts
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.segments import TERMS, terms
from tests.oracle.segments_of_goods import shown_of
from tests.oracle.world import World

SEARCH_TIME = timedelta(days=30)
RANKED_DAYS, MOST_RANKED, TASTES = 30, 5, 3
IDS = ("visitor_kind", "visitor_id", "last_seen_at", "as_of_at")


@once
def dim_visitors(world: World) -> list[Fact]:
    """Every id that names one person who was seen lately and lets themselves be profiled."""
    shop, given = world.shop, stays(world)
    since = month_day_later(shop.as_of_on, -shop.settings["winback_months"])
    visits = Counter(session.person for session in world.sessions)
    persons = {str(fact["person_id"]): fact for fact in dim_persons(world)}
    refused = objectors(world)
    rows = []
    for kind, name, person in _ids(world):
        last_on = persons[person]["last_seen_on"]
        if last_on is None or last_on <= since or person in refused:
            continue
        rows.append(
            {
                "visitor_kind": kind,
                "visitor_id": name,
                "person_id": person,
                "phase": given[person][-1].phase if given.get(person) else "anonymous",
                "session_count": visits[person],
                "last_seen_at": persons[person]["last_seen_at"],
                "as_of_at": shop.as_of,
            }
        )
    return rows


def _ids(world: World) -> Iterator[tuple[str, str, str]]:
    """A browser that two people have used says nobody's name."""
    for account in world.people.accounts.values():
        person = world.people.of_account(account.customer_id)
        if account.is_member and person is not None:
            yield "member", account.customer_id, person
    for name, browser in world.people.browsers.items():
        if browser.shared_from_at is None and not browser.is_excluded:
            yield "browser", name, browser.person


def objectors(world: World) -> set[str]:
    """Who refused to be profiled on some channel and has not agreed again since."""
    found = set()
    for person, said in contacts(world.shop, world.people).statements.items():
        about = [one for one in said if one.purpose == "profiling"]
        for channel in {one.channel for one in about}:
            own = [one for one in about if one.channel == channel]
            refused = [one.at for one in own if one.kind in {"denial", "unsubscribe"}]
            agreed = [one.at for one in own if one.kind == "grant" and one.is_explicit]
            if refused and (not agreed or max(agreed) <= max(refused)):
                found.add(person)
    return found


def _id_of(visitor: Fact) -> Fact:
    return {name: visitor[name] for name in IDS}


def feed_onsite_welcome(world: World) -> list[Fact]:
    """Nobody known, on the first visit."""
    return [
        _id_of(one) | terms(world, *TERMS) | {"currency": world.shop.currency}
        for one in dim_visitors(world)
        if one["phase"] == "anonymous" and one["session_count"] <= 1
    ]


def feed_onsite_ranking(world: World) -> list[Fact]:
    """Bestsellers of where everybody's last search leads."""
    words = {row["search_word"]: row for row in rpt_search_words(world) if row["has_ranking"]}
    products = {row["product_id"]: row for row in world.shop["products"]}
    ranking: dict[object, list[Fact]] = defaultdict(list)
    for row in rpt_category_ranking(world):
        if row["window_days"] == RANKED_DAYS and row["category_rank"] <= MOST_RANKED:
            ranking[row["category_id"]].append(row)
    searched = {
        one.person: word_of(one.event)
        for one in seen(world)
        if word_of(one.event) and one.at >= world.shop.as_of - SEARCH_TIME
    }
    rows = []
    for visitor in dim_visitors(world):
        word = words.get(searched.get(str(visitor["person_id"])))
        if word is not None:
            named = {name: word[name] for name in ("search_word", "category_id", "category_name")}
            rows += [
                _id_of(visitor)
                | named
                | _goods(world, products[row["product_id"]])
                | {"item_rank": row["category_rank"]}
                for row in ranking[word["category_id"]]
            ]
    return rows


def _goods(world: World, row: Row) -> Fact:
    names = ("product_id", "product_name", "url", "image_url", "price_amount")
    return {name: row[name] for name in names} | {"currency": world.shop.currency}


def feed_onsite_top(world: World) -> list[Fact]:
    """What everybody left or likes; nothing where there is nothing to show."""
    contents = {fact["person_id"]: fact for fact in fct_person_content(world)}
    tastes: dict[object, dict[object, object]] = defaultdict(dict)
    for fact in fct_person_tendencies(world):
        if fact["dimension"] == "category" and fact["tendency_rank"] <= TASTES:
            tastes[fact["person_id"]][fact["tendency_rank"]] = fact["dimension_value"]
    rows = []
    for visitor in dim_visitors(world):
        person = visitor["person_id"]
        content, liked = contents.get(person), tastes.get(person)
        if content is None and liked is None:
            continue
        shown = shown_of(content)
        del shown["stock_band"], shown["guide_url"]
        rows.append(
            _id_of(visitor)
            | shown
            | {
                "phase": visitor["phase"],
                "content_source": content["content_source"] if content else "none",
                "currency": world.shop.currency,
                **{f"category_{n}_id": (liked or {}).get(n) for n in range(1, TASTES + 1)},
            }
        )
    return rows


def feed_onsite_coordinate(world: World) -> list[Fact]:
    """What goes with the last order of whoever has ordered twice or more."""
    products = {row["product_id"]: row for row in world.shop["products"]}
    pairs: dict[object, list[Fact]] = defaultdict(list)
    for row in fct_person_recommendations(world):
        if (
            row["recommendation_reason"] == "pair"
            and len(world.sales.get(str(row["person_id"]), ())) > 1
        ):
            pairs[row["person_id"]].append(row)
    return [
        _id_of(visitor)
        | _goods(world, products[row["product_id"]])
        | {
            "item_rank": row["recommendation_rank"],
            "seed_product_id": row["seed_product_id"],
            "is_curated": row["is_curated"],
        }
        for visitor in dim_visitors(world)
        for row in pairs[visitor["person_id"]]
    ]
