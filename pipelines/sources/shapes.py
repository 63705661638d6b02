"""Named row shapes: the few ways in which one raw row is not one row of a table."""

import json
from typing import Any, Final, Literal

import polars as pl

from pipelines.sources.documents import flatten, parse_json
from pipelines.sources.grammar import parse_sql
from pipelines.sources.raw import ROW
from pipelines.sources.steps import Aggregate, Explode, FillDown, Group, Step

# What the `numbers` of an entry could not read: reason, column and text, carried with the row.
BAD_NUMBER: Final = "__bad_number"
_ALONE: Final = "__alone"


def shaped(frame: pl.DataFrame, steps: list[Step]) -> pl.DataFrame:
    """The rows after all steps, in file order."""
    for step in steps:
        frame = _step(frame, step)
    return frame


def _step(frame: pl.DataFrame, step: Step) -> pl.DataFrame:
    if step.fill_down is not None:
        return _fill_down(frame, step.fill_down)
    if step.count_up is not None:
        count = pl.int_range(1, pl.len() + 1).over(step.count_up.by).cast(pl.String)
        return frame.with_columns(count.alias(step.count_up.as_))
    if step.first_of is not None:
        return _one_each(frame, step.first_of.by, keep="first")
    if step.distinct is not None:
        return _one_each(frame, step.distinct.by, keep=step.distinct.keep)
    if step.derive is not None:
        known = frame.filter(pl.any_horizontal(pl.col(step.derive.by).is_not_null()))
        return known.unique(step.derive.by, keep="last", maintain_order=True).sort(ROW)
    if step.group is not None:
        return _group(frame, step.group)
    return _explode(frame, step.explode) if step.explode is not None else frame


def _fill_down(frame: pl.DataFrame, fill: FillDown) -> pl.DataFrame:
    above = pl.col(fill.columns).forward_fill()
    return frame.with_columns(above.over(fill.by) if fill.by else above)


def _alone(by: list[str]) -> pl.Expr:
    """Tells rows without any key apart: they are no group, and each must be answered for."""
    return pl.when(pl.all_horizontal(pl.col(by).is_null())).then(pl.int_range(pl.len()))


def _one_each(
    frame: pl.DataFrame, by: list[str], *, keep: Literal["first", "last"]
) -> pl.DataFrame:
    marked = frame.with_columns(_alone(by).alias(_ALONE))
    return marked.unique([*by, _ALONE], keep=keep, maintain_order=True).sort(ROW).drop(_ALONE)


def _group(frame: pl.DataFrame, group: Group) -> pl.DataFrame:
    made = {name: _aggregate(aggregate).alias(name) for name, aggregate in group.agg.items()}
    kept = [name for name in frame.columns if name not in {*group.by, *made, BAD_NUMBER}]
    marked = frame.with_columns(_alone(group.by).alias(_ALONE))
    grouped = marked.group_by([*group.by, _ALONE], maintain_order=True).agg(
        pl.col(kept).first(), pl.col(BAD_NUMBER).drop_nulls().first(), *made.values()
    )
    return grouped.drop(_ALONE)


def _aggregate(aggregate: Aggregate) -> pl.Expr:
    function, text = aggregate.function
    where = parse_sql(aggregate.where) if aggregate.where else None
    if function == "count" and text == "*":
        return pl.len() if where is None else where.fill_null(value=False).sum()
    rows = parse_sql(text)
    if where is not None:
        rows = rows.filter(where)
    known = rows.drop_nulls()
    # The sum of nothing is not known, which is not zero.
    results = {
        "sum": pl.when(known.len() > 0).then(known.sum()),
        "min": known.min(),
        "max": known.max(),
        "first": known.first(),
        "last": known.last(),
        "count": known.len(),
        "count_distinct": known.n_unique(),
        "join": pl.when(known.len() > 0).then(
            known.cast(pl.String).unique(maintain_order=True).str.join(",")
        ),
    }
    return results[function]


def exploded_headers(step: Step, names: set[str]) -> set[str]:
    """Which of the names only exist after this step."""
    if step.explode is not None:
        path = step.explode.path
        return {name for name in names if name.startswith((f"{path}.", f"{path}["))}
    if step.group is not None:
        return names & set(step.group.agg)
    if step.count_up is not None:
        return names & {step.count_up.as_}
    return set()


def _explode(frame: pl.DataFrame, explode: Explode) -> pl.DataFrame:
    path = explode.path
    if explode.separator is not None:
        parts = pl.col(path).str.split(explode.separator)
        return (
            frame.with_columns(parts)
            .explode(path)
            .with_columns(pl.col(path).str.strip_chars())
            .filter(pl.col(path).is_not_null() & (pl.col(path) != ""))
        )
    parents: list[int] = []
    rows: list[dict[str, str]] = []
    for parent, text in enumerate(frame[path].to_list()):
        for element in _elements(text):
            cells: dict[str, str] = {}
            flatten(element, path, cells)
            parents.append(parent)
            rows.append(cells)
    headers = list(dict.fromkeys([path, *(name for cells in rows for name in cells)]))
    inner = pl.DataFrame(rows, schema=dict.fromkeys(headers, pl.String), orient="row")
    outer = frame.drop([name for name in headers if name in frame.columns])
    return outer[parents].hstack(inner.get_columns())


def _elements(text: str | None) -> list[Any]:
    if text is None:
        return []
    try:
        found = parse_json(text)
    except (ValueError, json.JSONDecodeError):
        # The cell itself stays: its columns turn out bad or missing and the row is rejected.
        return [text]
    return found if isinstance(found, list) else [found]
