"""What a viewer must not learn of few people: neither told, nor by subtraction, nor from a file."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboards.access import Viewer
from dashboards.page import Page
from dashboards.snapshot import current
from dashboards.text import Words
from pipelines.actors import Role
from pipelines.settings import Home
from tests.dashboards.conftest import PAGES, Opener, shown

# A count of one to four people, in either language; five is what `hide_below` lets be told.
FEW = re.compile(r"(?<![\d,.])[1-4]\s?(?:人(?!未満)|people|person)")
# Pages that split people by what they are. What became of a campaign's or a month's people is told
# with its n, however small (`4 of 25 people`).
SPLITTING = ("customers", "segments", "exports", "merchandising")
# One builder's row, one person's search, and numbers of one person.
EXPORTERS = ("builder_", "person_", "exports_ask", "exports_release")


@pytest.mark.parametrize("name", SPLITTING)
def test_a_viewer_of_a_small_shop_is_told_of_no_few(drawn: Opener, name: str) -> None:
    told = FEW.findall(shown(drawn(name, kind="small", role="viewer")))

    assert told == []


def test_a_list_of_few_is_no_number_on_the_first_page_either(drawn: Opener) -> None:
    viewer, exporter = (
        " ".join(shown(drawn("overview", kind="small", role=role)).split())
        for role in ("viewer", "exporter")
    )

    assert "休眠復帰 5人未満" in viewer
    assert "休眠復帰 1人" in exporter


def test_the_same_few_are_there_for_an_exporter(drawn: Opener) -> None:
    """Otherwise the test above would find nothing whatever is hidden."""
    assert FEW.search(shown(drawn("exports", kind="small")))


@pytest.mark.parametrize("name", PAGES)
def test_a_viewer_has_no_row_of_one_person_and_nothing_to_pick_them_with(
    drawn: Opener, name: str
) -> None:
    page = drawn(name, kind="small", role="viewer")
    keys = [
        str(element.key)
        for kind in ("selectbox", "text_input", "number_input", "button", "checkbox")
        for element in page.get(kind)
    ]

    assert not [key for key in keys if key.startswith(EXPORTERS)]
    assert not re.search(r"\bp\d+\b|[\w.]+@[\w.]+\.\w", shown(page))


def test_one_hidden_cell_takes_the_smallest_one_left_with_it(published: dict[str, Path]) -> None:
    """By the macro stored in the file, over the whole table, whatever part of it is read."""
    snapshot = current(Home(published["small"] / "aoi"))
    rows = snapshot.read("rpt_rfm", {}, order_by=("person_count",)).to_dicts()
    few = [row for row in rows if row["person_count"] < 5]
    hidden = [row for row in rows if row["is_hidden"]]

    assert len(few) == 1
    assert hidden == rows[:2]
    (left,) = snapshot.read("rpt_rfm", {"person_count": hidden[1]["person_count"]}).to_dicts()
    assert left["is_hidden"]


def test_nothing_but_the_reader_decides_who_sees_a_hidden_cell(
    published: dict[str, Path],
) -> None:
    """The kept answer is everybody's; asked first by an exporter it is the viewer's all the same."""
    home = Home(published["small"] / "aoi")
    snapshot = current(home)
    shop: Any = SimpleNamespace(clock=None)
    exporter = Page("customers", Words("ja"), snapshot, Viewer("e", Role.EXPORTER), home, shop)
    viewer = replace(exporter, viewer=Viewer("v", Role.VIEWER))

    def hidden(page: Page) -> list[bool]:
        return [page.hides(row) for row in page.snapshot.read("rpt_rfm", {}).to_dicts()]

    first = hidden(exporter)
    assert not any(first)
    assert sum(hidden(viewer)) == 2
    assert hidden(exporter) == first
