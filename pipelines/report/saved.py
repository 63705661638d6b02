"""Saved segments printed: what may be asked, who is meant now, and every version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines import conditions
from pipelines.conditions import BadConditions, Basis, Checked
from pipelines.report.segment_words import word
from pipelines.saved_segments import SavedSegment
from pipelines.shop import Shop


@dataclass(frozen=True)
class Counted:
    """Conditions with how many people they mean now. `sentence` is in the reader's language."""

    sentence: str
    persons: int
    mailable: int
    is_behavioural: bool
    document: Mapping[str, object]


def counted(
    connection: duckdb.DuckDBPyConnection, asked: Checked, basis: Basis, *, language: str
) -> Counted:
    """The live count of conditions that were checked."""
    return Counted(
        sentence=conditions.sentence(asked, language),
        persons=conditions.count(connection, asked, basis),
        mailable=conditions.mailable(connection, asked, basis),
        is_behavioural=asked.is_behavioural,
        document=asked.document,
    )


def print_count(console: Console, found: Counted, *, language: str) -> None:
    """The sentence, the people, and what conditions on behaviour entail."""
    _line(console, found.sentence, style="bold")
    _line(console, f"  {word('people', language, **_numbers(found))}")
    if found.is_behavioural:
        _line(console, f"  {word('behavioural', language)}")


def print_columns(console: Console, basis: Basis, *, language: str) -> None:
    """One line per column: what it is called, what may be asked, which values are closed."""
    table = _table(("column", "name", "operators", "values"), language)
    for column in basis.columns.values():
        cells = (
            column.name, column.labels[language], " ".join(column.operators),
            " ".join(column.values),
        )  # fmt: skip
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def print_list(
    console: Console,
    connection: duckdb.DuckDBPyConnection,
    rows: Sequence[SavedSegment],
    *,
    basis: Basis,
    language: str,
) -> None:
    """One line per saved segment: newest version, conditions, people now."""
    if not rows:
        _line(console, word("none", language))
        return
    table = _table(("segment", "title", "meaning", "persons"), language)
    for row in rows:
        try:
            asked = conditions.checked(row.conditions, basis.columns)
            meaning = conditions.sentence(asked, language)
            persons = f"{conditions.count(connection, asked, basis):,}"
        except BadConditions:
            meaning, persons = word("outdated", language), ""
        cells = (f"{row.segment_key} v{row.version}", row.title(language), meaning, persons)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def print_versions(
    console: Console, shop: Shop, rows: Sequence[SavedSegment], *, basis: Basis, language: str
) -> None:
    """Every version with who saved it, when in the shop's zone, and what it asks."""
    zone = ZoneInfo(shop.timezone)
    for row in rows:
        at = f"{row.saved_at.astimezone(zone):%Y-%m-%d %H:%M}"
        said = word("version", language, version=row.version, at=at, by=row.saved_by)
        _line(console, f"{row.title(language)} · {said}", style="bold")
        try:
            asked = conditions.checked(row.conditions, basis.columns)
            _line(console, f"  {conditions.sentence(asked, language)}")
        except BadConditions:
            _line(console, f"  {word('outdated', language)}")


def print_saved(
    console: Console, shop: Shop, row: SavedSegment, found: Counted, *, language: str
) -> None:
    """What was saved, whom it means now, and how it leaves."""
    _line(console, word("saved", language, segment=row.segment_key, version=row.version))
    print_count(console, found, language=language)
    if not shop.destinations:
        _line(console, word("no_destination", language))
        return
    destination = shop.destinations[0].key
    _line(console, word("next", language, segment=row.segment_key, destination=destination))


def _numbers(found: Counted) -> dict[str, int]:
    return {"persons": found.persons, "mailable": found.mailable}


def _table(names: Sequence[str], language: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for name in names:
        table.add_column(
            word(name, language), overflow="fold", no_wrap=name in ("column", "segment")
        )
    return table


def _line(console: Console, text: str, *, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
