"""The first hour of an own shop: what `init` drafts and `check` says, from files alone."""

import ast
import io
import json
import re
import shutil
import string
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import jsonschema
import polars as pl
import pytest
import yaml
from rich.console import Console

from pipelines import onboarding, sources
from pipelines.canonical import TABLES
from pipelines.onboarding import (
    coverage,
    drafts,
    months,
    planner,
    preview,
    refusals,
    terminal,
    words,
)
from pipelines.onboarding.answers import Question, collect
from pipelines.settings import REPOSITORY, home_of
from pipelines.shop import StatusRow, load_shop
from tests import shop_files

# --- the planner: product page 2.2, no. 9 -------------------------------------------------------


def test_the_articles_shop_sees_three_points_with_half_held_out_in_ten_months() -> None:
    # 1,020 people in ten months, 3 % order: 2.8016 * sqrt(0.03 * 0.97 * (1/510 + 1/510)) = 0.0299
    difference = planner.detectable_difference(510, held_out=510, base_rate=0.03)

    assert round(difference * 100, 1) == 3.0


def test_the_plan_knows_when_a_shop_is_too_small() -> None:
    small = planner.plan(planner.Volume(180, 12))
    large = planner.plan(planner.Volume(60_000, 12, orderers=1_800))

    assert small is not None
    assert not small.is_measurable
    assert large is not None
    assert large.is_measurable
    assert large.best[0] == 5_000


def test_nobody_ordering_or_nobody_at_all_divides_by_nothing() -> None:
    assert planner.Volume(100, 0, orderers=0).base_rate == planner.USUAL_BASE_RATE
    assert planner.plan(planner.Volume(0, 12)) is None


# --- sources from file names --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([("order_20261101.csv", "a")], {"order_*.csv": ["order_20261101.csv"]}),
        (
            [("order_20261101.csv", "a"), ("order_2026-12-01.csv", "a")],
            {"order_*.csv": ["order_2026-12-01.csv", "order_20261101.csv"]},
        ),
        (
            [("f1.csv", "a"), ("f2.csv", "b")],
            {"f1.csv": ["f1.csv"], "f2.csv": ["f2.csv"]},
        ),
        (
            [("受注.csv", "a"), ("会員.csv", "b")],
            {"受注.csv": ["受注.csv"], "会員.csv": ["会員.csv"]},
        ),
        ([("20261101.csv", "a")], {"20261101.csv": ["20261101.csv"]}),
        ([("old/2025.csv.gz", "a")], {"old/2025.csv.gz": ["old/2025.csv.gz"]}),
        ([("a[1].csv", "a"), ("a1.csv", "b")], {"a[[]*].csv": ["a[1].csv"], "a1.csv": ["a1.csv"]}),
    ],
)
def test_a_pattern_catches_the_next_export_and_no_other_kind(known, expected) -> None:
    found = drafts.drafts([(name, drafts.Reading(mapping)) for name, mapping in known])

    assert {draft.pattern: list(draft.files) for draft in found} == expected


def test_a_pattern_matches_on_disk_what_it_was_made_of(tmp_path: Path) -> None:
    names = ["a[1].csv", "a1.csv", "sub/order_1.csv", "order_1.csv", "x*y.csv"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    for draft in drafts.drafts([(n, drafts.Reading(f"m{i}")) for i, n in enumerate(names)]):
        matched = {p.relative_to(tmp_path).as_posix() for p in tmp_path.glob(draft.pattern)}
        assert matched == set(draft.files)


# --- answers ------------------------------------------------------------------------------------


def test_without_a_terminal_every_question_has_a_safe_default() -> None:
    answers = collect({}, folder_name="My Shop", ask=None, language="en")

    assert (answers.name, answers.id) == ("My Shop", "my-shop")
    assert (answers.holdout_percent, answers.shop_sends_cart_mails) == (0, False)
    assert answers.stop_url == ""


@pytest.mark.parametrize("name", ["demo", "店", "", "..", "-"])
def test_an_id_is_never_the_demos_and_never_leaves_the_folder(name: str) -> None:
    assert collect({}, folder_name=name, ask=None, language="en").id == "my-shop"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "Kutsu"),
        ("id", "demo"),
        ("stop_url", "shop.example"),
        ("holdout_percent", 51),
        ("holdout_percent", "a few"),
        ("shop_sends_cart_mails", "perhaps"),
        ("name", " "),
        ("colour", "red"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(onboarding.OnboardingRefused, match=key):
        collect({key: value}, folder_name="shop", ask=None, language="en")


def test_a_wrong_answer_is_asked_again_with_the_reason() -> None:
    typed = iter(["靴の店", "くつ", "kutsu", "", "", "", "", "", "60", "10"])
    asked: list[tuple[str, str, str]] = []

    def ask(question: Question, default: str, complaint: str) -> str:
        asked.append((question.key, default, complaint))
        return next(typed)

    answers = collect({}, folder_name="靴", ask=ask, language="ja")

    assert (answers.id, answers.name, answers.holdout_percent) == ("kutsu", "靴の店", 10)
    assert ("id", "my-shop", "wrong_id") in asked
    assert ("holdout_percent", "0", "wrong_percent") in asked


# --- words --------------------------------------------------------------------------------------

LATIN_IN_JAPANESE = {
    "CSV", "PDF", "URL", "ID", "DB", "API", "GA4", "YAML", "PC", "RFM", "F2", "shop", "yml",
    "sources", "files", "order_status_map", "okaeri", "init", "check", "run", "docs", "mappings",
    "md", "schema", "json", "country", "contract", "basis", "state", "is_sale", "is_holdout",
    "access", "arms", "share_bp", "goods", "demo", "total", "paid", "version", "true", "https", "y", "n", "_",
}  # fmt: skip


def test_every_sentence_stands_in_both_languages_with_the_same_values() -> None:
    for key, (japanese, english) in words.PAIRS.items():
        assert japanese.strip(), key
        assert english.strip(), key
        assert fields(japanese) == fields(english), key
        assert not re.search(r"[぀-ヿ一-鿿]", english.replace("委託", "")), key


def test_japanese_sentences_hold_no_english_but_names() -> None:
    for key, (japanese, _) in words.PAIRS.items():
        plain = re.sub(r"\{[^}]*\}", "", re.sub(r"--?[a-z]+", "", japanese))
        found = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", plain))
        assert found <= LATIN_IN_JAPANESE, (key, found - LATIN_IN_JAPANESE)


def fields(sentence: str) -> set[str]:
    """Names of the values a sentence takes."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_asked_for_exists() -> None:
    code = "".join(
        p.read_text(encoding="utf-8")
        for p in sorted(Path(onboarding.__file__).parent.glob("*.py"))
        if p.name != "words.py"
    )

    used = set(re.findall(r'say\("([a-z_0-9]+)"', code))
    assert used
    assert used <= set(words.PAIRS)
    for figure in coverage.FIGURES:
        assert {figure.page, figure.key, f"cure_{figure.key.removeprefix('figure_')}"} <= set(
            words.PAIRS
        )


# --- what the pages show ------------------------------------------------------------------------


def entity(table: str, *, support: str = "full", rows: int = 3) -> coverage.Entity:
    """An entity seen from April to June 2026."""
    return coverage.Entity(table, rows, support, date(2026, 4, 1), date(2026, 6, 30))


def pages(*entities: coverage.Entity) -> dict[str, coverage.Shown]:
    """Shown figures by key."""
    found = coverage.coverage(coverage.together(entities), has_holdout=False)
    return {shown.figure: shown for shown in found}


def test_orders_alone_show_cohorts_and_never_an_abandonment_rate() -> None:
    found = pages(entity("orders"))

    assert (found["figure_cohorts"].state, found["figure_cohorts"].since) == (
        "shown",
        date(2026, 4, 1),
    )
    assert found["figure_abandonment"].state == "lacking"
    assert found["figure_abandonment"].cure == "cure_abandonment"


def test_snapshots_and_totals_show_a_part_and_say_why() -> None:
    found = pages(entity("carts", support="snapshot"), entity("mail_results_summary"))

    assert found["figure_abandonment"].note == "note_snapshots"
    assert found["figure_results"].note == "note_totals"
    assert found["figure_time_to_order"].state == "lacking"


def test_an_empty_or_declared_absent_table_is_lacking() -> None:
    found = pages(entity("orders", rows=0), entity("events", support="none"))

    assert {found[k].state for k in ("figure_cohorts", "figure_motivation")} == {"lacking"}


def test_the_better_source_of_two_counts_and_the_longer_time() -> None:
    late = coverage.Entity("orders", 1, "partial", date(2026, 7, 1), date(2026, 8, 1))
    both = coverage.together([entity("orders"), late])["orders"]

    assert (both.support, both.first_on, both.last_on) == (
        "full",
        date(2026, 4, 1),
        date(2026, 8, 1),
    )


# --- months -------------------------------------------------------------------------------------

STATUSES = months.status_frame(
    [
        StatusRow("ec", "1", "placed", is_sale=True),
        StatusRow("ec", "3", "cancelled", is_sale=False),
    ],
    [],
)


def utc(*parts: int) -> datetime:
    """An instant as it lies in a table: UTC without zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def orders(*rows: dict[str, object]) -> pl.DataFrame:
    """Orders with what a test does not say filled in."""
    base = {
        "source_key": "ec",
        "source_status": "1",
        "currency": "JPY",
        "goods_amount": Decimal(1_000),
        "total_amount": Decimal(1_500),
        "refunded_amount": Decimal(0),
        "email": None,
        "ordered_at": utc(2026, 5, 10),
    }
    return pl.DataFrame(
        [{**base, "order_id": f"ec:{i}", **row} for i, row in enumerate(rows)],
        schema=months.ORDERS,
    )


def test_a_month_ends_at_midnight_of_the_shops_zone() -> None:
    frame = orders(
        {"ordered_at": utc(2026, 4, 30, 14, 59, 59)}, {"ordered_at": utc(2026, 4, 30, 15)}
    )

    found = months.months(frame, STATUSES, zone="Asia/Tokyo")
    assert [(m.month, m.order_count) for m in found] == [
        (date(2026, 4, 1), 1),
        (date(2026, 5, 1), 1),
    ]


def test_cancelled_orders_and_unknown_statuses_are_no_revenue() -> None:
    frame = orders({}, {"source_status": "3"}, {"source_status": "99"}, {"source_status": "99"})

    (month,) = months.months(frame, STATUSES, zone="Asia/Tokyo")
    assert (month.order_count, month.goods_amount, month.not_sale_count) == (1, Decimal(1_000), 3)
    (still_open,) = months.open_statuses(frame, STATUSES)
    assert (still_open.status, still_open.order_count) == ("99", 2)


def test_currencies_are_never_added_and_an_empty_amount_is_counted() -> None:
    frame = orders({}, {"currency": "USD"}, {"goods_amount": None, "total_amount": None})

    found = months.months(frame, STATUSES, zone="Asia/Tokyo")
    assert [(m.currency, m.order_count, m.unknown_amount_count) for m in found] == [
        ("JPY", 2, 1),
        ("USD", 1, 0),
    ]


def test_an_order_that_two_files_name_counts_once_as_the_later_file_says() -> None:
    first = orders({"order_id": "ec:1", "total_amount": Decimal(1)})
    second = orders({"order_id": "ec:1", "total_amount": Decimal(2)})

    assert months.orders_of([first, second])["total_amount"].to_list() == [Decimal(2)]
    assert months.orders_of([]).height == 0


def test_own_and_test_addresses_are_left_out_however_they_are_spelt() -> None:
    frame = orders(
        {"email": "Test@Shop.JP "}, {"email": "a@own.jp"}, {"email": "b@mail.jp"}, {"email": None}
    )

    left = months.without_addresses(frame, ["test@shop.jp", "own.jp"])
    assert left["email"].to_list() == ["b@mail.jp", None]


# --- masked rows --------------------------------------------------------------------------------


def test_a_preview_shows_the_shape_of_a_person_and_nobody() -> None:
    frame = pl.DataFrame(
        {
            "customer_id": [f"ec:{i}" for i in range(12)],
            "is_member": [True] * 12,
            "email": [f"hanako{i}@example.jp" for i in range(12)],
            "last_name": ["山田"] * 6 + ["佐藤"] * 6,
            "address_line": [f"銀座{i}-2-3" for i in range(12)],
            "birth_month": list(range(1, 13)),
        }
    )

    shown = preview.preview("customers", frame, zone="Asia/Tokyo")
    text = json.dumps(shown.rows, ensure_ascii=False)
    assert len(shown.rows) == 10
    assert "h***@e***" in text
    assert "山***" in text
    assert not re.search(r"hanako|example|山田|銀座|2-3", text)


def test_what_a_preview_prefers_are_columns_of_the_table() -> None:
    for table, columns in preview.TELLING.items():
        assert set(columns) <= {column.name for column in TABLES[table].mapped}, table


def test_nothing_in_a_file_steers_the_terminal() -> None:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    terminal.line(console, "[bold]x[/bold]\x1b[31m")

    frame = pl.DataFrame({"order_id": ["ec:\x1b[31m1\n2"]})
    assert "[bold]x[/bold]" in console.file.getvalue()
    assert preview.preview("orders", frame, zone="UTC").rows == (("ec:?[31m1?2",),)


# --- an own shop, from its files alone ------------------------------------------------------------


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("OKAERI_LANG", "ja")
    monkeypatch.delenv("OKAERI_PEPPER", raising=False)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what an EC-CUBE shop with a hosted mailer has at hand; not to be changed."""
    folder = tmp_path_factory.mktemp("exports") / "kutsu"
    folder.mkdir()
    orders = [
        *shop_files.eccube_order(1, at="2026-09-30 23:59:59", member="11"),
        *shop_files.eccube_order(2, at="2026-10-01 00:00:00", goods=[("革靴", 8_000, 1), ("紐", 500, 2)]),
        *shop_files.eccube_order(3, at="2026-10-05 12:00:00", coupon=800, points=300, member="11"),
        *shop_files.eccube_order(4, at="2026-10-06 12:00:00", status="3"),
        *shop_files.eccube_order(5, at="2026-10-07 12:00:00", status="10"),
        *shop_files.eccube_order(6, at="2026-10-08 12:00:00", email="test@kutsu.example"),
    ]  # fmt: skip
    shop_files.write_csv(folder / "受注_20261101.csv", shop_files.ECCUBE_ORDER_HEADERS, orders)
    shop_files.write_csv(
        folder / "会員.csv",
        shop_files.ECCUBE_MEMBER_HEADERS,
        [
            shop_files.eccube_member(11, registered_at="2026-05-01 10:00:00"),
            shop_files.eccube_member(12, registered_at="2026-06-01 10:00:00"),
            shop_files.eccube_member(13, registered_at="きのう"),
        ],
    )
    shop_files.write_csv(folder / "カゴ落ち成果.csv", *shop_files.shopserve_report())
    shop_files.write_csv(folder / "在庫メモ.csv", ["棚", "数"], [["A", "1"]])
    return folder


@pytest.fixture
def eccube(exports: Path, tmp_path: Path) -> Path:
    """The same folder for one test alone."""
    return Path(shutil.copytree(exports, tmp_path / "kutsu"))


@dataclass(frozen=True)
class Drafted:
    """A folder after `init` and `check`, with what they printed."""

    folder: Path
    init_printed: str
    check_code: int
    check_printed: str
    report: onboarding.CheckReport

    @property
    def file(self) -> Path:
        """The shop.yml."""
        return self.folder / "shop.yml"


@pytest.fixture(scope="module")
def drafted(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Drafted:
    """The folder drafted and checked once, for all tests that only look."""
    folder = Path(shutil.copytree(exports, tmp_path_factory.mktemp("drafted") / "kutsu"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OKAERI_HOME", str(folder.parent / "data"))
        patched.setenv("OKAERI_LANG", "ja")
        patched.delenv("OKAERI_PEPPER", raising=False)
        printed = run_init(folder)
        code, checked = run_check(folder / "shop.yml")
        report = onboarding.check_shop(load_shop(folder / "shop.yml"))
    return Drafted(folder, printed, code, checked, report)


@pytest.fixture
def own(drafted: Drafted, tmp_path: Path) -> Path:
    """The drafted folder for one test that changes it."""
    return Path(shutil.copytree(drafted.folder, tmp_path / "kutsu"))


def run_init(folder: Path, **answers: object) -> str:
    """What `init` prints while it writes the shop.yml without asking."""
    console = Console(file=io.StringIO(), width=200, color_system=None)
    onboarding.init(folder, answers=answers, interactive=False, console=console)
    return console.file.getvalue()


def run_check(shop_file: Path) -> tuple[int, str]:
    """Exit code and print of `check`."""
    console = Console(file=io.StringIO(), width=200, color_system=None)
    code = onboarding.check(load_shop(shop_file), console=console)
    return code, console.file.getvalue()


def check_data(shop_file: Path) -> dict[str, object]:
    """The check as `--json` gives it."""
    console = Console(file=io.StringIO(), width=200, color_system=None)
    onboarding.check(load_shop(shop_file), console=console, as_json=True)
    return json.loads(console.file.getvalue())


def test_init_names_every_file_and_writes_a_shop_that_loads(drafted: Drafted) -> None:
    printed, shop = drafted.init_printed, load_shop(drafted.file)

    assert re.search(r"受注_20261101\.csv → EC-CUBE 受注CSV（cp932、21行）\d+/70列", printed)
    assert re.search(r"会員\.csv → EC-CUBE 会員CSV（cp932、3行）", printed)
    assert "在庫メモ.csv → 対応する形式が見つかりません" in printed
    assert (shop.id, shop.currency, shop.timezone, shop.locale) == (
        "kutsu",
        "JPY",
        "Asia/Tokyo",
        "ja",
    )
    assert {source.mapping: source.files for source in shop.sources} == {
        "eccube_orders_csv": "受注_*.csv",
        "eccube_customers_csv": "会員.csv",
        "shopserve_report_csv": "カゴ落ち成果.csv",
    }
    assert [c.key for c in shop.campaigns] == ["cart_recovery", "second_purchase", "winback"]
    assert [a.share_bp for a in shop.campaign("cart_recovery").arms] == [10_000]


@pytest.mark.parametrize(
    ("language", "domain", "told"),
    [
        ("ja", "example.jp", "個人も見て、配信リストを書き出す"),
        ("en", "example.com", "also sees single people"),
    ],
)
def test_the_people_of_the_written_file_are_valid_once_uncommented(
    exports: Path, tmp_path: Path, language: str, domain: str, told: str
) -> None:
    text = onboarding.propose(exports, language=language).text
    file = tmp_path / "shop.yml"
    file.write_text(text, encoding="utf-8")
    assert load_shop(file).people == ()
    block = text[text.index("# people:") :]
    assert told in block

    uncommented = re.sub(r"^# ", "", block, flags=re.MULTILINE)
    file.write_text(text.replace(block, uncommented), encoding="utf-8")

    people = load_shop(file).people
    assert [(one.email, one.role) for one in people] == [
        (f"hanako@{domain}", "viewer"), (f"taro@{domain}", "exporter"), (f"yoko@{domain}", "admin"),
    ]  # fmt: skip
    schema = json.loads((REPOSITORY / "docs" / "shop.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(
        yaml.safe_load(file.read_text(encoding="utf-8"))
    )


def test_init_makes_the_secret_key_and_says_to_keep_a_copy(eccube: Path) -> None:
    printed = run_init(eccube, id="kutsu-ya")
    key = home_of("kutsu-ya").path / "pepper.key"

    assert key.stat().st_mode & 0o777 == 0o600
    assert str(key) in printed
    assert "控えを安全な場所に保管" in printed
    assert key.read_text().strip() not in printed + (eccube / "shop.yml").read_text("utf-8")


def test_init_plans_the_holdout_from_the_shops_own_report(drafted: Drafted) -> None:
    printed = drafted.init_printed

    # 1,020 people in ten months, 33 orderers: 102 a month, 3.2 %; the half of 1,224 in a year
    # sees 2.8016 * sqrt(0.03235 * 0.96765 * (1/612 + 1/612)) = 2.83 points.
    assert "月102人、購入率 3.2%" in printed
    assert "50%に送らない場合、12か月で見分けられる最小の差: 2.8ポイント" in printed


def test_answers_stand_in_the_file_and_a_mailing_shop_system_is_not_doubled(eccube: Path) -> None:
    run_init(
        eccube,
        name='くつ: "の" 店 #1',
        id="kutsu-ya",
        sender_name="くつの店",
        sender_address="札幌市中央区1-2",
        stop_url="https://kutsu.example/stop",
        contact="011-000-0000",
        shop_sends_cart_mails=True,
        holdout_percent=10,
    )
    shop = load_shop(eccube / "shop.yml")

    assert (shop.name, shop.id, shop.sender.lacks) == ('くつ: "の" 店 #1', "kutsu-ya", ())
    cart = shop.campaign("cart_recovery")
    assert not cart.is_active
    assert [(a.key, a.share_bp, a.is_holdout) for a in cart.arms] == [
        ("send", 9_000, False),
        ("holdout", 1_000, True),
    ]


def test_init_asks_on_a_terminal_and_says_why_it_asks_again(
    eccube: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = ["靴の店", "kutsu ya", "kutsu-ya", "", "札幌市", "kutsu.example", "", "", "はい"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(typed) + "\n"))
    console = Console(file=io.StringIO(), width=200, color_system=None)

    written = onboarding.init(eccube, answers=None, interactive=True, console=console)

    shop = load_shop(written)
    printed = console.file.getvalue()
    assert (shop.name, shop.id, shop.sender.name) == ("靴の店", "kutsu-ya", "靴の店")
    assert shop.sender.lacks == ("sender.stop_url", "sender.contact")
    assert not shop.campaign("cart_recovery").is_active
    assert printed.count("使えない値です") == 2
    # The input ended before the last question, whose default is to hold nobody back.
    assert [arm.share_bp for arm in shop.campaign("cart_recovery").arms] == [10_000]


def test_init_overwrites_nothing_and_leaves_nothing_half_written(eccube: Path) -> None:
    (eccube / "shop.yml").write_text("mine", encoding="utf-8")
    with pytest.raises(onboarding.OnboardingRefused, match="上書きはしません"):
        run_init(eccube)
    (eccube / "shop.yml").unlink()
    with pytest.raises(onboarding.OnboardingRefused, match="id"):
        run_init(eccube, id="Not An Id")

    assert [p.name for p in eccube.iterdir() if "shop" in p.name] == []


def test_a_folder_nobody_may_write_to_is_refused_with_a_way_out(eccube: Path) -> None:
    (eccube / ".shop.yml.new").mkdir()

    with pytest.raises(onboarding.OnboardingRefused, match="書けません"):
        run_init(eccube)
    assert not (eccube / "shop.yml").exists()


@pytest.mark.parametrize("name", ["nowhere", "orders.csv"])
def test_what_is_no_folder_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "orders.csv").write_text("a,b\n")

    with pytest.raises(onboarding.OnboardingRefused, match=f"{name} というフォルダーがありません"):
        run_init(tmp_path / name)


def test_a_folder_without_a_known_file_is_refused_with_what_to_put_there(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.csv").write_text("x,y\n1,2\n", encoding="utf-8")

    with pytest.raises(onboarding.OnboardingRefused, match="受注CSV"):
        run_init(tmp_path / "notes")


def test_check_shows_the_months_as_the_shops_screen_does(own: Path) -> None:
    shop_file = own / "shop.yml"
    text = shop_file.read_text("utf-8")
    shop_file.write_text(
        text.replace("excluded_addresses: []", "excluded_addresses: [test@kutsu.example]"), "utf-8"
    )
    report = onboarding.check_shop(load_shop(shop_file))

    # By hand: 8,000 + 10 % = 8,800; order 2 adds 2 laces at 550; order 3 takes 800 off, and 300
    # points that are money all the same. Order 4 is cancelled, 5 of unknown status, 6 our own.
    september, october = report.months
    assert (september.month, september.order_count) == (date(2026, 9, 1), 1)
    assert (september.goods_amount, september.total_amount) == (Decimal(8_800), Decimal(9_730))
    assert (october.month, october.order_count, october.not_sale_count) == (
        date(2026, 10, 1),
        2,
        2,
    )
    assert october.goods_amount == Decimal(9_900 + 8_000)


def test_check_asks_for_the_meaning_of_an_unknown_status_and_takes_the_answer(
    own: Path, drafted: Drafted
) -> None:
    shop_file = own / "shop.yml"
    assert drafted.check_code == 1
    assert "受注状態「10」（1件）の意味が決まっていません" in drafted.check_printed
    draft = shop_file.read_text("utf-8")
    assert re.search(r'# \{source: "eccube_orders_csv", status: "10"', draft)

    shop_file.write_text(draft.replace("  # {source", "  {source"), "utf-8")
    code, printed = run_check(shop_file)
    assert code == 0
    assert "問題はありません" in printed


def test_check_says_what_the_pages_will_show_and_lack(drafted: Drafted) -> None:
    shown = {page.figure: page for page in drafted.report.pages}

    assert (shown["figure_cohorts"].state, shown["figure_cohorts"].since) == (
        "shown",
        date(2026, 9, 30),
    )
    assert (shown["figure_results"].note, shown["figure_results"].since) == (
        "note_totals",
        date(2026, 1, 1),
    )
    assert shown["figure_mailable"].note == "note_no_consent"
    assert shown["figure_abandonment"].state == "lacking"
    assert "受注だけでは計算できません" in drafted.check_printed
    assert "2026/09/30" in drafted.check_printed


def test_check_conserves_rows_and_shows_each_rejected_one_without_its_value(
    drafted: Drafted,
) -> None:
    members = next(s for s in drafted.report.sources if s.key == "eccube_customers_csv").files[0]
    (table,) = members.tables
    (reject,) = members.rejects

    assert (table.rows_read, table.taken, table.rejected) == (3, 2, 1)
    assert table.rows_read == table.taken + table.rejected + table.duplicates
    assert (reject.row_no, reject.column) == (4, "登録日")
    assert "取り込めない行が 1行あります" in drafted.check_printed
    assert "きのう" not in drafted.check_printed


def test_no_personal_value_is_printed(drafted: Drafted) -> None:
    printed = drafted.init_printed + drafted.check_printed
    data = json.dumps(check_data(drafted.file), ensure_ascii=False)

    for secret in ("髙橋", "花子", "タカハシ", "山田", "buyer1", "example.jp", "0312345678", "札幌市", "0600000"):  # fmt: skip
        assert secret not in printed + data


def test_a_source_without_files_and_a_broken_file_are_errors_with_a_cure(own: Path) -> None:
    (own / "会員.csv").rename(own / "members.csv")
    whole = (own / "受注_20261101.csv").read_bytes()
    (own / "受注_20261101.csv").write_bytes(b"sep=,\r\n" + whole)
    code, printed = run_check(own / "shop.yml")

    assert code == 1
    assert "「会員.csv」に合うファイルがありません" in printed
    assert "受注_20261101.csv → 読めません" in printed


def test_a_mapping_that_does_not_exist_is_a_mistake_of_configuration(own: Path) -> None:
    shop_file = own / "shop.yml"
    text = shop_file.read_text("utf-8")
    shop_file.write_text(text.replace('mapping: "eccube_c', 'mapping: "no_c'), "utf-8")

    code, printed = run_check(shop_file)
    assert code == 2
    assert "no_customers_csv" in printed


def test_a_shopify_shop_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKAERI_LANG", "en")
    folder = tmp_path / "boots"
    folder.mkdir()
    rows = [
        *shop_files.shopify_order(1001, at="2026-05-14 11:23:45 +0100"),
        *shop_files.shopify_order(
            1002,
            at="2026-06-01 00:30:00 +0100",
            items=[("Boots", "89.50", 1), ("Laces", "4.25", 2)],
            subtotal="98.00",
            total="108.00",
        ),
        *shop_files.shopify_order(1003, at="2026-06-02 10:00:00 +0100", status="voided"),
    ]
    shop_files.write_csv(
        folder / "orders_export_1.csv",
        shop_files.SHOPIFY_ORDER_HEADERS,
        rows,
        encoding="utf-8",
        newline="\n",
    )
    printed = run_init(folder, stop_url="https://boots.example/stop")
    shop = load_shop(folder / "shop.yml")
    code, checked = run_check(folder / "shop.yml")
    report = onboarding.check_shop(shop)

    assert "orders_export_1.csv → Shopify order CSV (utf-8, 4 rows)" in printed
    assert (shop.currency, shop.timezone, shop.sources[0].files) == (
        "GBP",
        "Europe/London",
        "orders_export_*.csv",
    )
    assert "A guess: please check" in (folder / "shop.yml").read_text("utf-8")
    assert [(m.month, m.order_count, m.goods_amount, m.not_sale_count) for m in report.months] == [
        (date(2026, 5, 1), 1, Decimal("89.50"), 0),
        (date(2026, 6, 1), 1, Decimal("98.00"), 1),
    ]
    assert [file.rejected for source in report.sources for file in source.files] == [0]
    assert code == 0
    assert "Nothing is wrong. Next: okaeri run" in checked
    assert not re.search(r"[぀-ヿ一-鿿]", printed + checked)


def test_a_tab_separated_or_wide_file_is_read_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    rows = [shop_files.eccube_member(11, registered_at="2026-05-01 10:00:00")]
    plain = shop_files.write_csv(folder / "a.csv", shop_files.ECCUBE_MEMBER_HEADERS, rows)
    text = plain.read_bytes().decode("cp932")
    (folder / "b.csv").write_bytes(text.replace(",", "\t").encode())
    (folder / "c.csv").write_bytes(text.encode("utf-16"))

    run_init(folder)
    shop = load_shop(folder / "shop.yml")
    report = onboarding.check_shop(shop)

    assert {source.files: (source.encoding, source.delimiter) for source in shop.sources} == {
        "a.csv": (None, None),
        "b.csv": (None, "\t"),
        "c.csv": ("utf-16", None),
    }
    assert [f.tables[0].taken for source in report.sources for f in source.files] == [1, 1, 1]


def test_the_json_of_a_check_is_exact_and_complete(drafted: Drafted) -> None:
    data = check_data(drafted.file)

    assert data["exit_code"] == 1
    months_found = data["months"]
    assert isinstance(months_found, list)
    assert months_found[0]["goods_amount"] == "8800.0000"
    assert {"sources", "pages", "findings", "open_statuses"} <= set(data)


EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*/shop.yml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_every_example_shop_loads_and_names_mappings_that_exist(file: Path) -> None:
    shop = load_shop(file)

    assert shop.sources
    for source in shop.sources:
        assert sources.load_mapping(source.mapping, shop.folder).tables
    for destination in shop.destinations:
        assert destination.lacks == ()
    assert [p for p in file.parent.iterdir() if p.suffix not in {".yml", ".md"}] == []


def test_there_is_an_example_for_each_of_the_first_shop_systems() -> None:
    assert {"eccube", "shopify"} <= {file.parent.name for file in EXAMPLES}


# --- refusals in the reader's language ----------------------------------------------------------


def test_every_refusal_of_a_file_has_its_japanese() -> None:
    known = set(refusals.JAPANESE)
    said = {
        sentence
        for file in (REPOSITORY / "pipelines" / "sources").glob("*.py")
        for sentence in _refusals(file.read_text(encoding="utf-8"))
    }

    assert len(said) > 50
    assert said - known == set()


def _refusals(source: str) -> set[str]:
    """Reasons and cures of every refusal in a module, `{}` for what the file decides."""
    tree = ast.parse(source)
    named = {
        node.target.id: node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }

    def text(node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return text(named[node.id])
        if isinstance(node, ast.JoinedStr):
            return "".join(map(text, node.values))
        if isinstance(node, ast.FormattedValue):
            is_constant = isinstance(node.value, ast.Name) and node.value.id in named
            return text(node.value) if is_constant else "{}"
        assert isinstance(node, ast.Constant)
        return str(node.value)

    return {
        text(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Refused")
        for argument in node.args[1:3]
    }


def test_a_refusal_names_row_and_column_in_both_languages() -> None:
    refusal = sources.FileRefused(
        "order.csv", "headers are missing: 受注日, 合計", "Export it again.", 1, "受注日"
    )

    assert refusals.told(refusal, "ja") == (
        "必要な見出しがありません: 受注日, 合計（1行目、列「受注日」）。もう一度書き出してください。"
    )
    assert refusals.told(refusal, "en") == (
        "headers are missing: 受注日, 合計 (row 1, column 受注日). Export it again."
    )


def test_check_says_what_a_run_would_refuse_before_it_is_run(tmp_path: Path) -> None:
    folder = tmp_path / "ahead"
    folder.mkdir()
    rows = [
        *shop_files.eccube_order(1, at="2026-05-01 10:00:00"),
        *shop_files.eccube_order(2, at="2099-05-01 10:00:00"),
    ]
    shop_files.write_csv(folder / "orders.csv", shop_files.ECCUBE_ORDER_HEADERS, rows)
    run_init(folder)

    report = onboarding.check_shop(load_shop(folder / "shop.yml"))
    _, printed = run_check(folder / "shop.yml")

    found = [f for f in report.findings if f.words.startswith("breach_")]
    assert [(f.level, dict(f.values)["table"], dict(f.values)["rows"]) for f in found] == [
        ("warning", "orders", "1")
    ]
    assert "orders.csv: orders の 1行は取り込まれません" in printed
    assert not (home_of("ahead").path / "landing").exists(), "a check lands nothing"


def test_check_warns_of_a_table_that_loses_most_of_its_rows(tmp_path: Path) -> None:
    folder = tmp_path / "lost"
    folder.mkdir()
    rows = [
        shop_files.eccube_member(number, registered_at=at)
        for number, at in enumerate(["2026-05-01 10:00:00", "soon", "later"], start=11)
    ]
    shop_files.write_csv(folder / "members.csv", shop_files.ECCUBE_MEMBER_HEADERS, rows)
    run_init(folder)

    report = onboarding.check_shop(load_shop(folder / "shop.yml"))

    lost = [dict(f.values) for f in report.findings if f.words == "mostly_rejected"]
    assert [(one["rows"], one["of_rows"]) for one in lost] == [("2", "3")]


def test_the_shops_own_plan_for_a_trial_is_shown_once_it_is_published(tmp_path):
    from pipelines.onboarding.trial import Trial, published_trial
    from pipelines.settings import Home

    home = Home(tmp_path / "tea")
    assert published_trial(home, "tea") is None
    rows = [
        # Share, months, difference, measurable: 20 % answers in 6 months, 50 % already in 5.
        (2000, 6, 0.010, True), (5000, 5, 0.0098, True), (5000, 24, 0.004, True),
        (1000, 24, 0.02, False),
    ]  # fmt: skip
    publish_plan(home, rows)
    assert published_trial(home, "tea") == Trial(5000, 5, 0.0098, is_measurable=True)
    publish_plan(home, [(1000, 24, 0.05, False), (5000, 24, 0.03, False), (5000, 1, 0.2, False)])
    assert published_trial(home, "tea") == Trial(5000, 24, 0.03, is_measurable=False)
    assert published_trial(home, "other") is None


def publish_plan(home, rows):
    """A published file that holds this plan alone."""
    import hashlib
    import json

    import duckdb

    home.published.mkdir(parents=True, exist_ok=True)
    number = len(list(home.published.glob("*.duckdb")))
    file = home.published / f"snap-{number}.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table rpt_experiment_plan (shop_id varchar, holdout_share_bp bigint,"
            " month_count bigint, minimum_detectable_effect double, is_measurable boolean)"
        )
        for row in rows:
            connection.execute("insert into rpt_experiment_plan values ('tea', ?, ?, ?, ?)", row)
    pointer = {
        "snapshot_id": file.stem, "file": file.name, "private_file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "private_sha256": "x",
        "shop_id": "tea", "is_demo": False, "bytes": file.stat().st_size, "tables": {},
        "previous": [], "as_of_at": "2026-11-10T03:00:00Z", "settings_version": "1",
        "code_version": "1",
    }  # fmt: skip
    (home.published / "CURRENT.json").write_text(json.dumps(pointer))
