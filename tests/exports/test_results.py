"""What a mailer reports stops the next file, before any run has landed it."""

import json
from pathlib import Path

import pytest

from pipelines import exports, results, runner, settings
from pipelines.actors import Actor
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
def test_a_report_brought_again_stops_nobody_anew_and_a_broken_one_no_hand_over(
    shop: SmallShop, caplog: pytest.LogCaptureFixture
) -> None:
    drop(shop, "spamreport")
    broken = drop(shop, "unsubscribe", name="cut.json")
    broken.write_text(broken.read_text()[:-20])

    first = results.take_in(shop.home, shop.shop, now=NOW)
    again = results.take_in(shop.home, shop.shop, now=NOW)

    # A complaint is a row of two tables: the stop, and the result that made it one of the mailer's.
    assert (first, again) == (2, 0)
    assert "cut.json" in caplog.text
    assert shop.send().counts == {"cart_recovery/1/email": {"complaint": 1, "handed_over": 2}}
    assert exports.batches(shop.home)[0].nrows == 2
