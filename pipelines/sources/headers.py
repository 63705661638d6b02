"""Which header of the file is which header of the mapping, and what is not there."""

import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass

import polars as pl

from pipelines.canonical import Column
from pipelines.sources.columns import references
from pipelines.sources.grammar import parse_sql
from pipelines.sources.model import Cell, Entry, Mapping, fillable
from pipelines.sources.raw import ROW, RawTable
from pipelines.sources.refusals import FileRefused
from pipelines.sources.shapes import exploded_headers
from pipelines.sources.steps import Step


@dataclass(frozen=True)
class Headers:
    """The file's headers under the mapping's names.

    Shape: `actual` mapping's name → file's name, only those that are there; `may_lack` names that
    an SQL may do without.
    """

    file: str
    actual: Dict[str, str]
    may_lack: frozenset[str]

    def select(self, frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """Frame of ROW and the names; the missing ones are null throughout."""
        nothing = pl.lit(None, dtype=pl.String)
        return frame.select(
            pl.col(ROW),
            *(
                (pl.col(self.actual[name]) if name in self.actual else nothing).alias(name)
                for name in names
            ),
        )

    def filled(self, frame: pl.DataFrame, entry: Entry) -> pl.DataFrame:
        """The frame with every header a column reads, null where no element had it."""
        read = {name for cell in entry.columns.values() for name in references(cell)}
        missing = sorted(read - set(frame.columns))
        return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)

    def usable(self, cell: Cell, entry: Entry) -> bool:
        """Whether an SQL has all it needs; a sum without one of its parts would be a wrong sum."""
        return cell.sql is None or not self._lacking(references(cell), made=_made(entry))

    def present_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Entries whose needed headers are there. Raises: FileRefused when one must be."""
        missing = {index: self._missing(entry) for index, entry in enumerate(entries)}
        fatal = sorted(
            {name for i, names in missing.items() if not entries[i].optional for name in names}
        )
        if fatal:
            raise FileRefused(
                self.file,
                f"headers are missing: {', '.join(fatal)}",
                "Export these columns too, or name them in shop.yml under the source's `aliases`.",
            )
        return [entry for index, entry in enumerate(entries) if not missing[index]]

    def absent(self, entry: Entry) -> list[tuple[str, str]]:
        """Columns and the headers they would read that the file does not have."""
        made = _made(entry)
        return [
            (column, name)
            for column, cell in entry.columns.items()
            for name in references(cell)
            if name not in self.actual and name not in made
        ]

    def missing(self, entries: Sequence[Entry]) -> tuple[str, ...]:
        """Headers the columns of the entries would read and the file does not have, sorted."""
        return tuple(sorted({name for entry in entries for _, name in self.absent(entry)}))

    def _missing(self, entry: Entry) -> list[str]:
        made = _made(entry)
        needed = self._lacking(_shape_needs(entry), made=made)
        required = {c.name: c for c in fillable(entry.target)}
        for name, cell in entry.columns.items():
            column = required.get(name)
            if column is not None and _must_have(column, cell):
                needed += self._unserved(cell, made=made)
        return needed

    def _unserved(self, cell: Cell, *, made: set[str]) -> list[str]:
        names = references(cell)
        lacking = self._lacking(names, made=made)
        one_is_enough = cell.coalesce is not None
        return lacking if not one_is_enough or len(lacking) == len(names) else []

    def _lacking(self, names: Iterable[str], *, made: set[str] | None) -> list[str]:
        there = {*self.actual, *self.may_lack, *(made or ())}
        return [name for name in names if name not in there]


def _must_have(column: Column, cell: Cell) -> bool:
    return (column.required or cell.required) and cell.default is None


def resolve(mapping: Mapping, raw: RawTable, *, file: str, aliases: Dict[str, str]) -> Headers:
    """The file's headers under the mapping's names.

    Raises: FileRefused when a header in use stands in the file twice and the mapping does not
    say that it does.
    """
    there = raw.headers
    by_fold = {folded(name): name for name in reversed(there)}
    actual: dict[str, str] = {}
    wanted = {name for entry in mapping.tables for name in needed_headers(entry)}
    for name in sorted(wanted):
        tries = [aliases.get(name), name, *mapping.aliases.get(name, [])]
        names = [t for t in tries if t is not None]
        found = next((t for t in names if t in there), None) or next(
            (by_fold[folded(t)] for t in names if folded(t) in by_fold), None
        )
        if found is not None:
            actual[name] = found
    for found in actual.values():
        base = found.rpartition("#")[0] if found not in raw.doubled else found
        if base in raw.doubled and base not in mapping.read.doubled:
            raise FileRefused(
                file,
                "a header that is in use stands there twice",
                "Remove one of the two, or list it under `doubled` in the mapping's `read`.",
                1,
                base,
            )
    # In JSON a key nobody has is simply not written.
    is_json = mapping.read.format in ("json", "ndjson")
    may_lack = wanted if is_json else set(mapping.optional_headers)
    return Headers(file, actual, frozenset(may_lack))


def folded(name: str) -> str:
    """The header as it is compared: width, case and outer blanks aside."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def needed_headers(entry: Entry) -> list[str]:
    """Raw headers the entry reads, in order, without those its own shape makes."""
    names = [*entry.numbers, *_shape_needs(entry)]
    made = _made(entry)
    for step in entry.shape:
        if step.fill_down is not None:
            names += step.fill_down.columns
    for cell in entry.columns.values():
        names += [name for name in references(cell) if name not in made]
    return list(dict.fromkeys(names))


def _made(entry: Entry) -> set[str]:
    read = {name for cell in entry.columns.values() for name in references(cell)}
    return {name for step in entry.shape for name in exploded_headers(step, read)}


def _shape_needs(entry: Entry) -> list[str]:
    names = _sql_names(entry.where)
    made: set[str] = set()
    for step in entry.shape:
        wanted = _step_needs(step)
        names += [name for name in wanted if name not in made]
        made |= exploded_headers(step, set(wanted)) | _made(entry)
        if step.group is not None:
            made |= set(step.group.agg)
        if step.count_up is not None:
            made.add(step.count_up.as_)
    return names


def _step_needs(step: Step) -> list[str]:
    for keyed in (step.first_of, step.distinct, step.derive, step.group, step.count_up):
        if keyed is not None:
            names = list(keyed.by)
            break
    else:
        names = list(step.fill_down.by) if step.fill_down is not None else []
    if step.explode is not None:
        names = [step.explode.path]
    if step.group is not None:
        for aggregate in step.group.agg.values():
            function, text = aggregate.function
            if not (function == "count" and text == "*"):
                names += _sql_names(text)
            names += _sql_names(aggregate.where)
    return names


def _sql_names(text: str | None) -> list[str]:
    return list(parse_sql(text).meta.root_names()) if text is not None else []
