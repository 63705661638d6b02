"""What every page owes: each chart its data, each table its file, each figure its receipt."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.text import Words
from tests.dashboards.conftest import PAGES, Opener

WORDS = Words("ja")
# Tabs that are drawn only when they are open, by page and the name they have in the address.
VIEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "overview": {"view": ("today", "report")},
    "cart_recovery": {"tab": ("rate", "reach", "checkout", "times", "rules", "delays")},
    "retention": {"view": ("steps", "months", "intervals", "status")},
    "customers": {"view": ("groups", "moves", "score")},
    "merchandising": {"view": ("left", "ranking", "pairs")},
    "data_health": {"view": ("sources", "restated", "audit")},
}
FIRST: list[tuple[str, dict[str, str]]] = [(page, {}) for page in PAGES]
# What lies behind another tab is for where there is time.
BEHIND = [
    (page, {name: view})
    for page, found in VIEWS.items()
    for name, views in found.items()
    for view in views[1:]
] + [("cart_recovery", {"tab": "rate", "by": "weekday_hour"})]


def in_order(block: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every element of a page from top to bottom, with the blocks it stands in."""
    for child in block.children.values():
        if hasattr(child, "children"):
            yield child, path
            yield from in_order(child, (*path, child))
        else:
            yield child, path


def elements(app: AppTest) -> list[tuple[Any, tuple[Any, ...]]]:
    assert not app.exception, app.exception
    return list(in_order(app.main))


def kinds(block: Any) -> list[str]:
    """What stands in a block."""
    return [element.type for element, _ in in_order(block)]


def following(found: list[tuple[Any, tuple[Any, ...]]], place: int) -> Any:
    """The next element in the same block, None at its end."""
    _, path = found[place]
    rest = [(element, within) for element, within in found[place + 1 :] if within == path]
    return rest[0][0] if rest else None


def body_of(element: Any) -> str:
    return str(element.proto.body) if element.type == "html" else ""


@pytest.mark.parametrize(
    ("page", "chosen"),
    [*FIRST, *(pytest.param(*view, marks=pytest.mark.slow) for view in BEHIND)],
    ids=str,
)
def test_each_chart_shows_its_data_each_table_is_a_file_each_figure_has_its_receipt(
    drawn: Opener, page: str, chosen: dict[str, str]
) -> None:
    found = elements(drawn(page, **chosen))
    charts, tables, cards = [], [], []
    for place, (element, _) in enumerate(found):
        after = following(found, place)
        if element.type == "arrow_vega_lite_chart":
            if getattr(after, "label", "") != WORDS("chart.data"):
                after = following(found, found.index((after, found[place][1])))
            charts.append((getattr(after, "label", ""), kinds(after)))
        elif 'class="ok-table' in body_of(element) and "ok-entries" not in body_of(element):
            tables.append((body_of(element)[:400], kinds(after)))
        elif 'class="ok-cards"' in body_of(element):
            cards.append((body_of(element)[:400], getattr(after, "type", "")))

    assert [label for label, below in charts if "html" not in below] == []
    assert {label for label, _ in charts} <= {WORDS("chart.data")}
    assert [body for body, below in tables if "download_button" not in below] == []
    assert [body for body, below in tables if "popover" not in below] == []
    assert [body for body, kind in cards if kind != "popover"] == []


def test_the_fold_below_a_chart_holds_the_figures_of_the_chart(drawn: Opener) -> None:
    """614 + 1,020 carts were sent a mail; 812 belong to nobody known."""
    app = drawn("cart_recovery", period="trailing_12")
    (fold,) = [e for e in app.expander if e.label == WORDS("chart.data")][:1]
    found = [body_of(element) for element, _ in in_order(fold) if element.type == "html"]
    (table,) = [body for body in found if 'class="ok-table' in body]

    assert "だれか不明（未ログイン）" in table
    assert "812件" in table
