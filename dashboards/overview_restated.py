"""訂正履歴: what an earlier printing of a month said otherwise, and why."""

import datetime as dt
from typing import Any, Final

from dashboards.page import Page
from dashboards.snapshot import Filters

RESTATEMENTS: Final = "rpt_restatements"
LINES_SHOWN: Final = 4


def lines(page: Page, month: dt.date) -> list[str]:
    """One line per figure of the month that moved since it was published, the newest first."""
    if not page.snapshot.has(RESTATEMENTS):
        return []
    where: Filters = {
        "report_key": "rpt_shop_months",
        "column_name": "measure_value",
        "cell_month": month,
    }
    rows = page.snapshot.read(
        RESTATEMENTS, where, order_by=("-publication_no", "cell_key")
    ).to_dicts()
    said = [line(page, row) for row in rows if measure_of(page, row) is not None]
    return said[:LINES_SHOWN]


def measure_of(page: Page, row: dict[str, Any]) -> str | None:
    """The figure's name on the sheet; None for one the sheet does not show."""
    key = f"measure.{str(row['cell_key']).rpartition('|')[2]}"
    return page.words(key) if page.words.has(key) else None


def line(page: Page, row: dict[str, Any]) -> str:
    """`受注金額（円） 6,182,030 → 6,169,630（2026/11/20(金)、新しい取り込み）`."""
    words = page.words
    return words(
        "restated.line",
        measure=measure_of(page, row) or "",
        old=words.number(row["old_value"]),
        new=words.number(row["new_value"]),
        day=words.day(words.local(row["published_at"]).date()),
        reason=words(f"restated.{row['reason_key']}"),
    )
