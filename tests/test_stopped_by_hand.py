"""Whom the ledger stops, the numbers do not count as somebody who may be written to."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipelines import exports, keys, requests
from pipelines.actors import Actor
from pipelines.canonical import TABLES, TAIL
from tests.compiled import marts_of
from tests.exports.shop_files import PEPPER, Person, small_shop

SPRING = datetime(2026, 5, 1, tzinfo=UTC)
BOSS = Actor.at_terminal("boss")


def member(account: str, *, email: str | None = None) -> dict[str, object]:
    """An account as landing wrote it, hashed with the shop's own secret; it takes letters too."""
    return {
        "shop_id": "tea", "customer_id": account, "email": email, "registered_at": SPRING,
        "person_key": keys.person_key(account, pepper=PEPPER.encode()),
        "email_hash": keys.email_hash(email, pepper=PEPPER.encode()), "is_member": True,
        "postal_code": "0010001", "address_line": "北一条西1-1",
    }  # fmt: skip


def granted(account: str, channel: str) -> dict[str, object]:
    """A yes on a form, long ago."""
    return {
        "shop_id": "tea", "consent_id": f"{account}-{channel}", "customer_id": account,
        "channel": channel, "purpose": "marketing", "consent_state": "granted", "basis": "form",
        "occurred_at": SPRING,
    }  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Three are stopped on a screen, by their persons of that day; since then two became one."""
    folder: Path = tmp_path_factory.mktemp("stopped")
    shop = small_shop(folder)
    asked = [Person("no-mail", None), Person("joined", None), Person("mail", "m@example.jp")]
    shop.publish(asked)
    for person in asked:
        requests.block(shop.home, "tea", person.person_id, by=BOSS, at=SPRING)
    exports.carry_out_blocks(shop.home, shop.shop, now=SPRING)
    ledger = exports.ledger_tables(shop.home, shop.shop)["suppressions"]
    mine = {column.name for column in (*TABLES["suppressions"].columns, *TAIL)}
    rows = {
        "customers": [
            member("no-mail"), member("joined"), member("mail", email="m@example.jp"),
            member("other", email="o@example.jp"), member("free", email="f@example.jp"),
        ],
        "consents": [
            granted(account, channel)
            for account in ("no-mail", "mail", "other", "free")
            for channel in ("email", "post")
        ],
        "customer_identifiers": [{
            "shop_id": "tea", "id_type": "customer_id", "id_value": "joined",
            "customer_id": "other", "link_basis": "import",
        }],
        "suppressions": [
            {name: value for name, value in row.items() if name in mine and value is not None}
            for row in ledger.to_dicts()
        ],
    }  # fmt: skip
    return marts_of(rows, folder=folder, only=["dim_persons", "int_persons__keys"])


@pytest.mark.parametrize(("account", "channel", "why"), [
    ("no-mail", "post", "manual_block"),
    ("mail", "email", "manual_block"),
    # The account that was stopped has become one person with one that has an address.
    ("joined", "email", "manual_block"),
    ("other", "post", "manual_block"),
    ("free", "email", None),
    ("free", "post", None),
])  # fmt: skip
def test_whom_a_screen_stopped_may_not_be_written_to_in_the_numbers(
    warehouse: duckdb.DuckDBPyConnection, account: str, channel: str, why: str | None
) -> None:
    (answer,) = warehouse.execute(
        "select block_reason, is_contactable from intermediate.int_persons__contactable"
        " join intermediate.int_persons__keys using (shop_id, person_id)"
        " where key_type = 'customer' and key_value = ? and channel = ? and purpose = 'marketing'",
        [account, channel],
    ).fetchall()

    assert answer == (why, why is None)


def test_a_stopped_person_is_not_mailable(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select person_id, is_mailable, mail_block_reason from marts.dim_persons"
    ).fetchall()

    assert {person for person, is_mailable, _ in found if is_mailable} == {"free"}
    assert len(found) == 4
