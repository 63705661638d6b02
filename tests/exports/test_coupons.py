"""One code, one person, for ever; none for whom a code would only teach to wait."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines import exports, requests, state
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.exports.errors import BadCoupons, CouponsShort
from tests.exports.inside import Dead, dying_at
from tests.exports.shop_files import NOW, Person, SmallShop, opened_shop, people, small_shop

# Two hand-overs each.
pytestmark = pytest.mark.slow

OWNER = Actor.at_terminal("owner")
# The campaign of the small shop with a code for the people of its arm `send`.
WITH_POOL = ("- {key: send, share_bp: 9000}", "- {key: send, share_bp: 9000, coupon_pool: wrap}")


def coupon_shop(folder: Path, *, policy: str = "refuse") -> SmallShop:
    small_shop(folder)
    file = folder / "shop.yml"
    text = file.read_text().replace(*WITH_POOL)
    text = text.replace(
        "purpose: cart_reminder", f"purpose: cart_reminder\n    when_no_coupon: {policy}"
    )
    file.write_text(text)
    return opened_shop(folder)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return coupon_shop(tmp_path)


def codes(shop: SmallShop, *lines: str, **more) -> exports.Imported:
    file = shop.home.path.parent / "codes.csv"
    file.write_text("\n".join(lines) + "\n")
    return exports.import_codes(
        shop.home, shop.shop, file, **{"campaign": "cart_recovery", "by": OWNER, "now": NOW} | more
    )


def given(outcome: exports.Outcome) -> dict[str, str]:
    """E-mail → code of every row of the files, as the mailer reads them."""
    found = {}
    for batch in outcome.batches:
        text = batch.file.read_bytes().decode()
        rows = csv.DictReader(io.StringIO(text, newline=""))
        found |= {row["email"]: row["coupon_code"] for row in rows}
    return found


def again(person: Person, at, occurrence: str) -> Person:
    return replace(
        person, occurrence=occurrence, qualified_at=at - timedelta(hours=3),
        due_at=at - timedelta(hours=2), valid_until_at=at + timedelta(hours=22),
    )  # fmt: skip


def test_everybody_in_the_file_has_a_code_of_their_own(database, shop):
    codes(shop, "code", "AAA-1", "AAA-2", "AAA-3")
    held = Person("s:h", "h@example.jp", arm="holdout", is_held_out=True)
    shop.publish([*people(2), held])

    outcome = shop.send()

    assert sorted(given(outcome).values()) == ["AAA-1", "AAA-2"]
    claims = exports.ledger_tables(shop.home, shop.shop)["export_claims"]
    assert claims.filter(claims["claim_state"] == "held_out")["coupon_code"].to_list() == [None]
    assert set(claims["coupon_code"].drop_nulls()) == {"AAA-1", "AAA-2"}
    (pool,) = exports.pools(shop.home, shop.shop, now=NOW)
    assert (pool.pool, pool.left, pool.given, pool.expired) == ("wrap", 1, 2, 0)


def test_a_code_that_ends_first_is_given_first_and_an_ended_one_never(shop):
    # The shop's days end in Tokyo: 9 November's code ended twelve hours before noon of the 10th.
    codes(shop, "LATE,2027-01-31", "SOON,2026-11-10", "OVER,2026-11-09", "EVER")
    shop.publish(people(3))

    assert sorted(given(shop.send()).values()) == ["EVER", "LATE", "SOON"]
    (pool,) = exports.pools(shop.home, shop.shop, now=NOW)
    assert (pool.left, pool.expired) == (0, 1)


def test_too_few_codes_hand_nothing_over_and_say_what_to_do(shop):
    codes(shop, "AAA-1")
    shop.publish(people(3))
    request_id = shop.ask()

    with pytest.raises(
        CouponsShort, match=r"1 codes left and .* needs 2 more: okaeri coupons import"
    ):
        shop.run(request_id)

    assert requests.read(shop.home, request_id).request_state == "failed"
    assert exports.batches(shop.home) == []
    codes(shop, "AAA-1", "AAA-2", "AAA-3")
    assert len(given(shop.run(request_id))) == 3


def test_a_campaign_may_wait_for_codes(tmp_path):
    shop = coupon_shop(tmp_path, policy="wait")
    shop.publish(people(1))
    request_id = shop.ask()

    with pytest.raises(CouponsShort, match="until then the request waits"):
        shop.run(request_id)

    asked = requests.read(shop.home, request_id)
    assert (asked.request_state, asked.not_before) == ("deferred", NOW + timedelta(hours=1))
    assert exports.open_requests(shop.home, now=NOW) == []
    codes(shop, "AAA-1")
    (due,) = exports.open_requests(shop.home, now=NOW + timedelta(hours=1))
    assert given(shop.run(due.request_id)) == {"u0@example.jp": "AAA-1"}


def test_a_campaign_may_write_without_a_code(tmp_path):
    shop = coupon_shop(tmp_path, policy="without_code")
    codes(shop, "AAA-1")
    shop.publish(people(2))

    assert sorted(given(shop.send()).values()) == ["", "AAA-1"]


def test_who_waits_for_coupons_is_written_to_without_one(shop):
    codes(shop, "AAA-1", "AAA-2")
    trained = Person("s:t", "t@example.jp", no_coupon_until=NOW + timedelta(days=3))
    over = Person("s:o", "o@example.jp", no_coupon_until=NOW)
    shop.publish([trained, over])

    assert given(shop.send()) == {"t@example.jp": "", "o@example.jp": "AAA-1"}


@pytest.mark.parametrize(("days", "code"), [(89, ""), (90, "AAA-2")])
def test_two_codes_of_one_person_are_ninety_days_apart(shop, days, code):
    codes(shop, "AAA-1", "AAA-2")
    person = people(1)[0]
    shop.publish([person])
    assert given(shop.send()) == {"u0@example.jp": "AAA-1"}
    later = NOW + timedelta(days=days)
    # The same address under another account: the code was that person's all the same.
    shop.publish([again(replace(person, person_id="s:9"), later, "cart-2")])

    assert given(shop.send(at=later)) == {"u0@example.jp": code}


def test_a_code_of_a_batch_that_never_left_stays_its_persons(database, shop):
    codes(shop, "AAA-1", "AAA-2", "AAA-3")
    shop.publish(people(2))
    first = shop.ask()
    with pytest.raises(Dead):
        shop.run(first, checkpoint=dying_at("claim:done"))
    exports.cancel(shop.home, shop.shop, first, by=OWNER, now=NOW)
    with state.reading(state.ledger_engine(shop.home)) as connection:
        taken = {
            row.email_hash: row.code
            for row in connection.execute(sa.select(state.coupon)) if row.taken_at
        }  # fmt: skip

    shop.send()

    with state.reading(state.ledger_engine(shop.home)) as connection:
        now = {
            row.email_hash: row.code
            for row in connection.execute(sa.select(state.coupon)) if row.taken_at
        }  # fmt: skip
    assert len(taken) == 2
    assert now == taken


def test_a_retried_request_keeps_its_codes(shop):
    codes(shop, "AAA-1", "AAA-2", "AAA-3")
    shop.publish(people(2))
    request_id = shop.ask()
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at("seal:done"))

    first = given(shop.run(request_id))
    (copy,) = (exports.rerender(shop.home, shop.shop, batch.batch_id, shop.home.path / "copy")
               for batch in exports.batches(shop.home))  # fmt: skip

    assert sorted(first.values()) == ["AAA-1", "AAA-2"]
    assert copy.read_bytes() == next(shop.outbox().glob("*.csv")).read_bytes()


def test_a_plan_says_how_many_codes_it_would_take_and_takes_none(shop):
    codes(shop, "AAA-1")
    trained = Person("s:t", "t@example.jp", no_coupon_until=NOW + timedelta(days=3))
    shop.publish([*people(2), trained])

    outcome = shop.run(shop.ask(send=False))

    (plan,) = requests.plans_of(shop.home, outcome.request_id)
    assert plan.coupons == {"pool": "wrap", "needed": 2, "left": 1, "withheld": 1}
    assert exports.pools(shop.home, shop.shop, now=NOW)[0].given == 0


@pytest.mark.parametrize(("lines", "said"), [
    (("AAA-1", "=HYPERLINK(1)"), "line 2 is no code"),
    (("AAA-1", "AAA-1"), "stands there twice"),
    (("AAA-1,tomorrow",), "no last day"),
    (("+111",), "is no code"),
])  # fmt: skip
def test_a_file_with_a_line_that_is_no_code_brings_none(shop, lines, said):
    with pytest.raises(BadCoupons, match=said):
        codes(shop, *lines)

    assert exports.pools(shop.home, shop.shop, now=NOW)[0].left == 0


def test_codes_are_imported_once_and_only_into_a_pool_an_arm_names(shop):
    assert codes(shop, "AAA-1", "AAA-2") == exports.Imported("wrap", new=2, known=0)
    assert codes(shop, "AAA-1", "AAA-3") == exports.Imported("wrap", new=1, known=1)
    with pytest.raises(BadCoupons, match="names a coupon_pool"):
        codes(shop, "BBB-1", campaign="winback")
    with pytest.raises(BadCoupons, match="--pool wrap"):
        codes(shop, "BBB-1", pool="other")
    with pytest.raises(NotAllowed, match="has to be exporter"):
        codes(shop, "BBB-1", by=Actor("v", Role.VIEWER, Origin.DASHBOARD))


def test_a_code_another_ledger_gave_out_is_never_given_again(database, shop):
    from tests.exports.test_history import batches_of, claims_of

    codes(shop, "AAA-1", "AAA-2")
    exports.import_claims(
        shop.home, batches_of(), claims_of(people(1), coupon_code="AAA-1", occurrence_key="old")
    )
    shop.publish(people(2, start=1))

    with pytest.raises(CouponsShort, match="1 codes left"):
        shop.send()


def test_codes_are_brought_and_counted_at_the_terminal(shop, monkeypatch):
    from typer.testing import CliRunner

    from pipelines.cli import app

    folder = shop.home.path.parent
    monkeypatch.setenv("OKAERI_HOME", str(folder))
    (folder / "codes.csv").write_text("AAA-1\nAAA-2,2020-01-31\n")
    at = ["--shop", str(folder / "shop.yml")]
    command = ["coupons", "import", str(folder / "codes.csv"), "--campaign"]

    done = CliRunner().invoke(app, ["--lang", "en", *command, "cart_recovery", *at])
    refused = CliRunner().invoke(app, ["--lang", "en", *command, "winback", *at])
    listed = CliRunner().invoke(app, ["--lang", "en", "coupons", "list", *at])

    assert "wrap: 2 codes added (0 were known)" in done.output
    assert (refused.exit_code, "names a coupon_pool" in refused.output) == (2, True)
    assert "wrap: 1 left · 0 given · 1 expired" in listed.output
