"""What keeps a run from starting, and what it says instead of a traceback."""

import fcntl
import os
from pathlib import Path

import pytest

from pipelines import runner, settings, sources

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
