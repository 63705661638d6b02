"""The segments page: built-in ones, the builder, and what is saved."""

import pytest
from streamlit.testing.v1 import AppTest

from pipelines import saved_segments
from pipelines.actors import NotAllowed, Role
from pipelines.settings import Home
from tests.dashboards.conftest import Opener, shown
from tests.dashboards.fixture import publish_kind


@pytest.fixture
def home(published, tmp_path) -> Home:
    """A shop of its own, so that no other test finds what was saved."""
    published["segments"] = tmp_path
    return publish_kind(tmp_path, "demo")


def asked(opened: Opener, *, orders: int) -> AppTest:
    """The builder asking for people with at least so many orders."""
    app = opened("segments", kind="segments")
    app.selectbox(key="builder_column_0").set_value("order_count").run()
    app.selectbox(key="builder_operator_0_whole").set_value("at_least").run()
    return app.number_input(key="builder_value_0_order_count_at_least").set_value(orders).run()


def test_a_built_in_segment_says_what_it_does_and_how_many_are_in_it(opened: Opener) -> None:
    text = shown(opened("segments"))

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

    from dashboards.access import Viewer

    with pytest.raises(NotAllowed):
        Viewer("", Role.VIEWER).actor.must_be(Role.EXPORTER, to="save a segment")
