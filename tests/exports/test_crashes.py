"""A process may be killed anywhere, and everybody is still handed over exactly once.

Killed from outside, by SIGKILL, at places the exporter knows nothing of; counted from the bytes a
mailer took meanwhile. The same harness over a naive exporter must show duplicates, or it is blind.
"""

import fcntl
import re
import signal
from collections.abc import Callable
from random import Random
from threading import Timer

import pytest

from pipelines import exports
from tests.exports.effects import POINTS
from tests.exports.killing import SHARE, Exporters, World, assert_each_once, ledger_sha256
from tests.exports.mailer import ADDRESS
from tests.exports.shop_files import MACHINE, NOW

# An effect that is over is the one before the next.
ANYWHERE = r"(?!\S+-done ).+"
# In the fast tests: before, at and after the moment that counts.
A_FEW = ["the staged file is not on the disk", "the intent is committed",
         "the file is out and not on the disk"]  # fmt: skip


def killed_and_recovered(exporters: Exporters, world: World, point: str, *, rounds: int) -> None:
    """Kill an export at the point in each round, and every other time its recovery too."""
    random = Random(f"{point} {rounds}")
    for number in range(rounds):
        wish = world.next()
        exporters.killed_at(world.shop, wish, point=point)
        if number % 2:
            again = exporters.start(world.shop, wish, stop=POINTS[random.choice([*POINTS])])
            if again.is_stopped():
                again.kill()
                assert not again.is_stopped()
        exporters.start(world.shop, wish).finish()
    assert_each_once(world)


@pytest.mark.parametrize("point", A_FEW)
def test_a_kill_before_or_after_the_rename_hands_everybody_over_once(
    exporters: Exporters, world: Callable[..., World], point: str
) -> None:
    killed_and_recovered(exporters, world(minutes=2), point, rounds=2)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_ten_kills_at_each_named_point_hand_everybody_over_once(
    exporters: Exporters, world: Callable[..., World], point: str
) -> None:
    killed_and_recovered(exporters, world(minutes=10), point, rounds=10)


@pytest.mark.deep
@pytest.mark.parametrize("point", POINTS)
def test_a_hundred_kills_at_each_named_point_hand_everybody_over_once(
    exporters: Exporters, world: Callable[..., World], point: str
) -> None:
    killed_and_recovered(exporters, world(minutes=100), point, rounds=100)


@pytest.mark.slow
def test_a_kill_at_every_single_effect_hands_everybody_over_once(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=50)
    told = exporters.start(shop.shop, shop.next()).finish()["effects"]
    effects = [effect for effect in told if re.fullmatch(ANYWHERE, effect)]

    for nth in range(1, len(effects) + 1):
        wish = shop.next()
        child = exporters.start(shop.shop, wish, stop=ANYWHERE, nth=nth)
        if child.is_stopped():
            child.kill()
            assert not child.is_stopped()
        exporters.start(shop.shop, wish).finish()

    assert 30 < len(effects) < 50
    assert_each_once(shop)


def two_at_once(exporters: Exporters, world: World, *, rounds: int) -> int:
    """Two exporters over the same people, each killed at a random instant. Kills that struck."""
    random, struck = Random(rounds), 0
    for number in range(rounds):
        first = world.next()
        # Every other time they want the same destination, and one has to wait for the other.
        second = world.same(destination=("mailer", "listmonk")[number % 2])
        both = [exporters.start(world.shop, wish) for wish in (first, second)]
        timers = [Timer(random.uniform(0.01, 0.35), child.kill) for child in both]
        for timer in timers:
            timer.start()
        for timer in timers:
            timer.join()
        for child in both:
            assert not child.is_stopped()
            struck += child.code == -signal.SIGKILL
        for wish in (first, second):
            exporters.start(world.shop, wish).finish()
    return struck


@pytest.mark.slow
def test_two_exporters_killed_at_random_hand_everybody_over_once(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=15, destinations=("mailer", "listmonk"))

    struck = two_at_once(exporters, shop, rounds=15)

    assert struck > 5
    assert_each_once(shop)


@pytest.mark.deep
def test_two_exporters_killed_at_random_for_long_hand_everybody_over_once(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=250, destinations=("mailer", "listmonk"))

    struck = two_at_once(exporters, shop, rounds=250)

    assert struck > 100
    assert_each_once(shop)


def test_the_same_harness_sees_a_naive_exporter_hand_over_twice_and_torn(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=12)

    for nth in (1, 2, 3, 4) * 3:
        wish = shop.next()
        child = exporters.start(shop.shop, wish, stop=ANYWHERE, nth=nth, naive=True)
        assert child.is_stopped()
        shop.seen()
        child.kill()
        assert not child.is_stopped()
        exporters.start(shop.shop, wish, naive=True).finish()

    seen = shop.seen()
    sizes = {len(ADDRESS.findall(data)) for _, data in seen.taken}
    assert sum(times > 1 for times in seen.messages.values()) > 3
    assert sizes != {SHARE}, "no file was taken half written"


@pytest.mark.slow
def test_who_objects_at_a_kill_is_absent_before_the_intent_and_recalled_after_it(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=len(POINTS))
    late = set()
    for number, point in enumerate(POINTS):
        wish = shop.next()
        exporters.killed_at(shop.shop, wish, point=point)
        email = f"u{number * SHARE}@example.jp"
        left = {row.slot: row.state for row in exports.batches(shop.shop.home)}.get(str(wish[0]))
        if left in ("HANDING_OFF", "DELIVERED"):
            late.add(email)
        exports.suppress(
            shop.shop.home, shop.shop.shop, email=email, reason="unsubscribe", by="t", now=wish[1]
        )
        exporters.start(shop.shop, wish).finish()

    seen = shop.seen()
    objected = {f"u{number * SHARE}@example.jp" for number in range(len(POINTS))}
    assert len(late) == 3
    assert set(seen.messages) & objected == late
    assert set(seen.recalled) == late
    assert shop.everybody - set(seen.messages) == objected - late
    assert set(seen.messages.values()) == {1}
    assert seen.sha256 == ledger_sha256(shop.shop)


@pytest.mark.slow
def test_who_objects_at_any_instant_of_a_run_is_absent_or_recalled(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop, random = world(minutes=20), Random(20)
    for number in range(20):
        wish = shop.next()
        running = exporters.start(shop.shop, wish)
        objecting = Timer(
            random.uniform(0.0, 0.3),
            lambda email, at: exports.suppress(
                shop.shop.home, shop.shop.shop, email=email, reason="unsubscribe", by="t", now=at
            ),
            (f"u{number * SHARE}@example.jp", wish[1]),
        )
        objecting.start()
        running.finish()
        objecting.join()
    # A recall is written by the next export of the destination.
    exporters.start(shop.shop, shop.same()).finish()

    seen = shop.seen()
    objected = {f"u{number * SHARE}@example.jp" for number in range(20)}
    assert set(seen.recalled) == set(seen.messages) & objected
    assert shop.everybody - set(seen.messages) <= objected
    assert set(seen.messages.values()) == {1}


def test_the_recovery_at_start_finishes_what_a_killed_process_left(
    exporters: Exporters, world: Callable[..., World]
) -> None:
    shop = world(minutes=1)
    wish = shop.next()
    exporters.killed_at(shop.shop, wish, point="the intent is committed")

    recovered = exports.recover(shop.shop.home, shop.shop.shop, clock=NOW, machine=MACHINE)

    assert [batch.state for batch in recovered] == ["DELIVERED"]
    assert [r.request_id for r in exports.open_requests(shop.shop.home, now=NOW)] == [wish[0]]
    exporters.start(shop.shop, wish).finish()
    assert_each_once(shop)


def is_locked(world: World) -> bool:
    """Whether somebody has the destination to oneself right now."""
    with (world.shop.outbox() / ".staging" / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("point", [
    "the claims are committed", "the seal is not committed", "the intent is committed",
])  # fmt: skip
def test_a_destination_is_one_exporters_until_it_is_killed(
    exporters: Exporters, world: Callable[..., World], point: str
) -> None:
    shop = world(minutes=1)
    wish = shop.next()
    holder = exporters.start(shop.shop, wish, stop=POINTS[point])
    assert holder.is_stopped()
    assert is_locked(shop)
    waiting = exporters.start(shop.shop, shop.same())

    holder.kill()

    assert waiting.finish()["states"] == ["done"]
    assert not holder.is_stopped()
    assert not is_locked(shop)
    assert_each_once(shop)
