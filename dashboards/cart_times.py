"""購入までの時間: hours from the abandonment, or from the mail, to the order."""

from typing import Any, Final

from dashboards import charts, filters, parts, tables
from dashboards.page import Page

TIMES: Final = "rpt_recovery_times"
CLOCKS: Final = ("sent", "abandoned")
KINDS: Final = ("recovered", "self_ordered")

Row = dict[str, Any]


def show(page: Page, period: str) -> None:
    """Orders by how long they took: after a click, and without one."""
    words = page.words
    clock = filters.choose(page, "clock", CLOCKS, word=lambda key: words(f"clock.{key}"))
    rows = page.snapshot.read(
        TIMES,
        {"period_key": period, "measured_from": clock},
        ranks={"order_kind": KINDS},
        order_by=("order_kind_rank", "bucket_number"),
    ).to_dicts()
    parts.title(words("times.title", period=words.period(period)))
    if not rows:
        parts.note(words("times.none"))
        return
    series = {kind: words(f"times.{kind}") for kind in KINDS}
    points = [
        {
            "month": bucket(page, row),
            "series": series[row["order_kind"]],
            "place": KINDS.index(row["order_kind"]),
            "amount": row["order_count"],
            "cell": words.count(row["order_count"], "order"),
            "tip": f"{bucket(page, row)} {series[row['order_kind']]}"
            f" {words.count(row['order_count'], 'order')}",
        }
        for row in rows
    ]
    drawn = charts.stacked_months(
        points, series=series, title=words("axis.orders"), is_sorted=False
    )
    about = words("times.title", period=words.period(period))
    parts.chart(page, "times", drawn, about=about)
    times_table(page, rows)


def bucket(page: Page, row: Row) -> str:
    """`1〜3時間`, the last one open."""
    words = page.words
    if row["to_hours"] is None:
        return words("times.above", low=row["from_hours"])
    return words("times.between", low=row["from_hours"], high=row["to_hours"])


def times_table(page: Page, rows: list[Row]) -> None:
    """Quartiles of each kind of order; below thirty orders the median alone, grey."""
    words = page.words
    firsts = {row["order_kind"]: row for row in reversed(rows)}
    names = ("first_quartile", "median", "third_quartile", "ninetieth_percentile")
    body: list[tables.Row] = [
        [
            words(f"times.{kind}"),
            words.count(row["total_order_count"], "order"),
            *(words.hours(row[f"{name}_hours"], n=row["total_order_count"]) for name in names),
        ]
        for kind in KINDS
        if (row := firsts.get(kind)) is not None
    ]
    head = [words(f"times.{name}") for name in ("kind", "orders", *names)]
    parts.table(page, "times", head, body)
    parts.note(words("times.note"))
