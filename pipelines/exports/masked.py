"""A plan as a screen may show it: counts, ten masked rows, and the difference to the last file."""

import sqlalchemy as sa

from pipelines.exports import ledger
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
    last = ledger.batches(
        connection,
        batch.c.program == plan.program.key,
        batch.c.segment == job.segment.key,
        batch.c.destination == job.destination.key,
        batch.c.state.in_(ledger.HANDED),
    )
    if not last:
        return {"new": plan.handed_over, "in_last": 0, "gone_since_last": 0}
    query = sa.select(claim.c.person_key).where(
        claim.c.batch_id == last[-1].batch_id, claim.c.st == "claimed"
    )
    before: set[str] = set(connection.execute(query).scalars())
    present = {key for d in plan.decisions for key in d.keys}
    return {
        "new": plan.handed_over,
        "in_last": len(before),
        "gone_since_last": len(before - present),
    }
