"""Recall files: whom a mailer must drop from a file it was given and may still be sending from.

Written with every hand-over to the same destination, and after every build, so that an objection of
today does not wait for the next file.
"""

from dataclasses import asdict
from datetime import datetime

from pipelines import requests, state
from pipelines.exports import ledger
from pipelines.exports.amendments import recall_name, still_sending, write_suppress
from pipelines.exports.destinations import outbox_of
from pipelines.exports.errors import NotRecovered
from pipelines.exports.handoff import Handoff
from pipelines.exports.holding import held
from pipelines.exports.machine import Machine, uptime
from pipelines.exports.outcome import Recall
from pipelines.exports.payload import Vault
from pipelines.exports.recovery import said_of, telling
from pipelines.exports.rules import Rules
from pipelines.exports.snapshot import open_snapshot
from pipelines.settings import Home
from pipelines.shop import Destination, Shop


def recall(
    home: Home, shop: Shop, *, clock: datetime | None = None, machine: Machine | None = None
) -> tuple[Recall, ...]:
    """Every recall in force, written anew where what was published since changes it.

    The requests whose files they follow are told. Raises: NotRecovered, after every destination was
    tried, naming those that failed and why.
    """
    rules = Rules.of(shop, home)
    now, machine = rules.now(clock), machine or Machine.this()
    found: list[Recall] = []
    failed: dict[str, list[str]] = {}
    for destination in shop.destinations:
        with telling(failed, destination.key):
            found += _of_destination(home, rules, destination, now=now, machine=machine)
    requests.tell_recalls(home, shop.id, [asdict(one) for one in found], at=now)
    if failed:
        raise NotRecovered(said_of(failed), recovered=())
    return tuple(found)


def _of_destination(
    home: Home, rules: Rules, destination: Destination, *, now: datetime, machine: Machine
) -> tuple[Recall, ...]:
    engine, since = state.ledger_engine(home), uptime()
    if not still_sending(engine, destination.key, now=now):
        return ()
    outbox = outbox_of(rules, destination, home)
    with held(home, rules, destination, outbox, now=now, machine=machine):
        handoff = Handoff(
            engine=engine, destination=destination.key, outbox=outbox, rules=rules,
            vault=Vault(rules.pepper), facts=open_snapshot(home, rules.shop.id).facts(rules.pepper),
            now=now, actor="recall", machine=machine, since=since,
        )  # fmt: skip
        return recalls_of(handoff)


def recalls_of(handoff: Handoff) -> tuple[Recall, ...]:
    """The destination's recalls in force, brought up to what is known now."""
    for row in _sending(handoff):
        write_suppress(handoff, row)
    # Also what an earlier run wrote: it may have died before it could tell anybody.
    return tuple(
        Recall(row.batch_id, row.program, handoff.outbox.address(recall_name(row)))
        for row in _sending(handoff)
        if row.suppress_sha256 is not None
    )


def _sending(handoff: Handoff) -> list[ledger.BatchRow]:
    return still_sending(handoff.engine, handoff.destination, now=handoff.now)
