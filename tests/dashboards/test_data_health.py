"""The data health page: what it says beside the marts it reads."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from dashboards import health, report_upload, shop_screen
from dashboards.text import Words
from pipelines import requests
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.settings import Home
from tests.dashboards.conftest import Opener, shown
from tests.dashboards.fixture import AS_OF, publish_kind

OCTOBER = dt.date(2026, 10, 1)


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


def test_what_was_left_out_stands_by_file_column_and_reason_with_a_cure(opened: Opener) -> None:
    text = " ".join(shown(opened("data_health", view="rejected")).split())

    assert "受注_11月.csv 受注 · 注文日時 日付・時刻として読めません 12" in text
    assert "受注_11月.csv 受注 · 合計金額 数字として読めません 2" in text
    assert "日付・時刻として読めません → 元のシステムでこの行を確かめ" in text
    # Row by row: the twelfth bad date stands in row 36.
    assert "受注_11月.csv 36 受注 · 注文日時 日付・時刻として読めません" in text


def test_a_viewer_sees_how_many_rows_and_why_but_no_file_and_no_row(opened: Opener) -> None:
    app = opened("data_health", view="rejected", role="viewer")
    text = " ".join(shown(app).split())

    assert "受注 日付・時刻として読めません 12" in text
    assert "受注_11月.csv" not in text
    assert not app.expander


def test_a_screen_agrees_is_explained_or_is_not(opened: Opener) -> None:
    text = " ".join(shown(opened("data_health", view="screen")).split())

    # 600 orders and one more a month since December 2024: October 2026 is the 23rd month.
    assert (
        "2026/10 622 640 ファイル 5,598,000 6,000,000 ファイル +402,000 +18件"
        " ✓ キャンセルなど + 送料・手数料" in text
    )
    # Typed after the file was written: what was typed counts, and the file stands beside it.
    assert (
        "2026/09 621 621 入力（ファイルでは620） 5,589,000 5,589,000 入力（ファイルでは5,588,500）"
        " +0 +0件 ✓ 一致" in text
    )
    assert "! 説明できていません" in text
    # What the source does not give is not known, no test order is none.
    assert "2026/10 162,000 18件 0 0件 240,000 31,000 — 12,400" in text


@pytest.fixture
def own(published: dict[str, Path], tmp_path: Path) -> Home:
    """A shop of its own, so that no other test finds what is typed."""
    published["typing"] = tmp_path
    return publish_kind(tmp_path, "demo")


def test_what_an_exporter_types_is_kept_and_waits_for_the_next_run(
    opened: Opener, own: Home
) -> None:
    app = opened("data_health", kind="typing", view="screen")
    app.selectbox[0].select(OCTOBER)
    app.number_input[0].set_value(640)
    app.number_input[1].set_value(6_000_001)
    (submit,) = [button for button in app.button if button.label == "記録する"]
    submit.click().run()

    (month,) = requests.screen_months_of(own, "demo")
    assert (month.month_on, month.order_count, month.order_amount) == (
        OCTOBER, 640, Decimal(6_000_001),
    )  # fmt: skip
    assert month.actor == "loopback"
    text = " ".join(shown(app).split())
    assert "2026/10 622 640 入力 5,598,000 6,000,001 入力 — 次の集計で照合します" in text


def test_nothing_typed_is_refused_and_nothing_kept(opened: Opener, own: Home) -> None:
    app = opened("data_health", kind="typing", view="screen")
    (submit,) = [button for button in app.button if button.label == "記録する"]
    submit.click().run()

    assert "件数か金額のどちらかを入力してください" in shown(app)
    assert requests.screen_months_of(own, "demo") == []


def test_a_viewer_has_no_form_and_no_way_around_it(opened: Opener, own: Home) -> None:
    app = opened("data_health", kind="typing", view="screen", role="viewer")
    assert not app.number_input

    class Viewing:
        """A page as the function that acts is given it."""

        home = own
        snapshot = type("S", (), {"facts": type("F", (), {"shop_id": "demo"})})
        viewer = type("V", (), {"actor": Actor("v", Role.VIEWER, Origin.DASHBOARD)})
        shop = type("Shop", (), {"clock": AS_OF})

    with pytest.raises(NotAllowed):
        shop_screen.keep(Viewing(), OCTOBER, count=1, amount=1)  # type: ignore[arg-type]
    assert requests.screen_months_of(own, "demo") == []


def test_a_report_handed_in_waits_and_then_says_what_became_of_it(
    opened: Opener, published: dict[str, Path], tmp_path: Path
) -> None:
    published["audited"] = tmp_path
    home = publish_kind(tmp_path, "totals")
    kinds = {"fresh": b"a,b\n1,2\n", "taken": b"c,d\n3,4\n"}
    for name, data in kinds.items():
        requests.hand_in_report(
            home, "aoi", data, kind="shopserve_report_csv", file_name=f"{name}.csv",
            by=Actor("anna@example.jp", Role.EXPORTER, Origin.DASHBOARD), at=AS_OF,
        )  # fmt: skip

    text = " ".join(shown(opened("data_health", kind="audited", view="audit")).split())
    assert text.count("次の集計で取り込みます") == 2
    assert "fresh.csv anna@example.jp 2026/11/20(金) 06:05" in text

    (taken,) = [one for one in requests.reports_of(home, "aoi") if one.file_name == "taken.csv"]
    page = SimpleNamespace(words=Words("ja"), snapshot=BooksOf(taken.stored_name))
    assert report_upload.state(page, taken) == "! 2行を取り込み、1行は読めません"  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_report_that_waits_is_judged_when_it_is_picked(
    opened: Opener, published: dict[str, Path], tmp_path: Path
) -> None:
    published["picked"] = tmp_path
    home = publish_kind(tmp_path, "totals")
    # The third row has no number of mails; nothing else is known before a run of this program.
    data = "ステップ,送信数,開封数,クリック数,受注人数\n1,100,50,20,3\n2,x,1,1,1\n"
    requests.hand_in_report(
        home, "aoi", data.encode(), kind="shopserve_report_csv", file_name="11月.csv",
        by=Actor("anna@example.jp", Role.EXPORTER, Origin.DASHBOARD), at=AS_OF,
    )  # fmt: skip
    app = opened("data_health", kind="picked", view="audit")
    assert "11月.csv の検算" not in shown(app)

    (pick,) = [box for box in app.selectbox if box.label == "すぐに検算するレポート"]
    pick.select_index(0).run()

    text = " ".join(shown(app).split())
    assert "11月.csv の検算 ! 1行は取り込めません。" in text
    assert "読んだ行2 ＝ 取り込む1 ＋ 取り込めない1 ＋ 取り込み済み0" in text
    assert "3 送信数 数字として読めません" in text
    assert "ページの数字は、それまで変わりません" in text


class BooksOf:
    """A published file whose books know one report."""

    columns = (report_upload.BATCHES,)

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name

    def read(self, table: str, filters: dict[str, object], **_: object) -> pl.DataFrame:
        assert table == report_upload.BATCHES
        assert filters["source_key"] == "uploaded_shopserve_report_csv"
        row = {"batch_state": "partial", "landed_row_count": 2, "rejected_row_count": 1}
        return pl.DataFrame([row] if filters["file_name"] == self.file_name else [])


def test_a_viewer_reads_the_audit_and_hands_nothing_in(opened: Opener) -> None:
    app = opened("data_health", kind="totals", view="audit", role="viewer")

    assert "59.80%" in shown(app)
    assert "レポートを検算に出す" not in shown(app)
    assert not app.button


@pytest.mark.parametrize(
    ("entity", "landed", "is_late", "state", "said"),
    [
        ("orders", 5, False, "good", ""),
        ("orders", 5, True, "late", " 受注・リピート・顧客の数字が止まります"),
        ("consents", 0, False, "never", " 配信可能人数がわかりません"),
        ("categories", 0, False, "never", ""),
    ],
)
def test_a_source_that_stopped_or_never_came_says_what_lacks_because_of_it(
    entity: str, landed: int, is_late: bool, state: str, said: str
) -> None:
    page = SimpleNamespace(words=Words("ja"), is_late=lambda _: is_late)
    row = {
        "entity": entity, "landed_row_count": landed, "rejected_row_count": 0,
        "latest_data_at": AS_OF.replace(tzinfo=None),
    }  # fmt: skip

    assert health.state(page, row) == state  # type: ignore[arg-type]
    given = {entity} if landed else set()
    assert health.lacks(page, row, given) == said  # type: ignore[arg-type]
    # Where another source gave it, nothing is missing for want of this one.
    if state == "never":
        assert health.lacks(page, row, {entity}) == ""  # type: ignore[arg-type]
