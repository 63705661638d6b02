"""People stopped by hand on a screen, or let go again: from wishes to suppressions here."""

from datetime import datetime

from pipelines import keys, requests
from pipelines.exports.snapshot import open_snapshot
from pipelines.exports.suppressions import MANUAL, lift_keys, stop_keys
from pipelines.settings import Home
from pipelines.shop import Shop, pepper_of


def carry_out_blocks(home: Home, shop: Shop, *, now: datetime) -> int:
    """Number of keyed hashes and channels newly stopped by wishes nobody has carried out yet.

    Every address and account of the person is stopped, also where two persons turned out to be one
    meanwhile; a lift ends the stops by hand of all of them. Raises: SnapshotMissing.
    """
    waiting = requests.open_blocks(home, shop.id)
    if not waiting:
        return 0
    pepper = pepper_of(shop, home)
    facts = open_snapshot(home, shop.id).facts(pepper)
    stopped = 0
    # A person's id is one of their own ids, so it leads to whoever they are by now.
    given = {one.person_id: keys.person_key(one.person_id, pepper=pepper) for one in waiting}
    owners = facts.owners(given.values())
    for block in waiting:
        own = given[block.person_id]
        mine = {own} if own not in owners else facts.all_keys(owners[own])
        if block.wish == requests.LIFT:
            lift_keys(home, mine, now=block.asked_at)
            continue
        stopped += stop_keys(home, mine, reason=MANUAL, by=block.actor, now=block.asked_at)
    requests.blocks_done(home, waiting, at=now)
    return stopped
