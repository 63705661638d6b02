"""A saved segment back in the builder: its conditions as rows, its versions, what has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from dashboards import filters, parts, tables
from dashboards.page import Page
from dashboards.text import Cell
from pipelines import saved_segments
from pipelines.actors import Role
from pipelines.conditions import (
    BadConditions,
    Basis,
    Changes,
    Checked,
    Column,
    Condition,
    Operator,
    changes,
    checked,
    sentence,
)
from pipelines.conditions.columns import TAKES, Kind, Takes
from pipelines.saved_segments import SavedSegment

NEW: Final = "new"
MOST_ROWS: Final = 8
# A column with so few values shows them all.
FEW_VALUES: Final = 12
# Operators whose values are picked from those there are; parts of a text are typed.
CHOOSING: Final = (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN)
LOADED: Final = "builder_loaded"


@dataclass(frozen=True)
class Opened:
    """One saved segment: all its versions, and the one whose conditions fill the builder."""

    versions: Sequence[SavedSegment]
    chosen: SavedSegment

    @property
    def newest(self) -> SavedSegment:
        """The version in force."""
        return self.versions[-1]


def choose(page: Page, saved: Sequence[SavedSegment], basis: Basis) -> Opened | None:
    """The saved segment the reader works on, its conditions in the rows; None for a new one."""
    if not saved:
        return None
    words = page.words
    titles = {row.segment_key: row.title(words.language) for row in saved}
    key = filters.choose(
        page,
        "saved",
        [NEW, *titles],
        word=lambda one: words("builder.new") if one == NEW else titles[one],
    )
    if key == NEW:
        if st.session_state.pop(LOADED, None) is not None:
            start([])
        return None
    versions = saved_segments.versions_of(page.home, basis.shop_id, key)
    chosen = versions[-1]
    if len(versions) > 1:
        number = st.selectbox(
            words("builder.version"),
            [row.version for row in reversed(versions)],
            format_func=lambda n: words("builder.version.n", n=n),
            # A version that is saved meanwhile is the one that is shown.
            key=f"builder_version_{key}_{chosen.version}",
            width=200,
        )
        chosen = next(row for row in versions if row.version == number)
    if st.session_state.get(LOADED) != (key, chosen.version):
        st.session_state[LOADED] = (key, chosen.version)
        load(page, chosen, basis)
    return Opened(versions, chosen)


def load(page: Page, row: SavedSegment, basis: Basis) -> None:
    """Fill the rows with a version's conditions. Raises: NotAllowed.

    What the rows cannot say (a group inside a group, a column that is gone) leaves one empty row,
    and the page says so.
    """
    page.viewer.actor.must_be(Role.EXPORTER, to="change a saved segment")
    found = asked_of(row, basis)
    rows = None if found is None else rows_of(page, found)
    st.session_state["builder_cannot"] = rows is None
    start([] if rows is None else rows)
    if rows is not None and found is not None:
        st.session_state["builder_how"] = found.root.joined_by


def start(rows: Sequence[Mapping[str, Any]]) -> None:
    """Give the builder these rows, one empty one for none; each has keys nobody has used."""
    first = max(st.session_state.get("builder_ids", [0])) + 1
    places = list(range(first, first + max(len(rows), 1)))
    st.session_state["builder_ids"] = places
    for place, row in zip(places, rows, strict=False):
        for name, value in row.items():
            st.session_state[name.format(place=place)] = value


def asked_of(row: SavedSegment, basis: Basis) -> Checked | None:
    """A version's conditions; None where this file no longer answers them."""
    try:
        return checked(row.conditions, basis.columns)
    except BadConditions:
        return None


def rows_of(page: Page, found: Checked) -> list[dict[str, Any]] | None:
    """Fields of the builder → what stands in them, row by row; None for what no rows can say."""
    flat = [part for part in found.root.parts if isinstance(part, Condition)]
    if not flat or len(flat) != len(found.root.parts) or len(flat) > MOST_ROWS:
        return None
    rows = [row_of(part, page.snapshot.choices(part.column.name)) for part in flat]
    return None if None in rows else [row for row in rows if row is not None]


def row_of(condition: Condition, values: Sequence[str]) -> dict[str, Any] | None:
    """One row's fields. `values`: those the column offers; None where a typed list would differ."""
    column, operator = condition.column, condition.operator
    field = f"builder_value_{{place}}_{column.name}_{operator}"
    row: dict[str, Any] = {
        "builder_column_{place}": column.name,
        f"builder_operator_{{place}}_{column.kind}": operator,
    }
    if condition.or_unknown:
        row["builder_unknown_{place}"] = True
    given = [field_value(column, value) for value in condition.values]
    takes = TAKES[operator]
    if takes is Takes.TWO:
        return row | {f"{field}_low": given[0], f"{field}_high": given[1]}
    if takes is Takes.MANY:
        if is_picked(column, operator, values):
            return row | {field: given}
        texts = [str(one) for one in given]
        return (
            None
            if any(set(text) & set(",、") for text in texts)
            else row | {field: ", ".join(texts)}
        )
    return row if takes is Takes.NOTHING else row | {field: given[0]}


def is_picked(column: Column, operator: Operator, values: Sequence[str]) -> bool:
    """Whether several values of a column are picked from a few rather than typed."""
    is_few = 0 < len(values) <= FEW_VALUES
    return operator in CHOOSING and is_few and column.kind in (Kind.CHOICE, Kind.TEXT)


def field_value(column: Column, value: Any) -> Any:
    """A typed value as the column's field holds it."""
    if column.kind is Kind.DATE and not isinstance(value, int):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def told(page: Page, opened: Opened, basis: Basis, found: Checked) -> None:
    """What the rows ask otherwise than the version in force, and every version there was."""
    words = page.words
    before = asked_of(opened.newest, basis)
    n = opened.newest.version
    if before is None:
        parts.note(words("segments.gone"))
    elif changed := changes(before, found, words.language):
        parts.note(words("builder.changed", n=n, what=said(page, changed, found)))
    else:
        parts.note(words("builder.unchanged", n=n))
    with st.expander(words("builder.versions")):
        history(page, opened, basis)


def history(page: Page, opened: Opened, basis: Basis) -> None:
    """Every version, newest first: who saved it, what it changed, what it asks."""
    words = page.words
    body: list[tables.Row] = []
    before: Checked | None = None
    for row in opened.versions:
        found = asked_of(row, basis)
        what = "—"
        if before is not None and found is not None:
            changed = changes(before, found, words.language)
            what = said(page, changed, found) if changed else words("builder.renamed")
        asks = words("segments.gone") if found is None else sentence(found, words.language)
        who = f"{words.instant(row.saved_at)} {row.saved_by}"
        about = words.plain(row.title(words.language)) + words.plain(who)
        body.append([Cell(words("builder.version.n", n=row.version), about), what, asks])
        before = found
    head = [words(f"builder.versions.{name}") for name in ("n", "what", "asks")]
    st.html(f'<div class="ok-text">{tables.table(head, body[::-1])}</div>')


def said(page: Page, changed: Changes, after: Checked) -> str:
    """Conditions that came with +, those that went with −, and how they are joined now."""
    words = page.words
    lines = [f"+ {one}" for one in changed.added] + [f"− {one}" for one in changed.removed]
    if changed.is_joined_otherwise:
        lines.append(words("builder.joined", how=words(f"builder.{after.root.joined_by}")))
    return " · ".join(lines)
