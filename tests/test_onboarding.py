"""The first hour of an own shop: what `init` drafts and `check` says, from files alone."""

import io
import json
import re
import string
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from pipelines import onboarding
from pipelines.onboarding import coverage, drafts, months, planner, preview, terminal, words
from pipelines.onboarding.answers import Question, collect
from pipelines.shop import StatusRow

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
    found = drafts.drafts(known)

    assert {draft.pattern: list(draft.files) for draft in found} == expected


def test_a_pattern_matches_on_disk_what_it_was_made_of(tmp_path: Path) -> None:
    names = ["a[1].csv", "a1.csv", "sub/order_1.csv", "order_1.csv", "x*y.csv"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    for draft in drafts.drafts([(name, f"m{i}") for i, name in enumerate(names)]):
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
    "arms", "share_bp", "goods", "total", "paid", "version", "true", "https", "y", "n", "_",
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

    shown = preview.preview("customers", frame)
    text = json.dumps(shown.rows, ensure_ascii=False)
    assert len(shown.rows) == 10
    assert "h***@e***" in text
    assert "山***" in text
    assert not re.search(r"hanako|example|山田|銀座|2-3", text)


def test_nothing_in_a_file_steers_the_terminal() -> None:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    terminal.line(console, "[bold]x[/bold]\x1b[31m")

    frame = pl.DataFrame({"order_id": ["ec:\x1b[31m1\n2"]})
    assert "[bold]x[/bold]" in console.file.getvalue()
    assert preview.preview("orders", frame).rows == (("ec:?[31m1?2",),)
