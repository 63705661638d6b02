"""A file that left, judged again: who in it must be dropped, and why."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines import exports, state
from tests.exports.shop_files import NOW, SmallShop, people, small_shop

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    shop = small_shop(tmp_path)
    shop.publish(people(5))
    return shop


def stopped_since(shop: SmallShop) -> None:
    """Person 1 has bought, 2 emptied the cart, 3 unsubscribed; 0 and 4 are as they were."""
    shop.publish(people(5), sales={"s:1": LATER}, closed={"episode-s:2": "emptied"})
    exports.suppress(
        shop.home, shop.shop, email="u3@example.jp", reason="unsubscribe", by="t", now=LATER
    )


def judged(shop: SmallShop, file: Path) -> dict[str | None, str]:
    found = exports.recheck(shop.home, shop.shop, file, now=LATER)
    return {one.email: one.reason for one in found.dropped}


def test_who_must_be_dropped_is_named_with_the_reason(shop: SmallShop) -> None:
    (batch,) = shop.send().batches
    assert batch.file is not None
    assert exports.recheck(shop.home, shop.shop, batch.file, now=LATER).dropped == ()

    stopped_since(shop)
    found = exports.recheck(shop.home, shop.shop, batch.file, now=LATER)

    assert found.persons == 5
    assert found.counts == {"ordered_since": 1, "cart_emptied": 1, "unsubscribed": 1}
    assert judged(shop, batch.file) == {
        "u1@example.jp": "ordered_since", "u2@example.jp": "cart_emptied",
        "u3@example.jp": "unsubscribed",
    }  # fmt: skip
    assert "@example.jp" not in str(found.as_dict())
    assert judged(shop, batch.file) == judged(shop, batch.file), "looking changes nothing"


def test_a_file_somebody_has_cut_and_sorted_is_known_by_its_tokens(
    shop: SmallShop, tmp_path: Path
) -> None:
    (batch,) = shop.send().batches
    assert batch.file is not None
    header, *rows = batch.file.read_text().splitlines()
    kept = [row for row in rows if "u3@" in row or "u4@" in row]
    mine = tmp_path / "edited.csv"
    mine.write_text("\n".join([header.lower(), *reversed(kept)]))
    stopped_since(shop)

    assert judged(shop, mine) == {"u3@example.jp": "unsubscribed"}


def test_a_mail_that_came_too_late_drops_everybody(shop: SmallShop) -> None:
    (batch,) = shop.send().batches
    assert batch.file is not None

    found = exports.recheck(shop.home, shop.shop, batch.file, now=NOW + timedelta(days=2))

    assert found.counts == {"stale": 5}


def test_whoever_was_erased_since_is_dropped_without_an_address(shop: SmallShop) -> None:
    (batch,) = shop.send().batches
    assert batch.file is not None
    with state.writing(state.ledger_engine(shop.home)) as connection:
        first = state.claim.c.ord == 0
        connection.execute(state.claim.update().where(first).values(payload_enc=None))
        token = connection.execute(sa.select(state.claim.c.recipient_token).where(first)).scalar()

    (one,) = exports.recheck(shop.home, shop.shop, batch.file, now=LATER).dropped

    assert (one.recipient_token, one.email, one.reason) == (token, None, "erased")


def test_a_file_of_somebody_else_is_refused(shop: SmallShop, tmp_path: Path) -> None:
    strange = tmp_path / "strange.csv"
    strange.write_text("email\nu1@example.jp\n")

    with pytest.raises(exports.ExportRefused, match="no file of this ledger"):
        exports.recheck(shop.home, shop.shop, strange, now=LATER)
    with pytest.raises(exports.ExportRefused, match="cannot be read"):
        exports.recheck(shop.home, shop.shop, tmp_path / "none.csv", now=LATER)


def test_the_list_for_the_mailer_is_written_once_and_for_its_owner_alone(
    shop: SmallShop, tmp_path: Path
) -> None:
    (batch,) = shop.send().batches
    assert batch.file is not None
    stopped_since(shop)
    found = exports.recheck(shop.home, shop.shop, batch.file, now=LATER)
    target = tmp_path / "drop.csv"

    exports.write_recall(found, target)

    lines = target.read_text().splitlines()
    assert lines[0] == "email,recipient_token,batch_id,reason"
    assert len(lines) == 4
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(exports.ExportRefused, match="cannot be written"):
        exports.write_recall(found, target)
