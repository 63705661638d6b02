"""The customer page: what it says beside the marts it reads."""

import re

import yaml

from dashboards.sentences import PAIRS
from pipelines.settings import DBT_PROJECT
from tests.dashboards.conftest import Opener, html_of, shown


def test_it_opens_with_who_went_on_in_the_newest_whole_month(drawn: Opener) -> None:
    text = shown(drawn("customers"))

    assert (
        "2026/10に、F1（1回購入）の人のうちF2に進んだのは2.0%（70/3,500、誤差 1.6〜2.5）です。"
        in text
    )
    assert "360人" in text
    assert "3回以上5回未満購入した会員" in text


def test_the_grid_has_every_cell_somebody_is_in(drawn: Opener) -> None:
    text = " ".join(shown(drawn("customers", language="en")).split())

    assert "most recent 1,200 people new 400 people champion" in text
    assert "long ago 2,000 people hibernating 64 people not to lose" in text


def test_a_lone_small_cell_takes_the_next_one_with_it(drawn: Opener) -> None:
    """64 // 60 is one person; what the others leave of all customers would be that one."""
    viewer = " ".join(
        shown(drawn("customers", kind="small", language="en", role="viewer", split="rfm")).split()
    )
    exporter = " ".join(shown(drawn("customers", kind="small", language="en", split="rfm")).split())

    assert "most recent 20 people new — champion" in viewer
    assert "long ago 33 people hibernating — not to lose" in viewer
    assert "1 person not to lose" in exporter


def test_a_move_of_few_is_counted_for_the_exporter_alone(opened: Opener) -> None:
    viewer = shown(opened("customers", view="moves", role="viewer"))
    exporter = shown(opened("customers", view="moves"))

    assert "F2 → F1" in viewer
    assert "2/800" not in viewer
    assert "2/800" in exporter


def test_the_score_is_judged_by_its_own_calibration(opened: Opener) -> None:
    text = shown(opened("customers", view="score"))

    assert "食い違っていません" in text
    assert "（264/2,200" in text


def test_a_small_shop_sees_three_groups_and_a_large_one_the_squares(drawn: Opener) -> None:
    """3,664 customers are enough for 25 squares of 30; a sixtieth of them is not."""
    small = " ".join(shown(drawn("customers", kind="small")).split())
    large = shown(drawn("customers"))
    asked = " ".join(shown(drawn("customers", split="three")).split())

    assert "750人未満のため" in small
    assert "新規 1回買い、休眠ではない人。 20人" in small
    assert "リピーター 2日以上に分けて買い、休眠ではない人。 7人" in small
    assert "RFMの代わり" not in large
    assert "最近" in large
    assert "1,200人 32.8%" in asked
    assert "750人未満" not in asked


def test_each_group_of_the_squares_leads_an_exporter_to_the_builder(drawn: Opener) -> None:
    exporter = "".join(html_of(drawn("customers")))
    viewer = "".join(html_of(drawn("customers", role="viewer")))

    assert re.findall(r"segments\?rfm_group=(\w+)&amp;", exporter) == [
        "new",
        "champion",
        "hibernating",
        "not_to_lose",
    ]
    assert "rfm_group" not in viewer


def test_a_group_has_one_japanese_name_on_the_page_and_in_the_builder() -> None:
    path = DBT_PROJECT / "models" / "marts" / "core" / "dim_persons.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    (column,) = (one for one in model["columns"] if one["name"] == "rfm_group")
    said = column["config"]["meta"]["condition"]["values"]

    assert len(said) == 10
    assert {key: names["ja"] for key, names in said.items()} == {
        key: PAIRS[f"group.{key}"][0] for key in said
    }
