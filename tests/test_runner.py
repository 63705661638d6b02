"""What keeps a run from starting, and what it says instead of a traceback."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from pipelines import history, runner, settings, sources
from pipelines.defs.street import WRITER_POOL, Busy, Street
from pipelines.defs.warehouse import make_folder, refuse_held

SHOP = """\
id: small
name: Small
timezone: Asia/Tokyo
currency: JPY
sources:
  - {key: orders, files: "*.csv", mapping: MAPPING}
"""


@pytest.fixture
def shop_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path / "data"))
    file = tmp_path / "shop.yml"
    file.write_text(SHOP.replace("MAPPING", "generic_orders_csv"))
    return file


def test_a_broken_mapping_stops_before_anything_is_landed(shop_file: Path) -> None:
    shop_file.with_name("mine.yml").write_text("key: mine\nsystem: mine\ntables: 3\n")
    shop_file.write_text(SHOP.replace("MAPPING", "mine.yml"))

    with pytest.raises(sources.MappingBroken, match=r"mine\.yml: line 3"):
        runner.run_street(shop_file)

    assert not settings.home_of("small").path.exists()


def test_a_folder_nobody_can_write_to_is_named_with_a_cure(
    shop_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where the folder should be: whoever runs the tests may write anywhere else.
    monkeypatch.setenv("OKAERI_HOME", str(shop_file))

    with pytest.raises(settings.HomeUnusable, match="OKAERI_HOME"):
        runner.run_street(shop_file)


def test_a_second_run_of_one_shop_says_who_holds_it(shop_file: Path) -> None:
    home = settings.usable_home("small")
    with (home.path / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()

        result = runner.run_street(shop_file)

    assert not result.success
    assert any(
        f"another run is at work (process {os.getpid()})" in failure for failure in result.failures
    ), result.failures
    assert not home.published.exists()


def test_an_instant_without_an_offset_is_refused(shop_file: Path) -> None:
    with pytest.raises(ValueError, match="no instant with an offset"):
        runner.run_street(shop_file, as_of="2026-11-20")


def writers(home: settings.Home) -> set[str]:
    """Runs that hold the writer's place in Dagster's pool."""
    with history.instance_of(home) as instance:
        return instance.event_log_storage.get_concurrency_info(WRITER_POOL).active_run_ids


def test_the_place_of_a_dead_writer_is_taken_back_and_its_own_is_kept(shop_file: Path) -> None:
    home = settings.usable_home("small")
    street = Street(shop_file=str(shop_file))
    with history.instance_of(home) as instance:
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default(WRITER_POOL)
        storage.claim_concurrency_slot(WRITER_POOL, "dead", "warehouse")
        storage.claim_concurrency_slot(WRITER_POOL, "waiting", "warehouse")
        assert writers(home) == {"dead"}

        with street.yield_for_execution(dg.build_init_resource_context(instance=instance)):
            claim = storage.claim_concurrency_slot(WRITER_POOL, "alive", "warehouse")

        assert claim.is_claimed
        assert writers(home) == {"alive"}


def test_a_build_that_outlived_its_run_is_named_without_a_trace(tmp_path: Path) -> None:
    file = tmp_path / "build.duckdb"
    held = f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as orphan:
        assert orphan.stdout is not None
        assert orphan.stdout.readline() == "open\n"
        with pytest.raises(
            Busy, match=rf"process {orphan.pid}: the build of a run that was killed"
        ):
            refuse_held(file)
        orphan.communicate("\n")

    refuse_held(file)
    refuse_held(tmp_path / "none.duckdb")


@pytest.mark.parametrize("older", [None, 0o755])
def test_the_builds_folder_is_its_owners_alone(tmp_path: Path, older: int | None) -> None:
    file = tmp_path / "warehouse" / "build.duckdb"
    if older is not None:
        file.parent.mkdir(mode=older)

    make_folder(file)

    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_a_run_after_one_that_was_killed_at_the_warehouse_gets_there_too(shop_file: Path) -> None:
    home = settings.usable_home("small")
    okaeri = Path(sys.executable).with_name("okaeri")

    def at_the_warehouse(*, before: set[str]) -> set[str]:
        run = subprocess.Popen(
            [okaeri, "run", "--shop", shop_file], start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until = time.monotonic() + 180
            while time.monotonic() < until and run.poll() is None:
                if found := writers(home) - before:
                    return found
        finally:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        return set()

    killed = at_the_warehouse(before=set())

    assert killed
    assert writers(home) == killed
    assert at_the_warehouse(before=killed)
