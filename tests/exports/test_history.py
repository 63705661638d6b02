"""A ledger's history that came in as files: it counts like the ledger's own, and stays foreign."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from pipelines import exports, keys, state
from pipelines.canonical import TABLES
from tests.exports.shop_files import NOW, PEPPER, Person, SmallShop, people, small_shop

# Two hand-overs each.
pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return small_shop(tmp_path)


def landed(table: str, rows: list[dict]) -> pl.DataFrame:
    """Landed rows as landing keeps them: naive instants, the tail filled."""
    tail = {"source": "dump", "batch_id": "b1", "row_hash": "h", "shop_id": "tea"}
    schema = TABLES[table].schema
    naive = [
        {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in row.items()}
        for row in rows
    ]
    return pl.DataFrame([tail | {"loaded_at": NOW.replace(tzinfo=None)} | r for r in naive], schema)


def batches_of(batch_id: str = "old-1", **more) -> pl.DataFrame:
    """One batch of another machine's ledger."""
    row = {
        "export_batch_id": batch_id, "program": "cart_recovery/1/email", "channel": "email",
        "campaign_key": "cart_recovery", "campaign_version": 1, "step_number": 1,
        "destination": "mailer", "slot": "t", "batch_state": "acked", "created_at": NOW - HOUR,
        "handed_over_at": NOW - HOUR,
    }  # fmt: skip
    return landed("export_batches", [row | more])


def claims_of(who: list[Person], batch_id: str = "old-1", **more) -> pl.DataFrame:
    """That batch's claims, one per person."""
    pepper = PEPPER.encode()
    rows = [
        {
            "export_batch_id": batch_id, "claim_no": number, "occurrence_key": p.occurrence_key,
            "dedupe_key": f"cart_recovery/1/email/{p.occurrence_key}", "arm_key": p.arm,
            "person_key": keys.person_key(p.person_id, pepper=pepper),
            "email_hash": keys.email_hash(p.email, pepper=pepper), "claim_state": "claimed",
            "claimed_at": NOW - HOUR, "claimed_on": (NOW - HOUR).date(),
        }
        for number, p in enumerate(who)
    ]  # fmt: skip
    return landed("export_claims", [row | more for row in rows])


def arms_of(who: list[Person], arm: str) -> pl.DataFrame:
    """Another ledger's arm records, one per person."""
    rows = [
        {
            "campaign_key": "cart_recovery", "campaign_version": 1, "arm_key": arm,
            "occurrence_key": p.occurrence_key, "eligible_at": NOW - 5 * HOUR,
            "person_key": keys.person_key(p.person_id, pepper=PEPPER.encode()),
            "eligible_on": NOW.date(), "recorded_at": NOW - 4 * HOUR,
        }
        for p in who
    ]  # fmt: skip
    return landed("arm_records", rows)


def guards(shop: SmallShop) -> set[tuple[str, str]]:
    with state.reading(state.ledger_engine(shop.home)) as connection:
        query = sa.select(state.guard.c.batch_id, state.guard.c.key)
        return {tuple(row) for row in connection.execute(query)}


def counts(outcome: exports.Outcome) -> dict[str, int]:
    (found,) = outcome.counts.values()
    return dict(found)


@pytest.mark.parametrize("more", [
    {}, {"claim_state": "held_out", "arm_key": "holdout"},
    {"claim_state": "suppressed", "reason_code": "unsubscribed"},
])  # fmt: skip
def test_whom_another_ledger_has_is_not_taken_again(shop: SmallShop, more: dict) -> None:
    shop.publish(people(3))

    exports.import_claims(shop.home, batches_of(), claims_of(people(2), **more))

    assert counts(shop.send()) == {"already_handed_over": 2, "handed_over": 1}


@pytest.mark.parametrize("known", [
    Person("s:7", "u0@example.jp", occurrence="episode-s:0"),
    Person("s:0", "new@example.jp"),
])  # fmt: skip
def test_either_key_of_a_claim_is_enough(shop: SmallShop, known: Person) -> None:
    shop.publish([known])

    exports.import_claims(shop.home, batches_of(), claims_of(people(1)))

    assert counts(shop.send()) == {"already_handed_over": 1}


@pytest.mark.parametrize(("batch", "claim"), [
    ({"batch_state": "void"}, {}), ({"batch_state": "expired"}, {}),
    ({}, {"claim_state": "released"}),
])  # fmt: skip
def test_whom_another_ledger_gave_up_is_free(shop: SmallShop, batch: dict, claim: dict) -> None:
    shop.publish(people(2))

    exports.import_claims(shop.home, batches_of(**batch), claims_of(people(2), **claim))

    assert counts(shop.send()) == {"handed_over": 2}


def test_the_newest_landed_version_of_a_claim_counts(shop: SmallShop) -> None:
    shop.publish(people(1))
    later = (NOW + HOUR).replace(tzinfo=None)
    claims = claims_of(people(1))
    given_up = claims.with_columns(
        claim_state=pl.lit("released"), loaded_at=pl.lit(later, pl.Datetime("us"))
    )

    exports.import_claims(shop.home, batches_of(), pl.concat([given_up, claims]))

    assert counts(shop.send()) == {"handed_over": 1}


def test_another_ledgers_messages_count_for_cool_down_and_caps(shop: SmallShop) -> None:
    cart, winback = people(1)[0], replace(people(1)[0], occurrence="another-cart")
    shop.publish([winback])
    exports.import_claims(shop.home, batches_of(), claims_of([cart]))
    assert counts(shop.send()) == {"cool_down": 1}

    other = SmallShop(shop.home, shop.shop, campaign="winback", purpose="marketing")
    other.publish([winback])
    second = claims_of([replace(cart, occurrence="older")], "old-2")
    exports.import_claims(shop.home, batches_of("old-2"), second)

    assert counts(other.send()) == {"frequency_cap": 1}


def test_a_held_out_person_of_another_ledger_counts_as_no_message(shop: SmallShop) -> None:
    cart = people(1)[0]
    other = SmallShop(shop.home, shop.shop, campaign="winback", purpose="marketing")
    other.publish([replace(cart, occurrence="w")])
    for number in range(3):
        held = claims_of(
            [replace(cart, occurrence=f"o{number}")], f"old-{number}", claim_state="held_out"
        )
        exports.import_claims(shop.home, batches_of(f"old-{number}"), held)

    assert counts(other.send()) == {"handed_over": 1}


def test_taking_a_history_over_again_changes_nothing(shop: SmallShop) -> None:
    first = exports.import_claims(shop.home, batches_of(), claims_of(people(3)))
    before = guards(shop)
    grown = claims_of(people(4))

    assert (first, len(before)) == (6, 6)
    assert exports.import_claims(shop.home, batches_of(), claims_of(people(3))) == 0
    assert guards(shop) == before
    assert exports.import_claims(shop.home, batches_of(), grown) == 2


def test_a_history_never_overwrites_what_the_ledger_knows_itself(shop: SmallShop) -> None:
    shop.publish(people(2))
    shop.send()
    before = guards(shop)
    (own,) = exports.batches(shop.home)

    new = exports.import_claims(
        shop.home,
        pl.concat([batches_of(own.batch_id), batches_of("old-1")]),
        pl.concat([claims_of(people(5), own.batch_id), claims_of(people(2))]),
    )

    assert new == 0
    assert guards(shop) == before


def test_a_history_does_not_come_back_as_the_ledgers_own(shop: SmallShop) -> None:
    exports.import_claims(shop.home, batches_of(), claims_of(people(3)))

    tables = exports.ledger_tables(shop.home, shop.shop)

    assert all(frame.is_empty() for frame in tables.values())


def test_an_arm_another_ledger_recorded_stays_and_stays_its_own(shop: SmallShop) -> None:
    shop.publish(people(2))

    first = exports.import_arms(shop.home, arms_of(people(1), "holdout"))
    again = exports.import_arms(shop.home, arms_of(people(1), "send"))

    assert (first, again) == (1, 0)
    assert counts(shop.send()) == {"handed_over": 1, "held_out": 1}
    (own,) = exports.ledger_tables(shop.home, shop.shop)["arm_records"].to_dicts()
    assert own["occurrence_key"] == people(2)[1].occurrence_key


def test_a_lost_ledger_knows_from_landing_whom_it_had(shop: SmallShop) -> None:
    shop.publish(people(3))
    shop.send()
    tables = exports.ledger_tables(shop.home, shop.shop)
    tail = [
        pl.lit("ledger").alias("source"), pl.lit("b").alias("batch_id"),
        pl.lit("h").alias("row_hash"), pl.lit(NOW.replace(tzinfo=None)).alias("loaded_at"),
    ]  # fmt: skip
    came_back = {
        name: pl.concat(
            [pl.DataFrame(schema=TABLES[name].schema), tables[name].with_columns(tail)],
            how="diagonal_relaxed",
        )
        for name in ("export_batches", "export_claims")
    }
    moved = small_shop(shop.home.path.parent / "elsewhere")
    moved.publish(people(4))

    exports.import_claims(moved.home, came_back["export_batches"], came_back["export_claims"])

    assert counts(moved.send()) == {"already_handed_over": 3, "handed_over": 1}
