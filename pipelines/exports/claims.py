"""The transaction that reserves people: the final plan, batch, claims and their two guards.

Invariant: a claim exists only with its guards, and both were free when it was written; without them
a person could be written to twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines.exports import bulk, coupons, ledger, lost
from pipelines.exports.errors import ApprovalNeeded, OtherInput, TooManyRows
from pipelines.exports.gates import Situation
from pipelines.exports.job import Job
from pipelines.exports.payload import Payload, Vault
from pipelines.exports.plan import (
    HELD_OUT,
    Decision,
    Plan,
    due_members,
    expires_at,
    plan,
)  # fmt: skip
from pipelines.exports.render import RENDERER_VERSION
from pipelines.exports.rules import Program, Rules
from pipelines.exports.snapshot import Member
from pipelines.state import batch, claim, frequency, gated, guard
from pipelines.state import transition as transitions

# Claims whose rows are held in memory at once.
_AT_ONCE: Final = 5_000


def scope_of(rules: Rules, program: Program, *, destination: str) -> ledger.Scope:
    """Suppressions for another campaign, destination or purpose of this shop do not count here."""
    purposes = {"marketing", "cart_reminder"}
    known = {c.key for c in rules.shop.campaigns} | {d.key for d in rules.shop.destinations}
    mine = {program.campaign_key, destination, rules.step(program).purpose}
    return ledger.Scope(program.channel, frozenset((known | purposes) - mine))


def situation(
    connection: sa.Connection, job: Job, program: Program
) -> tuple[Situation, tuple[Member, ...], int]:
    """What the gates see as of this transaction, the due members, and how many still wait."""
    members, not_due = due_members(job.segment.members, program, now=job.now)
    return seen_by(connection, job, program, members), members, not_due


def seen_by(
    connection: sa.Connection, job: Job, program: Program, members: Sequence[Member]
) -> Situation:
    """What the gates see of these members as of this transaction."""
    at = job.situation(program)
    found = ledger.view(
        connection,
        program,
        {key for member in members for key in at.keys(member).all},
        scope=scope_of(job.rules, program, destination=job.destination.key),
        now=job.now,
        today=job.today,
        longest_cap_days=max(at.caps, default=0),
    )
    found = replace(found, guarded=found.guarded | lost.guarded(connection, at, members))
    return replace(at, ledger=found, blocked={})


def planned(connection: sa.Connection, job: Job, program: Program) -> Plan:
    """The plan as of this transaction."""
    at, members, not_due = situation(connection, job, program)
    return plan(members, at, rules=job.rules, not_due=not_due)


def claim_program(
    connection: sa.Connection, job: Job, program: Program, *, vault: Vault, actor: str
) -> tuple[Plan, tuple[str, ...]]:
    """The final plan and the ids of the batches it was written to; none if all must wait.

    Raises: TooManyRows, ApprovalNeeded, CouponsShort before anything is written.
    """
    found = planned(connection, job, program)
    _refuse_too_many(job, found)
    if any(d.outcome == "quiet_hours" for d in found.decisions):
        return found, ()
    found = coupons.with_coupons(connection, job, found)
    write_gated(connection, found, now=job.now)
    claimed = [d for d in found.decisions if d.is_claimed]
    # One batch, however many files the profile's limits will cut it into.
    batch_id = _write_batch(connection, job, program, claimed, part=0, vault=vault)
    connection.execute(
        transitions.insert().values(
            batch_id=batch_id,
            from_state=None,
            to_state=ledger.CLAIMED,
            rev=0,
            actor=actor,
            changed_at=job.now,
        )
    )
    return found, (batch_id,)


def existing(connection: sa.Connection, job: Job, program: Program) -> tuple[str, ...]:
    """Ids of the batches this request already has for the program, in parts.

    Raises: OtherInput if they were asked for with other input; the stored ones are kept.
    """
    found = ledger.batches(
        connection,
        batch.c.program == program.key,
        batch.c.campaign_version == program.campaign_version,
        batch.c.destination == job.destination.key,
        batch.c.slot == job.request.slot,
    )
    other = [row.batch_id for row in found if row.input_digest != job.input_digest]
    if other:
        raise OtherInput(
            f"batch {other[0]} of slot {job.request.slot} was made from another request; it is "
            "kept as it is. Ask again with a new request"
        )
    return tuple(row.batch_id for row in sorted(found, key=lambda row: row.part))


def write_gated(connection: sa.Connection, found: Plan, *, now: datetime) -> None:
    """Keep the reason of everybody left out; a newer reason replaces the older one."""
    rows = [
        {
            "program": found.program.key, "occurrence": d.member.occurrence_key,
            "person_key": d.person_key, "campaign_key": found.program.campaign_key,
            "campaign_version": found.program.campaign_version,
            "step_number": found.program.step_number, "email_hash": d.email_hash,
            "reason": d.outcome, "first_at": now, "last_at": now,
        }
        for d in found.decisions
        # Whoever has it already was not left out of it.
        if not d.is_claimed and d.outcome != "already_handed_over"
    ]  # fmt: skip
    if not rows:
        return
    insert = bulk.insert_for(connection, gated)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["program", "occurrence", "person_key"],
            set_={"reason": insert.excluded.reason, "last_at": insert.excluded.last_at},
        ),
        rows,
    )


def _refuse_too_many(job: Job, found: Plan) -> None:
    named = job.segment.meta.get("max_rows")
    limits = [n for n in (job.request.max_rows, named) if isinstance(n, int)]
    if limits and found.handed_over > min(limits):
        raise TooManyRows(
            f"{found.program.key} would hand over {found.handed_over} people, {min(limits)} are "
            "allowed; look at the dry run, then ask again with a higher max_rows"
        )
    above = job.destination.approve_above
    if above is not None and found.handed_over > above and job.request.approved_by is None:
        raise ApprovalNeeded(
            f"{found.program.key} would hand over {found.handed_over} people; above {above} a "
            f"second person has to: okaeri exports release {job.request.request_id}"
        )


def _write_batch(
    connection: sa.Connection,
    job: Job,
    program: Program,
    share: Sequence[Decision],
    *,
    part: int,
    vault: Vault,
) -> str:
    slot = job.request.slot
    batch_id = ledger.batch_id_of(
        job.request.shop_id, program, destination=job.destination.key, slot=slot, part=part
    )
    days = job.rules.shop.thresholds.catch_up_days
    connection.execute(
        batch.insert().values(
            batch_id=batch_id,
            shop_id=job.request.shop_id,
            program=program.key,
            campaign_key=program.campaign_key,
            campaign_version=program.campaign_version,
            step_number=program.step_number,
            channel=program.channel,
            segment=job.segment.key,
            destination=job.destination.key,
            slot=slot,
            part=part,
            snapshot_id=job.snapshot_id,
            input_digest=job.input_digest,
            rev=0,
            state=ledger.CLAIMED,
            profile=job.profile.profile,
            renderer_version=RENDERER_VERSION,
            layout=dict(job.layout),
            created_at=job.now,
            expires_at=expires_at(share, now=job.now, catch_up_days=days),
        )
    )
    _write_claims(connection, job, program, share, batch_id=batch_id, vault=vault)
    return batch_id


def _write_claims(
    connection: sa.Connection,
    job: Job,
    program: Program,
    share: Sequence[Decision],
    *,
    batch_id: str,
    vault: Vault,
) -> None:
    for first in range(0, len(share), _AT_ONCE):
        some = share[first : first + _AT_ONCE]
        _write_some(connection, job, program, some, first=first, batch_id=batch_id, vault=vault)
    coupons.take(connection, share, batch_id=batch_id, now=job.now)


def _write_some(
    connection: sa.Connection,
    job: Job,
    program: Program,
    share: Sequence[Decision],
    *,
    first: int,
    batch_id: str,
    vault: Vault,
) -> None:
    claims, guards, messages = [], [], []
    for ord_, decision in enumerate(share, start=first):
        held_out = decision.outcome == HELD_OUT
        token = ledger.token_of(batch_id, ord_, pepper=job.rules.pepper)
        claims.append(
            _claim_row(job, decision, vault=vault, batch_id=batch_id, ord_=ord_, token=token)
        )
        # A person without an address (another channel) has one guard, everybody else two.
        mine = [k for k in (decision.person_key, decision.email_hash) if k is not None]
        place = {"batch_id": batch_id, "ord": ord_}
        occurrence = decision.member.occurrence_key
        guards += [
            {"program": program.key, "occurrence": occurrence, "key": k, "claimed_at": job.now}
            | place
            for k in mine
        ]
        if not held_out:
            day = {"channel": program.channel, "day": job.today}
            messages += [{"key": k, **day, **place} for k in mine]
    for table, rows in ((claim, claims), (guard, guards), (frequency, messages)):
        bulk.insert_rows(connection, table, rows)


def _claim_row(
    job: Job, decision: Decision, *, vault: Vault, batch_id: str, ord_: int, token: str
) -> dict[str, object]:
    member = decision.member
    held_out = decision.outcome == HELD_OUT
    sealed = None
    if not held_out:
        payload = Payload(
            cells=job.line(decision, batch_id=batch_id, token=token).cells,
            email=decision.email or "",
            person_id=member.person_id,
            keys=tuple(sorted(decision.keys)),
            qualified_at=member.qualified_at,
        )
        sealed = vault.seal(payload, batch_id=batch_id, ord_=ord_)
    code = decision.coupon or member.content.get("coupon_code")
    return {
        "batch_id": batch_id, "ord": ord_, "occurrence": member.occurrence_key,
        "dedupe_key": member.dedupe_key, "person_key": decision.person_key,
        "email_hash": decision.email_hash, "recipient_token": None if held_out else token,
        "arm": decision.arm_key, "coupon_code": None if code is None else str(code),
        "due_at": member.due_at, "valid_until_at": member.valid_until_at, "payload_enc": sealed,
        "st": "held_out" if held_out else "claimed",
        "reason": "held_out" if held_out else None, "claimed_at": job.now,
    }  # fmt: skip
