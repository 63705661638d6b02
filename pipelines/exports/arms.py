"""Who is in which arm, put on record before anybody of a campaign is claimed.

Invariant: the first record wins for ever. Everybody who could be written to is recorded, whatever
became of them since: people who bought before a slow arm's mail would else be missing from it.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from pipelines.exports import bulk, ledger
from pipelines.exports.claims import seen_by
from pipelines.exports.facts import Drawn
from pipelines.exports.job import Job
from pipelines.exports.plan import eligible, members_of, recorded_arm
from pipelines.exports.rules import Program
from pipelines.exports.snapshot import Member
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
        mine = [
            drawn
            for drawn in job.facts.drawn
            if drawn.program == (campaign.key, campaign.version) and drawn.eligible_at >= since
        ]
        at = job.situation(program)
        people = [_as_member(drawn, program) for drawn in mine]
        keys = sorted({key for member in people for key in at.keys(member).all})
        arms = ledger.arms(connection, program, keys)
        rows = []
        for drawn, member in zip(mine, people, strict=True):
            known = arms.of(at.keys(member).all, drawn.occurrence_key)
            rows.append(
                {
                    "occurrence": drawn.occurrence_key,
                    "person_key": at.keys(member).person_key,
                    "email_hash": at.email_hash(member),
                    "arm": known or drawn.arm_key,
                    "eligible_at": drawn.eligible_at,
                }
            )
        _write(connection, job, program, rows)


def record_members(connection: sa.Connection, job: Job, program: Program) -> None:
    """Record the arm of every member who could be written to and has no record yet.

    Of those who wait for a slow arm's delay, too, and as eligible from this moment on: whoever is
    due by the calendar was qualified long before, and every arm must be watched from one instant.
    """
    members = members_of(job.segment.members, program)
    at = seen_by(connection, job, program, members)
    rows = [
        {
            "occurrence": member.occurrence_key,
            "person_key": at.keys(member).person_key,
            "email_hash": at.email_hash(member),
            "arm": recorded_arm(member, at) or member.arm_key,
            "eligible_at": job.now,
        }
        for member in eligible(members, at)
    ]
    _write(connection, job, program, rows)


def _write(
    connection: sa.Connection, job: Job, program: Program, rows: Sequence[Mapping[str, object]]
) -> None:
    if not rows:
        return
    same = {
        "campaign": program.campaign_key,
        "version": program.campaign_version,
        "recorded_at": job.now,
    }
    bulk.insert_rows(connection, arm_record, [{**row, **same} for row in rows], ignore_taken=True)


def _as_member(drawn: Drawn, program: Program) -> Member:
    return Member(
        person_id=drawn.person_id,
        campaign_key=program.campaign_key,
        campaign_version=program.campaign_version,
        step_number=program.step_number,
        arm_key=drawn.arm_key,
        channel=program.channel,
        occurrence_key=drawn.occurrence_key,
        dedupe_key="",
        qualified_at=drawn.eligible_at,
        due_at=drawn.eligible_at,
        valid_until_at=None,
        reason_code=None,
        is_held_out=False,
    )
