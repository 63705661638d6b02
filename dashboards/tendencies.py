"""好みの傾向: how many people lean to each category, brand and tag."""

from typing import Any, Final

from dashboards import filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric

TENDENCIES: Final = "rpt_person_tendencies"
DIMENSIONS: Final = ("category", "brand", "tag")
SHOWN: Final = 20

Row = dict[str, Any]


def show(page: Page) -> None:
    """The values of one dimension by their people; few people are those of the category above."""
    words = page.words
    parts.title(words("goods.tendencies.title"))
    rows = page.snapshot.read(
        TENDENCIES, {}, order_by=("-person_count", "dimension", "dimension_value")
    ).to_dicts()
    told = [row for row in rows if row["told_value"] == row["dimension_value"]]
    options = [one for one in DIMENSIONS if any(row["dimension"] == one for row in told)]
    if not options:
        parts.note(words("goods.tendencies.none"))
        return
    chosen = filters.choose(
        page, "dimension", options, word=lambda key: words(f"goods.tendencies.{key}")
    )
    names = {row["dimension_value"]: str(row["value_name"]) for row in rows}
    shown = [row for row in told if row["dimension"] == chosen][:SHOWN]
    body: list[tables.Row] = [line(page, row, names) for row in shown]
    head = [words(f"goods.tendencies.{name}") for name in ("value", "people", "share")]
    metrics = [Metric(words("goods.tendencies.share"), TENDENCIES, "person_share")]
    parts.table(page, "tendencies", head, body, metrics=metrics)
    if chosen == "category" and any(row["told_value"] != row["dimension_value"] for row in rows):
        parts.note(words("goods.tendencies.parent"))
    parts.note(words("goods.tendencies.note", n=SHOWN))


def line(page: Page, row: Row, names: dict[str, str]) -> tables.Row:
    """One value with its people; a category below another names it."""
    words = page.words
    name = names[row["dimension_value"]]
    above = names.get(row["parent_value"])
    told = words("goods.tendencies.below", name=name, above=above) if above else name
    if page.hides(row):
        return [told, "—", "—"]
    rate = words.rate(page.snapshot.rate(TENDENCIES, "person_share", row), "person")
    return [told, words.count(row["person_count"], "person"), rate]
