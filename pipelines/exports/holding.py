"""A destination to oneself: its lock held, and the ledger the one that may hand over."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pipelines import state
from pipelines.exports import binding, lost
from pipelines.exports.cancelled import give_up_cancelled
from pipelines.exports.destinations import LocalFolder, outboxes
from pipelines.exports.machine import Machine
from pipelines.exports.rules import Rules
from pipelines.settings import Home
from pipelines.shop import Destination


@contextmanager
def held(
    home: Home,
    rules: Rules,
    destination: Destination,
    outbox: LocalFolder,
    *,
    now: datetime,
    machine: Machine,
) -> Iterator[None]:
    """Nobody else hands over to the destination meanwhile, and nothing taken back is left of it.

    Raises: WrongMachine for a cloned or restored ledger, and what else pauses exports.
    """
    engine, shop_id = state.ledger_engine(home), rules.shop.id
    with binding.alone(engine, outbox, shop_id=shop_id, destination=destination.key):
        reported = lost.reported(home, engine, shop_id=shop_id)
        others = [o for o in outboxes(rules, home).values() if o.root != outbox.root]
        binding.refuse_other_secret(engine, rules.pepper)
        binding.bind(engine, machine, outbox, now=now, reported=reported, others=others)
        give_up_cancelled(
            home, engine, outbox, shop_id=shop_id, destination=destination.key, now=now
        )
        yield
