"""Each page, in both languages, for each role and each kind of shop."""

import datetime as dt
from pathlib import Path

import pytest

from tests.dashboards.conftest import PAGES, Opener, shown
from tests.dashboards.fixture import AS_OF, KINDS, STATES, publish_kind

# What is there differs by kind, words by language: the rest of the square is for where there is time.
FAST = {("demo", "en"), ("no_carts", "ja"), ("small", "ja")}


@pytest.mark.parametrize(
    ("kind", "language"),
    [
        pytest.param(kind, language, marks=() if (kind, language) in FAST else pytest.mark.slow)
        for kind in KINDS
        for language in ("ja", "en")
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_every_shop_in_both_languages(
    drawn: Opener, page: str, language: str, kind: str
) -> None:
    text = shown(drawn(page, kind=kind, language=language))

    assert (
        "2026/11/20(金) 06:05 時点" in text
        if language == "ja"
        else "As of 20 Nov 2026, 06:05" in text
    )
    assert ("デモデータ" in text or "Demo data" in text) == KINDS[kind].is_demo
    for sentence in ("効果があった", "エラーが発生しました", "回収した売上", "リアルタイム"):
        assert sentence not in text


@pytest.mark.parametrize("page", PAGES)
def test_the_status_line_comes_before_the_sentence_and_the_sentence_before_the_numbers(
    drawn: Opener, page: str
) -> None:
    bodies = [element.proto.body for element in drawn(page).get("html")]
    order = [
        next(i for i, body in enumerate(bodies) if mark in body)
        for mark in ("ok-status", "ok-answer", "ok-cards")
    ]

    assert order == sorted(order)


def test_the_articles_table_is_reproduced_over_twelve_months(opened: Opener) -> None:
    app = opened("cart_recovery")
    text = shown(app.segmented_control(key="cart_recovery_period").set_value("trailing_12").run())

    assert "58.6%" in text
    assert "（598/1,020、誤差 55.6〜61.6）" in text
    assert "10.7%" in text
    assert "2.0%" in text
    assert "（33/1,634、誤差 1.4〜2.8）" in text
    assert "435,096" in text


def test_the_other_family_of_rates_counts_as_the_article_does(opened: Opener) -> None:
    app = opened("cart_recovery")
    app.segmented_control(key="cart_recovery_period").set_value("trailing_12").run()
    text = shown(app.segmented_control(key="cart_recovery_family").set_value("previous").run())

    assert "反応率（開封比, CTOR）" in text
    assert "18.2%" in text
    assert "（109/598、誤差 15.3〜21.5）" in text
    assert "25通中4通" in text
    assert "（誤差 6.4〜34.7%）" in text


def test_the_waterfall_prints_that_its_sum_is_all_carts(opened: Opener) -> None:
    app = opened("cart_recovery")
    text = shown(app.segmented_control(key="cart_recovery_period").set_value("trailing_12").run())

    assert "合計 2,894件 ＝ 総カゴ落ち件数" in text
    assert "だれか不明（未ログイン）" in text
    assert "配信停止・エラーなど（宛先不明）" in text


def test_two_numbers_that_look_alike_say_which_is_which(opened: Opener) -> None:
    text = shown(opened("cart_recovery"))

    assert "カゴ落ちした月で集計" in text
    assert "送信した月で集計" in text
    assert "二つは一致しません" in text


def test_an_effect_without_a_held_out_group_is_called_unmeasured(opened: Opener) -> None:
    assert "効果は未測定" in shown(opened("cart_recovery", kind="totals"))
    assert "効果は未測定" not in shown(opened("cart_recovery"))
    assert "純増 +12.7人・+￥97,520（試験開始から、差の誤差 −0.2〜+2.7ポイント）" in shown(
        opened("overview")
    )


def test_a_shop_without_carts_is_told_what_is_missing_why_and_what_to_do(opened: Opener) -> None:
    text = shown(opened("cart_recovery", kind="no_carts"))

    assert "カートの履歴がまだありません。" in text
    assert "受注だけでカゴ落ち率は計算できません。記録を始めると7日後に最初の数字が出ます。" in text
    assert "shop.yml" in text
    assert "0件" not in text


def test_totals_of_a_mailer_are_shown_and_marked(opened: Opener) -> None:
    text = shown(opened("cart_recovery", kind="totals"))

    assert "メール配信ツールの集計値です" in text
    assert "カートの履歴がまだありません。" in text


def test_a_small_shop_sees_a_longer_period_and_is_told_so(opened: Opener) -> None:
    """26 messages in twelve months, 53 in twenty-four."""
    text = shown(opened("cart_recovery", kind="small"))

    assert "件数が少ないため24か月で表示" in text


def test_few_orderers_have_no_mean(opened: Opener) -> None:
    app = opened("cart_recovery", kind="small")
    text = shown(app.segmented_control(key="cart_recovery_period").set_value("all").run())

    assert "5人未満のため平均なし" in text


def test_a_small_shop_sees_no_monthly_cohorts(opened: Opener) -> None:
    text = shown(opened("cohorts", kind="small"))

    assert "人数が少ないため、合計の行だけを表示しています。" in text
    assert "2026/10" not in text


def test_immature_cells_say_how_many_have_got_so_far(opened: Opener) -> None:
    app = opened("cohorts")

    assert "314人中104人が経過" in shown(app)
    assert any('class="young"' in element.proto.body for element in app.get("html"))


def test_the_growing_variant_says_that_it_grows(opened: Opener) -> None:
    app = opened("cohorts")
    text = shown(app.segmented_control(key="cohorts_variant").set_value("on_or_after").run())

    assert "これからも増えます" in text


def test_yesterday_is_held_against_the_mean_of_its_weekday(opened: Opener) -> None:
    """13 carts on Thursday 19 November; 15, 12, 14 and 16 on the four before: 57 / 4 = 14.25."""
    text = shown(opened("overview"))

    assert (
        "昨日（2026/11/19(木)）のカゴ落ちは13件、￥127,400。同じ曜日の4週平均は14.2件です。" in text
    )


def test_only_people_who_may_get_the_mail_today_count_as_due(opened: Opener) -> None:
    """140 rows less 20 past their validity less 12 of the rest held out (every tenth)."""
    assert "今日出すリスト: 1本（休眠復帰 108人）" in shown(opened("overview"))


@pytest.mark.parametrize("page", PAGES)
def test_a_viewer_sees_the_figures_and_no_versions(drawn: Opener, page: str) -> None:
    seen = shown(drawn(page, role="viewer"))
    full = shown(drawn(page))

    assert "settings1" in full
    assert "settings1" not in seen
    assert "95%信頼区間" in seen


@pytest.mark.parametrize("page", PAGES)
def test_no_person_id_reaches_a_page(drawn: Opener, page: str) -> None:
    assert "p1" not in shown(drawn(page)).split()


def test_a_session_follows_a_new_snapshot(
    tmp_path: Path, published: dict[str, Path], monkeypatch: pytest.MonkeyPatch, opened: Opener
) -> None:
    published["moving"] = tmp_path
    publish_kind(tmp_path, "no_carts")
    app = opened("cart_recovery", kind="moving")
    assert "カートの履歴がまだありません。" in shown(app)

    publish_kind(tmp_path, "small")
    app.run()

    assert "合計" in shown(app)


def test_a_damaged_snapshot_falls_back_with_a_banner(
    tmp_path: Path, published: dict[str, Path], opened: Opener
) -> None:
    published["damaged"] = tmp_path
    publish_kind(tmp_path, "small")
    home = publish_kind(tmp_path, "no_carts")
    newest = max(home.published.glob("*.duckdb"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-4096])

    text = shown(opened("overview", kind="damaged"))

    assert "一つ前の集計を表示しています" in text
    assert "最新の集計ファイルが壊れています" in text


def test_before_the_first_run_the_page_says_what_to_do(
    tmp_path: Path, published: dict[str, Path], opened: Opener
) -> None:
    published["nothing"] = tmp_path

    text = shown(opened("overview", kind="nothing"))

    assert "表示するショップが決まっていません。" in text
    assert "okaeri run --demo" in text


def test_a_link_opens_the_view_it_was_copied_from(opened: Opener) -> None:
    app = opened("cart_recovery", period="trailing_12", family="previous", step="1")
    text = shown(app)

    assert "直近12か月にカゴ落ちした2,894件" in text
    assert "（109/598、誤差 15.3〜21.5）" in text
    assert "2通目 " not in text.split("成果（送信した月で集計）")[1].split("カゴ落ち率")[0]


def test_what_the_reader_chooses_goes_into_the_address_and_a_default_stays_out(
    opened: Opener,
) -> None:
    app = opened("cart_recovery")
    app.segmented_control(key="cart_recovery_period").set_value("all").run()
    assert app.query_params["period"] in ("all", ["all"])

    app.segmented_control(key="cart_recovery_period").set_value("trailing_3").run()
    assert "period" not in app.query_params


def test_an_address_nobody_could_have_copied_shows_the_default(opened: Opener) -> None:
    text = shown(opened("cart_recovery", period="../../etc", family="x", tab="y"))

    assert "直近3か月にカゴ落ちした" in text


def test_the_monthly_report_compares_in_percent_and_rates_in_points(opened: Opener) -> None:
    """F2 of October's report: July's first buyers, 52 of 309; June 52 of 308; a year before 52 of 297."""
    text = shown(opened("overview", view="report"))

    assert "月次レポート 2026/10" in text
    assert "+12.3%" in text
    assert "前月より増加、前年同月より減少。" in text
    assert "F2転換率（90日、2026/07の新規）" in text
    assert "（52/309、誤差 13.1〜21.4）" in text
    assert "−0.1ポイント" in text
    assert "前月・前年同月との差はどちらも誤差の範囲。" in text


def test_the_report_of_a_small_shop_shows_the_year_first_and_no_changes(opened: Opener) -> None:
    text = shown(opened("overview", kind="small", view="report"))

    assert "受注が30件未満の月があるため、前月比は出しません。" in text
    assert "直近12か月" in text
    assert "+12.3%" not in text
    assert "前月比" not in text.split("月次レポート 2026/10")[1].replace("前月比は出しません", "")


def test_a_small_shops_overview_begins_with_the_year(opened: Opener) -> None:
    sentence = shown(opened("overview", kind="small")).split("直近12か月の受注は")[1]

    assert "昨日（2026/11/19(木)）のカゴ落ちは" in sentence
    assert "週平均は" not in sentence.split("データは最新です")[0]


def test_a_running_month_is_not_compared(opened: Opener) -> None:
    text = shown(opened("overview", view="report", month="2026-11"))

    assert "月次レポート 2026/11（途中）" in text
    assert "月の途中のため比べません。" in text
    assert "+12.3%" not in text


def test_the_comment_stands_on_the_sheet_as_text(opened: Opener) -> None:
    app = opened("overview", view="report")
    app.text_area(key="overview_comment").set_value("<b>予約販売</b>を始めます").run()

    assert any("&lt;b&gt;予約販売" in element.proto.body for element in app.get("html"))


def test_a_list_not_yet_exported_asks_for_it(opened: Opener) -> None:
    app = opened("overview")

    assert any('class="bad">!</span>今日出すリスト' in e.proto.body for e in app.get("html"))
    assert "まだ書き出していません" in shown(app)


def test_every_line_of_the_overview_has_its_link(opened: Opener) -> None:
    bodies = [element.proto.body for element in opened("overview").get("html")]
    (lines,) = [body for body in bodies if 'class="ok-lines"' in body]

    assert lines.count("<li>") == lines.count("<a href=") == 3


def test_a_late_source_is_named_and_the_line_says_what_to_do(
    tmp_path: Path, published: dict[str, Path], opened: Opener
) -> None:
    published["late"] = tmp_path
    publish_kind(tmp_path, "demo", as_of=AS_OF + dt.timedelta(days=4))

    text = shown(opened("overview", kind="late"))

    assert "受注 は 2026/11/20(金) まで" in text
    assert "データが遅れています: 受注 · カート · 配信結果。" in text


@pytest.mark.parametrize("grain", ["quarter", "pooled"])
def test_the_rows_of_the_cohorts_can_be_chosen(opened: Opener, grain: str) -> None:
    text = shown(opened("cohorts", grain=grain))

    assert ("2026年3期" in text) == (grain == "quarter")
    assert "2026/08" not in text


def test_the_verdict_stands_first_with_difference_and_interval(opened: Opener) -> None:
    text = shown(opened("experiments"))

    assert (
        "配信あり 3.3%、配信なし 2.1%。差 +1.2ポイント（誤差 −0.2〜+2.7）: まだ判断できません。"
        in text
    )
    assert text.index("まだ判断できません") < text.index("計画: 何か月で見分けられるか")
    assert "1件￥46,520を超える注文は￥46,520として計算" in text


def test_each_check_says_whether_it_is_well_alarming_or_too_early(opened: Opener) -> None:
    bodies = [element.proto.body for element in opened("experiments").get("html")]
    (lines,) = [body for body in bodies if 'class="ok-lines"' in body]

    assert lines.count('class="bad"') == 1
    assert "グループの人数は配信割合どおりです（2,080人）" in lines
    assert "!</span>配信停止が上限0.5%を超えています（mail: 1,060人中11人）" in lines
    assert "迷惑メール報告の確認は、人がそろってから（mail: いま12人）" in lines


def test_the_planner_says_what_the_articles_volume_can_show(opened: Opener) -> None:
    text = shown(opened("experiments", months="10"))

    assert "月102人、半分に送らない場合、10か月で見分けられる最小の差: 3.0ポイント" in text


def test_the_sliders_move_the_plan_and_stand_in_the_address(opened: Opener) -> None:
    app = opened("experiments")
    text = shown(app.slider(key="experiments_share").set_value(20).run())

    assert "月102人、20%に送らない場合、12か月で見分けられる最小の差: 2.7ポイント" in text
    assert app.query_params["share"] in ("20", ["20"])


def test_a_shop_too_small_to_measure_is_told_to_write_to_everybody(opened: Opener) -> None:
    text = shown(opened("experiments", kind="small"))

    assert "この件数では効果を測れません（半分に送らなくても12か月で±4.6ポイント）。" in text
    assert "全員に送るのが妥当です" in text
    assert text.index("全員に送る") < text.index("計画: 何か月で見分けられるか")


def test_a_shop_that_cannot_plan_is_told_what_is_missing(opened: Opener) -> None:
    text = shown(opened("experiments", kind="no_carts"))

    assert "メールの効果は、まだ測れていません。" in text
    assert "効果を測る計画は、まだ立てられません。" in text
    assert "効果があ" not in text


def test_one_kind_of_carts_alone_adds_up_to_its_own_total(opened: Opener) -> None:
    """Six tenths of each state, rounded down: 2,894 becomes 1,730."""
    app = opened("cart_recovery", period="trailing_12", only="device.smartphone")
    text = shown(app)
    counts = [count * 6 // 10 for _, _, count, _ in STATES]

    assert f"合計 {sum(counts):,}件 ＝ 総カゴ落ち件数" in text
    assert "絞り込みは、総カゴ落ち件数・最終未購入率・カートの行き先に効いています。" in text


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        # 800 carts of 4,000 left at the details: (2,000 − 1,500) / 2,000.
        ("checkout", ["4,000件", "25.0%", "（500/2,000、誤差 23.2〜26.9）"]),
        ("times", ["33件", "4.2時間", "購入までの時間（直近12か月に送信）"]),
        ("rules", ["(1) 復帰リンクからの購入だけ", "（29/1,634、誤差", "+12.7人", "+1.2ポイント"]),
        ("delays", ["cart_recovery 2通目", "11分", "3.2時間", "20.0時間", "5.0%"]),
        ("reach", ["2,894件", "だれかわかる"]),
    ],
)
def test_a_tab_shows_the_marts_own_figures(opened: Opener, tab: str, expected: list[str]) -> None:
    text = shown(opened("cart_recovery", period="trailing_12", tab=tab))

    assert [part for part in expected if part not in text] == []


def test_the_seventh_rule_without_a_held_out_group_is_called_unmeasured(opened: Opener) -> None:
    text = shown(opened("cart_recovery", kind="small", period="all", tab="rules"))

    assert "効果は未測定" in text.split("(7) 送らないグループとの差（純増）")[1]


def test_a_shop_whose_site_reports_no_form_errors_is_not_told_of_none(opened: Opener) -> None:
    assert "入力エラーのあった割合" not in shown(opened("cart_recovery", tab="checkout"))


def test_products_left_behind_say_whether_they_can_be_bought_today(opened: Opener) -> None:
    app = opened("cart_recovery", period="trailing_12", by="product")
    text = shown(app)

    assert "よく残される商品（直近12か月）" in text
    assert text.count("! 在庫なし") == 1
    assert "（20/380、誤差" in text
    assert not any("<革靴>" in element.proto.body for element in app.get("html"))


def test_recovered_orders_are_led_from_one_month_to_the_other(opened: Opener) -> None:
    text = shown(opened("cart_recovery"))

    assert "＝ この期間に送信したメールから" in text
    assert "－ カゴ落ちは期間内、送信は期間外" in text


def test_dormant_customers_stand_beside_their_past_and_few_are_hidden_from_viewers(
    opened: Opener,
) -> None:
    """End of October is 1 November, the 24th month: 2,000 + 230; the small shop's is divided by 3,600."""
    text = shown(opened("overview", view="report"))
    assert "2,230人" in text
    assert "前月は2,220人、前年同月は2,110人。" in text

    seen = shown(opened("overview", kind="small", view="report", role="viewer"))
    full = shown(opened("overview", kind="small", view="report"))
    assert "5人未満" in seen.split("休眠")[-1]
    assert "0人" in full.split("休眠")[-1]


def test_cohorts_show_what_a_person_has_spent(opened: Opener) -> None:
    """8,000 at first and 700 a month: 10,100 after three, of buyers alone."""
    text = shown(opened("cohorts", show="amount"))

    assert "1人あたりの受注金額（円）" in text
    assert "10,100" in text
    assert "1,010" not in text


def test_in_or_later_has_no_amount_to_show(opened: Opener) -> None:
    app = opened("cohorts", variant="on_or_after", show="amount")

    assert app.segmented_control(key="cohorts_show").options == ["率", "人数"]
    assert "％" not in shown(app)


def test_a_month_printed_again_says_what_was_restated(opened: Opener) -> None:
    line = "訂正履歴: 受注金額（円） 6,182,030 → 6,169,630（2026/11/20(金)、新しい取り込み）"

    assert line in shown(opened("overview", view="report", month="2026-10"))
    assert "訂正履歴" not in shown(opened("overview", view="report", month="2026-09"))


def test_a_receipt_says_what_is_counted_and_how_long(opened: Opener) -> None:
    text = shown(opened("cart_recovery"))

    assert "購入者（送信比）  — " in text
    assert "期間: 7日" in text
    assert "About order_per_sent_rate" not in text


def test_nobody_mailable_is_not_said_of_a_shop_that_supplied_no_consent(opened: Opener) -> None:
    assert "9,412人" in shown(opened("overview"))
    text = shown(opened("overview", kind="no_carts"))

    assert "配信同意のデータなし" in text
    assert "9,412人" not in text


def test_a_held_out_group_without_a_result_yet_is_not_called_none(opened: Opener) -> None:
    small = shown(opened("overview", kind="small", view="report"))
    totals = shown(opened("overview", kind="totals", view="report"))

    assert "送らないグループの人数がまだ足りず、効果は未測定です。" in small
    assert "送らないグループがないため、効果は未測定です。" in totals
