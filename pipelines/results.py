"""What mailers have reported since the last run and screens asked, taken in before a hand-over.

Only whom it stops: the figures are landed by the street like every other file. A report nobody can
read is named and left to the street, which shelves it with its reason.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import polars as pl

from pipelines import exports, landing, sources
from pipelines.canonical import TABLES
from pipelines.settings import Home
from pipelines.shop import Shop, Source

log = logging.getLogger("okaeri")

# Tables that can stop somebody.
STOPPING: Final = ("mail_events", "suppressions")


def take_in(home: Home, shop: Shop, *, now: datetime) -> int:
    """Number of stops that are new: asked for on a screen, or in a report no run has landed yet."""
    asked = exports.carry_out_blocks(home, shop, now=now)
    return asked + _reported(home, shop, now=now)


def _reported(home: Home, shop: Shop, *, now: datetime) -> int:
    waiting = list(_unlanded(home, shop))
    if not waiting:
        return 0
    # The shop's key is made at first use: by this process, not by its child.
    _ = home.pepper
    stopped = 0
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        for source, file in waiting:
            try:
                tables = pool.submit(stopping_rows, home, shop, source, file, now).result()
            except BrokenProcessPool:
                log.warning("%s: reading it ended the reader; take it out and look at it", file)
                return stopped
            if isinstance(tables, str):
                log.warning("%s: %s", file.name, tables)
                continue
            stopped += exports.import_suppressions(home, shop, tables["suppressions"])
            stopped += exports.import_mail_events(home, tables["mail_events"], now=now)
    return stopped


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


def _unlanded(home: Home, shop: Shop) -> Iterator[tuple[Source, Path]]:
    for source in shop.sources:
        try:
            mapping = sources.load_mapping(source.mapping, shop.folder)
        except sources.MappingBroken as refusal:
            log.warning("%s: %s", source.key, refusal)
            continue
        if not {table.table for table in mapping.tables} & set(STOPPING):
            continue
        for file in sources.files_of(shop, source):
            try:
                sha256, version = sources.identity(file, source, shop=shop)
            except sources.FileRefused as refusal:
                log.warning("%s: %s", file.name, refusal)
                continue
            if not landing.already_landed(home, sha256, version, source_key=source.key):
                yield source, file
