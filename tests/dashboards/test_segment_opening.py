"""A saved segment back in the builder: its conditions, what has changed, the version it becomes."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import segment_builder, segment_opening
from dashboards.segment_opening import row_of
from dashboards.snapshot import current
from pipelines import conditions, saved_segments
from pipelines.actors import NotAllowed
from pipelines.conditions import Condition
from pipelines.saved_segments import SavedSegment
from pipelines.settings import Home
from tests import asked
from tests.asked import one
from tests.dashboards.conftest import Opener, shown
from tests.dashboards.fixture import AS_OF
from tests.dashboards.test_segments import page_of

MANY = one("order_count", "at_least", 2)
INSIDE = {"all": [MANY, {"any": [MANY, one("prefecture", "equals", "東京都")]}]}
EVERY_FIELD = {"any": [
    one("prefecture", "in", ["大阪府", "島国"]), one("prefecture", "equals", "島国"),
    one("prefecture", "contains", "京"), one("order_count", "between", [1, 3]),
    one("order_count", "in", [1, 3]), one("is_mailable", "equals", value=True),
    one("purchase_status", "not_empty"), {**MANY, "or_unknown": True},
]}  # fmt: skip


@pytest.fixture
def home(published: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The shop of all pages, with requests of its own: no other test finds what was saved."""
    monkeypatch.setenv("OKAERI_REQUESTS_URL", f"sqlite:///{tmp_path / 'requests.db'}")
    return Home(published["demo"] / "demo")


def save(home: Home, document: object, **more: Any) -> SavedSegment:
    basis = current(home).basis
    assert basis is not None
    said: dict[str, Any] = {"title_ja": "常連", "title_en": "Regulars", **more}
    return saved_segments.save(
        home, basis, key="regulars", conditions=document, saved_by="anna", saved_at=AS_OF, **said
    )


def open_saved(opened: Opener, **more: str) -> AppTest:
    return opened("segments", saved="regulars", **more)


def flat(app: AppTest) -> str:
    assert not app.exception
    return " ".join(shown(app).split())


def press(app: AppTest, label: str, *, nth: int = 0) -> AppTest:
    return [button for button in app.button if button.label == label][nth].click().run()


def field(app: AppTest, ending: str) -> Any:
    fields = [*app.number_input, *app.selectbox, *app.text_input]
    return next(one for one in fields if str(one.key).endswith(ending))


def test_a_change_is_the_next_version_and_the_one_before_stays(opened: Opener, home: Home) -> None:
    first = save(home, MANY, campaign_key="monthly")
    app = open_saved(opened)
    assert "いま 4人、うち配信可能 1人" in flat(app)
    assert "第1版と同じ条件です" in flat(app)

    changed = field(app, "order_count_at_least").set_value(1).run()
    assert "第1版との違い: + 注文回数が1以上 · − 注文回数が2以上" in flat(changed)
    done = press(changed, "第2版として保存する")

    assert [box.value for box in done.success] == ["「常連」を第2版として保存しました。"]
    assert "第2版と同じ条件です" in flat(done)
    newer = saved_segments.versions_of(home, "demo", "regulars")[-1]
    assert (newer.version, newer.saved_by, newer.campaign_key) == (2, "loopback", "monthly")
    assert (newer.title_ja, newer.title_en) == ("常連", "Regulars")
    assert newer.conditions == {"all": [one("order_count", "at_least", 1)]}
    assert saved_segments.versions_of(home, "demo", "regulars")[0] == first
    # The newest stands first in the history, with what it changed.
    told = flat(done)[flat(done).index("版 前の版との違い 条件") :]
    assert told.index("loopback + 注文回数が1以上 · − 注文回数が2以上") < told.index("anna — 注文")


def test_every_field_comes_back_as_it_was_saved(opened: Opener, home: Home) -> None:
    """Nobody lives in 島国 any more; the last row came from the terminal."""
    first = save(home, EVERY_FIELD)

    app = press(open_saved(opened), "第2版として保存する")

    assert "第1版と同じ条件です" in flat(app)
    assert saved_segments.versions_of(home, "demo", "regulars") == [first]
    assert [box.value for box in app.checkbox if box.label == "不明も含む"] == [True]


def test_an_older_version_is_opened_and_a_row_taken_out(opened: Opener, home: Home) -> None:
    save(home, {"all": [MANY, one("prefecture", "equals", "東京都")]})
    save(home, MANY)
    app = open_saved(opened)
    older = next(box for box in app.selectbox if box.label == "どの版から").set_value(1).run()
    assert "第2版との違い: + 都道府県が東京都" in flat(older)

    fewer = press(older, "外す", nth=0)

    assert "+ 都道府県が東京都 · − 注文回数が2以上" in flat(fewer)
    assert "外す" not in [button.label for button in fewer.button]
    press(fewer, "第3版として保存する")
    assert [v.version for v in saved_segments.versions_of(home, "demo", "regulars")] == [1, 2, 3]


def test_what_somebody_else_saved_meanwhile_is_not_written_over(home: Home) -> None:
    seen = save(home, MANY)
    theirs = save(home, one("prefecture", "equals", "東京都"))

    page, basis = page_of(home, "exporter"), current(home).basis
    assert basis is not None
    mine = conditions.checked(one("order_count", "at_least", 3), basis.columns)
    with pytest.raises(saved_segments.NewerVersion, match="changed regulars since version 1"):
        segment_builder.save(page, basis, mine, key="regulars", title="私の", newest=seen)

    assert saved_segments.find(home, "demo", "regulars") == theirs


def test_what_no_rows_can_say_is_said(opened: Opener, home: Home) -> None:
    save(home, INSIDE)

    text = flat(open_saved(opened))

    assert "この条件は、この画面の行では表せません" in text
    assert "値を入れると、人数が出ます" in text


@pytest.mark.parametrize("document", [
    INSIDE,
    {"all": []},
    {"any": [one("order_count", "equals", n) for n in range(9)]},
    one("prefecture", "in", ["東京、大阪", "京都"]),
])  # fmt: skip
def test_a_group_inside_nobody_too_many_and_a_comma_have_no_rows(
    home: Home, document: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of so few prefectures there would be a list to pick from.
    monkeypatch.setattr(segment_opening, "FEW_VALUES", 0)
    page, basis = page_of(home, "exporter"), current(home).basis
    assert basis is not None

    assert segment_opening.rows_of(page, conditions.checked(document, basis.columns)) is None
    assert segment_opening.rows_of(page, conditions.checked(MANY, basis.columns)) is not None


def test_a_viewer_opens_nothing_and_is_refused_where_it_is_done(opened: Opener, home: Home) -> None:
    row = save(home, MANY)
    app = open_saved(opened, role="viewer")
    assert [box.label for box in app.selectbox] == []

    page, basis = page_of(home, "viewer"), current(home).basis
    assert basis is not None
    with pytest.raises(NotAllowed, match="to change a saved segment"):
        segment_opening.load(page, row, basis)
    found = conditions.checked(MANY, basis.columns)
    with pytest.raises(NotAllowed, match="to save a segment"):
        segment_builder.save(page, basis, found, key="regulars", title="x", newest=row)
    assert saved_segments.versions_of(home, "demo", "regulars") == [row]


@pytest.mark.parametrize(("document", "fields"), [
    (one("revenue_amount", "at_least", "10000.5"), {"": 10000.5}),
    (one("average_order_amount", "between", [1, 2.5]), {"_low": 1.0, "_high": 2.5}),
    (one("revenue_amount", "in", [1, 20]), {"": "1.0, 20.0"}),
    (one("last_ordered_on", "before", "2026-04-01"), {"": "2026-04-01"}),
    (one("last_ordered_on", "between", ["2026-04-01", "2026-05-01"]),
     {"_low": "2026-04-01", "_high": "2026-05-01"}),
    (one("last_ordered_on", "within_last_days", 3_660), {"": 3_660}),
    (one("is_member", "equals", value=False), {"": False}),
    (one("person_kind", "in", ["member", "guest"]), {"": ["guest", "member"]}),
    (one("prefecture", "starts_with", "東"), {"": "東"}),
    (one("last_ordered_on", "empty"), {}),
])  # fmt: skip
def test_each_kind_of_value_fills_the_field_it_was_typed_into(
    document: dict[str, object], fields: dict[str, object]
) -> None:
    connection = duckdb.connect()
    asked.write(connection, [])
    connection.execute("create table catalogue_models (model_name varchar)")
    basis = conditions.basis_of(connection)
    (condition,) = conditions.checked(document, basis.columns).root.parts
    assert isinstance(condition, Condition)

    row = row_of(condition, list(condition.column.values))

    name, operator = document["column"], document["operator"]
    start = f"builder_value_{{place}}_{name}_{operator}"
    assert row is not None
    assert {key: value for key, value in row.items() if "value" in key} == {
        f"{start}{ending}": value for ending, value in fields.items()
    }
