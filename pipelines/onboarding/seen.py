"""What lies in a folder: which file is what, and what can be read off it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from pipelines import sources
from pipelines.onboarding.drafts import Reading
from pipelines.onboarding.planner import Volume
from pipelines.onboarding.refusals import told
from pipelines.shop import Source

# Read together with their main file, or not exports at all.
_NOT_EXPORTS: Final = frozenset({".sha256", ".yml", ".yaml", ".md", ".key", ".py", ".log"})
MAX_FILES: Final = 1_000
DAYS_PER_MONTH: Final = 30.44


@dataclass(frozen=True)
class FileSeen:
    """One file. `reading` is None where no mapping fits, `refused` says why it cannot be read."""

    name: str
    reading: Reading | None = None
    title: tuple[str, str] = ("", "")
    zone: str = "shop"
    encoding: str | None = None
    rows: int = 0
    headers: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    orders: pl.DataFrame | None = None
    volume: Volume | None = None
    refused: str | None = None


def look(folder: Path, *, language: str) -> tuple[FileSeen, ...]:
    """Every file of the folder and one level below, by name; hidden ones left out."""
    paths = list(_files(folder))[:MAX_FILES]
    return tuple(_look(path, path.relative_to(folder).as_posix(), language) for path in paths)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_file() and path.suffix.lower() not in _NOT_EXPORTS:
            yield path
        elif path.is_dir() and not path.is_symlink():
            yield from (
                inner
                for inner in sorted(path.iterdir())
                if inner.is_file()
                and not inner.name.startswith(".")
                and inner.suffix.lower() not in _NOT_EXPORTS
            )


def _look(path: Path, name: str, language: str) -> FileSeen:
    try:
        candidates = sources.recognise(path)
    except sources.FileRefused as refusal:
        return FileSeen(name, refused=told(refusal, language))
    refused = None
    for candidate in candidates:
        try:
            return _read(path, name, candidate)
        except sources.FileRefused as refusal:
            refused = refused or told(refusal, language)
    return FileSeen(name, refused=refused)


def _reading(candidate: sources.Candidate) -> Reading:
    """The mapping, with the encoding and delimiter it would not find by itself."""
    read = candidate.mapping.read
    is_wide = candidate.encoding == "utf-16" and read.encoding == "auto"
    other = candidate.delimiter not in (None, read.separator)
    return Reading(
        candidate.mapping.key,
        encoding="utf-16" if is_wide else "",
        delimiter=candidate.delimiter or "" if other else "",
    )


def _read(path: Path, name: str, candidate: sources.Candidate) -> FileSeen:
    mapping, reading = candidate.mapping, _reading(candidate)
    source = Source.model_validate(
        {
            "key": "seen",
            "files": name,
            "mapping": mapping.key,
            "encoding": reading.encoding or None,
            "delimiter": reading.delimiter or None,
        }
    )
    # Zone and currency only decide values here, not what is recognised; they are guessed later.
    extract = sources.extract_file(path, source, zone="Asia/Tokyo", mapping=mapping)
    frames = {batch.table: batch.frame for batch in extract.batches}
    return FileSeen(
        name=name,
        reading=reading,
        title=(mapping.title.ja, mapping.title.en),
        zone=mapping.zone,
        encoding=extract.encoding,
        rows=extract.rows_raw,
        headers=extract.headers,
        used=extract.headers_used,
        orders=_orders(frames.get("orders")),
        volume=_volume(frames.get("mail_results_summary")),
    )


def _orders(frame: pl.DataFrame | None) -> pl.DataFrame | None:
    """Currency and status of each order: all that a proposal needs of them."""
    return None if frame is None else frame.select("order_id", "source_status", "currency")


def _volume(summary: pl.DataFrame | None) -> Volume | None:
    """People who got the first mail of a cart campaign, by a mailer's totals."""
    if summary is None or not summary.height:
        return None
    first = summary.filter(pl.col("step_number").fill_null(1) == 1)
    people = int(first["sent_count"].sum())
    if not people:
        return None
    starts, ends = first["period_starts_on"].min(), first["period_ends_on"].max()
    if not isinstance(starts, date) or not isinstance(ends, date):
        # A report without a period says how many, never how many a month.
        return None
    months = max(round((ends - starts).days / DAYS_PER_MONTH), 1)
    return Volume(people, months, int(summary["orderer_count"].sum()))
