"""Which category a search word belongs to (definitions, section 8)."""

from collections import Counter, defaultdict
from datetime import timedelta

from tests.oracle.behaviour import once
from tests.oracle.behaviour_products import rpt_category_ranking
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.reports import rate
from tests.oracle.world import World

WINDOW = timedelta(days=30)


@once
def rpt_search_words(world: World) -> list[Fact]:
    """Words enough persons typed, with what they looked at after them."""
    searchers: dict[str, list[str]] = defaultdict(list)
    finds: dict[str, list[set[str]]] = defaultdict(list)
    for session in world.sessions:
        found: set[str] = set()
        for event in session.events:
            if event["occurred_at"] < world.shop.as_of - WINDOW:
                continue
            word = word_of(event)
            if word:
                # The next search begins; what is looked at from here on was found by it.
                found = set()
                searchers[word].append(str(world.people.of_event(event)))
                finds[word].append(found)
            elif event["event_name"] == "Product Viewed" and event["product_id"] is not None:
                found.add(str(event["product_id"]))
    names = {str(row["category_id"]): str(row["category_name"]) for row in world.shop["categories"]}
    ranked = {f["category_id"] for f in rpt_category_ranking(world) if f["window_days"] == 30}
    rows = []
    for word, persons in searchers.items():
        if len(set(persons)) < world.shop.settings["hide_below"]:
            continue
        category, basis, of_category = _category(world, word, finds[word], names)
        views, followed = sum(map(len, finds[word])), sum(map(bool, finds[word]))
        rows.append(
            {
                "search_word": word,
                "category_id": category,
                "category_name": None if category is None else names.get(category),
                "category_basis": basis,
                "has_ranking": category in ranked,
                "search_count": len(persons),
                "searcher_count": len(set(persons)),
                "followed_count": followed,
                "view_count": views,
                "category_view_count": of_category,
                "followed_rate": rate(followed, len(persons)),
                "category_share": rate(of_category, views),
            }
        )
    return rows


def word_of(event: Row) -> str:
    """What was searched for; nothing where it was no search."""
    return str(event["query"] or "").strip().lower() * (event["event_name"] == "Products Searched")


def _category(
    world: World, word: str, finds: list[set[str]], names: dict[str, str]
) -> tuple[str | None, str, int]:
    """Where most of the products belong, else what the word names."""
    of_product = {r["product_id"]: r["primary_category_id"] for r in world.shop["products"]}
    counts = Counter(
        str(of_product[product])
        for found in finds
        for product in found
        if of_product.get(product) is not None
    )
    if counts:
        best = min(counts, key=lambda one: (-counts[one], one))
        return best, "viewed", counts[best]
    named = [
        category
        for category, name in names.items()
        if min(len(word), len(name)) > 1 and (word in name.lower() or name.lower() in word)
    ]
    if not named:
        return None, "none", 0
    return (
        min(named, key=lambda one: (names[one].lower() != word, -len(names[one]), one)),
        "name",
        0,
    )
