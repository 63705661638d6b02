"""取り込めなかった行: which rows of which file were left out, why, and what mends it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboards import parts, tables
from dashboards.page import Page
from pipelines import requests
from pipelines.actors import Role

REJECTED: Final = "rpt_rejected_rows"
# Rows of one file and reason that are shown one by one; the rest is like them.
SHOWN: Final = 20
# Sources of what somebody handed in on a screen begin so.
HANDED_IN: Final = "uploaded_"
# A longer name leaves no room for the rest of its line.
NAME_CHARS: Final = 28

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
    """The same with file and column, and the cure of each reason."""
    body: list[tables.Row] = [
        [file_of(page, row), place(page, row), reason(page, row), how_many(page, row)]
        for row in kinds
    ]
    listed(page, ("file", "place", "reason", "rows"), body)
    for why, what_to_do in {reason(page, row): cure(page, row) for row in kinds}.items():
        parts.note(page.words("rejected.cure", reason=why, cure=what_to_do))
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
                file_of(page, row),
                page.words.number(row["rejected_row_no"]),
                place(page, row),
                reason(page, row),
            ]
            for row in rows
        ]
        listed(page, ("file", "row", "place", "reason"), body)


def file_of(page: Page, row: Row) -> str:
    """What the shop calls the file; what came by the screen lies under its hash."""
    name = str(row["file_name"])
    if str(row["source_key"]).startswith(HANDED_IN) and page.has_requests:
        known = requests.reports_of(page.home, page.snapshot.facts.shop_id)
        name = next((one.file_name for one in known if one.stored_name == name), name)
    return name if len(name) <= NAME_CHARS else f"{name[: NAME_CHARS - 1]}…"


def listed(page: Page, names: Sequence[str], rows: Sequence[tables.Row]) -> None:
    """Single cases in words, for who may see them: read from the left, and no file."""
    head = [page.words(f"rejected.{name}") for name in names]
    st.html(f'<div class="ok-text">{tables.table(head, rows)}</div>')


def entity(page: Page, row: Row) -> str:
    """What it would have become."""
    return page.words.known("entity", row["entity"])


def place(page: Page, row: Row) -> str:
    """The same with the column it broke at, in words where there are some."""
    name = row["column_name"]
    said = [entity(page, row)] + ([] if name is None else [page.words.known("column", name)])
    return " · ".join(said)


def reason(page: Page, row: Mapping[str, Any]) -> str:
    """Why, in the words the terminal uses."""
    return page.words.known("reject", kind(row))


def cure(page: Page, row: Mapping[str, Any]) -> str:
    """What to do about it."""
    key = f"rejected.cure.{kind(row)}"
    return page.words(key if page.words.has(key) else "rejected.cure.row")


def kind(row: Mapping[str, Any]) -> str:
    """The reason without the name of the broken expectation."""
    return str(row["reason_code"]).partition(":")[0]


def how_many(page: Page, row: Row) -> str:
    """Rows like it; of a file nobody could read that is not known."""
    return "—" if row["is_whole_file"] else page.words.number(row["same_reason_count"])
