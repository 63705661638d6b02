"""Tables as HTML and as CSV: the same cells on the screen and in the file."""

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboards.text import Cell

Row = Sequence[Cell | str]

# Spreadsheets take a cell that begins so for a formula (OWASP ASVS 1.2.10); ＝ is folded to =.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")
# The blue of the theme; a cell is this colour in the strength of its rate.
SHADE: Final = (31, 95, 168)


@dataclass(frozen=True)
class HeatCell:
    """One square. `shade` is 0..1, None for no colour; `is_young` draws the hatching."""

    cell: Cell
    shade: float | None = None
    is_young: bool = False


@dataclass(frozen=True)
class HeatRow:
    """One cohort. `is_pooled` stands first and apart; `is_old` is left out on a phone."""

    label: str
    size: str
    squares: tuple[HeatCell, ...]
    is_pooled: bool = False
    is_old: bool = False


def escaped(text: str) -> str:
    """Text that is only text to a browser; data of a shop never becomes markup."""
    return html.escape(text, quote=True)


def written(value: Cell | str) -> str:
    """Inner HTML of one value, its detail smaller and grey when few stand behind it."""
    cell = value if isinstance(value, Cell) else Cell(value)
    grey = " ok-small" if cell.is_small else ""
    main = f'<span class="main{grey}">{escaped(cell.main)}</span>'
    if not cell.detail:
        return main
    # A detail on a line of its own is one by its style: a break too would leave a gap on a phone.
    under = " under" if cell.detail.startswith("\n") else ""
    detail = escaped(cell.detail.removeprefix("\n")).replace("\n", "<br>")
    return f'{main}<span class="detail{under}">{detail}</span>'


def table(head: Sequence[str], rows: Sequence[Row]) -> str:
    """HTML of a table whose first column names the rows."""
    columns = "".join(f'<th scope="col">{escaped(name)}</th>' for name in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{written(value)}</th>' if place == 0 else f"<td>{written(value)}</td>"
            for place, value in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="ok-scroll"><table class="ok-table"><thead><tr>{columns}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def heat(head: Sequence[str], rows: Sequence[HeatRow]) -> str:
    """HTML of the cohort squares, the pooled rows first."""
    columns = "".join(f'<th scope="col">{escaped(name)}</th>' for name in head)
    body = []
    for row in rows:
        kind = "pooled" if row.is_pooled else "old" if row.is_old else ""
        squares = "".join(_square(square) for square in row.squares)
        body.append(
            f'<tr class="{kind}"><th scope="row">{escaped(row.label)}</th>'
            f"<th>{escaped(row.size)}</th>{squares}</tr>"
        )
    return (
        f'<div class="ok-scroll"><table class="ok-table ok-heat"><thead><tr>{columns}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _square(square: HeatCell) -> str:
    """HTML of one square; never so deep that dark text could not be read on it (contrast > 5)."""
    style, kinds = "", ["young"] if square.is_young else []
    if square.shade is not None:
        alpha = round(0.05 + 0.55 * square.shade, 3)
        red, green, blue = SHADE
        style = f' style="background-color: rgba({red},{green},{blue},{alpha})"'
    return f'<td class="{" ".join(kinds)}"{style}>{written(square.cell)}</td>'


def csv_bytes(head: Sequence[str], rows: Sequence[Row]) -> bytes:
    """UTF-8 with BOM, as Excel expects it, every cell guarded against formulas."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in head])
    for row in rows:
        writer.writerow([guarded(v.text if isinstance(v, Cell) else v) for v in row])
    return stream.getvalue().encode("utf-8-sig")


def guarded(value: str) -> str:
    """The value, with `'` before what a spreadsheet would run."""
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA_STARTS) else value
