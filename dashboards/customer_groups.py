"""The views of the customer page: the RFM grid, last month's moves, the motivation score."""

from typing import Any, Final

from dashboards import charts, filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric
from dashboards.tables import HeatCell, HeatRow
from dashboards.text import Cell
from pipelines.actors import Role

GROUPS: Final = "rpt_rfm"
MOVES: Final = "rpt_phase_transitions"
CALIBRATION: Final = "rpt_motivation_calibration"
SCORES: Final = (1, 2, 3, 4, 5)
MOST_MOVES: Final = 10

Row = dict[str, Any]


def groups(page: Page) -> None:
    """Customers by how long ago and how often they ordered, each cell with its name."""
    words = page.words
    parts.title(words("customers.groups.title"))
    rows = page.snapshot.read(GROUPS, {}, order_by=("-recency_score", "frequency_score")).to_dicts()
    found = {(row["recency_score"], row["frequency_score"]): row for row in rows}
    largest = max(row["person_count"] for row in rows)
    # Where most order once, some of the five steps hold nobody.
    often = sorted({row["frequency_score"] for row in rows})
    lines = [
        HeatRow(
            words(f"recency.{recency}"),
            "",
            tuple(_square(page, found.get((recency, step)), largest) for step in often),
        )
        for recency in reversed(SCORES)
    ]
    head = [words("customers.groups.head"), ""]
    head += [words(f"frequency.{step}") for step in often]
    parts.heat(page, "groups", head, lines)
    if page.viewer.may(Role.EXPORTER):
        names = list(dict.fromkeys(str(row["rfm_group"]) for row in rows))
        links = [(page.address("segments", rfm_group=n), words(f"group.{n}")) for n in names]
        parts.links(words("customers.groups.segments"), links)
    parts.note(words("customers.groups.note"))


def _square(page: Page, row: Row | None, largest: int) -> HeatCell:
    """One cell: its people and its name; nobody is an empty cell."""
    words = page.words
    if row is None:
        return HeatCell(Cell(""))
    name = words(f"group.{row['rfm_group']}")
    if page.hides(row):
        return HeatCell(Cell("—", name, is_small=True))
    shade = row["person_count"] / largest
    return HeatCell(Cell(words.count(row["person_count"], "person"), name), shade)


def moves(page: Page) -> None:
    """Who went from which phase to which in the newest whole month, most people first.

    The phase they left may be chosen.
    """
    words = page.words
    whole = page.snapshot.read(
        MOVES,
        {"is_complete": True, "has_moved": True},
        order_by=("-transition_month", "-person_count", "from_phase", "to_phase"),
    ).to_dicts()
    if not whole:
        parts.note(words("customers.moves.none"))
        return
    month = whole[0]["transition_month"]
    newest = [row for row in whole if row["transition_month"] == month]
    phase = filters.choose(
        page,
        "phase",
        ["all", *dict.fromkeys(row["from_phase"] for row in newest)],
        word=lambda key: words("filter.all") if key == "all" else words(f"phase.{key}"),
    )
    rows = [row for row in newest if phase in ("all", row["from_phase"])][:MOST_MOVES]
    parts.title(words("customers.moves.title", month=words.month(month)))
    body = [move(page, row) for row in rows]
    head = [words(f"customers.moves.{name}") for name in ("head", "people", "rate")]
    metrics = [Metric(words("customers.moves.rate"), MOVES, "transition_rate")]
    parts.table(page, "moves", head, body, metrics=metrics)
    parts.note(words("customers.moves.note"))


def move(page: Page, row: Row) -> tables.Row:
    """One move: from where to where, how many, and of how many."""
    words = page.words
    name = words(
        "customers.moves.row",
        before=words(f"phase.{row['from_phase']}"),
        after=words(f"phase.{row['to_phase']}"),
    )
    if page.hides(row):
        few = parts.is_few(page, row["person_count"])
        return [name, parts.people_or_few(page, row["person_count"]) if few else "—", "—"]
    rate = words.rate(page.snapshot.rate(MOVES, "transition_rate", row), "person")
    return [name, words.count(row["person_count"], "person"), rate]


def score(page: Page) -> None:
    """Whether those with more points went on to order: the rate of each band with its interval."""
    words = page.words
    rows = page.snapshot.read(CALIBRATION, {}, order_by=("-band_no",)).to_dicts()
    parts.title(words("customers.score.title"))
    key = "works" if rows[0]["is_working"] else "fails"
    parts.note(words(f"customers.score.{key}"))
    drawn, body = [], list[tables.Row]()
    for row in rows:
        rate = page.snapshot.rate(CALIBRATION, "first_purchase_rate", row)
        told = words.rate(rate, "person")
        name = words(f"band.{row['week_band']}")
        body.append([name, words.count(row["person_count"], "person"), told])
        if rate.value is not None and row["person_count"] >= words.small_n:
            drawn.append(
                {"arm": name, "value": rate.value, "low": rate.low, "high": rate.high,
                 "text": words.percent(rate.value), "tip": f"{name} {told.text}", "cell": told}
            )  # fmt: skip
    if drawn:
        chart = charts.dots(drawn, title=words("customers.score.rate"))
        parts.chart(page, "score", chart, about=words("customers.score.title"))
    head = [words(f"customers.score.{name}") for name in ("head", "people", "rate")]
    metrics = [Metric(words("customers.score.rate"), CALIBRATION, "first_purchase_rate")]
    parts.table(page, "score", head, body, metrics=metrics)
    parts.note(words("customers.score.note"))
