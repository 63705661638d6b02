"""The merchandising page: what it says beside the marts it reads."""

import hashlib
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.dashboards.conftest import Opener, shown


def test_it_opens_with_what_is_left_behind_most(opened: Opener) -> None:
    text = shown(opened("merchandising"))

    assert "いちばん多くカートに残された商品は「&lt;革靴&gt; 1」（直近3か月に100件）" in text


def test_a_ranking_that_is_its_parents_says_so(opened: Opener) -> None:
    own = shown(opened("merchandising", view="ranking"))
    parent = shown(opened("merchandising", view="ranking", category="boots"))

    assert "靴の売れ筋（30日）" in own
    assert "上のカテゴリの順位" not in own
    assert "上のカテゴリの順位" in parent


def test_few_orderers_are_counted_for_the_exporter_alone(drawn: Opener) -> None:
    """The fourth of the ranking: 40 - 36 people."""
    assert "4人" in shown(drawn("merchandising", view="ranking"))
    assert "4人" not in shown(drawn("merchandising", view="ranking", role="viewer"))


def test_a_pair_stands_once_and_with_how_far_it_is_from_chance(opened: Opener) -> None:
    text = " ".join(shown(opened("merchandising", view="pairs", language="en")).split())

    assert text.count("24 15.0% ×5.0") + text.count("24 66.7% ×5.0") == 1


def test_without_carts_it_begins_with_what_sells(opened: Opener) -> None:
    text = shown(opened("merchandising", kind="no_carts"))

    assert "残された商品はわかりません" in text
    assert "31人" in text


def test_a_taste_of_few_is_counted_in_the_category_above(drawn: Opener) -> None:
    """Ninety people lean to shoes, sixty of them to boots, three to sandals."""
    text = " ".join(shown(drawn("merchandising", view="tendencies")).split())

    assert "靴 90人 15.0% （90/600、誤差 12.4〜18.1）" in text
    assert "靴 › ブーツ 60人" in text
    assert "サンダル" not in text
    assert "上のカテゴリの人数に入っています" in text
    brand = shown(drawn("merchandising", view="tendencies", dimension="brand"))
    assert "丸福" in brand
    assert "ブーツ" not in brand


def test_a_small_shop_is_told_what_it_has_too_few_people_for(drawn: Opener) -> None:
    assert "5人以上に共通する好みがまだありません" in shown(
        drawn("merchandising", kind="small", view="tendencies")
    )
    assert "5回以上一緒になった商品がまだありません" in shown(
        drawn("merchandising", kind="small", view="pairs")
    )


def test_a_small_shop_opens_with_the_longest_period(drawn: Opener) -> None:
    """No product of it was left in thirty carts, in whatever period."""
    text = shown(drawn("merchandising", kind="small"))

    assert "（全期間に" in text
    assert "よく残される商品（全期間）" in text


@pytest.fixture
def few(published: dict[str, Path], tmp_path: Path) -> None:
    """The small shop, where no product was left behind by more than four people."""
    shutil.copytree(published["small"], tmp_path / "few")
    (folder,) = (tmp_path / "few").glob("*/published")
    pointer = json.loads((folder / "CURRENT.json").read_text())
    file = folder / pointer["file"]
    file.chmod(0o600)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update rpt_cart_products set person_count = least(person_count, 4)")
    pointer["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (folder / "CURRENT.json").chmod(0o600)
    (folder / "CURRENT.json").write_text(json.dumps(pointer))
    published["few"] = tmp_path / "few"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ja", "残された商品は、どれも人数が少ないため、書き出し担当だけが数を見られます。"),
        ("en", "So few people left each product behind that only an exporter may see how many."),
    ],
)
def test_a_viewer_of_a_shop_of_few_is_told_why_no_product_leads(
    opened: Opener, language: str, said: str
) -> None:
    """400 carts of the large shop's year are 13 of the small one's two."""
    exporter = shown(opened("merchandising", kind="few", language=language))
    viewer = shown(opened("merchandising", kind="few", language=language, role="viewer"))

    assert said in viewer
    assert said not in exporter
    leader = "いちばん多くカートに残された" if language == "ja" else "Left behind most"
    assert (leader in exporter, leader in viewer) == (True, False)
    carts = "13件" if language == "ja" else "13 carts"
    assert (carts in exporter, carts in viewer) == (True, False)
