"""A file as text cells: what every reader gives and every mapping starts from."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.sources.refusals import FileRefused

ROW: Final = "__row"
REJECTS: Final = pl.Schema(
    {
        "row_no": pl.Int64(),
        "reason_code": pl.String(),
        "column_name": pl.String(),
        "value_masked": pl.String(),
        "raw_masked": pl.String(),
    }
)
_LOOK: Final = "Look at this column in the program it came from."
_RAW_MASK_CHARS: Final = 200
_VALUE_MASK_CHARS: Final = 40


@dataclass(frozen=True)
class RawTable:
    """The rows of one file, nothing interpreted.

    Shape: `frame` has one row per data row, every header a String column (doubled headers as
    `x`, `x#2`), and ROW, the row's number as an editor shows it. `rejects` are rows that are none.
    """

    frame: pl.DataFrame
    rejects: pl.DataFrame
    doubled: frozenset[str]
    encoding: str | None

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers in file order."""
        return tuple(name for name in self.frame.columns if name != ROW)

    @property
    def rows(self) -> int:
        """Data rows of the file, the rejected ones included."""
        return self.frame.height + self.rejects.height


def masked(text: str, *, limit: int = _VALUE_MASK_CHARS) -> str:
    """The text's shape without its content: letters x, digits 9, so that no value reaches a log."""
    shown = text[:limit]
    return "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in shown)


def masked_expr(text: pl.Expr, *, limit: int = _VALUE_MASK_CHARS) -> pl.Expr:
    """The same as `masked`, over a column."""
    return (
        text.str.slice(0, limit)
        .str.replace_all(r"\p{N}", "9")
        .str.replace_all(r"[\p{L}\p{M}]", "x")
    )


def reject_rows(rows: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
    """Rejects of whole lines: row number, reason, raw text (masked here)."""
    return pl.DataFrame(
        [(n, reason, None, None, masked(text, limit=_RAW_MASK_CHARS)) for n, reason, text in rows],
        schema=REJECTS,
        orient="row",
    )


def refuse_wild_cells(file: str, frame: pl.DataFrame, *, cell: int) -> None:
    """Nothing, when no cell is longer than any may be or holds NUL. Raises: FileRefused."""
    names = [name for name in frame.columns if name != ROW]
    for name in names:
        if (frame[name].str.len_chars() > cell).any():
            raise FileRefused(file, "a cell is longer than any cell may be", _LOOK, column=name)
        if frame[name].str.contains("\x00", literal=True).any():
            raise FileRefused(file, "it holds NUL bytes", _LOOK, column=name)


def name_headers(cells: Sequence[str | None]) -> tuple[list[str], frozenset[str]]:
    """Names of the columns, each once, and the headers that stood in the file more than once."""
    seen: dict[str, int] = {}
    names = []
    for position, cell in enumerate(cells, start=1):
        name = unicodedata.normalize("NFC", (cell or "").strip().strip("\ufeff"))
        name = name or f"column#{position}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names, frozenset(name for name, count in seen.items() if count > 1)
