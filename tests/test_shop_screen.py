"""The shop's own screen: typed, kept, landed, and held against our months."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console
from sqlalchemy.exc import DatabaseError

from pipelines import landing, onboarding, requests, settings, state
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.requests import BadRequest
from pipelines.settings import Home
from pipelines.shop import load_shop
from tests.compiled import marts_of

NOW = datetime(2026, 10, 2, 3, 0, tzinfo=UTC)
ANNA = Actor("anna@example.jp", Role.EXPORTER, Origin.DASHBOARD)
VIEWER = Actor("v@example.jp", Role.VIEWER, Origin.DASHBOARD)
SEPTEMBER = date(2026, 9, 1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def typed(
    home: Home, *, count: int | None, amount: int | None, by: Actor = ANNA, month: date = SEPTEMBER
) -> None:
    requests.type_screen_month(
        home, "tea", month, order_count=count, by=by, at=NOW,
        order_amount=None if amount is None else Decimal(amount),
    )  # fmt: skip


def test_what_was_typed_last_of_a_month_counts_and_nothing_is_lost(home: Home) -> None:
    typed(home, count=3, amount=None)
    typed(home, count=4, amount=12_400)

    (month,) = requests.screen_months_of(home, "tea")
    assert (month.order_count, month.order_amount, month.actor) == (
        4, Decimal(12_400), "anna@example.jp",
    )  # fmt: skip
    assert requests.screen_months_of(home, "other") == []
    with state.reading(state.requests_engine(home)) as connection:
        kept = connection.execute(sa.text("select count(*) from typed_screen_months")).scalar_one()
    assert kept == 2


@pytest.mark.parametrize("change", ["delete from {}", "update {} set order_count = 0"])
def test_the_database_itself_keeps_what_was_typed(home: Home, change: str) -> None:
    typed(home, count=3, amount=None)
    engine = state.requests_engine(home)

    with pytest.raises(DatabaseError, match="append-only"), state.writing(engine) as connection:
        connection.execute(sa.text(change.format("typed_screen_months")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": None, "amount": None}, "no figure was typed"),
        ({"count": -1, "amount": 5}, "0 or more"),
        ({"count": 1, "amount": 5, "month": date(2026, 9, 2)}, "give its first day"),
        ({"count": 1, "amount": 5, "month": date(2026, 11, 1)}, "no month that has begun"),
    ],
)
def test_what_cannot_be_is_refused(home: Home, given: dict[str, object], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        typed(home, **given)  # type: ignore[arg-type]
    assert requests.screen_months_of(home, "tea") == []


def test_a_viewer_types_nothing(home: Home) -> None:
    with pytest.raises(NotAllowed):
        typed(home, count=1, amount=1, by=VIEWER)
    assert requests.screen_months_of(home, "tea") == []


def test_it_lands_once_however_often_the_street_is_walked(home: Home) -> None:
    landing.ensure_all_tables(home)
    typed(home, count=3, amount=12_400)

    news = [
        landing.write_rows(
            home, "shop_screen_months", requests.screen_rows(home, "tea"), source="typed",
            loaded_at=NOW,
        ).is_new
        for _ in range(2)
    ]  # fmt: skip

    assert news == [True, False]
    (row,) = landing.read_table(home, "shop_screen_months").to_dicts()
    assert (row["screen_month_on"], row["order_amount"]) == (SEPTEMBER, Decimal(12_400))


def order(number: int, *, goods: int, status: str = "paid", **more: object) -> dict[str, object]:
    """An order of September; 500 yen of shipping on top of its goods."""
    return {
        "order_id": f"o{number}", "customer_id": f"c{number}", "is_guest": False,
        "ordered_at": f"2026-09-{number:02d}T03:00", "ordered_precision": "instant",
        "source_status": status, "goods_amount": goods, "total_amount": goods + 500,
        "paid_amount": goods + 500, **more,
    }  # fmt: skip


def test_the_newest_reading_is_explained_by_test_orders_and_shipping(tmp_path: Path) -> None:
    """Ours: 1,000 + 2,000. Of the three readings the second is the newest known on 1 November.

    It has the cancelled 400 and the test order of 30 too, and the shipping of all: 3,430 + 4 × 500.
    """
    rows = {
        "customers": [
            *({"customer_id": f"c{n}", "email": f"c{n}@a.example"} for n in (1, 2, 3)),
            {"customer_id": "c4", "email": "own@shop.example"},
        ],
        "excluded_addresses": [
            {"address_kind": "domain", "address_value": "shop.example"},
        ],
        "orders": [
            order(1, goods=1_000), order(2, goods=2_000), order(3, goods=400, status="cancelled"),
            order(4, goods=30),
        ],
        "shop_screen_months": [
            {"screen_month_on": SEPTEMBER, "order_count": 9, "order_amount": 9, "seen_at": "2026-10-01T00:00"},
            {"screen_month_on": SEPTEMBER, "order_count": 4, "order_amount": 5_430, "seen_at": "2026-10-02T00:00"},
            {"screen_month_on": SEPTEMBER, "order_count": 8, "order_amount": 8, "seen_at": "2026-11-02T00:00"},
        ],
    }  # fmt: skip

    warehouse = marts_of(rows, folder=tmp_path, only=["rpt_shop_screen_months"])

    found = warehouse.execute(
        "select cause_key, is_explained, order_count, void_order_count, test_order_count,"
        " screen_order_count, revenue_amount, difference_amount from marts.rpt_shop_screen_months"
    ).fetchall()
    assert found == [
        ("void test shipping", True, 2, 1, 1, 4, Decimal(3_000), Decimal(2_430))
    ]  # fmt: skip


def test_the_newer_of_what_was_typed_and_what_the_file_says_counts_and_both_are_told(
    tmp_path: Path,
) -> None:
    """Of September the file is newer, of October what was typed; November has not begun."""
    rows = {
        "orders": [order(1, goods=1_000)],
        "shop_screen_months": [
            {"screen_month_on": SEPTEMBER, "order_count": 7, "order_amount": 7_000,
             "source": "typed", "seen_at": "2026-10-01T00:00"},
            {"screen_month_on": SEPTEMBER, "order_count": 1, "order_amount": 1_000,
             "source": "screen", "seen_at": "2026-10-20T00:00"},
            {"screen_month_on": "2026-10-01", "order_count": 0, "order_amount": 0,
             "source": "typed", "seen_at": "2026-10-30T00:00"},
            {"screen_month_on": "2026-10-01", "order_count": 5, "order_amount": 5_000,
             "source": "screen", "seen_at": "2026-10-20T00:00"},
            {"screen_month_on": "2026-12-01", "order_count": 0, "order_amount": 0,
             "source": "screen", "seen_at": "2026-10-20T00:00"},
        ],
    }  # fmt: skip

    warehouse = marts_of(rows, folder=tmp_path, only=["rpt_shop_screen_months"])

    found = warehouse.execute(
        "select screen_source_key, screen_order_count, is_explained, other_source_key,"
        " other_order_count, other_amount from marts.rpt_shop_screen_months order by screen_month"
    ).fetchall()
    assert found == [
        ("screen", 1, True, "typed", 7, Decimal(7_000)),
        ("typed", 0, True, "screen", 5, Decimal(5_000)),
    ]


SHOP_FILE = """\
id: tea
name: 茶
timezone: Asia/Tokyo
currency: JPY
sources:
- {key: screen, files: "管理画面*.csv", mapping: generic_shop_screen_csv}
"""


def test_a_file_named_in_the_shop_file_is_checked_by_row_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path / "data"))
    (tmp_path / "shop.yml").write_text(SHOP_FILE, encoding="utf-8")
    (tmp_path / "管理画面_2026.csv").write_text(
        "年月,受注件数,受注金額\n2026-09,3,12400\n2026-10,-1,1\n2026-11,三,1\n", encoding="cp932"
    )
    console = Console(file=io.StringIO(), width=200, color_system=None)

    with settings.environment({"OKAERI_LANG": "ja"}):
        code = onboarding.check(load_shop(tmp_path / "shop.yml"), console=console)

    said = console.file.getvalue()
    assert code == 0
    assert "読んだ行 3 = 採用 2 + 除外 1 + 重複 0" in said
    (line,) = [line for line in said.splitlines() if "数字として読めません" in line]
    assert " 4 " in line
    assert "受注件数" in line
    # What the mapping lets through its contract judges.
    assert "Orders are not negative" in said
