"""How many people a request may reach, over all its programs: by itself, and by one person alone.

Counted before anything of the request is claimed: what lies claimed leaves with the next export.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from pipelines.exports import claims
from pipelines.exports.errors import ApprovalNeeded, TooManyRows
from pipelines.exports.job import Job
from pipelines.exports.rules import Program
from pipelines.state import claim


def refuse_too_many(connection: sa.Connection, job: Job, programs: Sequence[Program]) -> None:
    """Nothing, where a request of several programs stays within its limits with all of them.

    Whoever is in two programs counts twice: that is two messages. A single program is held to the
    same limits when it is claimed. Raises: TooManyRows, ApprovalNeeded.
    """
    if len(programs) < 2:
        return
    rows, above = _rows_allowed(job), job.destination.approve_above
    is_free = above is None or job.request.approved_by is not None
    if rows is None and is_free:
        return
    people = sum(_people(connection, job, program) for program in programs)
    if rows is not None and people > rows:
        raise TooManyRows(
            f"{job.segment.key} would hand over {people} people, {rows} are allowed; look at the "
            "dry run, then ask again with a higher max_rows"
        )
    if above is not None and not is_free and people > above:
        raise ApprovalNeeded(
            f"{job.segment.key} would hand over {people} people; above {above} a second person has "
            f"to: okaeri exports release {job.request.request_id}"
        )


def _rows_allowed(job: Job) -> int | None:
    named = job.segment.meta.get("max_rows")
    return min((n for n in (job.request.max_rows, named) if isinstance(n, int)), default=None)


def _people(connection: sa.Connection, job: Job, program: Program) -> int:
    ids = claims.existing(connection, job, program)
    if not ids:
        return claims.planned(connection, job, program).handed_over
    query = (
        sa.select(sa.func.count())
        .select_from(claim)
        .where(claim.c.batch_id.in_(ids), claim.c.st == "claimed")
    )
    return int(connection.execute(query).scalar_one())
