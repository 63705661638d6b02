"""One request from its row to its files: recover, plan, record arms, claim, hand over."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pipelines import requests, state
from pipelines.exports import arms, claims, ledger, limits, lost
from pipelines.exports.amendments import write_removed
from pipelines.exports.destinations import outbox_of
from pipelines.exports.errors import ApprovalNeeded, CouponsShort, ExportRefused, UnreadReport
from pipelines.exports.handoff import Handoff
from pipelines.exports.holding import held
from pipelines.exports.job import Job, job_of
from pipelines.exports.ledger import BatchRow
from pipelines.exports.machine import Machine, uptime
from pipelines.exports.masked import masked_plan
from pipelines.exports.outcome import Outcome, as_stored, result_of
from pipelines.exports.payload import Vault
from pipelines.exports.plan import programs_of
from pipelines.exports.recalls import recalls_of
from pipelines.exports.rules import Program, Rules
from pipelines.exports.saved import segment_of
from pipelines.exports.snapshot import open_snapshot
from pipelines.requests import Request
from pipelines.settings import Home
from pipelines.shop import Shop

# How often a request that waits for coupons, or for a report, looks whether there are some.
_RETRY: Final = timedelta(hours=1)


def run_request(
    home: Home,
    shop: Shop,
    request_id: str,
    *,
    clock: datetime | None = None,
    run_id: str | None = None,
    machine: Machine | None = None,
    kept_back: Mapping[str, str] | None = None,
) -> Outcome:
    """Carry one request out, or carry on with it where a dead process left it.

    `kept_back`: destination → why nothing may leave for it now; a dry run works, a request waits.
    Raises: ExportRefused with what to do; the request then says so too. A finished request gives
    its stored batches again and writes nothing.
    """
    rules = Rules.of(shop, home)
    now, since = rules.now(clock), uptime()
    request = requests.read(home, request_id)
    if request.request_state in ("done", "planned", "cancelled"):
        return as_stored(home, rules, request)
    requests.move(home, request_id, to="running", at=now)
    try:
        if request.dry_run:
            outcome = _dry_run(home, rules, request, now=now)
        elif why := (kept_back or {}).get(request.destination):
            raise UnreadReport(why)
        else:
            outcome = _send(
                home, rules, request, now=now, run_id=run_id,
                machine=machine or Machine.this(), since=since,
            )  # fmt: skip
        outcome = _with_hints(rules, request, outcome)
    except Exception as error:
        _say_why(home, request_id, error, at=now)
        raise
    _write_down(home, outcome, at=now)
    return outcome


def _with_hints(rules: Rules, request: Request, outcome: Outcome) -> Outcome:
    """The outcome with what a person does next in this destination's mailer."""
    destination = rules.destination(request.destination)
    profile = rules.profile(destination)
    return replace(
        outcome, import_hint={**profile.import_hint}, encoding=profile.encoding,
        results=destination.results_files,
    )  # fmt: skip


def _say_why(home: Home, request_id: str, error: Exception, *, at: datetime) -> None:
    # The text of ours names keys and counts only; of any other error the kind is enough.
    said = str(error) if isinstance(error, ExportRefused) else type(error).__name__
    to = "waiting_for_approval" if isinstance(error, ApprovalNeeded) else "failed"
    not_before = None
    if isinstance(error, UnreadReport) or (isinstance(error, CouponsShort) and error.waits):
        to, not_before = "deferred", at + _RETRY
    requests.move(home, request_id, to=to, at=at, reason=said, not_before=not_before)


def _write_down(home: Home, outcome: Outcome, *, at: datetime) -> None:
    stored = {
        "batches": [batch.batch_id for batch in outcome.batches],
        "counts": {program: dict(found) for program, found in outcome.counts.items()},
        # For the screens, which know no ledger: where each file lies, and by what to know it again.
        "files": [
            {
                "batch_id": b.batch_id,
                "program": b.program,
                "rows": b.rows,
                "sha256": b.sha256,
                "files": list(b.files),
            }
            for b in outcome.batches
            if b.files
        ],
        "recalls": [asdict(recall) for recall in outcome.recalls],
        "import_hint": dict(outcome.import_hint),
        "encoding": outcome.encoding,
    }
    requests.move(
        home,
        outcome.request_id,
        to=outcome.state,
        at=at,
        reason=outcome.reason,
        not_before=outcome.not_before,
        outcome=stored,
    )


def _dry_run(home: Home, rules: Rules, request: Request, *, now: datetime) -> Outcome:
    job = _job(home, rules, request, now=now)
    engine = state.ledger_engine(home)
    plans = []
    with state.reading(engine) as connection:
        for program in _programs(job):
            found = claims.planned(connection, job, program)
            plans.append(masked_plan(connection, job, found))
    requests.save_plans(home, request.request_id, plans, planned_at=now)
    counts = {plan.program: plan.counts for plan in plans}
    return Outcome(request.request_id, "planned", None, (), counts)


def _send(
    home: Home,
    rules: Rules,
    request: Request,
    *,
    now: datetime,
    run_id: str | None,
    machine: Machine,
    since: float,
) -> Outcome:
    destination = rules.destination(request.destination)
    rules.refuse_sending(destination)
    outbox = outbox_of(rules, destination, home)
    outbox.prepare()
    engine = state.ledger_engine(home)
    with held(home, rules, destination, outbox, now=now, machine=machine):
        job = _job(home, rules, request, now=now)
        rules.refuse_complained(destination, job.facts.received)
        handoff = Handoff(
            engine=engine, destination=destination.key, outbox=outbox, rules=rules,
            vault=Vault(rules.pepper), facts=job.facts, now=now, actor=request.requested_by,
            machine=machine, run_id=run_id, since=since,
        )  # fmt: skip
        handoff.recover()
        return _hand_over(handoff, job)


def _hand_over(handoff: Handoff, job: Job) -> Outcome:
    told: Mapping[str, Any] = job.request.outcome or {}
    counts: dict[str, Mapping[str, int]] = {**told.get("counts", {})}
    ids: list[str] = []
    waits = False
    programs = _programs(job)
    with state.writing(handoff.engine) as connection:
        lost.refuse_without_date(connection, [program.key for program in programs])
        arms.record_drawn(connection, job)
        limits.refuse_too_many(connection, job, programs)
    for program in programs:
        found, mine = _claim(handoff, job, program, told=counts.get(program.key))
        counts[program.key] = found
        waits = waits or not mine
        ids += mine
    with state.settling(handoff.engine):
        rows = [handoff.advance(batch_id) for batch_id in ids]
    # Claimed by day, and the night came first.
    waits = waits or any(row.state in ledger.UNFINISHED for row in rows)
    for row in rows:
        write_removed(handoff, row, job.segment)
    recalls = recalls_of(handoff)
    results = tuple(result_of(handoff.outbox, row) for row in _again(handoff, ids))
    on_hold = [r for r in results if r.state == ledger.HOLD]
    request_id = job.request.request_id
    if on_hold:
        reason = f"{on_hold[0].batch_id}: {on_hold[0].reason}"
        return Outcome(request_id, "hold", reason, results, counts, recalls=recalls)
    if waits:
        until = handoff.quiet_until or handoff.present
        return Outcome(
            request_id, "deferred", "quiet_hours", results, counts, until, recalls=recalls
        )  # fmt: skip
    return Outcome(request_id, "done", None, results, counts, recalls=recalls)


def _claim(
    handoff: Handoff, job: Job, program: Program, *, told: Mapping[str, int] | None
) -> tuple[Mapping[str, int], tuple[str, ...]]:
    """Members per outcome, and the batches: of those that were claimed before as told then."""
    with state.reading(handoff.engine) as connection:
        if ids := claims.existing(connection, job, program):
            return told or claims.counted(connection, ids), ids
    with state.writing(handoff.engine) as connection:
        arms.record_members(connection, job, program)
    with state.writing(handoff.engine, settles=False) as connection:
        plan, ids = claims.claim_program(
            connection, job, program, vault=handoff.vault, actor=handoff.actor
        )
        for batch_id in ids:
            handoff.looked.note(batch_id, plan.handed_over, plan.stops)
    return plan.counts, ids


def _job(home: Home, rules: Rules, request: Request, *, now: datetime) -> Job:
    snapshot = open_snapshot(home, request.shop_id, snapshot_id=request.as_of)
    destination = rules.destination(request.destination)
    segment = segment_of(home, snapshot, request)
    return job_of(request, snapshot, segment, destination=destination, rules=rules, now=now)


def _programs(job: Job) -> tuple[Program, ...]:
    segment = job.segment
    fallback = job.rules.fallback(segment.part_of or segment.key, campaign_key=segment.campaign_key)
    return programs_of(segment.members, fallback=fallback)


def _again(handoff: Handoff, ids: Iterable[str]) -> Sequence[BatchRow]:
    with state.reading(handoff.engine) as connection:
        return [ledger.one(connection, batch_id) for batch_id in ids]
