"""A report handed in on a screen: kept under its own hash, refused where it is none, taken in."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from pipelines import requests, state
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.defs import landing as landing_assets
from pipelines.defs.street import Street
from pipelines.requests import BadRequest, Report
from pipelines.settings import Home
from pipelines.shop import load_shop
from tests.test_runner import SHOP

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
ANNA = Actor("anna@example.jp", Role.EXPORTER, Origin.DASHBOARD)
SHOPSERVE = "shopserve_report_csv"
REPORT = (
    "ステップ,送信数,開封数,クリック数,受注人数,開封率\r\n1通目,1020,598,109,29,58.63\r\n".encode()
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "data" / "small")


def handed_in(
    home: Home, data: bytes = REPORT, *, name: str = "11月.csv", kind: str = SHOPSERVE, by: Actor = ANNA
) -> Report:  # fmt: skip
    return requests.hand_in_report(home, "small", data, kind=kind, file_name=name, by=by, at=NOW)


@pytest.mark.parametrize(
    "name", ["a[1].csv", "x*.csv", "../../etc/cron.d/x", "..\\..\\x.csv", "a\0b.csv", "", "é" * 500]
)
def test_whatever_it_is_called_it_lies_under_its_own_hash(home: Home, name: str) -> None:
    report = handed_in(home, name=name)

    (file,) = [path for path in home.path.rglob("*") if path.suffix == ".csv"]
    assert file == home.uploads / SHOPSERVE / f"{report.sha256}.csv"
    assert file.read_bytes() == REPORT
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not {"/", "\\", "\0"} & set(report.file_name)
    assert len(report.file_name) <= 120


def test_a_link_that_waits_in_its_place_is_not_followed(home: Home, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    report = handed_in(home)
    kept = home.uploads / SHOPSERVE / report.stored_name
    kept.unlink()
    kept.symlink_to(victim)
    (kept.parent / f".{report.stored_name}.{os.getpid()}").symlink_to(victim)

    with pytest.raises(OSError, match="symbolic"):
        handed_in(home)

    (kept.parent / f".{report.stored_name}.{os.getpid()}").unlink()
    handed_in(home)
    assert victim.read_text() == "mine"
    assert not kept.is_symlink()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"data": b""}, "0 bytes"),
        ({"data": b"a" * (requests.REPORT_BYTES + 1)}, "at most 5,242,880"),
        ({"data": b"PK\3\4\0\0"}, "no text"),
        ({"kind": "../../x"}, "no kind of report"),
        ({"kind": "generic_customers_csv"}, "no kind of report"),
    ],
)
def test_what_is_no_report_is_refused_and_nothing_kept(
    home: Home, given: dict[str, object], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        handed_in(home, **given)  # type: ignore[arg-type]
    assert not home.uploads.exists()
    assert requests.reports_of(home, "small") == []


def test_a_viewer_hands_nothing_in(home: Home) -> None:
    with pytest.raises(NotAllowed):
        handed_in(home, by=Actor("v", Role.VIEWER, Origin.DASHBOARD))
    assert not home.uploads.exists()


@pytest.mark.parametrize("change", ["delete from {}", "update {} set actor = 'nobody'"])
def test_the_database_itself_keeps_who_handed_in_what(home: Home, change: str) -> None:
    handed_in(home)
    engine = state.requests_engine(home)

    with pytest.raises(DatabaseError, match="append-only"), state.writing(engine) as connection:
        connection.execute(sa.text(change.format("uploaded_reports")))


def test_the_street_takes_it_in_as_a_report_of_the_mailers(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKAERI_HOME", str(home.path.parent))
    shop_file = tmp_path / "shop.yml"
    shop_file.write_text(SHOP.replace("MAPPING", "generic_orders_csv"))
    report = handed_in(home)
    street = Street(shop_file=str(shop_file))
    street._shop = load_shop(shop_file)

    (found,) = landing_assets._new_files(street)

    source, file = found
    assert (source.key, source.mapping) == (f"uploaded_{SHOPSERVE}", SHOPSERVE)
    assert file.name == report.stored_name
    read = landing_assets.read_file(str(shop_file), source, file, home=home, loaded_at=NOW)
    assert not isinstance(read, str), read
    (table,) = read.tables
    (row,) = table.rows.to_dicts()
    assert (table.table.name, row["sent_count"], float(row["printed_open_rate"])) == (
        "mail_results_summary", 1020, 0.5863,
    )  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [b"a," * 200_000 + b"\n", b'a,b\n"' + b"x" * 2_000_000, b"a" * 2_000_000 + b"\n1\n"],
    ids=["200,000 columns", "an open quotation mark", "a line without end"],
)
def test_a_report_that_means_harm_is_refused_when_it_is_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setenv("OKAERI_HOME", str(home.path.parent))
    shop_file = tmp_path / "shop.yml"
    shop_file.write_text(SHOP.replace("MAPPING", "generic_orders_csv"))
    handed_in(home, data)
    street = Street(shop_file=str(shop_file))
    street._shop = load_shop(shop_file)
    ((source, file),) = landing_assets._new_files(street)

    read = landing_assets.read_file(str(shop_file), source, file, home=home, loaded_at=NOW)

    assert isinstance(read, str)
    assert file.name in read
