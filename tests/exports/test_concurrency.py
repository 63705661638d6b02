"""Several exporters at once, over the same people: the guards decide, nobody waits in vain."""

from collections.abc import Callable

import pytest

from pipelines import exports
from tests.exports.killing import Exporters, World, assert_each_once
from tests.exports.shop_files import MACHINE

FOUR = ("mailer", "listmonk", "sjis", "excel")


def race(exporters: Exporters, world: World, *, processes: int, requests: int) -> None:
    """Processes that ask for the same people at once, each for a few more than the one before.

    Raises: AssertionError if one of them ends badly, as it would if it found the ledger busy.
    """
    wishes = [
        [
            world.next(destination=FOUR[number % len(FOUR)])
            for number in range(place, place + requests)
        ]
        for place in range(processes)
    ]

    children = [exporters.start(world.shop, *mine) for mine in wishes]
    found = [child.finish()["states"] for child in children]

    assert found == [["done"] * requests] * processes


def test_two_exporters_of_one_destination_wait_for_each_other(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=4)
    wishes = [shop.next() for _ in range(4)]

    children = [exporters.start(shop.shop, *wishes[half::2]) for half in (0, 1)]

    assert [child.finish()["states"] for child in children] == [["done", "done"]] * 2
    assert_each_once(shop)


def test_the_same_request_carried_out_twice_at_once_is_one_batch(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=1)
    wish = shop.next()

    children = [exporters.start(shop.shop, wish) for _ in range(3)]
    for child in children:
        child.is_stopped()
    exporters.start(shop.shop, wish).finish()

    assert len(exports.batches(shop.shop.home)) == 1
    assert_each_once(shop)


@pytest.mark.slow
def test_eight_exporters_of_four_destinations_share_the_people_and_none_is_busy(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=40, destinations=FOUR)

    race(exporters, shop, processes=8, requests=5)

    assert len(shop.seen().sha256) == 40
    assert_each_once(shop)
    assert {batch.state for batch in exports.batches(shop.shop.home)} == {"DELIVERED"}


def test_the_races_of_the_tests_are_over_people_several_ask_for(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=4, destinations=FOUR)

    race(exporters, shop, processes=4, requests=1)

    late = shop.same(destination="listmonk")
    outcome = shop.shop.run(late[0], at=late[1], machine=MACHINE)
    assert outcome.counts["cart_recovery/1/email"]["already_handed_over"] == len(shop.everybody)
    assert_each_once(shop)
