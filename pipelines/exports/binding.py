"""One ledger, one machine: a clone or a restored backup stops and asks instead of sending again."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines import state
from pipelines.exports import lost
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.errors import Tampered, WeakLedger, WrongMachine
from pipelines.exports.machine import Machine
from pipelines.exports.replay import replay
from pipelines.shop import Shop
from pipelines.state import batch, meta

SCHEMA_VERSION: Final = 1


@contextmanager
def alone(
    engine: sa.Engine, outbox: LocalFolder, *, shop_id: str, destination: str
) -> Iterator[None]:
    """A destination to oneself: by a lock on a file, and by one of the database where it has any.

    No lease and no time-out: kernel and server free them when the process dies.
    """
    with outbox.locked(), state.locked(engine, f"{shop_id}/{destination}"):
        yield


def bind(
    engine: sa.Engine,
    machine: Machine,
    outbox: LocalFolder,
    *,
    now: datetime,
    reported: Collection[str] = (),
) -> None:
    """Nothing, for a ledger that is this machine's and as new as what was handed over.

    `reported`: batches that finished requests name, which the ledger must therefore know.
    Raises: WeakLedger; WrongMachine, and the ledger stays paused until somebody adopts it.
    """
    weak = state.weakness(engine)
    if weak is not None:
        raise WeakLedger(
            f"the ledger may forget a hand-over in a power cut ({weak}); nothing is handed over "
            "until every commit of it reaches the disk"
        )
    with state.writing(engine) as connection:
        _begin(connection, machine, now=now)
        why = _why_paused(connection, machine, outbox, reported)
        if why is not None:
            lost_at = {"lost_at": now} if why.is_lost else {}
            connection.execute(meta.update().values(paused_reason=why.reason, **lost_at))
    # Raised outside, so that the pause is committed.
    if why is not None:
        raise WrongMachine(f"all exports are paused: {why.reason}. {_what_to_do(engine)}")
    sign(engine, outbox)


def _begin(connection: sa.Connection, machine: Machine, *, now: datetime) -> None:
    if connection.execute(sa.select(meta.c.meta_no)).one_or_none() is not None:
        return
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


def sign(engine: sa.Engine, outbox: LocalFolder) -> None:
    """Write beside the staged files which ledger hands over here, and how far it has come.

    Written after the ledger's own commit, so that a crash leaves it behind, never ahead.
    """
    with state.reading(engine) as connection:
        found = connection.execute(sa.select(meta)).one()
    mine: dict[str, object] = {
        "instance_id": found.instance_id,
        "machine_id": found.machine_id,
        "epoch": found.epoch,
        "manifests": len(outbox.manifest_stems()),
    }
    if _owner_of(outbox)[0] != mine:
        outbox.write_owner(mine)


def _owner_of(outbox: LocalFolder) -> tuple[Mapping[str, object], str | None]:
    """What an outbox says of its ledger, without the seal, and why that cannot be believed."""
    try:
        found = outbox.read_owner() or {}
    except Tampered as error:
        return {}, str(error)
    return {name: value for name, value in found.items() if name != "seal"}, None


@dataclass(frozen=True)
class _Pause:
    reason: str
    # Whether hand-overs are missing from the ledger and from the manifests.
    is_lost: bool = False


def _why_paused(
    connection: sa.Connection, machine: Machine, outbox: LocalFolder, reported: Collection[str]
) -> _Pause | None:
    found = connection.execute(sa.select(meta)).one()
    if found.paused_reason:
        return _Pause(str(found.paused_reason))
    if found.machine_id != machine.machine_id:
        return _Pause(
            "the ledger was made on another machine (a clone, a restored disk, or a container that "
            "OKAERI_MACHINE_ID gives no name)"
        )
    return _doubt_of(connection, found, outbox, reported)


def _doubt_of(
    connection: sa.Connection,
    found: sa.Row[Any],
    outbox: LocalFolder,
    reported: Collection[str],
) -> _Pause | None:
    """What an outbox tells that this ledger, of this machine, knows nothing of."""
    stems = outbox.manifest_stems()
    unknown = _unknown(connection, stems)
    forged = [stem for stem in unknown if _is_forged(outbox, stem)]
    if forged:
        return _Pause(
            f"{len(forged)} manifests were written or changed by somebody else than this shop's "
            f"exporter (first: {outbox.manifests / forged[0]}.json)",
            True,
        )
    owner, doubt = _owner_of(outbox)
    is_other = owner.get("instance_id", found.instance_id) != found.instance_id
    is_older = is_other or _number(owner, "epoch") > found.epoch
    missing = _missing(connection, stems, reported)
    if missing or (is_older and _number(owner, "manifests") > len(stems)):
        return _Pause("files were handed over of which neither ledger nor manifests tell", True)
    if unknown:
        return _Pause(
            f"{len(unknown)} files were sealed that this ledger does not know (a restored copy)"
        )
    if is_other:
        return _Pause(
            f"another ledger hands over into {outbox.root}: a second host, or this ledger is new "
            "because the old one was lost"
        )
    if doubt is not None:
        return _Pause(
            f"{doubt}. Nobody can tell whether this ledger knows of all that left; if it is a "
            "restored copy, adopt it with --not-before DATE"
        )
    if is_older:
        return _Pause("the ledger is older than what was handed over last (a restored copy)")
    return None


def _number(owner: Mapping[str, object], name: str) -> int:
    return int(str(owner.get(name, 0)))


def _missing(
    connection: sa.Connection, stems: Sequence[str], reported: Collection[str]
) -> set[str]:
    known: set[str] = set(connection.execute(sa.select(batch.c.batch_id)).scalars())
    return set(reported) - known - {_batch_and_rev(stem)[0] for stem in stems}


def _what_to_do(engine: sa.Engine) -> str:
    with state.reading(engine) as connection:
        if lost.is_lost(connection):
            return lost.WHAT_TO_DO
    return (
        "If this ledger is the right one, run `okaeri exports adopt`: files it does not know then "
        "count as handed over"
    )


def _unknown(connection: sa.Connection, stems: Sequence[str]) -> list[str]:
    """Manifests of batches the ledger has not heard of, or knows at an earlier revision only."""
    query = sa.select(batch.c.batch_id, batch.c.rev)
    known = {row.batch_id: row.rev for row in connection.execute(query)}
    found = [(*_batch_and_rev(stem), stem) for stem in stems]
    # A later revision holds the people an earlier one had lost: it must be taken in last.
    return [stem for batch_id, rev, stem in sorted(found) if known.get(batch_id, -1) < rev]


def _batch_and_rev(stem: str) -> tuple[str, int]:
    batch_id, _, rev = stem.rpartition("-r")
    # A name that is none of ours is of no batch, and of no revision the ledger could know.
    return (batch_id, int(rev)) if rev.isdecimal() else (stem, 0)


def _is_forged(outbox: LocalFolder, stem: str) -> bool:
    try:
        outbox.read_manifest(stem)
    except Tampered:
        return True
    return False


def adopt(
    engine: sa.Engine,
    machine: Machine,
    outboxes: Mapping[str, LocalFolder],
    *,
    shop: Shop,
    actor: str,
    now: datetime,
    not_before: Mapping[str, datetime] | None = None,
) -> list[str]:
    """Take the ledger over: unknown manifests count as delivered. Gives their batch ids.

    A file that still lies in staging may not have left: its batch is put on HOLD. `not_before`:
    program or `*` → whoever qualified before counts as handed over. `outboxes` by destination.
    Invariant: never twice over never lost; whoever stands in a manifest is guarded from here on.
    Raises: WrongMachine for a ledger that was lost with manifests, without such a date. A manifest
    without this shop's seal is as good as lost: with a date it is set aside, never replayed.
    """
    with ExitStack() as stack:
        for destination, outbox in outboxes.items():
            stack.enter_context(alone(engine, outbox, shop_id=shop.id, destination=destination))
        with state.writing(engine) as connection:
            _begin(connection, machine, now=now)
            lost.set_dates(connection, not_before or {}, actor=actor, now=now)
        _set_forged_aside(engine, outboxes, now=now)
        with state.writing(engine) as connection:
            lost.refuse_without_any_date(connection)
            replayed = [
                batch_id
                for outbox in outboxes.values()
                for batch_id in _replayed(connection, outbox, shop=shop, actor=actor, now=now)
            ]
            mine = {"machine_id": machine.machine_id, "paused_reason": None, "adopted_at": now}
            connection.execute(meta.update().values(epoch=meta.c.epoch + 1, **mine))
        for outbox in outboxes.values():
            sign(engine, outbox)
    return list(dict.fromkeys(replayed))


def _replayed(
    connection: sa.Connection, outbox: LocalFolder, *, shop: Shop, actor: str, now: datetime
) -> Iterator[str]:
    for stem in _unknown(connection, outbox.manifest_stems()):
        manifest = outbox.read_manifest(stem, with_claims=True)
        if manifest is not None:
            replay(connection, manifest, outbox=outbox, shop=shop, actor=actor, now=now)
            yield str(manifest["batch_id"])


def _set_forged_aside(
    engine: sa.Engine, outboxes: Mapping[str, LocalFolder], *, now: datetime
) -> None:
    with state.writing(engine) as connection:
        forged = [
            (outbox, stem)
            for outbox in outboxes.values()
            for stem in _unknown(connection, outbox.manifest_stems())
            if _is_forged(outbox, stem)
        ]
        if forged:
            connection.execute(meta.update().values(lost_at=now))
        has_date = bool(lost.dates(connection))
    # Without a date the ledger is lost, and what was written stays where it can be looked at.
    for outbox, stem in forged if has_date else ():
        outbox.refuse_manifest(stem)
