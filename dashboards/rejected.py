"""取り込めなかった行: which rows of which file were left out, why, and what mends it."""

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from dashboards import parts, tables
from dashboards.page import Page
from pipelines.actors import Role

REJECTED: Final = "rpt_rejected_rows"
# Rows of one file and reason that are shown one by one; the rest is like them.
SHOWN: Final = 20

Row = dict[str, Any]


def show(page: Page) -> None:
    """One line per file, column and reason, then row by row; a viewer sees what and how many."""
    words = page.words
    parts.title(words("rejected.title"))
    kinds = page.snapshot.read(
        REJECTED,
        {"same_reason_rank": 1},
        order_by=("-loaded_at", "file_name", "entity", "-same_reason_count", "reason_code"),
    ).to_dicts()
    if not kinds:
        parts.note(words("rejected.none"))
        return
    if page.viewer.may(Role.EXPORTER):
        by_file(page, kinds)
        one_by_one(page)
    else:
        by_kind(page, kinds)


def by_kind(page: Page, kinds: list[Row]) -> None:
    """What was left out, why and how often: for viewers."""
    words = page.words
    names = ("entity", "reason", "rows")
    body: list[tables.Row] = [
        [entity(page, row), reason(page, row), how_many(page, row)] for row in kinds
    ]
    parts.table(page, "rejected", [words(f"rejected.{name}") for name in names], body)
    parts.note(words("rejected.viewer"))


def by_file(page: Page, kinds: list[Row]) -> None:
    """The same with file, column and cure."""
    body: list[tables.Row] = [
        [
            str(row["file_name"]),
            entity(page, row),
            column(page, row),
            reason(page, row),
            how_many(page, row),
            cure(page, row),
        ]
        for row in kinds
    ]
    listed(page, ("file", "entity", "column", "reason", "rows", "cure"), body)
    parts.note(page.words("rejected.note"))


def one_by_one(page: Page) -> None:
    """File, row and column of the first rows of each reason."""
    rows = page.snapshot.read(
        REJECTED,
        {"same_reason_rank <=": SHOWN, "is_whole_file": False},
        order_by=("-loaded_at", "file_name", "rejected_row_no", "entity", "reject_no"),
    ).to_dicts()
    if not rows:
        return
    with st.expander(page.words("rejected.rows.title", n=SHOWN)):
        body: list[tables.Row] = [
            [
                str(row["file_name"]),
                page.words.number(row["rejected_row_no"]),
                entity(page, row),
                column(page, row),
                reason(page, row),
            ]
            for row in rows
        ]
        listed(page, ("file", "row", "entity", "column", "reason"), body)


def listed(page: Page, names: Sequence[str], rows: Sequence[tables.Row]) -> None:
    """Single cases in words, for who may see them: read from the left, and no file."""
    head = [page.words(f"rejected.{name}") for name in names]
    st.html(f'<div class="ok-text">{tables.table(head, rows)}</div>')


def entity(page: Page, row: Row) -> str:
    """What it would have become."""
    return page.words.known("entity", row["entity"])


def column(page: Page, row: Row) -> str:
    """The column it broke at, in words where there are some."""
    name = row["column_name"]
    return "—" if name is None else page.words.known("column", name)


def reason(page: Page, row: Row) -> str:
    """Why, in the words the terminal uses."""
    return page.words.known("reject", kind(row))


def cure(page: Page, row: Row) -> str:
    """What to do about it."""
    key = f"rejected.cure.{kind(row)}"
    return page.words(key if page.words.has(key) else "rejected.cure.row")


def kind(row: Row) -> str:
    """The reason without the name of the broken expectation."""
    return str(row["reason_code"]).partition(":")[0]


def how_many(page: Page, row: Row) -> str:
    """Rows like it; of a file nobody could read that is not known."""
    return "—" if row["is_whole_file"] else page.words.number(row["same_reason_count"])
