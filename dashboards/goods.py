"""What sells in a category, and which goods go together."""

from typing import Any, Final

from dashboards import filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.text import Cell

RANKING: Final = "rpt_category_ranking"
PAIRS: Final = "rpt_item_pairs"
WINDOWS: Final = ("30", "7")
KINDS: Final = ("ordered", "viewed")
SHOWN: Final = 20

Row = dict[str, Any]


def leaders(page: Page) -> list[Card]:
    """The product bought by most people, and the pair ordered most often."""
    words = page.words
    cards = []
    if page.snapshot.has(RANKING):
        days = int(WINDOWS[0])
        rows = page.snapshot.read(
            RANKING,
            {"window_days": days, "category_rank": 1},
            order_by=("-orderer_count", "product_id", "category_id"),
        ).to_dicts()
        if rows:
            label = words("goods.card.sold", days=days)
            people = parts.people_or_few(page, rows[0]["orderer_count"])
            cards.append(Card(label, Cell(people), name_of(rows[0], "product")))
    if page.snapshot.has(PAIRS):
        rows = strongest(page, "ordered")
        if rows:
            count = words.count(rows[0]["support_count"], "order")
            cards.append(Card(words("goods.card.pair"), Cell(count), both_of(page, rows[0])))
    return cards


def name_of(row: Row, what: str) -> str:
    """The product's name, else its id."""
    return str(row[f"{what}_name"] or row[f"{what}_id"])


def both_of(page: Page, row: Row) -> str:
    """Both products of a pair."""
    first, second = name_of(row, "product"), name_of(row, "other_product")
    return page.words("goods.pair", first=first, second=second)


def ranking(page: Page) -> None:
    """The products of one category that most people bought."""
    words = page.words
    days = int(filters.choose(page, "window", WINDOWS, word=lambda n: words("goods.window", n=n)))
    whole = page.snapshot.read(
        RANKING,
        {"window_days": days},
        order_by=("-category_person_count", "category_id", "category_rank"),
    ).to_dicts()
    if not whole:
        parts.note(words("goods.ranking.none"))
        return
    names = {row["category_id"]: row["category_name"] or row["category_id"] for row in whole}
    chosen = filters.choose(page, "category", list(names), word=lambda key: str(names[key]))
    rows = [row for row in whole if row["category_id"] == chosen][:SHOWN]
    parts.title(words("goods.ranking.title", category=str(names[chosen]), days=days))
    if rows[0]["is_fallback"]:
        parts.note(words("goods.ranking.fallback"))
    body: list[tables.Row] = [
        [
            words("goods.rank", n=row["category_rank"], name=name_of(row, "product")),
            *ranked_people(page, row),
        ]
        for row in rows
    ]
    head = [words(f"goods.ranking.{name}") for name in ("product", "orderers", "adders")]
    parts.table(page, "ranking", head, body)
    parts.note(words("goods.ranking.note"))


def ranked_people(page: Page, row: Row) -> list[str]:
    """Who ordered a product, and who put it into a cart; — for what others would tell."""
    told = [parts.people_or_few(page, row[f"{who}_count"]) for who in ("orderer", "adder")]
    if page.hides(row) and not parts.is_few(page, row["orderer_count"]):
        told[0] = "—"
    return told


def strongest(page: Page, kind: str) -> list[Row]:
    """Each pair of one kind once, most often together first."""
    rows = page.snapshot.read(
        PAIRS,
        {"pair_kind": kind},
        order_by=("-support_count", "-lift", "product_id", "other_product_id"),
    ).to_dicts()
    seen: set[frozenset[str]] = set()
    once = []
    for row in rows:
        both = frozenset((row["product_id"], row["other_product_id"]))
        if both not in seen:
            seen.add(both)
            once.append(row)
    return once


def pairs(page: Page) -> None:
    """Goods ordered together, or looked at in one visit."""
    words = page.words
    kind = filters.choose(page, "kind", KINDS, word=lambda key: words(f"goods.kind.{key}"))
    rows = strongest(page, kind)[:SHOWN]
    curated = words("goods.curated")
    parts.title(words(f"goods.pairs.{kind}"))
    if not rows:
        parts.note(words("goods.pairs.none"))
        return
    body: list[tables.Row] = [
        [
            Cell(both_of(page, row), words.plain(curated) if row["is_curated"] else ""),
            words.number(row["support_count"]),
            words.percent(row["confidence_rate"]),
            words("goods.times", n=words.number(row["lift"], decimals=1)),
        ]
        for row in rows
    ]
    names = ("both", "support", "confidence", "lift")
    metrics = [Metric(words("goods.pairs.confidence"), PAIRS, "confidence_rate")]
    head = [words(f"goods.pairs.{name}") for name in names]
    parts.table(page, "pairs", head, body, metrics=metrics)
    parts.note(words("goods.pairs.note"))
