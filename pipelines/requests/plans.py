"""Masked plans of requests, for the screens."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa

from pipelines import state
from pipelines.requests.model import MaskedPlan
from pipelines.settings import Home


def save_plans(
    home: Home, request_id: str, found: Sequence[MaskedPlan], *, planned_at: datetime
) -> None:
    """Write down what a run would do, in place of an earlier plan of the request."""
    table = state.plans
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(table.delete().where(table.c.request_id == request_id))
        for plan in found:
            connection.execute(
                table.insert().values(
                    request_id=request_id,
                    program=plan.program,
                    counts=dict(plan.counts),
                    sample=[dict(row) for row in plan.sample],
                    difference=dict(plan.difference),
                    snapshot_id=plan.snapshot_id,
                    planned_at=planned_at,
                    coupons=None if plan.coupons is None else dict(plan.coupons),
                )
            )


def plans_of(home: Home, request_id: str) -> list[MaskedPlan]:
    """The plans of one request, by program."""
    table = state.plans
    query = sa.select(table).where(table.c.request_id == request_id).order_by(table.c.program)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    return [MaskedPlan(**{f.name: row[f.name] for f in fields(MaskedPlan)}) for row in rows]
