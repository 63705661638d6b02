"""What a table writes into a page and into a file."""

import pytest

from dashboards.tables import HeatCell, HeatRow, csv_bytes, heat, table
from dashboards.text import Cell

MARKUP = "<img src=x onerror=alert(1)>"


def test_data_never_becomes_markup() -> None:
    assert "<img" not in table([MARKUP], [[MARKUP, Cell(MARKUP, MARKUP)]])
    assert "<img" not in heat([MARKUP], [HeatRow(MARKUP, MARKUP, (HeatCell(Cell(MARKUP)),))])


@pytest.mark.parametrize("value", ["=1+1", "+81", "-2", "@x", "\tx", "\rx", "\0x", "＝1", " =1"])
def test_a_file_runs_no_formula(value: str) -> None:
    line = csv_bytes(["a"], [[value]]).decode("utf-8-sig").split("\r\n", 1)[1]

    assert line.lstrip('"').startswith("'")


def test_a_file_is_utf8_with_bom_and_holds_what_the_page_shows() -> None:
    data = csv_bytes(
        ["項目", "1通目"], [["開封率", Cell("18.2%", "（109/598、誤差 15.3〜21.5）\n注")]]
    )

    assert data.startswith(b"\xef\xbb\xbf")
    assert "開封率,18.2%（109/598、誤差 15.3〜21.5） 注" in data.decode("utf-8-sig")


def test_a_young_square_is_hatched_and_a_small_one_grey() -> None:
    page = heat(
        ["a"],
        [HeatRow("2026/10", "3人", (HeatCell(Cell("2/4人", is_small=True), None, is_young=True),))],
    )

    assert 'class="young"' in page
    assert "ok-small" in page
    assert "background-color" not in page
