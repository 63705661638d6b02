"""What dead processes left behind, walked to its end at every place that can be reached.

One place that does not answer keeps no other one waiting: each is tried, then all that failed are
told. A batch whose destination shop.yml no longer names is told of as well, until somebody decides.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from pipelines import requests, state
from pipelines.exports import ledger
from pipelines.exports.destinations import outbox_of
from pipelines.exports.errors import ExportRefused, NotRecovered, UnreadReport
from pipelines.exports.handoff import Handoff, unfinished
from pipelines.exports.holding import held
from pipelines.exports.ledger import BatchRow
from pipelines.exports.machine import Machine, uptime
from pipelines.exports.outcome import BatchResult, result_of
from pipelines.exports.payload import Vault
from pipelines.exports.rules import Rules
from pipelines.exports.snapshot import open_snapshot
from pipelines.settings import Home
from pipelines.shop import Destination, Shop
from pipelines.state import batch


def recover(
    home: Home,
    shop: Shop,
    *,
    clock: datetime | None = None,
    machine: Machine | None = None,
    kept_back: Mapping[str, str] | None = None,
) -> tuple[BatchResult, ...]:
    """Batches a dead process left behind, each finished, expired or on HOLD now.

    At night and on a holiday they are sealed and wait for its end.
    `kept_back`: destination → why nothing may leave for it now; its batches wait.
    For the start of the program; every export does the same for its own destination. Requests
    whose run died are open again. Raises: NotRecovered, after everything was tried, naming every
    destination that failed and why: a cloned or restored ledger, a place that does not answer, a
    batch whose destination is gone from shop.yml.
    """
    rules = Rules.of(shop, home)
    now, since = rules.now(clock), uptime()
    machine = machine or Machine.this()
    found: list[BatchResult] = []
    failed: dict[str, list[str]] = {}
    for destination in shop.destinations:
        with telling(failed, destination.key):
            found += _recover_one(
                home, rules, destination, now=now, since=since, machine=machine,
                why_not=(kept_back or {}).get(destination.key),
            )  # fmt: skip
    for row in stranded(home, shop):
        failed.setdefault(_what_to_do(row), []).append(row.destination)
    if failed:
        raise NotRecovered(said_of(failed), recovered=tuple(found))
    return tuple(found)


def stranded(home: Home, shop: Shop) -> list[BatchRow]:
    """Unfinished batches of destinations that shop.yml no longer names: nothing walks them on."""
    with state.reading(state.ledger_engine(home)) as connection:
        return ledger.batches(
            connection,
            batch.c.shop_id == shop.id,
            batch.c.state.in_(ledger.UNFINISHED),
            sa.not_(batch.c.destination.in_([d.key for d in shop.destinations])),
        )


def _recover_one(
    home: Home,
    rules: Rules,
    destination: Destination,
    *,
    now: datetime,
    since: float,
    machine: Machine,
    why_not: str | None,
) -> list[BatchResult]:
    shop, engine = rules.shop, state.ledger_engine(home)
    outbox = outbox_of(rules, destination, home)
    if not outbox.root.exists():
        return []
    outbox.prepare()
    found: list[BatchResult] = []
    with held(home, rules, destination, outbox, now=now, machine=machine):
        left = unfinished(engine, destination.key)
        if left and why_not is not None:
            raise UnreadReport(why_not)
        if left:
            handoff = Handoff(
                engine=engine, destination=destination.key, outbox=outbox, rules=rules,
                vault=Vault(rules.pepper), now=now, actor="recovery", machine=machine,
                facts=open_snapshot(home, shop.id).facts(rules.pepper), since=since,
            )  # fmt: skip
            found += [result_of(outbox, row) for row in handoff.recover()]
        requests.reopen_running(home, shop.id, destination.key, at=now)
    return found


@contextmanager
def telling(failed: dict[str, list[str]], destination: str) -> Iterator[None]:
    """A refusal of one destination, kept for the end: refusal → destinations."""
    try:
        yield
    except ExportRefused as refusal:
        failed.setdefault(str(refusal), []).append(destination)


def _what_to_do(row: BatchRow) -> str:
    verdicts = "not-delivered" if row.state != ledger.HANDING_OFF else "delivered|not-delivered"
    return (
        f"batch {row.batch_id} is {row.state} and shop.yml no longer names its destination: name "
        f"it again, or decide: okaeri exports hold {row.batch_id} {verdicts}"
    )


def said_of(failed: Mapping[str, list[str]]) -> str:
    """What failed where, in one sentence each."""
    # What is the matter with the ledger is the matter everywhere: said once.
    parts = (f"{', '.join(dict.fromkeys(places))}: {why}" for why, places in failed.items())
    return "; ".join(parts)
