"""The views of the data health page: sources, and figures that moved after they were published."""

import datetime as dt
from typing import Any, Final

from dashboards import parts, tables
from dashboards.overview_restated import RESTATEMENTS, measure_of
from dashboards.page import FRESHNESS, SOURCES, Page
from dashboards.text import Cell

# A mailer's printed totals come when somebody prints them; the rest of what the pages live on comes
# every day, and so can be late.
DAILY: Final = frozenset(e for kind in SOURCES.values() for e in kind) - {"mail_results_summary"}
LINES_SHOWN: Final = 50

Row = dict[str, Any]

__all__ = ["RESTATEMENTS", "restated", "sources"]


def sources(page: Page) -> None:
    """What came from each source, how far it reaches, what was left out."""
    words = page.words
    rows = page.snapshot.read(
        FRESHNESS, {}, order_by=("-rejected_row_count", "-landed_row_count", "entity", "source_key")
    ).to_dicts()
    parts.title(words("health.sources.title"))
    given = {row["entity"] for row in rows if row["landed_row_count"]}
    body: list[tables.Row] = [
        [
            words.known("entity", row["entity"]),
            Cell(words(f"health.sources.{state(page, row)}"), lacks(page, row, given)),
            _day(page, row["latest_data_at"]),
            words.day(row["history_from_on"]) if row["history_from_on"] else "—",
            words.number(row["landed_row_count"]),
            words.number(row["rejected_row_count"]),
        ]
        for row in rows
    ]
    names = ("head", "state", "latest", "from", "landed", "rejected")
    parts.table(page, "sources", [words(f"health.sources.{name}") for name in names], body)
    parts.note(words("health.sources.note"))


def state(page: Page, row: Row) -> str:
    """`late`, `never` for what a source names and never gave, `left_out` or `good`."""
    if not row["landed_row_count"] and not row["rejected_row_count"]:
        return "never"
    latest = row["latest_data_at"]
    if (
        row["entity"] in DAILY
        and latest is not None
        and page.is_late(latest.replace(tzinfo=dt.UTC))
    ):
        return "late"
    return "left_out" if row["rejected_row_count"] else "good"


def lacks(page: Page, row: Row, given: set[str]) -> str:
    """Which figures stand still or are missing because of it; nothing while it comes.

    `given`: what some source has given, so that nothing is missing where another one has not.
    """
    key = f"health.lacks.{row['entity']}"
    is_missing = row["entity"] not in given or state(page, row) == "late"
    return f" {page.words(key)}" if is_missing and page.words.has(key) else ""


def _day(page: Page, latest: dt.datetime | None) -> str:
    """The day data reach to, on the shop's clock."""
    return "—" if latest is None else page.words.instant(latest)


def restated(page: Page) -> None:
    """Every figure that was published and is another now, the newest first."""
    words = page.words
    parts.title(words("health.restated.title"))
    rows = page.snapshot.read(
        RESTATEMENTS,
        {},
        order_by=("-publication_no", "report_key", "cell_key", "column_name"),
    ).to_dicts()
    if not rows:
        parts.note(words("health.restated.none"))
        return
    body: list[tables.Row] = [
        [
            figure(page, row),
            words.number(row["old_value"]),
            words.number(row["new_value"]),
            words(f"restated.{row['reason_key']}"),
            words.day(words.local(row["published_at"]).date()),
        ]
        for row in rows[:LINES_SHOWN]
    ]
    names = ("figure", "old", "new", "reason", "day")
    parts.table(page, "restated", [words(f"health.restated.{name}") for name in names], body)
    parts.note(words("health.restated.note", n=LINES_SHOWN))


def figure(page: Page, row: Row) -> str:
    """The month and the figure's own name, else where in which table it stands."""
    month = page.words.month(row["cell_month"]) if row["cell_month"] else ""
    named = measure_of(page, row) if row["report_key"] == "rpt_shop_months" else None
    return f"{month} {named or row['cell_key']}".strip()
