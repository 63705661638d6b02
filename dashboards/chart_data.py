"""What a chart shows as a table: one row per mark on its axis, one column per line or colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.tables import Row
from dashboards.text import Cell, Words

# A Vega-Lite document, or a part of one.
Document = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Picture:
    """A chart beside what it was drawn from.

    `label`, `series`, `value`: the fields of `rows` that name a mark, its line and its amount. A
    row's own `cell`, where it has one, is written instead of the amount. `title`: the axis.
    """

    drawing: Document
    rows: Rows
    label: str
    value: str
    series: str = ""
    title: str = ""
    is_rate: bool = False

    def table(self, words: Words) -> tuple[list[str], list[Row]]:
        """Head and rows, in the order the marks were given; `—` where a line has no mark."""
        names = list(dict.fromkeys(str(row.get(self.series, "")) for row in self.rows))
        found: dict[str, dict[str, Cell | str]] = {}
        for row in self.rows:
            line = found.setdefault(str(row[self.label]), {})
            line[str(row.get(self.series, ""))] = self.cell(row, words)
        heads = [name or words("chart.data.value") for name in names]
        label = self.title or words("chart.data.label")
        body: list[Row] = [
            [name, *(cells.get(series, "—") for series in names)] for name, cells in found.items()
        ]
        return [label, *heads], body

    def cell(self, row: Mapping[str, Any], words: Words) -> Cell | str:
        """The value of one mark as the page writes it, else by its kind."""
        told = row.get("cell")
        if isinstance(told, Cell | str):
            return told
        return words.percent(row[self.value]) if self.is_rate else words.number(row[self.value])
