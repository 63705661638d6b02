"""What reading a column of cells gives."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Parsed:
    """A column of values and, where there is none though the cell was not empty, reason codes."""

    value: pl.Series
    reason: pl.Series

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Parsed":
        """From a frame with columns `value` and `reason`."""
        return cls(frame["value"], frame["reason"])

    def frame(self) -> pl.DataFrame:
        """The two columns side by side."""
        return pl.DataFrame({"value": self.value, "reason": self.reason})


def good(value: pl.Series) -> Parsed:
    """Values nothing is wrong with."""
    return Parsed(value, no_reason(len(value)))


def no_reason(rows: int) -> pl.Series:
    """Nothing wrong, so many times."""
    return pl.Series([None], dtype=pl.String).new_from_index(0, rows)


def because(bad: pl.Expr, code: str) -> pl.Expr:
    """The code where `bad`, null elsewhere."""
    return pl.when(bad).then(pl.lit(code))
