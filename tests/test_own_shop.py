"""Own shop in an hour: a folder of exports, three commands, no word of the demo.

Two shops, each walked once through the real command line: EC-CUBE in a Japanese terminal, Shopify
in an English one.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from pipelines.settings import REPOSITORY
from tests import shop_files

# Two shops, init to export: minutes.
pytestmark = pytest.mark.slow

PRINTED_AT = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
AS_OF = "2026-11-20T06:05:00+09:00"
FIRST_ON = date(2024, 11, 4)
# Three months before the run: who ordered last on that day is to be won back.
LONG_AGO_ON = date(2026, 8, 19)
PEOPLE, DORMANT = 65, 5


@dataclass
class Shop:
    """A shopkeeper's terminal: a folder of exports, a language, and what was printed."""

    folder: Path
    home: Path
    locale: str
    printed: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, code: int = 0) -> str:
        command = [str(Path(sys.executable).with_name("okaeri")), *arguments]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("OKAERI_", "LC_"))}
        environment = kept | {"OKAERI_HOME": str(self.home), "LANG": self.locale, "COLUMNS": "80"}
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{arguments}\n{said[-6000:]}"
        assert "Traceback" not in said
        return said

    def walk(self) -> "Shop":
        file = str(self.folder / "shop.yml")
        self.printed["init"] = self("init", str(self.folder), "--yes")
        self.printed["check"] = self("check", "--shop", file)
        self.printed["run"] = self("run", "--shop", file, "--as-of", AS_OF)
        return self


def days_of_orders(person: int) -> list[date]:
    """One to three orders per person, a new person each week, the second after 20 to 110 days.

    The last persons ordered once, three months before the run.
    """
    if person >= PEOPLE - DORMANT:
        return [LONG_AGO_ON]
    first = FIRST_ON + timedelta(weeks=person)
    gap = timedelta(days=20 + 30 * (person % 4))
    return [first + gap * n for n in range(1 + person % 3)]


@pytest.fixture(scope="module")
def eccube(tmp_path_factory) -> Shop:
    folder = tmp_path_factory.mktemp("eccube") / "kutsu"
    folder.mkdir()
    bought = sorted((day, person) for person in range(PEOPLE) for day in days_of_orders(person))
    rows = [
        row
        for number, (day, person) in enumerate(bought, start=1)
        for row in shop_files.eccube_order(
            number,
            at=f"{day:%Y-%m-%d} 10:{number % 60:02d}:00",
            member=str(person + 1),
            email=f"member{person + 1}@example.jp",
            goods=(("革靴", 8_000, 1), ("靴ひも", 500, 2)),
        )
    ]
    # A day that no calendar has: this order alone stays out, and is named.
    rows += shop_files.eccube_order(9999, at="2026-02-30 10:00:00")
    shop_files.write_csv(folder / "order_20261119.csv", shop_files.ECCUBE_ORDER_HEADERS, rows)
    members = [
        shop_files.eccube_member(
            person + 1, registered_at=f"{days_of_orders(person)[0]:%Y-%m-%d} 09:00:00"
        )
        for person in range(PEOPLE)
    ]
    shop_files.write_csv(
        folder / "customer_20261119.csv", shop_files.ECCUBE_MEMBER_HEADERS, members
    )
    report = shop_files.write_csv(folder / "カゴ落ちレポート.csv", *shop_files.shopserve_report())
    # A report without a date of its own is as old as its file.
    os.utime(report, (PRINTED_AT.timestamp(), PRINTED_AT.timestamp()))
    return Shop(folder, folder.parent / "data", "ja_JP.UTF-8").walk()


@pytest.fixture(scope="module")
def shopify(tmp_path_factory) -> Shop:
    folder = tmp_path_factory.mktemp("shopify") / "boots"
    folder.mkdir()
    bought = sorted((day, person) for person in range(PEOPLE) for day in days_of_orders(person))
    rows = [
        row
        for number, (day, person) in enumerate(bought, start=1001)
        for row in shop_files.shopify_order(
            number,
            at=f"{day:%Y-%m-%d} 10:{number % 60:02d}:00 +0100",
            email=f"buyer{person}@example.com",
            items=(("Boots", "79.50", 1), ("Laces", "5.00", 2)),
        )
    ]
    shop_files.write_csv(
        folder / "orders_export.csv", shop_files.SHOPIFY_ORDER_HEADERS, rows, encoding="utf-8"
    )
    return Shop(folder, folder.parent / "data", "en_GB.UTF-8").walk()


def test_a_row_that_cannot_be_read_is_named_with_file_row_and_column(eccube: Shop) -> None:
    row = 2 + 4 * sum(len(days_of_orders(person)) for person in range(PEOPLE))

    for said in (eccube.printed["check"], eccube.printed["run"]):
        line = next(line for line in said.splitlines() if "日付・時刻として読めません" in line)
        assert f"{row:,}" in line
        assert "受注日" in line


def test_check_shows_the_months_of_the_files(eccube: Shop) -> None:
    wanted = [day for person in range(PEOPLE) for day in days_of_orders(person)]
    in_march = sum(day.strftime("%Y/%m") == "2025/03" for day in wanted)

    # 8,000 and twice 500, each with 10 % tax.
    assert re.search(rf"2025/03 +{in_march} +{in_march * 9_900:,} ", eccube.printed["check"])
    assert "直すところ" not in eccube.printed["check"]


def test_the_recovery_table_comes_from_totals_and_says_so(eccube: Shop) -> None:
    said = eccube.printed["run"]

    title = next(line for line in said.splitlines() if "成果表" in line)
    assert "メール配信ツールの集計値" in title
    assert cells(said, "送信") == ["1,020", "614", "1,634"]
    assert cells(said, "開封")[:2] == ["58.6%", "50.0%"]
    assert cells(said, "クリック")[:2] == ["18.2%", "8.1%"]
    assert cells(said, "購入者")[:2] == ["26.6%", "16.0%"]
    assert cells(said, "受注金額（JPY）") == ["435,096", "467,693", "902,789"]


def test_the_audit_flags_the_first_mails_open_rate_and_nothing_else(eccube: Shop) -> None:
    flagged = [line for line in eccube.printed["run"].splitlines() if "どの分母でも" in line]

    (line,) = flagged
    assert "1通目" in line
    assert "開封率 59.80 %" in line
    assert "58.63 %" in line


def test_a_report_judged_at_once_is_judged_as_the_run_did(eccube: Shop) -> None:
    file = eccube.folder / "カゴ落ちレポート.csv"
    told = json.loads(eccube("audit", str(file), "--json", code=1))
    query = "select * from {} order by is_flagged desc, report_line, {}"
    published = {
        name: json.loads(
            eccube("sql", query.format(f"rpt_report_{table}", key), "--format", "json")
        )
        for name, table, key in (
            ("rates", "audit", "rate_key"),
            ("identities", "identities", "identity_key"),
        )
    }

    # Handed in on the screen it is another source's word, and so news.
    assert (told["rows_read"], told["rows_taken"]) == (2, 2)
    for name, rows in published.items():
        assert rows
        # Times and amounts are text in both, written differently.
        kept = [key for key in rows[0] if not key.endswith(("_at", "_value"))]
        assert [[row[key] for key in kept] for row in told[name]] == [
            [row[key] for key in kept] for row in rows
        ]


def cells(said: str, figure: str) -> list[str]:
    """The cells of one row of a printed table."""
    rows = [line for line in said.splitlines() if re.match(rf"│ {re.escape(figure)} +│", line)]
    (row,) = rows
    return [cell.strip() for cell in row.split("│")[2:-1]]


def second_orders_within(days: int) -> tuple[int, int]:
    """Who ordered again within so many days, of those who have had as long."""
    last = date.fromisoformat(AS_OF[:10])
    waited = [
        orders
        for orders in map(days_of_orders, range(PEOPLE))
        if orders[0] + timedelta(days=days) < last
    ]
    again = [o for o in waited if len(o) > 1 and (o[1] - o[0]).days <= days]
    return len(again), len(waited)


@pytest.mark.parametrize("name", ["eccube", "shopify"])
def test_repeat_rates_and_cohorts_are_those_of_the_files(name: str, request) -> None:
    said = request.getfixturevalue(name).printed["run"]
    again, waited = second_orders_within(30)
    first = sum(days_of_orders(p)[0].strftime("%Y/%m") == "2025/06" for p in range(PEOPLE))

    assert f"({again}/{waited}, " in said
    assert cells(said, "2025/06")[0] == str(first)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("eccube", ["カートの記録", "受注だけでは出せません", "7日後に最初の数字"]),
        ("shopify", ["needs carts", "orders alone cannot give it", "7 days later"]),
    ],
)
def test_a_run_says_what_the_abandonment_rate_needs_and_from_when(name, words, request) -> None:
    said = request.getfixturevalue(name).printed["run"]

    assert all(word in said for word in words)


def test_without_a_mailers_report_a_run_says_which_file_would_help(shopify: Shop) -> None:
    assert "No mail results yet" in shopify.printed["run"]
    assert "Recovery" not in shopify.printed["run"]


@pytest.mark.parametrize("name", ["eccube", "shopify"])
def test_no_line_of_a_table_is_wider_than_the_terminal(name: str, request) -> None:
    printed = request.getfixturevalue(name).printed
    lines = [line for said in printed.values() for line in said.splitlines()]
    drawn = [line for line in lines if "│" in line or "─" in line]

    assert drawn
    assert max(map(cell_len, drawn)) <= 80
    assert not any("…" in line for line in drawn)


@pytest.mark.parametrize("name", ["eccube", "shopify"])
def test_an_own_shop_meets_nothing_of_the_demo(name: str, request) -> None:
    shop = request.getfixturevalue(name)

    assert [path.name for path in shop.home.iterdir() if path.is_dir()] == [shop.folder.name]
    for said in (*shop.printed.values(), (shop.folder / "shop.yml").read_text("utf-8")):
        assert "demo" not in said.lower()


def test_without_consent_a_dry_run_says_who_why_not_and_what_to_bring(eccube: Shop) -> None:
    said = eccube("exports", "request", "winback", "--to", "people_excel")

    assert re.search(rf"同意なし {DORMANT}\b", said)
    assert not list((eccube.home / "kutsu").glob("outbox/**/*.csv"))
    # The run before it said how to bring consent.
    assert "メルマガの同意が分かる列またはCSV" in eccube.printed["run"].replace("\n", "")
