"""The segments page: built-in ones, the builder, and what is saved."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from dashboards import segment_lists
from dashboards.access import Viewer
from dashboards.page import Page
from dashboards.snapshot import current
from dashboards.text import Words
from pipelines import conditions, requests, saved_segments
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.settings import DBT_PROJECT, Home
from tests.dashboards.conftest import Opener, html_of, shown
from tests.dashboards.fixture import AS_OF, publish_kind

ANNA = Actor("anna@example.jp", Role.EXPORTER, Origin.DASHBOARD)


@pytest.fixture
def home(published, tmp_path) -> Home:
    """A shop of its own, so that no other test finds what was saved."""
    published["segments"] = tmp_path
    made = publish_kind(tmp_path, "demo")
    with (tmp_path / "shop.yml").open("a") as stream:
        stream.write("destinations:\n- {key: mailer, profile: generic_utf8}\n")
    return made


@pytest.fixture
def whole(published) -> Home:
    """The large shop everybody reads; nothing is saved in it."""
    return Home(published["demo"] / "demo")


def asked(opened: Opener, *, orders: int) -> AppTest:
    """The builder asking for people with at least so many orders."""
    app = opened("segments", kind="segments")
    app.selectbox(key="builder_column_0").set_value("order_count").run()
    app.selectbox(key="builder_operator_0_whole").set_value("at_least").run()
    return app.number_input(key="builder_value_0_order_count_at_least").set_value(orders).run()


def test_a_built_in_segment_says_what_it_does_and_how_many_are_in_it(drawn: Opener) -> None:
    text = shown(drawn("segments"))

    assert "組み込みのセグメントが1本" in text
    assert "140人" in text


def test_the_builder_counts_while_it_is_filled_in(opened: Opener, home: Home) -> None:
    """Four of the twelve have three orders (p8 to p11), of them p9 may be mailed."""
    text = shown(asked(opened, orders=2))

    assert "いま 4人、うち配信可能 1人" in text
    assert "注文" in text


def test_what_is_saved_is_listed_with_its_sentence_and_its_version(
    opened: Opener, home: Home
) -> None:
    app = asked(opened, orders=2)
    app.text_input[0].set_value("regulars")
    app.text_input[1].set_value("常連")
    next(button for button in app.button if button.label == "保存する").click().run()

    (saved,) = saved_segments.all_of(home, "demo")
    text = shown(opened("segments", kind="segments"))
    assert (saved.segment_key, saved.version, saved.saved_by) == ("regulars", 1, "loopback")
    assert "常連" in text
    assert "4人" in text


def test_a_saved_segment_has_a_card_with_what_left_of_it(opened: Opener, home: Home) -> None:
    """A file of seventeen people left on the 18th, one of four on the 19th."""
    basis = current(home).basis
    assert basis is not None
    saved_segments.save(
        home, basis, key="all_of_us", title_ja="みんな", title_en="Everybody",
        conditions=everybody(home).document, saved_by="anna", saved_at=AS_OF,
    )  # fmt: skip
    for days, people in ((2, 17), (1, 4)):
        handed(home, at=AS_OF - dt.timedelta(days=days), people=people)

    text = " ".join(shown(opened("segments", kind="segments")).split())

    assert "みんな 注文回数が1以上 人数 12人 配信可能 4人" in text
    assert "30日間に書き出した人数。最多は2026/11/18(水)の17人" in text
    assert "all_of_us 第1版 最後の依頼: 書き出し済み（2026/11/19(木) 06:05）" in text


def handed(home: Home, *, at: dt.datetime, people: int) -> None:
    """A request for the saved segment, handed over at once."""
    asked = requests.create(
        home, "demo", segment="all_of_us", destination="mailer", requested_by=ANNA,
        requested_at=at, dry_run=False, segment_version=1,
    )  # fmt: skip
    requests.move(home, asked, to="running", at=at)
    outcome = {"files": [{"program": "newsletter/1/email", "rows": people, "files": []}]}
    requests.move(home, asked, to="done", at=at, outcome=outcome)


def test_a_value_that_cannot_be_compared_is_said_where_it_stands(
    opened: Opener, home: Home
) -> None:
    app = opened("segments", kind="segments")
    app.selectbox(key="builder_column_0").set_value("order_count").run()
    app.selectbox(key="builder_operator_0_whole").set_value("in").run()
    text = shown(app.text_input(key="builder_value_0_order_count_in").set_value("二").run())

    assert "! 1番目の条件は、この値では比べられません" in text
    assert "うち配信可能" not in text


def test_a_viewer_has_no_builder_and_cannot_save(opened: Opener, home: Home) -> None:
    app = opened("segments", kind="segments", role="viewer")

    assert "書き出し担当だけです" in shown(app)
    assert not [box for box in app.selectbox if "builder" in str(box.key)]

    with pytest.raises(NotAllowed):
        Viewer("", Role.VIEWER).actor.must_be(Role.EXPORTER, to="save a segment")


def test_a_card_shows_thirty_days_and_the_last_hand_over(drawn: Opener) -> None:
    """Mails left on every seventh day, most of them today: 200 people."""
    app = drawn("segments", language="en")
    (cards,) = [part for part in html_of(app) if part.startswith('<div class="ok-tiles"')]
    text = " ".join(shown(app).split())

    assert cards.count("<i style") == 30
    assert cards.count("height:0%") == 25
    assert "height:100%" in cards
    assert "most on 20 Nov 2026: 200 people" in text
    assert "Last handed over: 20 Nov 2026, 05:30" in text
    assert "Latest request: not exported yet" in text


def test_a_viewer_learns_no_day_of_few(drawn: Opener) -> None:
    """In the small shop three people got the largest mail."""
    exporter = " ".join(shown(drawn("segments", kind="small")).split())
    viewer = "".join(html_of(drawn("segments", kind="small", role="viewer")))

    assert "30日間の書き出しの対象。最多は2026/11/20(金)の3人" in exporter
    assert "最多は2026/11/20(金)の5人未満" in viewer
    assert "3人" not in viewer
    assert "height:100%" not in viewer


@pytest.mark.parametrize(
    ("role", "people", "told"),
    [
        ("exporter", 5, "4人"),
        ("viewer", 5, "—"),
        ("viewer", 4, "5人未満"),
        ("viewer", 12, "5人未満"),
    ],
)
def test_few_who_may_be_mailed_are_told_to_no_viewer(
    whole: Home, role: str, people: int, told: str
) -> None:
    """Four of the twelve may be mailed."""
    assert segment_lists.mailable_of(page_of(whole, role), people, everybody(whole)) == told


def test_few_who_may_not_be_mailed_are_not_left_over_for_a_viewer(whole: Home) -> None:
    """Were there seven people in a segment, six of whom may be mailed, one would be told."""
    page = page_of(whole, "viewer")
    snapshot = SimpleNamespace(
        basis=page.snapshot.basis, settings=page.snapshot.settings, people=lambda *_, **__: 6
    )
    other: Any = SimpleNamespace(words=page.words, viewer=page.viewer, snapshot=snapshot)

    assert segment_lists.mailable_of(other, 7, "winback") == "—"
    assert segment_lists.mailable_of(other, 6, "winback") == "6人"
    assert segment_lists.mailable_of(other, 11, "winback") == "6人"


def page_of(home: Home, role: str) -> Page:
    shop: Any = SimpleNamespace(clock=None)
    return Page("segments", Words("ja"), current(home), Viewer("v", Role(role)), home, shop)


def everybody(home: Home) -> conditions.Checked:
    basis = current(home).basis
    assert basis is not None
    asked = {"column": "order_count", "operator": "at_least", "value": 1}
    return conditions.checked(asked, basis.columns)


def test_a_link_with_a_closed_value_opens_the_builder_filled_in(opened: Opener) -> None:
    """Five of the twelve are dormant. A key of no column means nothing."""
    app = opened("segments", phase="first_buyer", purchase_status="dormant")

    assert app.selectbox(key="builder_column_0").value == "purchase_status"
    assert app.selectbox(key="builder_operator_0_choice").value == "equals"
    assert app.selectbox(key="builder_value_0_purchase_status_equals").value == "dormant"
    assert "いま 5人、うち配信可能 2人" in shown(app)


def test_an_address_that_names_no_closed_value_prefills_nothing(opened: Opener) -> None:
    app = opened("segments", person_id="p1", purchase_status="p1")

    assert app.selectbox(key="builder_column_0").value == "person_kind"
    assert "うち配信可能" not in shown(app)


def test_what_is_built_is_held_against_the_other_segments(opened: Opener, home: Home) -> None:
    text = " ".join(shown(asked(opened, orders=2)).split())

    assert "ほかのセグメントとの重なり" in text
    assert "休眠復帰 4人" in text


def test_a_segment_is_sent_by_a_dry_run_that_is_asked_for_here(opened: Opener, home: Home) -> None:
    app = opened("segments", kind="segments")
    next(button for button in app.button if "事前確認" in button.label).click().run()

    (request,) = requests.all_of(home, "demo")
    assert (request.segment, request.destination, request.dry_run) == ("winback", "mailer", True)
    assert f"./exports?request={request.request_id}&amp;lang=ja" in "".join(html_of(app))


def test_what_an_empty_segment_needs_is_said_with_whether_it_is_there(whole: Home) -> None:
    page = SimpleNamespace(words=Words("ja"), snapshot=current(whole))
    needs = [
        {"table": "dim_persons", "column": "birth_month", "ja": "誕生日", "en": "birthdays"},
        {"table": "dim_persons", "column": "purchase_status", "ja": "受注", "en": "orders"},
        {"table": "fct_sessions", "column": "session_id", "ja": "閲覧", "en": "browsing"},
    ]

    told = segment_lists.needs(page, {"needs": needs})  # type: ignore[arg-type]

    assert told == ["必要なデータ: 誕生日（なし）・受注（あり）・閲覧（なし）"]
    assert segment_lists.needs(page, {}) == []  # type: ignore[arg-type]


def test_every_built_in_segment_names_a_published_column_it_needs() -> None:
    files = {path.stem: path for path in (DBT_PROJECT / "models").rglob("*.yml")}

    def described(name: str) -> dict[str, Any]:
        (model,) = yaml.load(files[name].read_text(encoding="utf-8"), yaml.CSafeLoader)["models"]
        found: dict[str, Any] = model
        return found

    segments = [name for name in files if name.startswith("seg_")]
    told = {name: described(name)["config"]["meta"]["segment"]["needs"] for name in segments}
    tables = {need["table"] for needs in told.values() for need in needs}
    columns = {table: {one["name"] for one in described(table)["columns"]} for table in tables}

    assert len(told) == 11
    for name, needs in told.items():
        assert needs, name
        for need in needs:
            assert need["column"] in columns[need["table"]], name
            assert {"ja", "en"} <= set(need), name
