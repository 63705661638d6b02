"""The address of a view: opened by somebody else it draws the same; what it cannot mean is said."""

import re

import pytest

from dashboards.sentences import PAIRS
from tests.dashboards.conftest import Opener, shown

# Every page twice.
pytestmark = pytest.mark.slow

# What a reader chose, by page: every filter of it, each with a key that is not its default.
CHOSEN: dict[str, dict[str, str]] = {
    "cart_recovery": {
        "period": "trailing_12",
        "only": "device.smartphone",
        "family": "previous",
        "step": "1",
        "clock": "abandoned",
    },
    "cohorts": {"variant": "classic", "unit": "days_30", "show": "people", "grain": "quarter"},
    "experiments": {"share": "20", "months": "6"},
    "retention": {"order": "compare"},
    "merchandising": {"period": "trailing_12"},
    "overview": {},
    "customers": {"phase": "first_buyer"},
    "data_health": {},
}
# The tab it was done in.
TAB = {
    "cart_recovery": {"tab": "times"},
    "retention": {"view": "status"},
    "overview": {"view": "report"},
    "customers": {"view": "moves"},
    "data_health": {"view": "restated"},
}
FAST = {"cohorts"}
SQUARE = [
    pytest.param(page, marks=() if page in FAST else pytest.mark.slow, id=page) for page in CHOSEN
]
# A key of the dashboards or of the shop's set-up; never an address, a name, a sentence.
CLOSED = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.:+-]{0,60}")
NUMBERS = {"share", "months"}


@pytest.mark.parametrize("page", SQUARE)
def test_a_link_draws_what_was_chosen_and_holds_closed_keys_alone(
    opened: Opener, page: str
) -> None:
    whole = CHOSEN[page] | TAB.get(page, {})
    reader = opened(page, **TAB.get(page, {}))
    plain = shown(reader)
    for name, value in CHOSEN[page].items():
        reader.session_state[f"{page}_{name}"] = int(value) if name in NUMBERS else value
    reader.run()
    address = {name: "".join(value) for name, value in reader.query_params.items()}

    colleague = opened(page, **address)

    assert shown(colleague) == shown(reader)
    assert {k: v for k, v in whole.items() if address.get(k) != v} == {}
    assert shown(reader) != plain or not CHOSEN[page]
    assert [value for value in address.values() if not CLOSED.fullmatch(value)] == []


@pytest.mark.parametrize("page", SQUARE)
def test_what_a_link_cannot_mean_is_left_out_and_said(opened: Opener, page: str) -> None:
    # With a tab nobody knows, the first one is drawn: these stand in another.
    names = [*CHOSEN[page].keys() - {"clock", "phase"}, *TAB.get(page, {})]
    bad = dict.fromkeys(names, "'; drop table x --<script>")

    app = opened(page, **bad)
    text = shown(app)

    told = PAIRS["filter.ignored"][0].partition("{label}")[2]
    assert text.count(told) == len(names)
    assert "drop table" not in text
    assert set(app.query_params) <= {"lang"}


def test_it_is_said_until_the_reader_chooses(opened: Opener) -> None:
    app = opened("cohorts", variant="nobody")
    app.segmented_control(key="cohorts_unit").set_value("days_30").run()
    still = shown(app)
    app.segmented_control(key="cohorts_variant").set_value("classic").run()

    told = PAIRS["filter.ignored"][0].partition("{label}")[2]
    assert told in still
    assert told not in shown(app)
