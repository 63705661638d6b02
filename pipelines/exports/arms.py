"""Who is in which arm, put on record before anybody of a campaign is claimed.

Invariant: the first record wins for ever. Everybody who could be written to is recorded, whatever
became of them since: people who bought before a slow arm's mail would else be missing from it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from pipelines.exports import bulk
from pipelines.exports.ahead import ahead
from pipelines.exports.claims import asked_of
from pipelines.exports.frames import naive
from pipelines.exports.gates import REACH
from pipelines.exports.job import Job
from pipelines.exports.looks import KEYS, LOOKED, People, by_key, in_hex, look, said
from pipelines.exports.rules import Program
from pipelines.state import arm_record


def record_drawn(connection: sa.Connection, job: Job) -> None:
    """Record the arm of every eligible occurrence of the segment's campaigns that has none.

    Only what could still be sent when it is seen for the first time: an experiment does not begin
    with episodes of years in which nobody was written to.
    """
    for campaign in job.rules.shop.campaigns:
        if campaign.segment != job.segment.key:
            continue
        program = Program(campaign.key, campaign.version, 1, campaign.channel)
        since = job.now - job.rules.still_sendable(program)
        drawn = job.facts.drawn(campaign.key, campaign.version, since=since)
        people = drawn.rename({"eligible_at": "qualified_at"}).with_row_index("row")
        everybody = People(job.facts, job.situation(program), people)
        _record(connection, job, program, [everybody], among=())


def record_members(connection: sa.Connection, job: Job, program: Program) -> None:
    """Record the arm of every member who could be written to and has no record yet.

    Of those who wait for a slow arm's delay, too, and as eligible from this moment on: whoever is
    due by the calendar was qualified long before, and every arm must be watched from one instant.
    """
    _record(connection, job, program, job.known(program), among=REACH, eligible_at=job.now)


def _record(
    connection: sa.Connection,
    job: Job,
    program: Program,
    everybody: Sequence[People],
    *,
    among: tuple[str, ...],
    eligible_at: datetime | None = None,
) -> None:
    asked = asked_of(connection, job, program)
    # All are looked at before the first is written: where a share ends must not decide an arm.
    found = pl.concat(
        look(connection, asked, seen, among=among).select(
            pl.when(pl.col("hit").is_null())
            .then(pl.coalesce("recorded", "arm_key"))
            .cast(pl.Categorical)
            .alias("arm")
        )
        for people in everybody
        for seen in people
    )
    at = pl.col("qualified_at") if eligible_at is None else _instant(eligible_at)
    every = pl.concat(
        people.claimable.select(
            *KEYS, pl.col("occurrence_key").alias("occurrence"), at.alias("eligible_at")
        )
        for people in everybody
    ).hstack(found)
    for rows in ahead(_rows(every, program, at=job.now)):
        bulk.insert(connection, arm_record, rows, ignore_taken=True)


def _rows(every: pl.DataFrame, program: Program, *, at: datetime) -> Iterator[pl.DataFrame]:
    """Rows of `arm_record`, by their key, as they lie; of a million no second million is made."""
    place = by_key(every, "person_key", among=pl.col("arm").is_not_null())
    for some in place.to_frame("place").iter_slices(LOOKED):
        yield in_hex(said(every[some["place"]])).with_columns(
            pl.lit(program.campaign_key).alias("campaign"),
            pl.lit(program.campaign_version).alias("version"),
            _instant(at).alias("recorded_at"),
        )


def _instant(at: datetime) -> pl.Expr:
    return pl.lit(naive(at), pl.Datetime("us"))
