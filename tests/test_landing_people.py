"""People at landing: guests named, addresses only where they belong, keys as the ledger's."""

from pathlib import Path

import pytest

from pipelines import keys, landing
from pipelines.settings import Home
from tests.landing_shop import (
    File,
    SmallShop,
    customer,
    land,
    mail_event,
    order,
    orders_file,
    part,
)

PEPPER = SmallShop().pepper.encode()  # type: ignore[union-attr]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "small")


def shown(home: Home, table: str, *columns: str) -> list[tuple[object, ...]]:
    return landing.read_table(home, table).select(columns).sort(columns).rows()


def test_a_guest_is_named_by_the_hash_of_his_address(home: Home) -> None:
    guest = {"customer_id": None, "is_guest": True}
    file = orders_file(
        order(1, email=" Ａlice@Example.com", **guest),
        order(2, email="alice@example.com ", **guest),
        order(3, email=None, **guest),
        order(4, email="bob@example.com"),
    )

    land(home, file)

    alice = keys.email_hash("alice@example.com", pepper=PEPPER)
    bob = keys.email_hash("bob@example.com", pepper=PEPPER)
    assert shown(home, "orders", "order_id", "customer_id", "email_hash") == [
        ("eccube:1", f"guest:{alice}", alice),
        ("eccube:2", f"guest:{alice}", alice),
        ("eccube:3", None, None),
        ("eccube:4", "eccube:4", bob),
    ]


def test_an_address_lies_in_clear_only_where_it_is_needed(home: Home) -> None:
    canary = "zz-canary@example.com"
    file = File(
        (
            part("orders", order(1, email=canary)),
            part("customers", customer(1, email=canary)),
            part("mail_events", mail_event(email=canary)),
            part(
                "customer_identifiers",
                {
                    "id_type": "email_hash",
                    "id_value": canary,
                    "customer_id": "eccube:1",
                    "link_basis": "import",
                },
            ),
        )
    )

    land(home, file)

    hashed = keys.email_hash(canary, pepper=PEPPER)
    holding = {
        path.parts[-3]
        for path in home.landing.rglob("*.parquet")
        if b"zz-canary" in path.read_bytes()
    }
    assert landing.read_table(home, "customers")["email"].to_list() == [canary]
    assert holding <= {"customers"}
    for table in ("orders", "customers", "mail_events"):
        assert landing.read_table(home, table)["email_hash"].to_list() == [hashed]
    assert landing.read_table(home, "customer_identifiers")["id_value"].to_list() == [hashed]


def test_a_customer_carries_the_ledgers_key_of_himself(home: Home) -> None:
    land(home, File((part("customers", customer(1)),)))

    expected = keys.person_key("eccube:1", pepper=PEPPER)
    assert shown(home, "customers", "person_key") == [(expected,)]


def test_a_guest_who_bought_twice_is_one_customer_as_the_last_order_says(home: Home) -> None:
    guest = {"customer_id": None, "is_member": False, "is_derived": True, "member_state": "guest"}
    rows = [
        customer(1, **guest, email="a@example.com", last_name="old", row_no=2),
        customer(2, **guest, email="A@example.com", last_name="new", row_no=3),
        customer(3, email="a@example.com", last_name="member", row_no=4),
    ]

    landed = land(home, File((part("customers", *rows),)))

    assert sorted(landing.read_table(home, "customers")["last_name"]) == ["member", "new"]
    assert landed.entries[0].rows_duplicate == 1
