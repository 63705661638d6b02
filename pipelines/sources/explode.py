"""JSON arrays in cells → one row per element, each array parsed once for all tables of a file."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.sources import values
from pipelines.sources.documents import cells_frame, flatten, is_flat, parse_json
from pipelines.sources.headers import Headers


@dataclass(frozen=True)
class Exploded:
    """The elements of a column's arrays.

    Shape: one row per element in `fields`, headers `path.field`, clean text; `parents` is the row
    the element came from, counted from 0.
    """

    parents: pl.Series
    fields: pl.DataFrame


class Explosions:
    """What the arrays of one file gave, kept because several tables explode the same ones."""

    def __init__(self, headers: Headers, *, empty: tuple[str, ...]) -> None:
        self._headers = headers
        self._empty = empty
        self._kept: dict[str, tuple[pl.Series, Exploded]] = {}

    def of(self, frame: pl.DataFrame, path: str) -> Exploded:
        """The elements of the arrays under `path`."""
        texts = frame[path]
        kept = self._kept.get(path)
        if kept is not None and kept[0].equals(texts):
            return kept[1]
        counts, fields = _elements_of(texts, path)
        fields = self._headers.renamed(fields)
        fields = values.clean_cells(fields, fields.columns, empty=self._empty)
        rows = pl.int_range(len(counts), eager=True)
        # An empty array explodes to null, which is no element.
        parents = rows.to_frame("row").select(pl.col("row").repeat_by(pl.Series(counts)))
        found = Exploded(parents["row"].explode().drop_nulls(), fields)
        self._kept[path] = (texts, found)
        return found


def _elements_of(texts: pl.Series, path: str) -> tuple[list[int], pl.DataFrame]:
    """How many elements each array has, and their cells."""
    counts: list[int] = []
    rows: list[dict[str, str]] = []
    names: dict[str, str] = {}
    for text in texts.to_list():
        elements = _elements(text)
        counts.append(len(elements))
        for element in elements:
            if isinstance(element, dict) and is_flat(element):
                if not element.keys() <= names.keys():
                    names |= {key: f"{path}.{key}" for key in element}
                rows.append({names[key]: cell for key, cell in element.items()})
            else:
                cells: dict[str, str] = {}
                flatten(element, path, cells)
                rows.append(cells)
    return counts, cells_frame(rows, first=path)


def _elements(text: str | None) -> list[Any]:
    if text is None:
        return []
    try:
        found = parse_json(text)
    except (ValueError, RecursionError):
        # The cell itself stays: its columns turn out bad or missing and the row is rejected.
        return [text]
    return found if isinstance(found, list) else [found]
