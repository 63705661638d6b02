"""One ledger, one machine: a clone or a restored backup stops and asks instead of sending again."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines import keys, state
from pipelines.exports import lost
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.errors import ShopNotReady, WeakLedger, WrongMachine
from pipelines.exports.heard import Heard, Pause, doubt_of, is_forged, known_batches, unknown_of
from pipelines.exports.machine import Machine
from pipelines.exports.replay import replay
from pipelines.shop import Shop
from pipelines.state import claim, meta

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


def refuse_other_secret(engine: sa.Engine, pepper: bytes) -> None:
    """Nothing, for a ledger whose keys were made with this secret. Raises: ShopNotReady.

    With another one nobody of it is recognised. A ledger on a server outlives the home's own mark.
    """
    c = claim.c
    query = sa.select(c.batch_id, c.ord, c.recipient_token).where(c.recipient_token.is_not(None))
    with state.reading(engine) as connection:
        one = connection.execute(query.limit(1)).one_or_none()
    if one is not None and keys.tokens(one.batch_id, [one.ord], pepper=pepper) != [one[2]]:
        raise ShopNotReady(
            "the ledger was written with another secret key than OKAERI_PEPPER or pepper.key gives "
            "now: put the old one back, or everybody would be written to again"
        )


def bind(
    engine: sa.Engine,
    machine: Machine,
    outbox: LocalFolder,
    *,
    now: datetime,
    reported: Collection[str] = (),
    others: Sequence[LocalFolder] = (),
) -> None:
    """Nothing, for a ledger that is this machine's and as new as what was handed over.

    `reported`: batches that finished requests name, which the ledger must therefore know. `others`:
    the shop's other outboxes; a ledger put back from a copy is told by any of them.
    Raises: WeakLedger; WrongMachine, and the ledger stays paused until somebody adopts it.
    """
    weak = state.weakness(engine)
    if weak is not None:
        raise WeakLedger(
            f"the ledger may forget a hand-over in a power cut ({weak}); nothing is handed over "
            "until every commit of it reaches the disk"
        )
    # Read before the ledger is: whatever lies there by now was committed before it was written.
    heard = [Heard.of(one) for one in (outbox, *others)]
    with state.writing(engine) as connection:
        _begin(connection, machine, now=now)
        why = _why_paused(connection, machine, heard, reported)
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
    if Heard.of(outbox).owner != mine:
        outbox.write_owner(mine)


def _why_paused(
    connection: sa.Connection,
    machine: Machine,
    heard: Sequence[Heard],
    reported: Collection[str],
) -> Pause | None:
    found = connection.execute(sa.select(meta)).one()
    if found.paused_reason:
        return Pause(str(found.paused_reason))
    if found.machine_id != machine.machine_id:
        return Pause(
            "the ledger was made on another machine (a clone, a restored disk, or a container that "
            "OKAERI_MACHINE_ID gives no name)"
        )
    return doubt_of(connection, found, heard, reported)


def _what_to_do(engine: sa.Engine) -> str:
    with state.reading(engine) as connection:
        if lost.is_lost(connection):
            return lost.WHAT_TO_DO
    return (
        "If this ledger is the right one, run `okaeri exports adopt`: files it does not know then "
        "count as handed over"
    )


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
    for stem in unknown_of(known_batches(connection), outbox.manifest_stems()):
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
            for stem in unknown_of(known_batches(connection), outbox.manifest_stems())
            if is_forged(outbox, stem)
        ]
        if forged:
            connection.execute(meta.update().values(lost_at=now))
        has_date = bool(lost.dates(connection))
    # Without a date the ledger is lost, and what was written stays where it can be looked at.
    for outbox, stem in forged if has_date else ():
        outbox.refuse_manifest(stem)
