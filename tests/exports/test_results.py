"""What a mailer reports stops the next file, before any run has landed it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines import exports, landing, requests, results, runner, settings
from pipelines.actors import Actor
from pipelines.exports.errors import UnreadReport
from tests.exports.killing import Exporters
from tests.exports.shop_files import NOW, SmallShop, people, small_shop

DROPPED = (
    "  - {key: sg, profile: generic_utf8, country: JP, contract: 委託, basis: x,"
    " results: {mapping: sendgrid_events}}\nclock: 2026-11-10T12:00:00+09:00"
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path))
    shop = small_shop(tmp_path, more=DROPPED)
    shop.publish(people(3))
    return shop


def drop(shop: SmallShop, *kinds: str, name: str = "events.json") -> Path:
    """A report in the results folder: one event of each kind, of person 0, 1, 2."""
    folder = shop.shop.folder / "results" / "sg"
    folder.mkdir(parents=True, exist_ok=True)
    at = int(NOW.timestamp()) - 3600
    events = [
        {"sg_event_id": f"{kind}-{n}", "event": kind, "timestamp": at, "email": f"u{n}@example.jp"}
        for n, kind in enumerate(kinds)
    ]
    (folder / name).write_text(json.dumps(events))
    return folder / name


def test_a_report_dropped_beside_the_shop_file_stops_the_next_hand_over(shop: SmallShop) -> None:
    drop(shop, "unsubscribe", "bounce", "open")

    outcome = runner.export(
        shop.shop, segment="cart_recovery", destination="sg", send=True,
        requested_by=Actor.at_terminal("me"),
    )  # fmt: skip

    assert settings.home_of("tea") == shop.home
    assert outcome.counts == {
        "cart_recovery/1/email": {"handed_over": 1, "hard_bounce": 1, "unsubscribed": 1}
    }


@pytest.mark.slow
def test_a_report_brought_again_stops_nobody_anew(shop: SmallShop) -> None:
    drop(shop, "spamreport")

    first = results.take_in(shop.home, shop.shop, now=NOW)
    again = results.take_in(shop.home, shop.shop, now=NOW)

    # A complaint is a row of two tables: the stop, and the result that made it one of the mailer's.
    assert (first.stopped, again.stopped) == (2, 0)
    assert first.unread == again.unread == ()
    assert shop.send().counts == {"cart_recovery/1/email": {"complaint": 1, "handed_over": 2}}
    assert exports.batches(shop.home)[0].nrows == 2


def cut(shop: SmallShop, *kinds: str) -> Path:
    """A report that broke off while it was brought."""
    broken = drop(shop, *kinds, name="cut.json")
    broken.write_text(broken.read_text()[:-20])
    return broken


def sent(shop: SmallShop, destination: str = "sg") -> exports.Outcome:
    return runner.export(
        shop.shop, segment="cart_recovery", destination=destination, send=True,
        requested_by=Actor.at_terminal("me"),
    )  # fmt: skip


def test_what_keeps_a_destination_back_defers_its_requests_and_no_dry_run(shop: SmallShop) -> None:
    asked = shop.ask(destination="sg")

    with pytest.raises(UnreadReport, match=r"cut\.json"):
        shop.run(asked, kept_back={"sg": "cut.json: it broke off"})

    found = requests.read(shop.home, asked)
    assert (found.request_state, found.not_before) == ("deferred", NOW + timedelta(hours=1))
    assert shop.run(asked, kept_back={"mailer": "other.json: it broke off"}).state == "done"
    dry = shop.ask(destination="sg", send=False)
    assert shop.run(dry, kept_back={"sg": "cut.json: it broke off"}).state == "planned"


@pytest.mark.slow
def test_a_report_nobody_can_read_keeps_its_mailers_hand_overs_back(
    shop: SmallShop, caplog: pytest.LogCaptureFixture
) -> None:
    broken = cut(shop, "unsubscribe")

    with pytest.raises(UnreadReport, match=r"cut\.json.+--set-aside cut\.json"):
        sent(shop)

    # It waits and is tried again; nobody is claimed; looking is allowed.
    (asked,) = requests.all_of(shop.home, "tea")
    assert (asked.request_state, asked.not_before) == ("deferred", NOW + timedelta(hours=1))
    assert "cut.json" in str(asked.reason)
    assert "cut.json" in caplog.text
    assert exports.batches(shop.home) == []
    # On the shelf with file, reason and cure, noted once.
    (row,) = landing.rejected(shop.home).to_dicts()
    assert (row["source"], row["file_name"]) == ("results_sg", "cut.json")
    assert row["description"].startswith("cut.json: ")
    assert row["what_to_do"]
    # Whole again, it is read, and whoever stopped is out.
    broken.unlink()
    drop(shop, "unsubscribe", name="cut.json")
    outcome = runner.carry_out(shop.shop, asked.request_id)
    assert outcome.counts == {"cart_recovery/1/email": {"handed_over": 2, "unsubscribed": 1}}


@pytest.mark.slow
def test_another_mailer_is_not_kept_back_by_it(shop: SmallShop) -> None:
    cut(shop, "unsubscribe")

    assert sent(shop, "mailer").state == "done"


@pytest.mark.slow
def test_a_report_that_is_set_aside_keeps_nothing_back_until_it_is_another_one(
    shop: SmallShop,
) -> None:
    broken = cut(shop, "unsubscribe")
    with pytest.raises(exports.ExportRefused, match=r"those that do: cut\.json"):
        results.set_aside(shop.home, shop.shop, "other.json", by="me", now=NOW)

    (aside,) = results.set_aside(shop.home, shop.shop, "cut.json", by="me", now=NOW)

    assert aside.destination == "sg"
    assert results.take_in(shop.home, shop.shop, now=NOW).unread == ()
    note = json.loads((shop.home.rejected / aside.batch_id / "set_aside").read_text())
    assert (note["by"], note["file"]) == ("me", "cut.json")
    assert sent(shop).state == "done"
    broken.write_text(broken.read_text()[:-3])
    assert len(results.take_in(shop.home, shop.shop, now=NOW).unread) == 1


@pytest.mark.slow
def test_what_a_dead_process_left_waits_for_the_report_as_well(
    shop: SmallShop, exporters: Exporters
) -> None:
    wish = shop.ask(destination="sg"), NOW
    here = exports.Machine.this()
    exporters.killed_at(shop, wish, point="the seal is committed", machine=here)
    broken = cut(shop, "unsubscribe")

    with pytest.raises(exports.NotRecovered, match=r"^sg: cut\.json"):
        runner.recover(shop.shop)
    assert [row.state for row in exports.batches(shop.home)] == ["SEALED"]
    broken.unlink()
    drop(shop, "unsubscribe")
    (done,) = runner.recover(shop.shop)

    assert (done.state, done.rows) == ("DELIVERED", 2)
