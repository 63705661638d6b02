"""The exports page: a wish, its plan, the release, and who may not."""

import datetime as dt
from types import SimpleNamespace

import pytest

from dashboards import export_handed, typed_totals
from dashboards.text import Words
from pipelines import requests
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.requests import BadRequest, MaskedPlan
from pipelines.settings import Home
from tests.dashboards.conftest import Opener, shown
from tests.dashboards.fixture import AS_OF, publish_kind

TOLD = {"handed_over": 17, "no_consent": 12, "cool_down": 3, "held_out": 0}
ANNA = Actor("anna@example.jp", Role.EXPORTER, Origin.DASHBOARD)


@pytest.fixture
def home(published, tmp_path) -> Home:
    """A shop of its own, so that no other test finds its requests."""
    published["exports"] = tmp_path
    made = publish_kind(tmp_path, "demo")
    with (tmp_path / "shop.yml").open("a") as stream:
        stream.write(
            "sender: {name: 店, address: 東京, stop_url: 'https://a.jp/s', contact: a@a.jp}\n"
            "destinations:\n- {key: mailer, profile: generic_utf8, country: JP,"
            " contract: entrustment, basis: 契約}\n"
        )
    return made


def planned(home: Home) -> str:
    """A dry run as the exporter leaves it: its plan written down, its state moved."""
    asked = requests.create(
        home, "demo", segment="winback", destination="mailer", requested_by=ANNA, requested_at=AS_OF
    )
    plan = MaskedPlan(
        "winback/1/email",
        TOLD,
        [{"email": "t***@e***.jp", "arm_key": "mail", "item_1_name": "靴"}],
        {"added": 5, "again": 12, "left": 2},
        "s",
    )
    requests.move(home, asked, to="running", at=AS_OF)
    requests.save_plans(home, asked, [plan], planned_at=AS_OF)
    requests.move(home, asked, to="planned", at=AS_OF)
    return asked


def test_a_wish_is_a_dry_run_in_the_name_of_whoever_asked(opened: Opener, home: Home) -> None:
    app = opened("exports", kind="exports")
    app.button[0].click().run()

    (request,) = requests.all_of(home, "demo")
    assert not app.exception
    assert (request.segment, request.destination, request.dry_run) == ("winback", "mailer", True)
    assert request.requested_by == "loopback"
    assert "順番待ち" in shown(app)


def test_a_plan_shows_reasons_difference_and_masked_rows(opened: Opener, home: Home) -> None:
    planned(home)
    text = " ".join(shown(opened("exports", kind="exports")).split())

    assert "書き出す人 17人 同意なし 12人 同じ施策の間隔 3人" in text
    assert "送らないグループ" not in text
    assert "追加 5人 · 前回も 12人 · 除外 2人" in text
    assert "t***@e***.jp" in text
    assert "国 JP、委託、根拠: 契約" in text


def test_released_it_leaves_under_the_plans_own_slot_and_once(opened: Opener, home: Home) -> None:
    asked = planned(home)
    for _ in range(2):
        app = opened("exports", kind="exports", request=asked)
        app.button(key="exports_release").click().run()

    (released,) = [one for one in requests.all_of(home, "demo") if not one.dry_run]
    assert (released.slot, released.request_state) == (asked, "open")


def test_without_a_login_nobody_is_a_second_person(opened: Opener, home: Home) -> None:
    asked = requests.create(
        home, "demo", segment="winback", destination="mailer", requested_by=ANNA,
        requested_at=AS_OF, dry_run=False,
    )  # fmt: skip
    requests.move(home, asked, to="running", at=AS_OF)
    requests.move(home, asked, to="waiting_for_approval", at=AS_OF)

    app = opened("exports", kind="exports")
    app.button(key="exports_release").click().run()

    assert requests.read(home, asked).request_state == "waiting_for_approval"
    assert "別の、ログインした人の承認が必要です" in shown(app)


def test_a_viewer_sees_counts_and_no_way_to_act(opened: Opener, home: Home) -> None:
    planned(home)
    app = opened("exports", kind="exports", role="viewer")
    text = shown(app)

    assert "今日の配信リスト" in text
    assert not [button for button in app.button if "承認" in button.label or "確認" in button.label]
    assert "t***@e***.jp" not in text
    with pytest.raises(NotAllowed):
        requests.create(
            home, "demo", segment="winback", destination="mailer",
            requested_by=Actor("v", Role.VIEWER, Origin.DASHBOARD),
            requested_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip


def test_what_was_handed_over_shows_its_file_and_how_to_know_it(opened: Opener, home: Home) -> None:
    asked = requests.create(
        home, "demo", segment="winback", destination="mailer", requested_by=ANNA,
        requested_at=AS_OF, dry_run=False,
    )  # fmt: skip
    requests.move(home, asked, to="running", at=AS_OF)
    files = [{"program": "winback/1/email", "rows": 17, "sha256": "abc", "files": ["/out/w.csv"]}]
    requests.move(home, asked, to="done", at=AS_OF, outcome={"files": files})

    app = opened("exports", kind="exports")

    assert [code.value for code in app.code] == ["/out/w.csv"]
    assert "17人。ファイルの照合値: abc" in shown(app)


def handed_over(home: Home, **more: object) -> str:
    """A request that is done: one batch of 17 people lies in the outbox."""
    asked = requests.create(
        home, "demo", segment="winback", destination="mailer", requested_by=ANNA,
        requested_at=AS_OF, dry_run=False,
    )  # fmt: skip
    requests.move(home, asked, to="running", at=AS_OF)
    file = {
        "batch_id": "winback-1-ab", "program": "winback/1/email", "rows": 17, "sha256": "abc",
        "files": ["/out/winback-1-ab-r0.csv"],
    }  # fmt: skip
    outcome = {"batches": ["winback-1-ab"], "files": [file], **more}
    requests.move(home, asked, to="done", at=AS_OF, outcome=outcome)
    return asked


def test_a_file_says_what_to_do_in_this_mailer_and_whom_to_drop(opened: Opener, home: Home) -> None:
    hint = {"ja": "「新規のみ」で取り込みます。", "en": "Import new ones only."}
    asked = handed_over(home, import_hint=hint, encoding="cp932")
    recall = {"batch_id": "winback-1-ab", "program": "winback/1/email", "file": "/out/r.csv"}
    other = {"batch_id": "other", "program": "birthday/1/email", "file": "/out/other.csv"}
    handed_over(home, batches=["later"], files=[], recalls=[recall, other])

    app = opened("exports", kind="exports", request=asked)

    assert [code.value for code in app.code] == ["/out/winback-1-ab-r0.csv", "/out/r.csv"]
    text = " ".join(shown(app).split())
    assert "次にすること: 「新規のみ」で取り込みます。" in text
    assert "文字コード: cp932" in text
    assert "追加の除外リスト: winback/1/email" in text


def test_a_batch_on_hold_says_what_decides_it(opened: Opener, home: Home) -> None:
    asked = requests.create(
        home, "demo", segment="winback", destination="mailer", requested_by=ANNA,
        requested_at=AS_OF, dry_run=False,
    )  # fmt: skip
    requests.move(home, asked, to="running", at=AS_OF)
    requests.move(home, asked, to="hold", at=AS_OF, reason="winback-1-ab: another boot")

    app = opened("exports", kind="exports", request=asked)

    assert [code.value for code in app.code] == [
        "okaeri exports hold winback-1-ab delivered\n"
        "okaeri exports hold winback-1-ab not-delivered",
        "winback-1-ab: another boot",
    ]
    assert "届いたかどうかがわからないため" in shown(app)


def test_a_batch_on_hold_is_told_of_until_it_is_decided(opened: Opener, home: Home) -> None:
    asked = requests.create(
        home, "demo", segment="winback", destination="mailer", requested_by=ANNA,
        requested_at=AS_OF - dt.timedelta(days=1), dry_run=False,
    )  # fmt: skip
    requests.move(home, asked, to="running", at=AS_OF)
    requests.move(home, asked, to="hold", at=AS_OF, reason="winback-1-ab: another boot")
    for _ in range(11):
        planned(home)

    page = opened("exports", kind="exports", request=asked)

    overview = opened("overview", kind="exports")
    (lines,) = [e.proto.body for e in overview.get("html") if 'class="ok-lines"' in e.proto.body]
    assert "確認待ち1件" in lines
    assert lines.count("<a href=") == 3
    assert "okaeri exports hold winback-1-ab delivered" in page.code[0].value


def test_what_failed_is_settled_by_a_newer_request_of_the_same_list(
    opened: Opener, home: Home
) -> None:
    failed = requests.create(
        home, "demo", segment="winback", destination="mailer", requested_by=ANNA,
        requested_at=AS_OF - dt.timedelta(days=1), dry_run=False,
    )  # fmt: skip
    requests.move(home, failed, to="running", at=AS_OF)
    requests.move(home, failed, to="failed", at=AS_OF, reason="no room")
    assert "失敗1件" in shown(opened("overview", kind="exports"))

    planned(home)

    assert "失敗1件" not in shown(opened("overview", kind="exports"))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-1, "期限切れ"),
        (0, "あと0分"),
        (59, "あと59分"),
        (61, "あと1時間1分"),
        (1500, "あと1日1時間"),
    ],
)
def test_the_time_that_is_left_counts_down(minutes: int, said: str) -> None:
    page = SimpleNamespace(words=Words("ja"))
    until = AS_OF + dt.timedelta(minutes=minutes)

    assert export_handed.left(page, until, now=AS_OF) == said  # type: ignore[arg-type]


def test_every_campaign_has_its_results_for_whoever_looks(opened: Opener, home: Home) -> None:
    app = opened("exports", kind="exports", role="viewer", view="results", period="trailing_12")
    text = " ".join(shown(app).split())

    # The article's 1,634 mails and 33 orderers; of the win-back a fifth.
    assert "cart_recovery（第1版） メール 1,634通" in text
    assert "休眠復帰（第1版） 郵便 326通" in text
    assert "2.0%" in text
    assert "902,789" in text
    assert not app.number_input


def test_one_campaign_of_one_mail_stands_without_a_total(opened: Opener, home: Home) -> None:
    app = opened("exports", kind="exports", view="results", period="trailing_12",
                 version="winback.1.message")  # fmt: skip
    text = " ".join(shown(app).split())

    assert "項目 1通目 送信 204通" in text


def test_totals_are_typed_for_a_batch_that_left_and_shown_at_once(
    opened: Opener, home: Home
) -> None:
    handed_over(home)
    app = opened("exports", kind="exports", view="results", period="trailing_12")
    app.number_input[0].set_value(17)
    app.number_input[2].set_value(9)
    (submit,) = [button for button in app.button if button.label == "記録する"]
    submit.click().run()

    (typed,) = requests.totals_of(home, "demo")
    assert (typed.batch_id, typed.counts) == ("winback-1-ab", {"sent": 17, "opened": 9})
    assert "17人（2026/11/20(金) 06:05） 17 — 9 —" in " ".join(shown(app).split())


def test_totals_of_what_never_left_or_by_a_viewer_are_refused(home: Home) -> None:
    handed_over(home)
    page = SimpleNamespace(
        home=home, has_requests=True, shop=SimpleNamespace(clock=AS_OF),
        snapshot=SimpleNamespace(facts=SimpleNamespace(shop_id="demo")),
        viewer=SimpleNamespace(actor=ANNA),
    )  # fmt: skip
    with pytest.raises(BadRequest, match="no batch that left"):
        typed_totals.keep(page, "winback-1-zz", {"sent": 1})  # type: ignore[arg-type]
    page.viewer.actor = Actor("v", Role.VIEWER, Origin.DASHBOARD)
    with pytest.raises(NotAllowed):
        typed_totals.keep(page, "winback-1-ab", {"sent": 1})  # type: ignore[arg-type]
    assert requests.totals_of(home, "demo") == []
