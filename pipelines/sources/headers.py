"""Which header of the file is which header of the mapping, and what is not there."""

import unicodedata
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass

import polars as pl

from pipelines.canonical import Column, fillable
from pipelines.sources.columns import references
from pipelines.sources.grammar import bare_values, sql_names
from pipelines.sources.model import Cell, Entry, Mapping
from pipelines.sources.raw import ROW, RawTable
from pipelines.sources.refusals import FileRefused, MappingBroken


@dataclass(frozen=True)
class Headers:
    """The file's headers under the mapping's names.

    Shape: `actual` mapping's name → file's name, only those that are there; `may_lack` names that
    an SQL may do without; `others` mapping's name → what else it may be called.
    """

    file: str
    actual: Dict[str, str]
    may_lack: frozenset[str]
    optional: frozenset[str]
    others: Dict[str, tuple[str, ...]]

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

    def renamed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame of exploded fields under the mapping's names."""
        there = tuple(frame.columns)
        by_fold = {folded(name): name for name in reversed(there)}
        found = {name: _found(names, there, by_fold) for name, names in self.others.items()}
        return frame.rename(
            {actual: name for name, actual in found.items() if actual and name not in there}
        )

    def usable(self, cell: Cell, entry: Entry) -> bool:
        """Whether an SQL has all it needs; a sum without one of its parts would be a wrong sum."""
        return cell.sql is None or not self._lacking(references(cell), made=_made(entry))

    def present_entries(self, entries: Sequence[Entry]) -> list[Entry]:
        """Entries whose needed headers are there.

        Raises: FileRefused when one must be; MappingBroken when it looks like a text value.
        """
        for entry in entries:
            self._refuse_bare_values(entry)
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

    def _refuse_bare_values(self, entry: Entry) -> None:
        texts = [entry.where, *(text for step in entry.shape for text in step.conditions)]
        known = {*self.actual, *self.optional, *_made(entry)}
        for text in texts:
            stray = sorted(bare_values(text) - known)
            if stray and not (entry.optional and set(self._missing(entry)) - set(stray)):
                raise MappingBroken(
                    f"tables.{entry.table}: `{text}`: there is no header `{stray[0]}`; text values "
                    f"take single quotes ('{stray[0]}'); a header that a file may lack is listed "
                    "under `optional_headers`"
                )

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
    others = {}
    for name in sorted(wanted.union(*(entry_reads(entry) for entry in mapping.tables))):
        others[name] = _spellings(name, mapping, aliases)
        found = _found(others[name], there, by_fold) if name in wanted else None
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
    optional = frozenset(mapping.optional_headers)
    return Headers(file, actual, frozenset(may_lack), optional, others)


def header_in(
    there: Sequence[str], name: str, *, mapping: Mapping, aliases: Dict[str, str]
) -> str | None:
    """What the file itself calls a header of the mapping; None where it has none such."""
    by_fold = {folded(one): one for one in reversed(there)}
    return _found(_spellings(name, mapping, aliases), there, by_fold)


def _spellings(name: str, mapping: Mapping, aliases: Dict[str, str]) -> tuple[str, ...]:
    """What a header may be called: by shop.yml, by the mapping itself, by its aliases."""
    tries = (aliases.get(name), name, *mapping.aliases.get(name, []))
    return tuple(one for one in tries if one is not None)


def _found(names: Sequence[str], there: Sequence[str], by_fold: Dict[str, str]) -> str | None:
    """The first of the names that is there, as it is written there."""
    exact = next((name for name in names if name in there), None)
    return exact or next((by_fold[folded(n)] for n in names if folded(n) in by_fold), None)


def folded(name: str) -> str:
    """The header as it is compared: width, case and outer blanks aside."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def needed_headers(entry: Entry) -> list[str]:
    """Raw headers the entry reads, in order, without those its own shape makes."""
    made = _made(entry)
    exploded = [step for step in entry.shape if step.explode is not None]
    numbers = [name for name in entry.numbers if not any(step.makes(name) for step in exploded)]
    names = [*numbers, *_shape_needs(entry)]
    for step in entry.shape:
        if step.fill_down is not None:
            names += step.fill_down.columns
    for cell in entry.columns.values():
        names += [name for name in references(cell) if name not in made]
    return list(dict.fromkeys(names))


def entry_reads(entry: Entry) -> set[str]:
    """Every header the entry names, its own makings and exploded fields included."""
    cells = [name for cell in entry.columns.values() for name in references(cell)]
    steps = [name for step in entry.shape for name in step.reads]
    return {*entry.numbers, *sql_names(entry.where), *steps, *cells}


def _made(entry: Entry) -> set[str]:
    names = entry_reads(entry)
    return {name for name in names if any(step.makes(name) for step in entry.shape)}


def _shape_needs(entry: Entry) -> list[str]:
    names = sql_names(entry.where)
    for index, step in enumerate(entry.shape):
        # A sum may bear the name of what it sums: only what an earlier step made is no raw header.
        earlier = entry.shape[:index]
        names += [name for name in step.needs if not any(one.makes(name) for one in earlier)]
    return names
