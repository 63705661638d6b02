"""One ledger, one machine: a clone or a restored backup stops and asks instead of sending again."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines import state
from pipelines.exports import ledger
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.errors import WrongMachine
from pipelines.exports.machine import Machine
from pipelines.state import batch, claim, guard, meta
from pipelines.state import transition as transitions

SCHEMA_VERSION = 1


def bind(engine: sa.Engine, machine: Machine, outbox: LocalFolder, *, now: datetime) -> None:
    """Nothing, for a ledger that is this machine's and as new as its manifests.

    Raises: WrongMachine, and the ledger stays paused until somebody adopts it.
    """
    with state.writing(engine) as connection:
        found = connection.execute(sa.select(meta)).one_or_none()
        if found is None:
            connection.execute(
                meta.insert().values(
                    meta_no=1,
                    schema_version=SCHEMA_VERSION,
                    instance_id=secrets.token_hex(16),
                    machine_id=machine.machine_id,
                    epoch=0,
                    created_at=now,
                )
            )
        reason = _why_paused(connection, machine, outbox)
        if reason is not None:
            connection.execute(meta.update().values(paused_reason=reason))
    # Raised outside, so that the pause is committed.
    if reason is not None:
        raise WrongMachine(
            f"all exports are paused: {reason}. If this ledger is the right one, run "
            "`okaeri exports adopt`: files it does not know then count as handed over"
        )


def _why_paused(connection: sa.Connection, machine: Machine, outbox: LocalFolder) -> str | None:
    found = connection.execute(sa.select(meta)).one()
    if found.paused_reason:
        return str(found.paused_reason)
    if found.machine_id != machine.machine_id:
        return "the ledger was made on another machine (a clone or a restored disk)"
    unknown = unknown_manifests(connection, outbox.read_manifests())
    if unknown:
        return f"{len(unknown)} files were sealed that this ledger does not know (a restored copy)"
    return None


def unknown_manifests(
    connection: sa.Connection, manifests: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Manifests of batches the ledger has not heard of, or knows at an earlier revision only."""
    query = sa.select(batch.c.batch_id, batch.c.rev)
    known = {row.batch_id: row.rev for row in connection.execute(query)}
    return [m for m in manifests if known.get(m["batch_id"], -1) < m["rev"]]


def adopt(
    engine: sa.Engine,
    machine: Machine,
    outboxes: Sequence[LocalFolder],
    *,
    actor: str,
    now: datetime,
) -> list[str]:
    """Take the ledger over: unknown manifests count as delivered. Gives their batch ids.

    Invariant: never twice over never lost; whoever stands in a manifest is guarded from here on.
    """
    replayed: list[str] = []
    with state.writing(engine) as connection:
        for outbox in outboxes:
            for manifest in unknown_manifests(connection, outbox.read_manifests()):
                _replay(connection, manifest, actor=actor, now=now)
                replayed.append(str(manifest["batch_id"]))
        connection.execute(
            meta.update().values(
                machine_id=machine.machine_id, paused_reason=None, epoch=meta.c.epoch + 1
            )
        )
    return list(dict.fromkeys(replayed))


def _replay(
    connection: sa.Connection, manifest: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    batch_id = manifest["batch_id"]
    # An earlier revision's rows give way to what was really sealed.
    for table in (guard, claim, batch):
        connection.execute(table.delete().where(table.c.batch_id == batch_id))
    created = datetime.fromisoformat(manifest["created_at"])
    expires = manifest["expires_at"]
    same = (
        "batch_id", "rev", "shop_id", "program", "campaign_key", "campaign_version",
        "step_number", "channel", "segment", "destination", "slot", "part", "snapshot_id",
        "input_digest", "profile", "renderer_version", "layout", "sha256",
    )  # fmt: skip
    connection.execute(
        batch.insert().values(
            **{name: manifest[name] for name in same},
            state=ledger.DELIVERED,
            nbytes=manifest["bytes"],
            nrows=manifest["rows"],
            fname=manifest["file"],
            created_at=created,
            intent_at=created,
            expires_at=None if expires is None else datetime.fromisoformat(expires),
            reason="replayed from its manifest",
        )
    )
    _replay_claims(connection, manifest, claimed_at=created)
    connection.execute(
        transitions.insert().values(
            batch_id=batch_id,
            from_state=None,
            to_state=ledger.DELIVERED,
            rev=manifest["rev"],
            actor=actor,
            changed_at=now,
        )
    )


def _replay_claims(
    connection: sa.Connection, manifest: Mapping[str, Any], *, claimed_at: datetime
) -> None:
    batch_id = manifest["batch_id"]
    for c in manifest["claims"]:
        connection.execute(
            claim.insert().values(**c, batch_id=batch_id, payload_enc=None, claimed_at=claimed_at)
        )
        if c["st"] == "released":
            continue
        for key in {c["person_key"], c["email_hash"]} - {None}:
            taken = (
                (guard.c.program == manifest["program"])
                & (guard.c.occurrence == c["occurrence"])
                & (guard.c.key == key)
            )
            connection.execute(guard.delete().where(taken))
            connection.execute(
                guard.insert().values(
                    program=manifest["program"],
                    occurrence=c["occurrence"],
                    key=key,
                    batch_id=batch_id,
                    ord=c["ord"],
                    claimed_at=claimed_at,
                )
            )
