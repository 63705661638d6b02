"""What a run took in and left out, and what each page still lacks."""

from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from rich.console import Console

from pipelines import landing, settings, sources
from pipelines.onboarding import words
from pipelines.onboarding.coverage import Entity, coverage, together
from pipelines.onboarding.refusals import header_of
from pipelines.onboarding.terminal import line
from pipelines.report.words import say
from pipelines.settings import Home
from pipelines.shop import Shop

REASONS_SHOWN: Final = 8
# Said in full where their table would stand.
SAID_ELSEWHERE: Final = frozenset({"figure_abandonment", "figure_results"})


def intake(console: Console, shop: Shop, run_id: str, *, language: str) -> None:
    """Rows read = landed + left out + known, and for each reason where it stands first."""
    home = settings.home_of(shop.id)
    books = _books(home, shop, run_id)
    if books.is_empty():
        line(console, say("nothing_new", language))
        return
    sums = books.select(pl.col("^rows_.*$").sum()).row(0, named=True)
    line(console, say("intake", language, **{k: f"{v:,}" for k, v in sums.items()}))
    shelf = landing.rejected(home).filter(
        pl.col("batch_id").is_in(books["landed_batch_id"].unique().to_list())
    )
    for row in shelf.filter(pl.col("entity") == "file").to_dicts():
        line(console, f"  ✗ {row['description']}", style="red")
    _rejects(console, shop, books, shelf, language=language)


def _books(home: Home, shop: Shop, run_id: str) -> pl.DataFrame:
    """Batches of this run's own files; none where the run ended before it was written down."""
    runs = landing.read_table(home, "runs").filter(pl.col("run_id") == run_id)
    own = [source.key for source in shop.sources]
    return landing.batches(home).filter(
        pl.col("loaded_at").is_in(runs["loaded_at"].to_list()) & pl.col("source_key").is_in(own)
    )


def _rejects(
    console: Console, shop: Shop, books: pl.DataFrame, shelf: pl.DataFrame, *, language: str
) -> None:
    home = settings.home_of(shop.id)
    batch = ["landed_batch_id", "entity"]
    found = (
        landing.read_table(home, "rejects")
        .join(books.select(*batch, "file_name", "source_key"), on=batch, validate="m:1")
        .group_by("source_key", "file_name", "entity", "reason_code", "column_name")
        .agg(rows=pl.len(), first=pl.col("rejected_row_no").min())
        .sort("rows", "file_name", "entity", "reason_code", descending=[True, False, False, False])
    )
    told = dict(shelf.select("reason_code", "description").iter_rows())
    for row in found.head(REASONS_SHOWN).to_dicts():
        place = [row["file_name"], row["entity"]]
        if row["first"] is not None:
            place.append(say("from_row", language, row=f"{row['first']:,}"))
        if row["column_name"]:
            place.append(say("in_column", language, column=_header(shop, row)))
        reason = words.reason(row["reason_code"], language, told.get(row["reason_code"], ""))
        text = say("left_out", language, place=", ".join(place), reason=reason, rows=row["rows"])
        line(console, f"  ! {text}")
    if found.height > REASONS_SHOWN:
        more = found.height - REASONS_SHOWN
        line(console, "  " + say("more_reasons", language, count=more, folder=home.rejected))
    if found.height:
        line(console, "  " + say("repair", language), style="dim")


def _header(shop: Shop, reject: dict[str, str]) -> str:
    source = next(source for source in shop.sources if source.key == reject["source_key"])
    mapping = sources.load_mapping(source.mapping, shop.folder)
    return header_of(reject["column_name"], mapping, source, table=reject["entity"])


def brought(home: Home, shop: Shop) -> dict[str, Entity]:
    """What has landed so far, by canonical table. Days are the shop's."""
    zone = ZoneInfo(shop.timezone)
    support = {
        (source.key, entity): given
        for source in shop.sources
        for entity, given, _ in sources.capabilities_of(shop, source)
    }
    summed = (
        landing.batches(home)
        .group_by("source_key", "entity")
        .agg(
            pl.col("rows_landed").sum(),
            *(
                function.dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key).dt.date()
                for function in (pl.col("window_from_at").min(), pl.col("window_to_at").max())
            ),
        )
        .to_dicts()
    )
    return together(
        Entity(
            row["entity"],
            row["rows_landed"],
            support[row["source_key"], row["entity"]],
            row["window_from_at"],
            row["window_to_at"],
        )
        for row in summed
        if (row["source_key"], row["entity"]) in support
    )


def has_carts(entities: dict[str, Entity]) -> bool:
    """Whether anything of carts has come in, from which abandonment can be counted."""
    return bool(entities.keys() & {"events", "carts", "cart_observations"})


def lacking(console: Console, shop: Shop, entities: dict[str, Entity], *, language: str) -> None:
    """One line for each thing the pages lack or know in part, with the file that would cure it."""
    holdout = any(arm.is_holdout for c in shop.campaigns if c.is_active for arm in c.arms)
    open_ = [
        shown
        for shown in coverage(entities, has_holdout=holdout)
        if shown.state != "shown"
        and shown.figure not in SAID_ELSEWHERE
        # A holdout that runs is not lacking; it takes time.
        and shown.note != "note_holdout_runs"
    ]
    if open_:
        line(console, say("lacking", language), style="bold")
    for shown in open_:
        mark = "△" if shown.state == "partial" else "—"
        notes = [words.say(key, language) for key in (shown.note, shown.cure) if key]
        told = ("。" if language == "ja" else "; ").join(notes)
        page, figure = (words.say(key, language) for key in (shown.page, shown.figure))
        line(console, f"  {mark} {page} · {figure}: {told}")
