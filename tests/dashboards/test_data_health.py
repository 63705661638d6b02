"""The data health page: what it says beside the marts it reads."""

from tests.dashboards.conftest import Opener, shown


def test_it_opens_with_rows_left_out_and_every_source_named(opened: Opener) -> None:
    text = shown(opened("data_health"))

    # 14 rows of the orders were left out, see the fixture.
    assert "すべての取り込み元が最新です。取り込めなかった行は14行です。" in text
    assert "受注" in text
    assert "! 除外あり" in text
    assert "310,000" in text


def test_a_figure_that_moved_says_from_what_to_what_and_why(opened: Opener) -> None:
    text = " ".join(shown(opened("data_health", view="restated", language="en")).split())

    assert "2026/10 Revenue" in text
    assert "6,182,030 6,169,630 new data" in text


def test_a_report_that_does_not_add_up_is_flagged(opened: Opener) -> None:
    text = shown(opened("data_health", kind="totals", view="audit"))

    assert "59.80%" in text
    assert text.count("! どの分母でも再現できません") == 1
