"""What mailers have reported since the last run and screens asked, taken in before a hand-over.

Only whom it stops: the figures are landed by the street like every other file. A report nobody can
read is put on the shelf with its file, row and cure. Who stopped may stand in it, so nothing leaves
for its mailer until it can be read, or until a person sets it aside.
"""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import polars as pl

from pipelines import exports, landing, sources
from pipelines.canonical import TABLES
from pipelines.settings import Home
from pipelines.shop import Shop, Source, pepper_of

log = logging.getLogger("okaeri")

# Tables that can stop somebody.
STOPPING: Final = ("mail_events", "suppressions")
_ASIDE: Final = "set_aside"
_DEADLY: Final = "reading it ended the reader. Take it out and look at it."


@dataclass(frozen=True)
class Unread:
    """A report nobody could read. `destination`: whose it is, None where it may be anybody's."""

    source: str
    destination: str | None
    file: str
    said: str
    batch_id: str


@dataclass(frozen=True)
class Taken:
    """`stopped`: stops that are new. `unread`: reports that could not be read, nor set aside."""

    stopped: int
    unread: tuple[Unread, ...] = ()

    def keeps(self, shop: Shop) -> dict[str, str]:
        """Destination → why nothing may leave for it now."""
        found: dict[str, str] = {}
        for one in self.unread:
            for key in (d.key for d in shop.destinations):
                if one.destination in (key, None):
                    found.setdefault(key, _why(one))
        return found


def take_in(home: Home, shop: Shop, *, now: datetime) -> Taken:
    """What is new: asked for on a screen, or in a report no run has landed yet."""
    stopped = exports.carry_out_blocks(home, shop, now=now)
    unread: list[Unread] = []
    for source, file, found in _read(home, shop, now=now):
        if isinstance(found, str):
            log.warning("%s", found)
            unread += _shelved(home, shop, source, file, said=found, now=now)
            continue
        stopped += exports.import_suppressions(home, shop, found["suppressions"])
        stopped += exports.import_mail_events(home, found["mail_events"], now=now)
    return Taken(stopped, tuple(unread))


def set_aside(home: Home, shop: Shop, name: str, *, by: str, now: datetime) -> list[Unread]:
    """Reports of this file name that keep nothing back any more. Another content is read anew.

    Raises: ExportRefused where no such report keeps anything back.
    """
    waiting = take_in(home, shop, now=now).unread
    mine = [one for one in waiting if name in (one.file, Path(one.file).name)]
    if not mine:
        known = ", ".join(Path(one.file).name for one in waiting) or "none"
        raise exports.ExportRefused(
            f"no report {name[:80]!r} keeps a hand-over back; those that do: {known}"
        )
    for one in mine:
        text = json.dumps({"by": by, "at": now.isoformat(), "file": Path(one.file).name})
        _aside(home, one.batch_id).write_text(text, encoding="utf-8")
    return mine


def _shelved(
    home: Home, shop: Shop, source: Source, file: Path, *, said: str, now: datetime
) -> Iterator[Unread]:
    batch_id = landing.shelve_file(
        home, shop, file, source_key=source.key, refusal=said, loaded_at=now
    ).batch_id
    if not _aside(home, batch_id).exists():
        yield Unread(source.key, _owner(shop, source), str(file), said, batch_id)


def _aside(home: Home, batch_id: str) -> Path:
    return home.rejected / batch_id / _ASIDE


def _owner(shop: Shop, source: Source) -> str | None:
    mine = (d.key for d in shop.destinations if source.files == d.results_files)
    return next(mine, None)


def _why(one: Unread) -> str:
    name = Path(one.file).name
    return (
        f"{one.said} Who stopped may stand in it: nothing leaves until it can be read, or is set "
        f"aside: okaeri exports reports --set-aside {name}"
    )


def _read(
    home: Home, shop: Shop, *, now: datetime
) -> Iterator[tuple[Source, Path, dict[str, pl.DataFrame] | str]]:
    """Each report no run has landed: its rows that can stop somebody, or why it is refused."""
    waiting = list(_unlanded(home, shop))
    if waiting:
        # The shop's key is made at first use: by this process, not by its child.
        _ = pepper_of(shop, home)
    for source, file, refusal in waiting:
        if refusal is not None:
            yield source, file, refusal
    readable = [(source, file) for source, file, refusal in waiting if refusal is None]
    while readable:
        with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
            while readable:
                source, file = readable.pop(0)
                try:
                    found = pool.submit(stopping_rows, home, shop, source, file, now).result()
                except BrokenProcessPool:
                    # The next one gets a reader of its own.
                    yield source, file, f"{file.name}: {_DEADLY}"
                    break
                yield source, file, found


def stopping_rows(
    home: Home, shop: Shop, source: Source, file: Path, now: datetime
) -> dict[str, pl.DataFrame] | str:
    """The rows of one report that can stop somebody, by table, or the refusal's own words.

    Runs in a process of its own: what takes the parser down takes no hand-over with it.
    """
    try:
        extract = sources.extract_file(
            file, source, zone=shop.timezone, currency=shop.currency, folder=shop.folder
        )
    except (sources.FileRefused, sources.MappingBroken) as refusal:
        return str(refusal)
    prepared = landing.prepare(home, shop, extract, loaded_at=now)
    return {
        name: pl.concat(
            [
                pl.DataFrame(schema=TABLES[name].schema),
                *(t.rows for t in prepared.tables if t.table.name == name),
            ]
        )
        for name in STOPPING
    }


def _unlanded(home: Home, shop: Shop) -> Iterator[tuple[Source, Path, str | None]]:
    for source in shop.sources:
        try:
            mapping = sources.load_mapping(source.mapping, shop.folder)
        except sources.MappingBroken as refusal:
            # Nobody knows what it would have read; a run stops on it with the same words.
            log.warning("%s: %s", source.key, refusal)
            continue
        if not {table.table for table in mapping.tables} & set(STOPPING):
            continue
        for file in sources.files_of(shop, source):
            try:
                sha256, version = sources.identity(file, source, shop=shop)
            except sources.FileRefused as refusal:
                yield source, file, str(refusal)
                continue
            if not landing.already_landed(home, sha256, version, source_key=source.key):
                yield source, file, None
