"""Every sentence in both languages; every number as it is written in Japan."""

import datetime as dt
import importlib
import re
import string
from decimal import Decimal
from pathlib import Path

import pytest

from dashboards.sentences import LATIN_IN_JAPANESE, PAIRS
from dashboards.snapshot import Difference, Rate
from dashboards.text import Words
from pipelines.settings import REPOSITORY

JA = Words("ja")
EN = Words("en")
SOURCES = sorted((REPOSITORY / "dashboards").rglob("*.py"))
# Keys built from data or a choice, by what they begin with.
GROUPS = (
    "segments.",
    "builder.",
    "exports.",
    "contract.",
    "entity.",
    "health.",
    "rejected.",
    "reject.",
    "column.",
    "screen.",
    "run.",
    "data_health.",
    "goods.",
    "merchandising.",
    "customers.",
    "phase.",
    "recency.",
    "frequency.",
    "group.",
    "band.",
    "order_band.",
    "retention.",
    "status.",
    "restated.",
    "window.",
    "maturity.",
    "bridge.",
    "products.",
    "stock.",
    "checkout.",
    "errors.",
    "field.",
    "clock.",
    "times.",
    "rules.",
    "rule.",
    "delays.",
    "metric.",
    "against.",
    "verdict.",
    "check.",
    "basis.",
    "arms.",
    "plan.",
    "experiment.",
    "state.",
    "reason.",
    "reach.",
    "value.",
    "dimension.",
    "variant.",
    "unit.",
    "show.",
    "grain.",
    "figure.",
    "family.",
    "measure.",
    "audit.",
    "denominator.",
    "role.",
    "person.block",
    "person.lift.",
    "person.wish.",
    "person.by.",
    "person.head.",
    "person.last.",
    "person.kind.",
    "person.order.",
    "person.cart.",
    "person.cart_left.",
    "person.hand_off.",
    "person.consent.",
    "person.purpose.",
    "person.stop.",
    "person.channel.",
    "person.basis.",
    "person.ended.",
    "source.",
    "page.",
    "band.",
    "empty.",
    "access.",
    "rate.",
    "report.",
    "request.",
    "entity.",
    "said.",
    "stuck.",
    "data.",
    "lists.",
    "filter.",
    "overview.view.",
    "overview.lists.",
    "overview.sentence.",
    "cart_recovery.tab.",
    "cart.bar.",
    "cart.rate.",
    "cohort.because.",
    "cohort.table.",
    "cohort.chart.",
)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_pair_has_both_languages_with_the_same_places() -> None:
    broken = [
        key
        for key, (japanese, english) in PAIRS.items()
        if not japanese.strip() or not english.strip() or places(japanese) != places(english)
    ]

    assert broken == []


def test_japanese_holds_no_latin_but_the_trades_own() -> None:
    bare = {key: re.sub(r"`[^`]*`|\{[^}]*\}", " ", pair[0]) for key, pair in PAIRS.items()}
    found = {
        key: set(re.findall(r"[A-Za-z]+\d*", text)) - LATIN_IN_JAPANESE
        for key, text in bare.items()
    }

    assert {key: words for key, words in found.items() if words} == {}


def test_no_sentence_is_written_in_two_modules() -> None:
    modules = [
        importlib.import_module(f"dashboards.sentences.{path.stem}")
        for path in SOURCES
        if path.parent.name == "sentences" and path.stem != "__init__"
    ]

    assert len(modules) > 5
    assert len(PAIRS) == sum(len(module.PAIRS) for module in modules)


def test_english_holds_no_japanese() -> None:
    assert [key for key, pair in PAIRS.items() if re.search(r"[぀-ヿ一-鿿]", pair[1])] == []


def literal_keys(path: Path) -> set[str]:
    """Keys a file asks for by their full name."""
    return set(
        re.findall(r"words(?:\.raw)?\(\s*\"([a-z0-9_.]+)\"", path.read_text(encoding="utf-8"))
    )


def test_every_key_a_page_asks_for_exists() -> None:
    asked = set().union(*(literal_keys(path) for path in SOURCES))

    assert len(asked) > 60
    assert asked <= set(PAIRS)


def test_no_pair_is_left_over() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in SOURCES if path.parent.name != "sentences"
    )
    unused = [
        key
        for key in PAIRS
        if f'"{key}"' not in text
        and f"'{key}'" not in text
        and not any(key.startswith(group) for group in GROUPS)
    ]

    assert unused == []


@pytest.mark.parametrize("key", [k for k in PAIRS if re.fullmatch(r"empty\.[a-z]+", k)])
def test_an_empty_state_has_three_lines(key: str) -> None:
    # The reason of a broken file is the file's own.
    assert key == "empty.file" or f"{key}.why" in PAIRS
    assert f"{key}.cure" in PAIRS


def test_pages_hold_no_text_of_their_own() -> None:
    for path in SOURCES:
        if path.name == "text.py" or path.parent.name == "sentences":
            continue
        code = re.sub(r'"""(?:.|\n)*?"""|#.*', "", path.read_text(encoding="utf-8"))
        assert not re.search(r"[぀-ヿ一-鿿]", code), path


@pytest.mark.parametrize(
    ("rate", "japanese", "english"),
    [
        (
            Rate(109, 598, 0.18227, 0.1534, 0.2153),
            "18.2%（109/598、誤差 15.3〜21.5）",
            "18.2% (109/598, interval 15.3–21.5)",
        ),
        (
            Rate(4, 25, 0.16, 0.0640, 0.3470),
            "25人中4人（誤差 6.4〜34.7%）",
            "4 of 25 people (interval 6.4–34.7%)",
        ),
        (Rate(0, 0, None, None, None), "—", "—"),
        (Rate(None, 100, None, None, None), "—", "—"),
    ],
)
def test_a_rate_shows_its_n_and_interval(rate: Rate, japanese: str, english: str) -> None:
    assert JA.rate(rate, "person").text == japanese
    assert EN.rate(rate, "person").text == english


def test_only_small_rates_are_grey() -> None:
    assert JA.rate(Rate(4, 29, 0.1, 0.0, 0.3)).is_small
    assert not JA.rate(Rate(4, 30, 0.1, 0.0, 0.3)).is_small


def test_a_difference_of_rates_is_in_points_with_its_interval() -> None:
    difference = Difference(0.012, -0.004, 0.0281)

    assert JA.points(difference).text == "+1.2ポイント（誤差 −0.4〜+2.8）"
    assert EN.points(difference).text == "+1.2 points (interval −0.4 to +2.8)"
    assert JA.points(Difference(None, None, None)).text == "—"
    assert JA.signed_money(Decimal("-4200")) == "−￥4,200"
    assert JA.signed_money(4_200.4) == "+￥4,200"


def test_numbers_are_written_as_the_shop_reads_them() -> None:
    instant = dt.datetime(2026, 11, 19, 21, 5, tzinfo=dt.UTC)

    assert JA.instant(instant) == "2026/11/20(金) 06:05"
    assert EN.instant(instant) == "20 Nov 2026, 06:05"
    assert JA.instant(instant.replace(tzinfo=None)) == "2026/11/20(金) 06:05"
    assert JA.money(Decimal("435096.0000")) == "￥435,096"
    assert EN.money(Decimal(435096)) == "¥435,096"
    assert Words("en", currency="USD").money(Decimal("1234.50")) == "$1,234"
    assert JA.change(0.123) == "+12.3%"
    assert JA.change(-0.041) == "−4.1%"
    assert JA.count(1020, "message") == "1,020通"
    assert EN.count(1, "cart") == "1 cart"
    assert JA.count(None, "cart") == "—"
    assert JA.axis_money(Decimal(4_350_960)) == 435.096
    assert EN.axis_money(Decimal(4_350_960)) == 4_350_960
    assert JA.period("trailing_12") == "直近12か月"
    assert JA.period("2026-10") == "2026/10"
    assert JA.band("00_03") == "￥3,000未満"
    assert JA.band("05_10") == "￥5,000〜￥10,000未満"
    assert JA.band("50_up") == "￥50,000以上"
    assert Words("en", currency="USD").band("03_05") == "$30 to below $50"
    assert JA.band("unknown") == "不明"
