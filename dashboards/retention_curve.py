"""何日で何%が次を買うか: the share that has ordered again, day by day, and when half have."""

from typing import Any, Final

from dashboards import charts, filters, parts
from dashboards.page import Page
from dashboards.parts import Card
from dashboards.text import Cell

SURVIVAL: Final = "rpt_next_order_survival"
RATE: Final = "returned_rate"
BANDS: Final = ("1", "2", "3+")
# A share this old is told where half have not returned.
TOLD_DAYS: Final = 180

Row = dict[str, Any]


def days_of(page: Page, band: str) -> list[Row]:
    """Days on which somebody's wait ended or was cut off, ascending; none where none is known."""
    if SURVIVAL not in page.snapshot.columns:
        return []
    return page.snapshot.read(SURVIVAL, {"order_band": band}, order_by=("gap_days",)).to_dicts()


def half(page: Page) -> Card:
    """Days by which half of the first buyers have ordered again, or how many have by then."""
    words = page.words
    label = words("retention.card.median")
    rows = days_of(page, "1")
    if not rows:
        return Card(label, Cell("—"))
    if rows[0]["median_days"] is not None:
        return Card(label, Cell(words("retention.days", n=rows[0]["median_days"])))
    reached = [row for row in rows if row["gap_days"] <= TOLD_DAYS]
    note = ""
    if reached and reached[-1]["returned_rate_low"] is not None:
        last = reached[-1]
        note = words(
            "retention.card.median.far",
            days=last["gap_days"],
            rate=words.percent(last[RATE]),
            low=words.percent(last["returned_rate_low"]).removesuffix("%"),
            high=words.percent(last["returned_rate_high"]),
            n=f"{last['order_day_count']:,}",
        )
    return Card(label, Cell(words("retention.card.median.none"), is_small=True), note)


def show(page: Page) -> None:
    """The line of each order, as far as enough people were watched, with the day of the half."""
    words = page.words
    parts.title(words("retention.curve"))
    chosen = filters.choose(
        page, "order", ("1", "compare"), word=lambda key: words(f"retention.order.{key}")
    )
    bands = BANDS if chosen == "compare" else ("1",)
    points, marks = [], []
    for band in bands:
        rows = days_of(page, band)
        points += [point(page, row, band) for row in rows if row["at_risk_count"] >= words.small_n]
        half_day = rows[0]["median_days"] if rows else None
        if half_day is not None and len(bands) == 1:
            text = words("retention.curve.median", days=half_day)
            marks.append({"day": half_day, "text": text})
    if not points:
        parts.note(words("retention.curve.few", n=words.small_n))
        return
    series = [words(f"order_band.{band}") for band in bands]
    drawn = charts.rising(
        points,
        series=[name for name in series if any(row["series"] == name for row in points)],
        x_title=words("retention.curve.x"),
        marks=marks,
    )
    parts.chart(page, "curve", drawn, about=words("retention.curve"))
    parts.note(words("retention.curve.note"))


def point(page: Page, row: Row, band: str) -> Row:
    """One day of one line."""
    words = page.words
    series = words(f"order_band.{band}")
    value = row[RATE]
    low, high = (row[f"{RATE}_{end}"] for end in ("low", "high"))
    tip = words(
        "retention.curve.tip",
        series=series,
        days=row["gap_days"],
        rate=words.percent(value),
        low=words.percent(low),
        high=words.percent(high),
    )
    return {
        "day": row["gap_days"],
        "series": series,
        "value": value,
        "low": value if low is None else low,
        "high": value if high is None else high,
        "tip": tip,
        "cell": Cell(
            words.percent(value),
            ""
            if low is None or high is None
            else words("points.detail", low=words.percent(low), high=words.percent(high)),
        ),
    }
