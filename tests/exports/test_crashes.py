"""A process may die anywhere, and everybody is still handed over exactly once.

The same harness over a naive exporter must show duplicates, or it sees nothing.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import exports
from pipelines.exports.handoff import CHECKPOINTS
from tests.exports.mailer import Mailer
from tests.exports.shop_files import MACHINE, NOW, SmallShop, people, small_shop

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Crashed:
    """A shop whose export died at a place, with what its mailer has taken so far."""

    shop: SmallShop
    request_id: str
    mailer: Mailer
    status: int


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Crashed]:
    """One dead export per place of the walk."""
    folder = tmp_path_factory.mktemp("crashes")
    model = small_shop(folder / "model")
    model.publish(people(20))
    wishes: dict[str, tuple[SmallShop, str]] = {}
    for place in CHECKPOINTS:
        shop = small_shop(folder / place.replace(":", "-"))
        shutil.copytree(model.home.path, shop.home.path)
        wishes[place] = (shop, shop.ask())
    statuses = _die(*((shop, request, place) for place, (shop, request) in wishes.items()))
    found = {}
    for place, (shop, request_id) in wishes.items():
        mailer = Mailer(shop.outbox())
        mailer.poll()
        found[place] = Crashed(shop, request_id, mailer, statuses[place])
    return found


def _die(*wishes: tuple[SmallShop, str, str]) -> dict[str, int]:
    said = _python(
        "-m",
        "tests.exports.crash_child",
        *(f"{shop.home.path.parent}|{request}|{place}" for shop, request, place in wishes),
    ).stdout
    return {line.split()[0]: int(line.split()[1]) for line in said.splitlines()}


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        text=True,
        stdout=subprocess.PIPE,
    )


@pytest.mark.parametrize("place", CHECKPOINTS)
def test_a_crash_at_any_step_hands_everybody_over_once(
    crashed: dict[str, Crashed], place: str
) -> None:
    found = crashed[place]

    again = found.shop.run(found.request_id)
    found.mailer.poll()
    found.shop.send()
    found.mailer.poll()

    assert found.status == 9
    assert again.state == "done"
    assert set(found.mailer.messages) == {f"u{n}@example.jp" for n in range(20)}
    assert set(found.mailer.messages.values()) == {1}
    handed = again.batches[0]
    assert handed.file is not None
    assert found.mailer.sha256[handed.file.name] == handed.sha256


def test_a_dead_run_is_finished_by_the_recovery_at_start(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(3))
    request_id = shop.ask()
    mailer = Mailer(shop.outbox())

    _die((shop, request_id, "intent:done"))
    recovered = exports.recover(shop.home, shop.shop, clock=NOW, machine=MACHINE)
    mailer.poll()

    assert [batch.state for batch in recovered] == ["DELIVERED"]
    assert [r.request_id for r in exports.open_requests(shop.home, now=NOW)] == [request_id]
    assert shop.run(request_id).batches[0].state == "DELIVERED"
    mailer.poll()
    assert set(mailer.messages.values()) == {1}


NAIVE = """
import csv, os, sys
from pathlib import Path
outbox, place = Path(sys.argv[1]), sys.argv[2]
mark = outbox / "delivered"
if not mark.exists():
    with (outbox / "batch.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["email"])
        for n in range(20):
            rows.writerow([f"u{n}@example.jp"])
            if n == 10 and place == "half":
                out.flush()
                os._exit(9)
    if place == "written":
        os._exit(9)
    mark.write_text("")
"""


@pytest.mark.parametrize("place", ["half", "written"])
def test_the_same_harness_sees_a_naive_exporter_write_twice(tmp_path: Path, place: str) -> None:
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    mailer = Mailer(outbox)

    _python("-c", NAIVE, str(outbox), place)
    mailer.poll()
    _python("-c", NAIVE, str(outbox), "nowhere")
    mailer.poll()

    assert max(mailer.messages.values()) == 2
