"""The transaction that reserves people: the final plan, batch, claims and their two guards.

Invariant: a claim exists only with its guards, and both were free when it was written; without them
a person could be written to twice.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from pipelines import keys
from pipelines.exports import bulk, coupons, ledger, lost
from pipelines.exports.ahead import ahead
from pipelines.exports.errors import ApprovalNeeded, OtherInput, TooManyRows
from pipelines.exports.facts import other_keys
from pipelines.exports.frames import naive, parts
from pipelines.exports.job import Job
from pipelines.exports.looks import KEYS, SHARE, WRITTEN, Asked, at_once, by_key, in_hex, look
from pipelines.exports.payload import Vault
from pipelines.exports.plan import CLAIMED, HANDED_OVER, HELD_OUT, Plan, Share, expires_at, plan
from pipelines.exports.render import RENDERER_VERSION
from pipelines.exports.rules import Program, Rules
from pipelines.state import batch, claim, gated, guard
from pipelines.state import transition as transitions


def scope_of(rules: Rules, program: Program, *, destination: str) -> ledger.Scope:
    """Suppressions for another campaign, destination or purpose of this shop do not count here."""
    purposes = {"marketing", "cart_reminder"}
    known = {c.key for c in rules.shop.campaigns} | {d.key for d in rules.shop.destinations}
    mine = {program.campaign_key, destination, rules.step(program).purpose}
    return ledger.Scope(program.channel, frozenset((known | purposes) - mine))


def asked_of(connection: sa.Connection, job: Job, program: Program) -> Asked:
    """What is asked of a program's members as of this transaction."""
    scope = scope_of(job.rules, program, destination=job.destination.key)
    return Asked(
        at=job.situation(program),
        facts=job.facts,
        stops=ledger.stops(connection, scope=scope, now=job.now),
        refused=job.refused,
        lost_before=lost.before(connection, program),
    )


def planned(connection: sa.Connection, job: Job, program: Program) -> Plan:
    """The plan as of this transaction."""
    due, waiting = job.known(program)
    asked = asked_of(connection, job, program)
    shares = [
        Share.of(look(connection, asked, seen), seen, program=program, rules=job.rules)
        for seen in due
    ]
    return plan(
        program, due.claimable, shares, stops=asked.stops, not_due=waiting.members.height,
        keys_of=lambda people: job.facts.keys_of(in_hex(people)),
    )  # fmt: skip


def claim_program(
    connection: sa.Connection, job: Job, program: Program, *, vault: Vault, actor: str
) -> tuple[Plan, tuple[str, ...]]:
    """The final plan and the ids of the batches it was written to; none if all must wait.

    Raises: TooManyRows, ApprovalNeeded, CouponsShort before anything is written.
    """
    found = planned(connection, job, program)
    job.forget(program)
    _refuse_too_many(job, found)
    if "quiet_hours" in found.counts:
        return found, ()
    found = coupons.with_coupons(connection, job, found)
    write_gated(connection, found, now=job.now)
    # One batch, however many files the profile's limits will cut it into.
    batch_id = _write_batch(connection, job, found, part=0, vault=vault)
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


def counted(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    """Who is in these batches, per outcome; whoever was left out of them is not counted."""
    query = sa.select(claim.c.st, sa.func.count()).where(claim.c.batch_id.in_(ids))
    words = {"claimed": HANDED_OVER, "held_out": HELD_OUT}
    found = bulk.frame(connection, query.group_by(claim.c.st).order_by(claim.c.st))
    return {words[st]: count for st, count in found.iter_rows() if st in words}


def write_gated(connection: sa.Connection, found: Plan, *, now: datetime) -> None:
    """Keep the reason of everybody left out; a newer reason replaces the older one."""
    program = found.program
    # Whoever has it already was not left out of it.
    left_out = found.decisions.filter(~pl.col("outcome").is_in([*CLAIMED, "already_handed_over"]))
    at = pl.lit(naive(now), pl.Datetime("us"))
    for share in left_out.iter_slices(SHARE):
        rows = in_hex(share).select(
            pl.lit(program.key).alias("program"), pl.col("occurrence_key").alias("occurrence"),
            "person_key", pl.lit(program.campaign_key).alias("campaign_key"),
            pl.lit(program.campaign_version).alias("campaign_version"),
            pl.lit(program.step_number).alias("step_number"), "email_hash",
            pl.col("outcome").cast(pl.String).alias("reason"), at.alias("first_at"),
            at.alias("last_at"),
        )  # fmt: skip
        # Of two rows with one key the later one's reason stands, as it would one after the other.
        rows = rows.unique(["occurrence", "person_key"], keep="last", maintain_order=True)
        bulk.insert(connection, gated, rows, newer=("reason", "last_at"))


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
    connection: sa.Connection, job: Job, found: Plan, *, part: int, vault: Vault
) -> str:
    slot, program = job.request.slot, found.program
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
            expires_at=expires_at(found, now=job.now, catch_up_days=days),
        )
    )
    for claims in ahead(_claims_of(job, found, batch_id=batch_id, vault=vault)):
        bulk.insert(connection, claim, claims)
    ledger.note_tokens(connection, batch_id)
    for guards in ahead(_guards_of(job, found, batch_id=batch_id)):
        bulk.insert(connection, guard, guards)
    coupons.take(connection, found.decisions, batch_id=batch_id, now=job.now)
    return batch_id


def _claims_of(job: Job, found: Plan, *, batch_id: str, vault: Vault) -> Iterator[pl.DataFrame]:
    """Rows of `claim`, in the order of the file. Nothing of the ledger is asked for them."""
    pepper, message = job.rules.pepper, pl.lit(found.program.key)
    for share, records, others in _known_of(job, found):
        people = in_hex(share)
        # Their own two stand in columns beside it.
        besides = other_keys(people, others).group_by("row").agg(pl.col("key").sort())
        tokens = keys.tokens(batch_id, share["ord"].to_list(), pepper=pepper)
        whole = people.join(besides, on="row", how="left", maintain_order="left")
        placed = whole.with_columns(
            pl.col("key").fill_null([]).alias("other_keys"),
            pl.Series("recipient_token", tokens, pl.String),
            pl.concat_str(message, "occurrence_key", separator="/").alias("dedupe_key"),
            pl.lit(batch_id).alias("batch_id"), records["email"], records["coupon_code"],
        )  # fmt: skip
        yield _written(job, placed, records, batch_id=batch_id, vault=vault)


def _known_of(job: Job, found: Plan) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """Claimed people, what they are to be written, and their keys on file, in shares."""
    for asked in at_once(found.decisions):
        claimed = asked.drop_nulls("ord")
        if claimed.is_empty():
            continue
        records = job.records(found.program, claimed)
        others = job.facts.each_ones_keys(claimed, size=WRITTEN)
        yield from zip(parts(claimed, WRITTEN), records, others, strict=True)
    # Nothing of the snapshot is asked for what is left to write.
    job.facts.rest()


def _written(
    job: Job, placed: pl.DataFrame, records: pl.DataFrame, *, batch_id: str, vault: Vault
) -> pl.DataFrame:
    is_sent = (placed["outcome"] == HANDED_OVER).alias("is_sent")
    sent = placed.filter(is_sent)
    cells = job.cells(records.filter(is_sent), tokens=sent["recipient_token"], batch_id=batch_id)
    payloads = sent.select("ord", "email", "person_id", "qualified_at", "other_keys").hstack(cells)
    sealed = pl.DataFrame([sent["ord"], vault.seal(payloads, batch_id=batch_id)])
    held = pl.when(~is_sent).then(pl.lit(HELD_OUT))
    at = pl.lit(naive(job.now), pl.Datetime("us"))
    return placed.join(sealed, on="ord", how="left", maintain_order="left").select(
        "batch_id", "ord", pl.col("occurrence_key").alias("occurrence"), "dedupe_key", "person_key",
        "email_hash", pl.when(is_sent).then("recipient_token"), pl.col("arm").cast(pl.String),
        "coupon_code", "due_at", "valid_until_at", "payload_enc",
        pl.coalesce(held, pl.lit("claimed")).alias("st"), held.alias("reason"),
        at.alias("claimed_at"),
    )  # fmt: skip


def _guards_of(job: Job, found: Plan, *, batch_id: str) -> Iterator[pl.DataFrame]:
    """Rows of `guard`: one for a person without an address (another channel), two for the others.

    By key, as they lie: a million in any other order would be written page by page, again and
    again.
    """
    every = found.decisions.select(
        *KEYS, "ord", pl.col("occurrence_key").alias("occurrence"),
        # Of who is held out no message is counted.
        pl.when(pl.col("outcome") == HANDED_OVER).then(pl.lit(job.today)).alias("message_on"),
    )  # fmt: skip
    order = by_key(every, *KEYS, among=pl.col("ord").is_not_null())
    for some in order.to_frame("place").iter_slices(WRITTEN):
        place = some["place"]
        rows = in_hex(every[place % every.height])
        is_address = (place >= every.height).alias("is_address")
        yield rows.hstack([is_address]).select(
            pl.when("is_address").then("email_hash").otherwise("person_key").alias("key"),
            pl.lit(found.program.key).alias("program"), "occurrence",
            pl.lit(batch_id).alias("batch_id"), "ord",
            pl.lit(naive(job.now), pl.Datetime("us")).alias("claimed_at"), "message_on",
        )  # fmt: skip
