"""Four views of the retention page: steps, months, intervals, status."""

from typing import Any, Final

from dashboards import charts, filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric
from dashboards.snapshot import Rate
from dashboards.text import Cell
from pipelines.actors import Role

REPEATS: Final = "rpt_repeat_rate"
INTERVALS: Final = "rpt_purchase_intervals"
STATUSES: Final = "rpt_customer_statuses"
SPANS: Final = (30, 60, 90, 180, 365)
MAIN_SPAN: Final = 180
MONTH_SPAN: Final = 90
LONGER: Final = ("trailing_12", "trailing_24", "all")
YEAR: Final = "trailing_12"
QUANTILES: Final = ("q25_days", "q50_days", "q75_days", "q90_days")

Row = dict[str, Any]


def steps(page: Page) -> None:
    """F1→F2 … F4→F5, one row each, one column per span."""
    words = page.words
    firsts = page.snapshot.read(REPEATS, {"from_order_no": 1}).to_dicts()
    known = {row["period_key"] for row in firsts}
    options = [key for key in filters.PERIODS if key in known]
    # Shorter periods have not been watched for the longer spans; of few people a longer one tells.
    enough = {
        row["period_key"]
        for row in firsts
        if row["within_days"] == MAIN_SPAN and row["eligible_person_count"] >= words.small_n
    }
    default = next((key for key in LONGER if key in enough), options[-1])
    period = filters.choose(page, "period", options, word=words.period, default=default)
    rows = page.snapshot.read(REPEATS, {"period_key": period}).to_dicts()
    found = {(row["from_order_no"], row["within_days"]): row for row in rows}
    spans = [days for days in SPANS if any(span == days for _, span in found)]
    body: list[tables.Row] = [
        [
            words(f"retention.steps.row.{number}"),
            *(_repeat(page, found.get((number, days))) for days in spans),
        ]
        for number in sorted({number for number, _ in found})
    ]
    parts.title(words("retention.steps.title", period=words.period(period)))
    head = [words("retention.steps.head")]
    head += [words("retention.steps.days", n=days) for days in spans]
    metrics = [Metric(words("retention.steps.row.1"), REPEATS, "repeat_rate")]
    parts.table(page, "steps", head, body, metrics=metrics)
    parts.note(words("retention.steps.note"))


def _repeat(page: Page, row: Row | None) -> Cell:
    """One rate, or `—` where nobody's order is that old; of few people not for everybody."""
    if row is None:
        return Cell("—")
    if parts.is_few(page, row["eligible_person_count"]):
        return Cell(parts.people_or_few(page, row["eligible_person_count"]), is_small=True)
    cell = page.words.rate(page.snapshot.rate(REPEATS, "repeat_rate", row), "person")
    return Cell(cell.main, f"\n{cell.detail}", cell.is_small) if cell.detail else cell


def large_months(page: Page) -> list[Row]:
    """Months of the first order with enough people, oldest first; none in a small shop."""
    rows = page.snapshot.read(
        REPEATS,
        {
            "from_order_no": 1,
            "within_days": MONTH_SPAN,
            "eligible_person_count >=": page.words.small_n,
        },
        order_by=("period_key",),
        rates=("repeat_rate",),
    ).to_dicts()
    return [row for row in rows if row["period_key"][:1].isdigit()]


def months(page: Page) -> None:
    """The rate of the second order by month of the first, where a month has enough people."""
    words = page.words
    parts.title(words("retention.months.title", days=MONTH_SPAN))
    rows = large_months(page)
    series = words("retention.card.f2.short")
    points = [
        {
            "x": words.period(row["period_key"]),
            "series": series,
            "value": row["repeat_rate"],
            "low": row["repeat_rate_low"],
            "high": row["repeat_rate_high"],
            "tip": f"{words.period(row['period_key'])} {_repeat(page, row).text}",
            "cell": _repeat(page, row),
        }
        for row in rows
    ]
    drawn = charts.rate_lines(points, series=[series])
    metrics = [Metric(series, REPEATS, "repeat_rate")]
    about = words("retention.months.title", days=MONTH_SPAN)
    parts.chart(page, "months", drawn, about=about, metrics=metrics)


def intervals(page: Page) -> None:
    """Days to the next order by which quarters of those who returned had."""
    words = page.words
    parts.title(words("retention.intervals.title"))
    newest = page.snapshot.read(INTERVALS, {}, order_by=("-version_month",)).to_dicts()
    rows = {
        row["order_band"]: row
        for row in newest
        if row["version_month"] == newest[0]["version_month"] and row["q50_days"] is not None
    }
    if not rows:
        parts.note(words("retention.intervals.none"))
        return
    horizon = next(iter(rows.values()))["horizon_days"]
    head = [words("retention.intervals.head"), words("retention.intervals.n")]
    head += [words(f"retention.intervals.{name}") for name in QUANTILES]
    head.append(words("retention.intervals.rate", n=horizon))
    body: list[tables.Row] = []
    for band in ("1", "2", "3+", "all"):
        if band not in rows:
            continue
        row = rows[band]
        is_small = row["finished_gap_count"] < words.small_n
        cells = [_days(page, row[name], is_small=is_small) for name in QUANTILES]
        share = Cell(words.percent(row["returned_in_horizon_rate"]), is_small=is_small)
        count = words.count(row["finished_gap_count"], "case")
        body.append([words(f"order_band.{band}"), count, *cells, share])
    label = words("retention.intervals.rate", n=horizon)
    metrics = [Metric(label, INTERVALS, "returned_in_horizon_rate")]
    parts.table(page, "intervals", head, body, metrics=metrics)
    parts.note(words("retention.intervals.note"))


def _days(page: Page, days: int | None, *, is_small: bool) -> Cell:
    """Days, grey where few intervals stand behind them."""
    return Cell("—") if days is None else Cell(page.words("retention.days", n=days), "", is_small)


def status(page: Page) -> None:
    """How many are active, slowing, at risk, dormant: now, and as the newest month began."""
    words = page.words
    rows = page.snapshot.read(STATUSES, {}, order_by=("-version_month", "status_order")).to_dicts()
    now = [row for row in rows if row["is_now"]]
    months = [row["version_month"] for row in rows if not row["is_now"]]
    latest = max(months, default=None)
    before = {
        row["purchase_status"]: row
        for row in rows
        if not row["is_now"] and row["version_month"] == latest
    }
    parts.title(words("retention.status.title"))
    if any(parts.is_few(page, row["person_count"]) for row in (*now, *before.values())):
        # Left out alone, a small one would be what is missing from all customers.
        parts.note(words("retention.status.few", n=int(page.snapshot.settings["hide_below"])))
        return
    drawn = charts.steps(
        [
            {
                "stage": words(f"status.{row['purchase_status']}"),
                "count": row["person_count"],
                "text": words.count(row["person_count"], "person"),
                "cell": words.count(row["person_count"], "person"),
            }
            for row in now
        ],
        title=words("retention.status.people"),
    )
    parts.chart(page, "status", drawn, about=words("retention.status.title"))
    head = [words(f"retention.status.{name}") for name in ("head", "meaning", "people", "share")]
    head.append(words("retention.status.then", day=words.month(latest) if latest else "—"))
    body: list[tables.Row] = [_status(page, row, before) for row in now]
    label = words("retention.status.share")
    metrics = [Metric(label, STATUSES, "status_share")]
    parts.table(page, "status", head, body, metrics=metrics)
    if page.viewer.may(Role.EXPORTER):
        parts.links(words("retention.status.segments"), [_to_segment(page, row) for row in now])
    parts.note(words("retention.status.note"))


def _to_segment(page: Page, row: Row) -> tuple[str, str]:
    """Address of the builder asking for the people of a status, and what is written on it."""
    words, key = page.words, str(row["purchase_status"])
    people = words.count(row["person_count"], "person")
    told = words("retention.status.segment", status=words(f"status.{key}"), people=people)
    return page.address("segments", purchase_status=key), told


def _status(page: Page, row: Row, before: dict[str, Row]) -> tables.Row:
    """One status with its meaning, its people, their share, and the share at the month's start."""
    words = page.words
    key = row["purchase_status"]
    earlier = before.get(key)
    then = "—"
    if earlier is not None:
        then = _share(page, page.snapshot.rate(STATUSES, "status_share", earlier)).text
    return [
        words(f"status.{key}"),
        words(f"status.{key}.meaning"),
        words.count(row["person_count"], "person"),
        _share(page, page.snapshot.rate(STATUSES, "status_share", row)),
        then,
    ]


def _share(page: Page, rate: Rate) -> Cell:
    """A share of all there are: everybody was counted, so it has no interval."""
    return Cell(
        page.words.percent(rate.value), is_small=(rate.denominator or 0) < page.words.small_n
    )
