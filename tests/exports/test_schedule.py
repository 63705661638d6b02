"""Lists that are due by the calendar, and what waits for the night or a holiday to end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines import exports, requests
from pipelines.actors import Actor
from pipelines.exports.rules import Rules
from pipelines.exports.schedule import newest_tick
from pipelines.shop import ShopFileError, load_shop
from tests.exports.inside import Dead, dying_at
from tests.exports.shop_files import (
    MACHINE,
    NOW,
    Person,
    SmallShop,
    opened_shop,
    people,
    small_shop,
)

TOKYO = ZoneInfo("Asia/Tokyo")
OWNER = Actor.at_terminal("owner")


def scheduled(folder: Path, *lines: str, more: str = "") -> SmallShop:
    """The small shop with these lines on its cart campaign. It is noon of a Tuesday in Tokyo."""
    small_shop(folder, more=more)
    file = folder / "shop.yml"
    added = "".join(f"\n    {line}" for line in lines)
    text = file.read_text().replace("purpose: cart_reminder", f"purpose: cart_reminder{added}")
    file.write_text(text)
    return opened_shop(folder)


def at(text: str) -> datetime:
    """An instant of the shop's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


@pytest.mark.parametrize(("cadence", "now", "tick"), [
    ("daily 10:00", "2026-11-10T12:00", "2026-11-10T10:00"),
    ("daily 10:00", "2026-11-10T10:00", "2026-11-10T10:00"),
    ("daily 10:00", "2026-11-10T09:59", "2026-11-09T10:00"),
    ("weekly tue 10:00", "2026-11-10T12:00", "2026-11-10T10:00"),
    ("weekly tue 10:00", "2026-11-10T09:00", "2026-11-03T10:00"),
    ("weekly sun 23:30", "2026-11-10T12:00", "2026-11-08T23:30"),
])  # fmt: skip
def test_the_newest_tick_is_one_of_the_shops_clock(cadence: str, now: str, tick: str) -> None:
    assert newest_tick(cadence, now=at(now), zone=TOKYO).astimezone(UTC) == at(tick)


def test_a_list_is_asked_for_once_per_tick_and_leaves_by_itself(tmp_path: Path) -> None:
    shop = scheduled(tmp_path, "cadence: daily 10:00")
    shop.publish(people(2))

    (asked,) = exports.ask_due(shop.home, shop.shop, clock=NOW)

    assert exports.ask_due(shop.home, shop.shop, clock=NOW + timedelta(hours=1)) == []
    request = requests.read(shop.home, asked)
    assert (request.dry_run, request.slot) == (False, "20261110t1000")
    assert (request.requested_by, request.destination) == ("schedule", "mailer")
    assert shop.run(asked).counts == {"cart_recovery/1/email": {"handed_over": 2}}
    assert len(exports.ask_due(shop.home, shop.shop, clock=NOW + timedelta(days=1))) == 1


def test_a_list_made_by_hand_is_planned_and_leaves_when_somebody_releases_it(
    tmp_path: Path,
) -> None:
    shop = scheduled(
        tmp_path, "cadence: daily 10:00", "is_automatic: false", "destination: excel"
    )  # fmt: skip
    shop.publish(people(2))
    (planned,) = exports.ask_due(shop.home, shop.shop, clock=NOW)
    assert shop.run(planned).state == "planned"
    assert list(shop.home.path.glob("outbox/excel/*.csv")) == []

    released = exports.release(shop.home, shop.shop, planned, by=OWNER, clock=NOW)
    again = exports.release(shop.home, shop.shop, planned, by=OWNER, clock=NOW)

    assert released == again
    outcome = shop.run(released)
    assert outcome.counts == {"cart_recovery/1/email": {"handed_over": 2}}
    assert len(list(shop.outbox("excel").glob("*.csv"))) == 1


def test_a_large_list_of_the_schedule_waits_for_one_person(tmp_path: Path) -> None:
    more = "  - {key: big, profile: generic_utf8, country: JP, contract: 委託, basis: x, approve_above: 1}"
    shop = scheduled(tmp_path, "cadence: daily 10:00", "destination: big", more=more)
    shop.publish(people(2))
    (asked,) = exports.ask_due(shop.home, shop.shop, clock=NOW)
    with pytest.raises(exports.ExportRefused, match="second person"):
        shop.run(asked)

    exports.release(shop.home, shop.shop, asked, by=OWNER, clock=NOW)

    assert shop.run(asked).state == "done"


@pytest.mark.parametrize("line", [
    "cadence: weekly wed 10:00", "is_active: false", 'ends_at: "2026-11-10T00:00:00+09:00"',
    'starts_at: "2026-11-11T00:00:00+09:00"',
])  # fmt: skip
def test_what_does_not_run_or_was_missed_for_a_day_is_not_asked_for(
    tmp_path: Path, line: str
) -> None:
    lines = [line] if line.startswith("cadence") else ["cadence: daily 10:00", line]
    shop = scheduled(tmp_path, *lines)
    shop.publish(people(1))

    assert exports.ask_due(shop.home, shop.shop, clock=NOW) == []


def test_a_list_nobody_could_get_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = scheduled(tmp_path, "cadence: daily 10:00", "destination: nowhere")
    shop.publish(people(1))

    assert exports.ask_due(shop.home, shop.shop, clock=NOW) == []
    assert "destinations.nowhere.country" in caplog.text


@pytest.mark.parametrize(("line", "said"), [
    ("cadence: daily 25:00", "cadence"), ("cadence: hourly", "cadence"),
    ("destination: mars", "mars is no destination of this shop"),
])  # fmt: skip
def test_a_cadence_or_destination_that_cannot_be_is_refused(
    tmp_path: Path, line: str, said: str
) -> None:
    with pytest.raises(ShopFileError, match=said):
        scheduled(tmp_path, line)


NIGHT = 'quiet_hours: {from: "21:00", to: "08:00"}'
QUIET = f"{NIGHT}\nholidays: [2026-11-11, 2026-11-12]"


@pytest.mark.parametrize(("now", "until"), [
    ("2026-11-10T12:00", None),
    ("2026-11-10T20:59", None),
    ("2026-11-10T08:00", None),
    ("2026-11-10T07:59", "2026-11-10T08:00"),
    # The night leads into two holidays, and they into the next night's end.
    ("2026-11-10T21:00", "2026-11-13T08:00"),
    ("2026-11-11T12:00", "2026-11-13T08:00"),
    ("2026-11-13T21:30", "2026-11-14T08:00"),
])  # fmt: skip
def test_what_must_wait_is_due_when_neither_night_nor_holiday_is(
    tmp_path: Path, now: str, until: str | None
) -> None:
    shop = small_shop(tmp_path, more=QUIET)

    found = Rules.of(shop.shop, shop.home).quiet_until(at(now))

    assert found == (None if until is None else at(until))


def test_a_night_defers_everybody_and_drops_nobody(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=QUIET)
    shop.publish([*people(1), Person("s:long", "l@example.jp", valid_until_at=None)])
    request_id = shop.ask()
    night = at("2026-11-10T22:00")

    waits = shop.run(request_id, at=night)

    assert (waits.state, waits.reason, waits.not_before) == (
        "deferred", "quiet_hours", at("2026-11-13T08:00"),
    )  # fmt: skip
    assert waits.counts == {"cart_recovery/1/email": {"quiet_hours": 2}}
    assert exports.open_requests(shop.home, now=at("2026-11-13T07:59")) == []
    (due,) = exports.open_requests(shop.home, now=at("2026-11-13T08:00"))
    done = shop.run(due.request_id, at=at("2026-11-13T08:00"), machine=MACHINE)
    # The cart mail of the tenth was valid for a day; what has no end leaves now.
    assert done.counts == {"cart_recovery/1/email": {"handed_over": 1, "stale": 1}}


def test_the_settings_of_a_results_folder_are_a_source(tmp_path: Path) -> None:
    line = (
        "  - {key: sg, profile: generic_utf8, country: JP, contract: 委託, basis: x,"
        " results: {mapping: sendgrid_events}}"
    )
    small_shop(tmp_path, more=line)

    source = load_shop(tmp_path / "shop.yml").source("results_sg")

    assert (source.files, source.mapping) == ("results/sg/*", "sendgrid_events")


@pytest.mark.parametrize("place", ["claim:done", "seal:done"])
def test_what_a_dead_run_left_waits_for_the_night_to_end_as_well(
    tmp_path: Path, place: str
) -> None:
    shop = small_shop(tmp_path, more=NIGHT)
    shop.publish(people(2))
    request_id, night, morning = shop.ask(), at("2026-11-10T22:00"), at("2026-11-11T08:00")
    with pytest.raises(Dead):
        shop.run(request_id, at=NOW, checkpoint=dying_at(place))

    (left,) = exports.recover(shop.home, shop.shop, clock=night, machine=MACHINE)
    waits = shop.run(request_id, at=night)

    assert (left.state, left.files) == ("SEALED", ())
    assert (waits.state, waits.reason, waits.not_before) == ("deferred", "quiet_hours", morning)
    assert list(shop.outbox().glob("*.csv")) == []
    (due,) = exports.open_requests(shop.home, now=morning)
    done = shop.run(due.request_id, at=morning)
    assert [(batch.state, batch.rows) for batch in done.batches] == [("DELIVERED", 2)]
    assert done.counts == {"cart_recovery/1/email": {"handed_over": 2}}
    assert len(list(shop.outbox().glob("*.csv"))) == 1


def test_what_left_before_the_night_is_not_kept_back_by_it(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more=NIGHT)
    shop.publish(people(2))
    with pytest.raises(Dead):
        shop.run(shop.ask(), at=NOW, checkpoint=dying_at("intent:done"))

    (done,) = exports.recover(shop.home, shop.shop, clock=at("2026-11-10T22:00"), machine=MACHINE)

    assert (done.state, done.rows) == ("DELIVERED", 2)
