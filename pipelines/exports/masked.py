"""A plan as a screen may show it: counts, ten masked rows, and the difference to the last file."""

import sqlalchemy as sa

from pipelines.exports import coupons, ledger
from pipelines.exports.job import Job
from pipelines.exports.plan import HANDED_OVER, Decision, Plan
from pipelines.requests import MaskedPlan
from pipelines.state import batch, claim

_SAMPLE_ROWS = 10


def masked_plan(connection: sa.Connection, job: Job, plan: Plan) -> MaskedPlan:
    """One program's plan without an address or a name in it."""
    handed = [d for d in plan.decisions if d.outcome == HANDED_OVER]
    return MaskedPlan(
        program=plan.program.key,
        counts={**plan.counts, "not_due": plan.not_due},
        sample=[_masked(d) for d in handed[:_SAMPLE_ROWS]],
        difference=_difference(connection, job, plan),
        snapshot_id=job.snapshot_id,
        coupons=coupons.outlook(connection, job, plan),
    )


def mask(address: str) -> str:
    """`t***@e***.jp`: enough to know one's own test address by, too little to write to anybody."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain[:1]}***.{domain.rpartition('.')[2]}"


def _masked(decision: Decision) -> dict[str, str]:
    member = decision.member
    return {
        "email": mask(decision.email or ""),
        "arm_key": decision.arm_key,
        "due_at": member.due_at.isoformat(),
        "content_source": str(member.content.get("content_source") or ""),
        "item_1_name": str(member.content.get("item_1_name") or ""),
    }


def _difference(connection: sa.Connection, job: Job, plan: Plan) -> dict[str, int]:
    """Who would be added, who again, who left, against the file handed over last.

    A last hand-off in several parts is one; a person merged since is found under any of their keys.
    """
    before = _handed_over_last(connection, job, plan)
    in_plan = [d.keys for d in plan.decisions if d.outcome == HANDED_OVER]
    again = sum(not before.isdisjoint(keys) for keys in in_plan)
    present = {key for d in plan.decisions for key in d.keys}
    return {
        "added": len(in_plan) - again,
        "again": again,
        "in_last": len(before),
        "left": len(before - present),
    }


def _handed_over_last(connection: sa.Connection, job: Job, plan: Plan) -> set[str]:
    of_segment = ledger.batches(
        connection,
        batch.c.program == plan.program.key,
        batch.c.segment == job.segment.key,
        batch.c.destination == job.destination.key,
        batch.c.state.in_(ledger.HANDED),
    )
    if not of_segment:
        return set()
    parts = [row.batch_id for row in of_segment if row.slot == of_segment[-1].slot]
    query = sa.select(claim.c.person_key).where(
        claim.c.batch_id.in_(parts), claim.c.st == "claimed"
    )
    return set(connection.execute(query).scalars())
