"""The retention page: what it says beside the marts it reads."""

import re

import pytest

from dashboards import charts
from tests.dashboards.conftest import Opener, html_of, shown


def test_it_opens_with_the_long_span_and_says_that_half_have_not_returned(opened: Opener) -> None:
    text = shown(opened("retention"))

    # 480 of 2,400; 180 days at one in 400 a day.
    assert "180日以内に2回目を買った人は20.0%（480/2,400、誤差 18.4〜21.6）です。" in text
    assert "18.3%" in text
    assert "14.5%" in text
    assert "半数に達していません" in text
    assert "180日で45.0%（誤差 43.7〜46.3%、8,000人中）" in text


def test_each_step_has_its_spans_and_what_is_not_old_enough_has_none(opened: Opener) -> None:
    text = " ".join(shown(opened("retention", language="en")).split())

    assert "F1→F2 18.3% (640/3,500" in text
    assert "F2→F3 30.0% (210/700" in text
    # Nobody's third order is 180 days old.
    assert "F3→F4 35.0% (84/240, interval 29.2–41.2) — " in text
    assert "F4→F5" not in text


def test_few_people_are_counted_and_the_line_is_left_out(drawn: Opener) -> None:
    text = shown(drawn("retention", kind="small"))

    assert "40人中8人" in text or "20.0%（8/40" in text


def test_a_small_shop_has_no_view_by_month(drawn: Opener) -> None:
    small = [tab.label for tab in drawn("retention", kind="small").get("tab")]
    large = [tab.label for tab in drawn("retention").get("tab")]

    assert "初回購入の月別" in large
    assert [label for label in large if label not in small] == ["初回購入の月別"]


def test_the_what_if_scales_with_its_slider_and_keeps_it_in_the_address(opened: Opener) -> None:
    """3,500 first buyers, 1.5 orders and ￥13,500 per second buyer: a point more is 52.5 orders."""
    app = opened("retention", view="what_if")
    two = shown(app)
    app.slider(key="retention_points").set_value(4).run()
    four = shown(app)

    assert "試算: 1年間に初めて買う3,500人の20.0%でなく22.0%が" in two
    assert "105件" in two
    assert "￥945,000" in two
    assert "24.0%が" in four
    assert "210件" in four
    assert "￥1,890,000" in four
    assert app.query_params["points"] == "4"


def test_a_what_if_of_few_second_buyers_says_so(drawn: Opener) -> None:
    assert "6人と少ないため、目安です" in shown(drawn("retention", kind="small", view="what_if"))


def test_each_status_leads_an_exporter_to_the_builder_by_closed_keys(drawn: Opener) -> None:
    exporter = "".join(html_of(drawn("retention", view="status")))
    viewer = "".join(html_of(drawn("retention", view="status", role="viewer")))

    links = re.findall(r'href="\./segments\?([^"]*)"', exporter)
    assert [link.split("&amp;")[0] for link in links] == [
        "purchase_status=active",
        "purchase_status=slowing",
        "purchase_status=at_risk",
        "purchase_status=dormant",
    ]
    assert "離脱予備軍（800人）" in exporter
    assert "./segments" not in viewer


def test_the_newest_intervals_are_shown_with_their_n(opened: Opener) -> None:
    text = " ".join(shown(opened("retention", language="en", view="intervals")).split())

    assert "to the 2nd order 1,975 30 days 69 days 138 days 207 days 31.0%" in text


def test_statuses_are_hidden_from_a_viewer_where_one_holds_few(drawn: Opener) -> None:
    whole = shown(drawn("retention", view="status", role="viewer"))
    few = shown(drawn("retention", view="status", kind="small", role="viewer"))
    told = shown(drawn("retention", view="status", kind="small"))

    assert "1,200人" in whole
    assert "5人に満たない状態がある" in few
    assert "0人" not in few
    assert "5人に満たない状態がある" not in told


@pytest.mark.parametrize("order", ["1", "compare"])
def test_the_curve_follows_the_choice_in_the_address(opened: Opener, order: str) -> None:
    app = opened("retention", language="en", order=order)

    (chart,) = app.get("arrow_vega_lite_chart") or app.get("vega_lite_chart")
    spec = chart.proto.spec
    assert ("to the 3rd order" in spec) == (order == "compare")


def test_a_line_of_steps_is_drawn_where_it_can_be_seen_to_rise() -> None:
    def day(number: int, value: float, series: str = "1") -> dict[str, object]:
        tip = str(number)
        return {"day": number, "series": series, "value": value, "low": 0, "high": 1, "tip": tip}

    rows = [day(0, 0.0), day(1, 0.0001), day(2, 0.0002), day(3, 0.01), day(4, 0.01), day(5, 0.0102),
            day(0, 0.0, "2"), day(9, 0.0, "2")]  # fmt: skip

    drawn = charts.rising(rows, series=["1", "2"], x_title="", marks=[])

    seen = [(row["series"], row["day"]) for row in drawn.drawing["layer"][0]["data"]["values"]]
    assert seen == [("1", 0), ("1", 3), ("1", 5), ("2", 0), ("2", 9)]
    # The table beside it has every day.
    assert len(drawn.rows) == len(rows)
