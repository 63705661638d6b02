"""Landing under kills, in two processes at once, and the files it keeps."""

import hashlib
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest

from pipelines import landing
from pipelines.landing.store import PENDING, PLAN
from pipelines.settings import Home
from tests.landing_shop import (
    LOADED,
    File,
    SmallShop,
    instant,
    land,
    order,
    orders_file,
    part,
    prepared,
    welcome,
)

ROOT = Path(__file__).parent.parent

# Lands two tables over two months, and is killed at the n-th step that changes a file or folder.
KILLED = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from pipelines.settings import Home
    from tests.test_landing_crash import two_tables
    from tests.landing_shop import land

    STEPS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"}
    home, left = Home(Path(sys.argv[1])), int(sys.argv[2])

    def count(event, arguments):
        global left
        if event not in STEPS or str(home.path) not in str(arguments[0]):
            return
        left -= 1
        if left < 0:
            os._exit(9)

    sys.addaudithook(count)
    land(home, two_tables())
    print(int(sys.argv[2]) - left)
    """
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "small")


def two_tables() -> File:
    """One batch of four files: two months of orders, customers, the books."""
    customer = {
        "customer_id": "eccube:1",
        "is_member": True,
        "is_derived": False,
        "member_state": "active",
    }
    october = order(2, ordered_at=instant("2026-10-01T00:00:00"))
    return File((part("orders", order(1), october), part("customers", customer)))


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)


def landed_rows(home: Home) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: landing.read_table(home, table).drop("loaded_at").sort("row_hash").rows()
        for table in ("orders", "customers", "source_batches")
    }


def outcome_of_a_kill(home: Home, step: int, expected: dict[str, list[tuple[object, ...]]]) -> int:
    """Orders that lie there after the kill and a new start; the next landing finishes the batch."""
    assert run(KILLED, home.path, step).returncode == 9
    with landing.locked(home):
        found = landing.read_table(home, "orders").height
    assert found in {0, 2}
    land(home, two_tables(), minutes=1)
    assert landed_rows(home) == expected
    assert landing.conservation(home)["difference"].to_list() == [0, 0]
    assert list((home.landing / PENDING).iterdir()) == []
    return found


@pytest.mark.parametrize(
    "kills",
    [4, pytest.param(12, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.deep)],
)
def test_a_kill_at_any_step_leaves_nothing_or_the_whole_batch(tmp_path: Path, kills: int) -> None:
    unkilled = Home(tmp_path / "unkilled")
    steps = int(run(KILLED, unkilled.path, 10**6).stdout)
    expected = landed_rows(unkilled)

    points = sorted({round(n * (steps - 1) / kills) for n in range(1, kills + 1)})
    outcomes = [outcome_of_a_kill(Home(tmp_path / f"at{n}"), n, expected) for n in points]

    # Kills before and after the moment of decision were both met, else this proves nothing.
    assert set(outcomes) == {0, 2}
    assert outcomes == sorted(outcomes)


def test_two_processes_land_one_file_once(home: Home) -> None:
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from pipelines.settings import Home
        from tests.landing_shop import land, order, orders_file

        home = Home(Path(sys.argv[1]))
        for number in range(10):
            land(home, orders_file(order(number), order(number + 1), sha256=str(number) * 64))
        """
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(home.path)], cwd=ROOT) for _ in range(2)
    ]

    assert [one.wait(timeout=60) for one in both] == [0, 0]
    ids = landing.read_table(home, "orders")["order_id"]
    assert ids.n_unique() == ids.len() == 11
    assert landing.conservation(home)["difference"].to_list() == [0] * 10


def test_a_batch_is_not_begun_without_the_lock(home: Home) -> None:
    with pytest.raises(landing.NotLocked, match="wrap the batch"):
        landing.pending(home, prepared(home, orders_file(order(1))))


def test_a_batch_left_waiting_is_swept_away(home: Home) -> None:
    with landing.locked(home):
        waiting = landing.pending(home, prepared(home, orders_file(order(1))))
        assert waiting[0].files[0].exists()

    with landing.locked(home):
        assert list((home.landing / PENDING).iterdir()) == []
    assert landing.read_table(home, "orders").is_empty()
    assert not landing.already_landed(home, "a" * 64, "m1", source_key="eccube")


def test_tables_can_be_decided_one_by_one(home: Home) -> None:
    with landing.locked(home):
        waiting = landing.pending(home, prepared(home, two_tables()))
        decisions = [landing.decide(one, welcome) for one in waiting]
        assert landing.read_table(home, "orders").is_empty()
        landing.finish(home, waiting[0].batch, decisions)

    assert landing.read_table(home, "orders").height == 2
    assert landing.already_landed(home, "a" * 64, "m1", source_key="eccube")


def test_a_promised_file_that_vanished_stops_landing(home: Home) -> None:
    folder = home.landing / PENDING / "batch"
    folder.mkdir(parents=True)
    promised = [["landing/_pending/batch/a.parquet", "landing/orders/month=all/a.parquet"]]
    (folder / PLAN).write_text(json.dumps(promised))

    with (
        pytest.raises(landing.LandingDamaged, match="restore the folder"),
        landing.locked(home),
    ):
        pytest.fail("landing went on over a hole")


def test_files_with_addresses_are_for_their_owner_alone(home: Home) -> None:
    land(home, orders_file(order(1)))

    modes = {path.stat().st_mode & 0o777 for path in home.landing.rglob("*.parquet")}
    assert modes == {0o600}
    assert home.landing.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a[1].csv", ".csv"),
        ("x*.CSV.gz", ".csv.gz"),
        ("2026.11.tsv", ".tsv"),
        ("no ending", ""),
        ("evil.c$v", ""),
    ],
)
def test_a_raw_file_is_archived_by_its_content(
    home: Home, tmp_path: Path, name: str, kept: str
) -> None:
    given = tmp_path / name
    given.write_bytes("受注,髙﨑\n".encode("cp932"))
    sha256 = hashlib.sha256(given.read_bytes()).hexdigest()

    archived = landing.archive_raw(home, given, sha256=sha256)
    again = landing.archive_raw(home, given, sha256=sha256)
    given.write_bytes(b"edited later")

    assert archived == again == home.raw / f"{sha256}{kept}"
    assert hashlib.sha256(archived.read_bytes()).hexdigest() == sha256
    assert archived.stat().st_mode & 0o777 == 0o600
    assert list(home.raw.iterdir()) == [archived]


def test_a_raw_file_that_changed_while_it_was_read_is_refused(home: Home, tmp_path: Path) -> None:
    given = tmp_path / "orders.csv"
    given.write_bytes(b"half of it")

    with pytest.raises(landing.RawChanged, match="changed while it was read"):
        landing.archive_raw(home, given, sha256="0" * 64)

    assert list(home.raw.iterdir()) == []


def test_a_file_nobody_can_read_is_noted_once(home: Home, tmp_path: Path) -> None:
    given = tmp_path / "orders.csv.gz"
    given.write_bytes(b"\x1f\x8b cut off")

    notes = [
        landing.shelve_file(
            home,
            SmallShop(),
            given,
            source_key="eccube",
            refusal="the archive ends too early",
            loaded_at=LOADED,
        )
        for _ in range(2)
    ]

    shelf = landing.rejected(home)
    assert [note.is_new for note in notes] == [True, False]
    assert shelf.select("file_name", "reason_code", "description").rows() == [
        ("orders.csv.gz", "file_refused", "the archive ends too early")
    ]
    assert landing.batches(home)["batch_state"].to_list() == ["failed"]
    assert landing.conservation(home)["difference"].to_list() == [0]


def test_a_flipped_byte_in_a_landed_file_is_found(home: Home) -> None:
    land(home, two_tables())
    path = next(home.landing.glob("orders/month=2026-11/*.parquet"))
    whole = path.read_bytes()
    assert landing.damaged(home) == []

    silent = 0
    for place in range(4, len(whole), len(whole) // 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        assert landing.damaged(home) == [str(path.relative_to(home.path))]
        silent += reads_without_error(path)

    # Without the sums some would pass unseen, else this proves nothing.
    assert silent > 0


def reads_without_error(path: Path) -> bool:
    try:
        pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError):
        return False
    return True


def test_a_file_that_is_gone_or_that_nobody_landed_is_found(home: Home) -> None:
    land(home, two_tables())
    path = next(home.landing.glob("orders/month=2026-11/*.parquet"))
    stranger = path.with_name("stranger.parquet")
    path.rename(stranger)

    found = landing.damaged(home)

    assert found == sorted(str(one.relative_to(home.path)) for one in (path, stranger))
