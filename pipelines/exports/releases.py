"""Letting a request leave, and taking one back before anything of it has left."""

from datetime import datetime

from pipelines import requests, state
from pipelines.actors import Actor, Role
from pipelines.exports import binding, ledger
from pipelines.exports.cancelled import give_up
from pipelines.exports.destinations import LocalFolder, outbox_by_name
from pipelines.exports.errors import ExportRefused
from pipelines.exports.operations import batches_of
from pipelines.exports.rules import Rules
from pipelines.requests import Request
from pipelines.settings import Home
from pipelines.shop import Shop


def release(
    home: Home, shop: Shop, request_id: str, *, by: Actor, clock: datetime | None = None
) -> str:
    """Id of the request that may leave now; of a plan that was looked at, a request of its own.

    Raises: ShopNotReady where the law lacks something; NotAllowed; BadRequest; BadMove.
    """
    rules = Rules.of(shop, home)
    asked = requests.read(home, request_id)
    rules.refuse_sending(rules.destination(asked.destination))
    return requests.release(home, request_id, by=by, at=rules.now(clock))


def cancel(home: Home, shop: Shop, request_id: str, *, by: Actor, now: datetime) -> list[str]:
    """Ids of unfinished batches given up with the request: their people are free again.

    Raises: NotAllowed; BadMove for a request that is running, done or has a batch on HOLD;
    ExportRefused where a file may be on its way.
    """
    by.must_be(Role.EXPORTER, to="cancel a request")
    asked = requests.read(home, request_id)
    rules = Rules.of(shop, home)
    outbox = outbox_by_name(rules, asked.destination, home)
    outbox.prepare()
    engine = state.ledger_engine(home)
    with binding.alone(engine, outbox, shop_id=shop.id, destination=asked.destination):
        # The lock is ours, so whatever says it is running died.
        requests.reopen_running(home, shop.id, asked.destination, at=now)
        asked = requests.read(home, request_id)
        waiting = _given_up(home, asked, outbox, by=by, now=now)
        requests.cancel(home, request_id, by=by, at=now)
    return waiting


def _given_up(
    home: Home, asked: Request, outbox: LocalFolder, *, by: Actor, now: datetime
) -> list[str]:
    # Before the request itself: a batch that is left over would leave with the next export.
    if asked.request_state not in requests.CANCELLABLE:
        return []
    mine = batches_of(home, asked)
    leaving = [row.batch_id for row in mine if row.state == ledger.HANDING_OFF]
    if leaving:
        raise ExportRefused(
            f"{leaving[0]} may be on its way to the mailer: okaeri exports recover first"
        )
    waiting = [row for row in mine if row.state in ledger.INSIDE]
    give_up(state.ledger_engine(home), outbox, waiting, actor=by.name, now=now)
    return [row.batch_id for row in waiting]
