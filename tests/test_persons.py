"""Who is one person, what counts as an order and what a replay knows, in the built warehouse."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import duckdb
import pytest

from pipelines import keys
from tests.compiled import marts_of
from tests.warehouse import PEPPER

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
RANDOM_SHOPS = 40
Rows = dict[str, list[dict[str, Any]]]
Ask = Callable[..., list[tuple[Any, ...]]]


def _hash(address: str) -> str:
    hashed = keys.email_hash(address, pepper=PEPPER)
    assert hashed is not None
    return hashed


def _add(rows: Rows, table: str, shop_id: str, **columns: object) -> None:
    rows.setdefault(table, []).append({"shop_id": shop_id, **columns})


def _member(rows: Rows, shop_id: str, customer_id: str, **columns: object) -> None:
    state = {"is_member": True, "member_state": "active"}
    _add(rows, "customers", shop_id, customer_id=customer_id, **(state | columns))


def _order(rows: Rows, shop_id: str, order_id: str, **columns: object) -> None:
    amounts = {"goods_amount": 3000, "total_amount": 3500, "paid_amount": 3200}
    given = {"ordered_at": MAY, **amounts, **columns}
    _add(rows, "orders", shop_id, order_id=order_id, **given)


def _same_address(rows: Rows) -> None:
    """Ten accounts on one address are one person, eleven are nobody's."""
    for shop_id, count in (("ten", 10), ("eleven", 11)):
        for number in range(count):
            _member(rows, shop_id, f"m{number:02}", email="family@example.jp", registered_at=MAY)
    _member(rows, "guest", "m1", email="Buyer@Example.JP", registered_at=MAY)
    _order(rows, "guest", "o1", customer_id="m1")
    buyer = f"guest:{_hash('buyer@example.jp')}"
    at = MAY - timedelta(days=90)
    _order(rows, "guest", "o0", customer_id=buyer, is_guest=True, ordered_at=at)
    _order(rows, "guest", "o2", customer_id=None, email_hash=_hash("buyer@example.jp"),
           is_guest=True, ordered_at=MAY + timedelta(days=1))  # fmt: skip


def _test_accounts(rows: Rows) -> None:
    """Addresses and domains of the shop itself."""
    _add(rows, "excluded_addresses", "own", address_kind="domain", address_value="shop.example")
    _add(rows, "excluded_addresses", "own", address_kind="email_hash",
         address_value=_hash("boss@mail.example"))  # fmt: skip
    _member(rows, "own", "clerk", email="clerk@SHOP.example")
    _member(rows, "own", "boss", email="boss@mail.example")
    _member(rows, "own", "buyer", email="buyer@notshop.example")
    for customer_id in ("clerk", "boss", "buyer"):
        _order(rows, "own", f"o-{customer_id}", customer_id=customer_id)
        _add(rows, "events", "own", event_id=f"e-{customer_id}", event_name="Signed In",
             occurred_at=MAY, customer_id=customer_id,
             anonymous_id=f"b-{customer_id}")  # fmt: skip


def _taken_out(rows: Rows) -> None:
    """A domain that an older shop file excluded and the newest does not."""
    _add(rows, "excluded_addresses", "taken", address_kind="domain", address_value="shop.example",
         batch_id="older", loaded_at=MAY)  # fmt: skip
    _member(rows, "taken", "clerk", email="clerk@shop.example")


def _versions(rows: Rows, shop_id: str, known_at: datetime) -> None:
    """An order paid on 2 May and cancelled in a file landed on 9 May; a name landed twice."""
    _add(rows, "runs", shop_id, run_id="r", as_of_at=AS_OF, as_of_on=AS_OF.date(),
         known_at=known_at, loaded_at=AS_OF)  # fmt: skip
    for day, status in ((2, "paid"), (9, "cancelled")):
        _order(rows, shop_id, "o1", customer_id="m1", source_status=status,
               loaded_at=MAY.replace(day=day))  # fmt: skip
    _order(rows, shop_id, "late", customer_id="m1", ordered_at=AS_OF, loaded_at=MAY.replace(day=2))
    _member(rows, shop_id, "m1", prefecture="13", loaded_at=MAY.replace(day=1))
    _add(rows, "customers", shop_id, customer_id="m1", is_derived=True, prefecture="27",
         loaded_at=MAY.replace(day=2))  # fmt: skip


def _mapped(rows: Rows) -> dict[str, set[frozenset[str]]]:
    """Random mappings of accounts to each other; their components by plain search."""
    expected: dict[str, set[frozenset[str]]] = {}
    for number in range(RANDOM_SHOPS):
        shop_id, dice = f"random{number}", random.Random(number)
        accounts = [f"c{n:03}" for n in range(200 if number < 10 else dice.randint(2, 60))]
        components = {account: {account} for account in accounts}
        for account in accounts:
            _member(rows, shop_id, account)
        # The first shops are one chain in a random order: the longest way a label can go.
        chain = dice.sample(accounts, len(accounts))
        links = list(pairwise(chain))
        if number >= 10:
            # One id is mapped to one other: the mapping's key.
            mapped = dice.sample(accounts, len(accounts) // 2)
            links = [(left, dice.choice(accounts)) for left in mapped]
        for left, right in links:
            _add(rows, "customer_identifiers", shop_id, id_type="customer_id", id_value=left,
                 customer_id=right, link_basis="import")  # fmt: skip
            joined = components[left] | components[right]
            components |= dict.fromkeys(joined, joined)
        expected[shop_id] = {frozenset(component) for component in components.values()}
    return expected


def _contacts(rows: Rows) -> None:
    """One consent given, one bounced, one never asked, one erased."""
    for name in ("yes", "bounced", "never", "gone"):
        _member(rows, "mail", name, email=f"{name}@example.jp")
        if name != "never":
            _add(rows, "consents", "mail", consent_id=f"k-{name}", customer_id=name,
                 channel="email", purpose="marketing", occurred_at=MAY, basis="form")  # fmt: skip
    rows["customers"][-1]["deleted_at"] = MAY
    _add(rows, "export_claims", "mail", export_batch_id="x", claim_no=1, claimed_at=MAY,
         recipient_token="token", email_hash=_hash("bounced@example.jp"))  # fmt: skip
    _add(rows, "mail_events", "mail", event_key="e1", event_type="hard_bounce",
         occurred_at=MAY + timedelta(days=1), recipient_token="token")  # fmt: skip
    _add(rows, "carts", "mail", cart_id="k1", customer_id="yes", last_activity_at=MAY,
         recovery_url="https://shop.example/cart?token=secret")  # fmt: skip


@pytest.fixture(scope="module")
def components() -> dict[str, set[frozenset[str]]]:
    return _mapped({})


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    rows: Rows = {}
    _same_address(rows)
    _test_accounts(rows)
    _taken_out(rows)
    _versions(rows, "now", AS_OF)
    _versions(rows, "then", MAY.replace(day=5))
    _mapped(rows)
    _contacts(rows)
    for measure in ("goods", "total", "paid"):
        _add(rows, "shops", measure, shop_name=measure, week_start=1, revenue_measure=measure)
        _order(rows, measure, "o1", customer_id="m1")
        _add(rows, "refunds", measure, refund_id="r1", order_id="o1", refund_amount=350,
             refunded_at=MAY + timedelta(days=9))  # fmt: skip
        _add(rows, "refunds", measure, refund_id="r2", order_id="o1", refund_amount=999,
             refunded_at=AS_OF)  # fmt: skip
    connection = marts_of(
        rows, folder=tmp_path_factory.mktemp("persons"), as_of=AS_OF,
        only=["dim_persons", "fct_order_lines", "dim_person_contacts"],
    )  # fmt: skip

    def answer(sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        cursor: duckdb.DuckDBPyConnection = connection.execute(sql, list(parameters))
        return cursor.fetchall()

    return answer


@pytest.mark.parametrize(("shop_id", "persons"), [("ten", 1), ("eleven", 11)])
def test_an_address_on_too_many_accounts_joins_nobody(ask: Ask, shop_id: str, persons: int) -> None:
    found = ask("select count(*) from marts.dim_persons where shop_id = ?", shop_id)
    by_address = ask(
        "select count(*) from intermediate.int_persons__keys"
        " where shop_id = ? and key_type = 'email_hash'", shop_id,
    )  # fmt: skip

    assert (found, by_address) == ([(persons,)], [(int(persons == 1),)])


def test_a_guest_with_the_address_of_an_account_is_its_person(ask: Ask) -> None:
    orders = ask(
        "select order_id, person_id, purchase_no from marts.fct_orders"
        " where shop_id = 'guest' order by order_id"
    )

    assert orders == [("o0", "m1", 1), ("o1", "m1", 2), ("o2", "m1", 3)]


def test_the_shops_own_addresses_are_in_no_mart(ask: Ask) -> None:
    persons = ask("select person_id, browser_count from marts.dim_persons where shop_id = 'own'")
    orders = ask("select order_id from marts.fct_orders where shop_id = 'own'")

    assert (persons, orders) == ([("buyer", 1)], [("o-buyer",)])


def test_a_setting_taken_out_of_the_shop_file_is_gone(ask: Ask) -> None:
    persons = ask("select person_id from marts.dim_persons where shop_id = 'taken'")

    assert persons == [("clerk",)]


@pytest.mark.parametrize(("shop_id", "is_sale"), [("now", False), ("then", True)])
def test_a_replay_knows_what_was_known_then(ask: Ask, shop_id: str, is_sale: bool) -> None:
    orders = ask("select order_id, is_sale from marts.fct_orders where shop_id = ?", shop_id)

    assert orders == [("o1", is_sale)]


def test_a_member_file_beats_a_customer_made_up_from_orders(ask: Ask) -> None:
    persons = ask("select is_member, prefecture from marts.dim_persons where shop_id = 'now'")

    assert persons == [(True, "13")]


@pytest.mark.parametrize(
    ("measure", "revenue"),
    # Refund of 350 of 3,500: a tenth of the goods. The refund dated now is not yet known.
    [("goods", 3000 - 300), ("total", 3500 - 350), ("paid", 3200 - 350)],
)
def test_revenue_is_what_the_shop_measures_less_what_it_gave_back(
    ask: Ask, measure: str, revenue: int
) -> None:
    found = ask("select revenue_amount from marts.fct_orders where shop_id = ?", measure)

    assert found == [(Decimal(revenue),)]


def test_persons_are_the_components_of_any_mapping(
    ask: Ask, components: dict[str, set[frozenset[str]]]
) -> None:
    found: dict[str, dict[str, set[str]]] = {}
    for shop_id, person_id, key in ask(
        "select shop_id, person_id, key_value from intermediate.int_persons__keys"
        " where shop_id like 'random%' and key_type = 'customer'"
    ):
        found.setdefault(shop_id, {}).setdefault(person_id, set()).add(key)

    built = {shop: {frozenset(keys) for keys in each.values()} for shop, each in found.items()}
    assert built == components
    assert all(person in keys for each in found.values() for person, keys in each.items())


def test_everybody_who_may_not_be_written_to_has_the_first_reason(ask: Ask) -> None:
    found = ask(
        "select person_id, block_reason from intermediate.int_persons__contactable"
        " where shop_id = 'mail' and purpose = 'marketing' order by person_id"
    )

    assert found == [
        ("bounced", "hard_bounce"),
        ("gone", "erased"),
        ("never", "no_consent"),
        ("yes", None),
    ]


def test_addresses_stand_in_private_alone(ask: Ask) -> None:
    contacts = ask(
        "select person_id, email, cart_url from private.dim_person_contacts"
        " where shop_id = 'mail' order by person_id"
    )
    elsewhere = ask(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts'"
        " and column_name in ('email', 'email_key', 'phone_raw', 'name_full', 'cart_url')"
    )

    assert contacts == [
        ("bounced", "bounced@example.jp", None),
        ("never", "never@example.jp", None),
        ("yes", "yes@example.jp", "https://shop.example/cart?token=secret"),
    ]
    assert elsewhere == []
