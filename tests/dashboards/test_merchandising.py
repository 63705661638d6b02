"""The merchandising page: what it says beside the marts it reads."""

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
