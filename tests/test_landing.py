"""Landing: every version once, dates in the shop's zone, addresses only where they belong."""

import datetime as dt
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import landing
from pipelines.canonical import TABLES
from pipelines.landing.facts import Place
from pipelines.landing.prepare import canonical_rows, row_hashes
from pipelines.settings import Home
from tests.landing_shop import (
    LOADED,
    SmallShop,
    frame_of,
    instant,
    land,
    order,
    orders_file,
)

PEPPER = SmallShop().pepper.encode()  # type: ignore[union-attr]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "small")


def shown(home: Home, table: str, *columns: str) -> list[tuple[object, ...]]:
    return landing.read_table(home, table).select(columns).sort(columns).rows()


def test_landing_the_same_file_again_changes_nothing(home: Home) -> None:
    first = land(home, orders_file(order(1), order(2)))
    files = {path: path.read_bytes() for path in home.landing.rglob("*.parquet")}

    again = land(home, orders_file(order(1), order(2)), minutes=5)

    assert first.is_new
    assert not again.is_new
    assert again.batch_id == first.batch_id
    assert {path: path.read_bytes() for path in home.landing.rglob("*.parquet")} == files


def test_rows_that_overlap_with_an_earlier_file_are_declared_duplicates(home: Home) -> None:
    land(home, orders_file(order(1), order(2)))

    landed = land(home, orders_file(order(2), order(3), sha256="b" * 64), minutes=5)

    entry = landed.entries[0]
    assert (entry.rows_read, entry.rows_landed, entry.rows_duplicate) == (2, 1, 1)
    assert [row[0] for row in shown(home, "orders", "order_id")] == [
        "eccube:1",
        "eccube:2",
        "eccube:3",
    ]


def test_a_status_that_changes_back_lands_three_times(home: Home) -> None:
    for number, status in enumerate(["new", "paid", "new", "new"]):
        file = orders_file(order(1, source_status=status), sha256=str(number) * 64)
        land(home, file, minutes=number)

    statuses = landing.read_table(home, "orders").sort("loaded_at")["source_status"].to_list()
    assert statuses == ["new", "paid", "new"]


def test_a_status_that_changes_back_within_one_file_lands_three_times(home: Home) -> None:
    statuses = ["new", "paid", "new", "new"]
    rows = [order(1, source_status=status, row_no=n) for n, status in enumerate(statuses, start=2)]

    landed = land(home, orders_file(*rows))

    assert (landed.entries[0].rows_landed, landed.entries[0].rows_duplicate) == (3, 1)


def test_a_later_update_time_is_a_version_though_nothing_else_changed(home: Home) -> None:
    """Else a version that arrives late would stand above the newer one that was left out."""
    for number, (status, hour) in enumerate([("new", 1), ("new", 3), ("paid", 2)]):
        changed = instant(f"2026-11-02T0{hour}:00:00")
        row = order(1, source_status=status, source_updated_at=changed)
        land(home, orders_file(row, sha256=str(number) * 64), minutes=number)

    newest = landing.read_table(home, "orders").sort("source_updated_at").row(-1, named=True)
    assert newest["source_status"] == "new"


def test_a_late_old_version_does_not_swallow_the_return_to_it(home: Home) -> None:
    """A at 1, B at 2, A of 1 again, then a true return to A at 3: the last is the newest."""
    versions = [("new", 1), ("paid", 2), ("new", 1), ("new", 3)]
    for number, (status, hour) in enumerate(versions):
        changed = instant(f"2026-11-02T0{hour}:00:00")
        row = order(1, source_status=status, source_updated_at=changed)
        land(home, orders_file(row, sha256=str(number) * 64), minutes=number)

    newest = (
        landing.read_table(home, "orders")
        .sort("source_updated_at", "loaded_at")
        .row(-1, named=True)
    )
    assert (newest["source_status"], newest["source_updated_at"]) == (
        "new",
        instant("2026-11-02T03:00:00"),
    )


@settings(max_examples=25, deadline=None)
@given(
    statuses=st.lists(st.sampled_from(["new", "paid", "shipped"]), min_size=1, max_size=6),
    data=st.data(),
)
def test_the_newest_version_is_the_same_however_files_split_and_arrive(
    tmp_path_factory: pytest.TempPathFactory, statuses: list[str], data: st.DataObject
) -> None:
    rows = [
        order(
            1,
            source_status=status,
            row_no=number,
            source_updated_at=instant(f"2026-11-02T0{number}:00:00"),
        )
        for number, status in enumerate(statuses)
    ]
    # Any order, any subset twice.
    arrivals = data.draw(
        st.permutations([*rows, *data.draw(st.lists(st.sampled_from(rows), max_size=3))])
    )
    cut = data.draw(st.integers(0, len(arrivals)))
    home = Home(tmp_path_factory.mktemp("split") / "small")

    for number, share in enumerate([arrivals[:cut], arrivals[cut:]]):
        if share:
            land(home, orders_file(*share, sha256=str(number) * 64), minutes=number)

    newest = landing.read_table(home, "orders").sort("source_updated_at", "loaded_at", "row_no")
    assert newest["source_status"][-1] == statuses[-1]


def test_two_rows_that_share_their_text_but_not_its_place_have_different_hashes() -> None:
    table = TABLES["product_tags"]
    place = Place(shop_id="small", zone=None, pepper=PEPPER)
    pairs = [("ab", "c"), ("a", "bc"), ("a:1", "b"), ("a", "1:b"), ("", "abc"), ("abc", "")]
    frame = pl.DataFrame(pairs, schema=["product_id", "tag"], orient="row")

    hashes = row_hashes(canonical_rows(frame, table, place=place), table)

    assert hashes.n_unique() == len(pairs)


@pytest.mark.parametrize(
    ("zone", "at", "on"),
    [
        ("Asia/Tokyo", "2026-01-31T14:59:59.999999", "2026-01-31"),
        ("Asia/Tokyo", "2026-01-31T15:00:00", "2026-02-01"),
        # New York: the clock jumps at 07:00Z on 8 March and goes back at 06:00Z on 1 November.
        ("America/New_York", "2026-03-08T04:59:59", "2026-03-07"),
        ("America/New_York", "2026-03-09T03:59:59", "2026-03-08"),
        ("America/New_York", "2026-03-09T04:00:00", "2026-03-09"),
        ("America/New_York", "2026-11-01T03:59:59", "2026-10-31"),
        ("America/New_York", "2026-11-02T04:59:59", "2026-11-01"),
    ],
)
def test_a_date_is_the_day_on_the_shops_wall(home: Home, zone: str, at: str, on: str) -> None:
    land(home, orders_file(order(1, ordered_at=instant(at))), timezone=zone)

    landed = landing.read_table(home, "orders").row(0, named=True)
    month = next(home.landing.glob("orders/month=*")).name
    assert landed["ordered_on"] == dt.date.fromisoformat(on)
    assert month == f"month={on[:7]}"


AROUND_CHANGES = st.sampled_from(
    [instant("2026-03-08T07:00:00"), instant("2026-11-01T06:00:00"), instant("2026-10-31T15:00:00")]
)


@settings(max_examples=200, deadline=None)
@given(
    instants=st.lists(
        st.builds(
            lambda base, seconds: base + dt.timedelta(seconds=seconds),
            AROUND_CHANGES,
            st.integers(-200_000, 200_000),
        ),
        min_size=1,
        max_size=20,
    ),
    zone=st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/Berlin", "UTC"]),
)
def test_dates_agree_with_the_standard_library(instants: list[dt.datetime], zone: str) -> None:
    frame = frame_of("orders", [order(n, ordered_at=at) for n, at in enumerate(instants)])

    rows = canonical_rows(
        frame, TABLES["orders"], place=Place(shop_id="small", zone=zone, pepper=PEPPER)
    )

    expected = [at.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).date() for at in instants]
    assert rows["ordered_on"].to_list() == expected


def test_the_time_zone_of_the_machine_changes_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = []
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        own = Home(home.path / zone.replace("/", "-"))
        land(own, orders_file(order(1), order(2, ordered_at=instant("2026-10-31T15:30:00"))))
        landed.append(landing.read_table(own, "orders"))
    monkeypatch.undo()
    time.tzset()

    assert landed[0].equals(landed[1])
    assert landed[0].equals(landed[2])


def test_a_naive_load_time_is_refused(home: Home) -> None:
    with pytest.raises(ValueError, match="no zone"):
        landing.prepare(
            home, SmallShop(), orders_file(order(1)), loaded_at=LOADED.replace(tzinfo=None)
        )
