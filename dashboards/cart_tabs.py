"""The other views of the cart page: abandonment rate, reach, and the audit of a mailer's report."""

from typing import Any, Final

import streamlit as st

from dashboards import charts, layout, tables
from dashboards.layout import Metric, Page
from dashboards.tables import HeatCell, HeatRow
from dashboards.text import Cell

ABANDONMENT: Final = "rpt_cart_abandonment"
REACH: Final = "rpt_reach"
AUDIT: Final = "rpt_report_audit"
DIMENSIONS: Final = ("value_band", "member", "device", "weekday_hour")
NEWEST_MONTHS: Final = 24
# Rate column → the word over it.
RATES: Final = {
    "abandonment_rate": "cart.rate.abandoned",
    "not_ordered_rate": "cart.rate.not_ordered",
}
# Expected denominator → the column that holds the rate recomputed with it.
RECOMPUTED: Final = {
    "sent": "per_sent_value",
    "delivered": "per_delivered_value",
    "opens": "per_open_value",
    "clicks": "per_click_value",
    "orderers": "per_orderer_value",
    "orders": "per_order_value",
}

Row = dict[str, Any]


def show(page: Page, period: str, *, has_carts: bool) -> None:
    """The tabs this shop has data for."""
    words = page.words
    has_audit = page.snapshot.has(AUDIT)
    names = ["rate", "reach"] if has_carts else []
    names += ["audit"] if has_audit else []
    if not names:
        return
    drawn = {"rate": rate_tab, "reach": reach_tab, "audit": audit_tab}
    for name, tab in zip(names, st.tabs([words(f"cart.tab.{n}") for n in names]), strict=True):
        with tab:
            drawn[name](page, period)


def rate_tab(page: Page, period: str) -> None:
    """Abandonment by month, and by what the reader chooses."""
    words = page.words
    rows = page.snapshot.read(
        ABANDONMENT, {"dimension": "all"}, order_by=("period_key",), rates=tuple(RATES)
    ).to_dicts()
    months = [row for row in rows if row["period_key"][:2].isdigit()][-NEWEST_MONTHS:]
    layout.title(words("cart.rate.chart"))
    names = {column: words(key) for column, key in RATES.items()}
    points = [
        {
            "x": words.period(row["period_key"]),
            "series": names[column],
            "value": row[column],
            "low": row[f"{column}_low"],
            "high": row[f"{column}_high"],
            "tip": f"{words.period(row['period_key'])} {names[column]} "
            + words.rate(page.snapshot.rate(ABANDONMENT, column, row), "cart").text,
        }
        for row in months
        for column in RATES
        if row[column] is not None and (column != "not_ordered_rate" or is_settled(row))
    ]
    st.altair_chart(
        charts.rate_lines(points, series=list(names.values())),
        theme=None,
        key="cart_recovery_rates",
    )
    layout.note(words("cart.rate.note"))
    breakdown(page, period)


def is_settled(row: Row) -> bool:
    """Whether every cart of the row has closed: those that close early are those that ordered."""
    return bool(row["closed_count"] == row["opened_count"])


def breakdown(page: Page, period: str) -> None:
    """The rates of a period by one dimension."""
    words = page.words
    rows = page.snapshot.read(ABANDONMENT, {"period_key": period, "dimension": DIMENSIONS})
    options = [d for d in DIMENSIONS if d in set(rows["dimension"].to_list())]
    if not options:
        return
    chosen = st.segmented_control(
        words("cart.rate.by"),
        options,
        default=options[0],
        format_func=lambda key: words(f"dimension.{key}"),
        key="cart_recovery_dimension",
        required=True,
        wrap=True,
    )
    layout.title(words("cart.rate.table", period=words.period(period)))
    filters = {"period_key": period, "dimension": str(chosen)}
    found = page.snapshot.read(ABANDONMENT, filters, order_by=("dimension_value",)).to_dicts()
    if chosen == "weekday_hour":
        st.html(tables.heat(*week(page, found)))
    else:
        dimension_table(page, str(chosen), found)


def dimension_table(page: Page, dimension: str, rows: list[Row]) -> None:
    """One row per value: carts, both rates, the money left behind."""
    words, snapshot = page.words, page.snapshot
    body: list[tables.Row] = [
        [
            words.band(value) if dimension == "value_band" else words.known("value", value),
            words.number(row["opened_count"]),
            *(words.rate(snapshot.rate(ABANDONMENT, column, row), "cart") for column in RATES),
            words.number(row["abandoned_value_amount"]),
        ]
        for row in rows
        for value in [str(row["dimension_value"])]
    ]
    names = ("opened", "abandoned", "not_ordered", "value")
    head = [words(f"dimension.{dimension}"), *(words(f"cart.rate.{n}") for n in names)]
    metrics = [Metric(words(key), ABANDONMENT, column) for column, key in RATES.items()]
    layout.table(page, "rates", head, body, metrics=metrics)


def week(page: Page, rows: list[Row]) -> tuple[list[str], list[HeatRow]]:
    """Hours down, weekdays across: the abandonment rate where enough carts stand behind it."""
    words = page.words
    by_place = {row["dimension_value"]: row for row in rows}
    deepest = max((row["abandonment_rate"] or 0.0 for row in rows), default=0.0)
    found = []
    for hour in range(24):
        squares = tuple(
            week_square(page, by_place.get(f"{day}-{hour:02d}"), deepest=deepest)
            for day in range(1, 8)
        )
        found.append(HeatRow(words("week.hour", hour=hour), "", squares))
    return [words("week.head"), "", *words("week.days").split()], found


def week_square(page: Page, row: Row | None, *, deepest: float) -> HeatCell:
    """Rate and n of one hour of the week; counts alone, without colour, where they are few."""
    if row is None or row["abandonment_rate"] is None:
        return HeatCell(Cell(""))
    words = page.words
    rate = page.snapshot.rate(ABANDONMENT, "abandonment_rate", row)
    if (rate.denominator or 0) < words.small_n:
        counts = words("week.few", k=f"{rate.numerator:,}", n=f"{rate.denominator:,}")
        return HeatCell(Cell(counts, is_small=True))
    shade = row["abandonment_rate"] / deepest if deepest else 0.0
    return HeatCell(Cell(words.percent(rate.value), f"n={rate.denominator:,}"), shade)


def reach_tab(page: Page, period: str) -> None:
    """How many of the abandoned carts a mail could reach, stage by stage."""
    words, snapshot = page.words, page.snapshot
    rows = snapshot.read(REACH, {"period_key": period}, order_by=("stage_order",)).to_dicts()
    if not rows:
        layout.empty(words, "empty.reach")
        return
    layout.title(words("reach.chart", period=words.period(period)))
    first = rows[0]["episode_count"]
    bars: list[Row] = []
    body: list[tables.Row] = []
    for row in rows:
        stage = words(f"reach.{row['reach_stage']}")
        counted = words.count(row["episode_count"], "cart")
        share = words.rate(snapshot.ratio(row["episode_count"], first), "cart")
        bars.append({"stage": stage, "count": row["episode_count"], "text": counted})
        people = words.count(row["person_count"], "person")
        body.append([stage, counted, people, share])
    st.altair_chart(
        charts.steps(bars, title=words("axis.carts")), theme=None, key="cart_recovery_reach"
    )
    head = [words(f"reach.{name}") for name in ("stage", "carts", "people", "share")]
    layout.table(page, "reach", head, body)


def audit_tab(page: Page, _period: str) -> None:
    """Each printed rate of the mailer's report against every possible denominator."""
    words = page.words
    rows = page.snapshot.read(AUDIT, {}, order_by=("-is_flagged", "report_line", "rate_key"))
    head = [words(f"audit.{n}") for n in ("line", "rate", "printed", "recomputed", "result")]
    body: list[tables.Row] = [
        [
            str(row["label"]),
            words(f"audit.{row['rate_key']}"),
            printed(page, row, row["printed_value"]),
            printed(page, row, row[RECOMPUTED[row["expected_denominator"]]]),
            verdict(page, row),
        ]
        for row in rows.to_dicts()
    ]
    layout.table(page, "audit", head, body)


def printed(page: Page, row: Row, value: Any) -> str:
    """A rate with two decimals as the report prints it; an amount whole."""
    if row["rate_key"] == "spend_per_orderer":
        return page.words.number(value)
    return page.words.percent(None if value is None else float(value), decimals=2)


def verdict(page: Page, row: Row) -> Cell:
    """Agrees, has another denominator, or cannot be made from the report's own counts."""
    words = page.words
    matched, expected = row["matched_denominator"], row["expected_denominator"]
    if not row["is_checkable"]:
        return Cell(words("audit.unchecked"), is_small=True)
    if row["is_flagged"]:
        return Cell(words("audit.flagged"))
    if matched is None or matched == expected:
        return Cell(words("audit.ok"))
    return Cell(words("audit.other", denominator=words(f"denominator.{matched}")))
