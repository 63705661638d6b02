"""A plan as a screen may show it: counts, ten masked rows, and the difference to the last file."""

from datetime import UTC

import polars as pl
import sqlalchemy as sa

from pipelines.exports import bulk, coupons, ledger
from pipelines.exports.job import Job
from pipelines.exports.looks import at_once, in_hex
from pipelines.exports.plan import HANDED_OVER, Plan
from pipelines.exports.rules import Program
from pipelines.requests import MaskedPlan
from pipelines.state import batch, claim

_SAMPLE_ROWS = 10


def masked_plan(connection: sa.Connection, job: Job, plan: Plan) -> MaskedPlan:
    """One program's plan without an address or a name in it."""
    handed = plan.decisions.filter(pl.col("outcome") == HANDED_OVER)
    return MaskedPlan(
        program=plan.program.key,
        counts={**plan.counts, "not_due": plan.not_due},
        sample=_sample(job, plan.program, handed.head(_SAMPLE_ROWS)),
        difference=_difference(connection, job, plan),
        snapshot_id=job.snapshot_id,
        coupons=coupons.outlook(connection, job, plan),
    )


def mask(address: str) -> str:
    """`t***@e***.jp`: enough to know one's own test address by, too little to write to anybody."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain[:1]}***.{domain.rpartition('.')[2]}"


def _sample(job: Job, program: Program, some: pl.DataFrame) -> list[dict[str, str]]:
    records = pl.concat(job.records(program, some))
    items = records["item_1_name"] if "item_1_name" in records.columns else [None] * some.height
    return [
        {
            "email": mask(email or ""),
            "arm_key": row["arm"],
            "due_at": row["due_at"].replace(tzinfo=UTC).isoformat(),
            "content_source": row["content_source"] or "",
            "item_1_name": str(item or ""),
        }
        for row, email, item in zip(
            some.iter_rows(named=True), records["email"], items, strict=True
        )
    ]


def _difference(connection: sa.Connection, job: Job, plan: Plan) -> dict[str, int]:
    """Who would be added, who again, who left, against the file handed over last.

    A last hand-off in several parts is one; a person merged since is found under any of their keys.
    """
    before = _handed_over_last(connection, job, plan)
    found = pl.concat(
        job.facts.keys_of(in_hex(share)).join(before, on="key", how="semi")
        for share in at_once(plan.decisions)
    )
    handed = plan.decisions.filter(pl.col("outcome") == HANDED_OVER)
    again = handed.join(found, on="row", how="semi").height
    return {
        "added": handed.height - again,
        "again": again,
        "in_last": before.height,
        "left": before.height - found["key"].n_unique(),
    }


def _handed_over_last(connection: sa.Connection, job: Job, plan: Plan) -> pl.DataFrame:
    of_segment = ledger.batches(
        connection,
        batch.c.program == plan.program.key,
        batch.c.segment == job.segment.key,
        batch.c.destination == job.destination.key,
        batch.c.state.in_(ledger.HANDED),
    )
    if not of_segment:
        return pl.DataFrame(schema={"key": pl.String})
    parts = [row.batch_id for row in of_segment if row.slot == of_segment[-1].slot]
    query = sa.select(claim.c.person_key.label("key")).where(
        claim.c.batch_id.in_(parts), claim.c.st == "claimed"
    )
    return bulk.frame(connection, query.distinct())
