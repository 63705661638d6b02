"""Named row shapes: the few ways in which one raw row is not one row of a table."""

from collections.abc import Sequence
from typing import Final, Literal

import polars as pl

from pipelines.sources import values
from pipelines.sources.explode import Explosions
from pipelines.sources.grammar import parse_sql
from pipelines.sources.model import Entry
from pipelines.sources.raw import ROW
from pipelines.sources.steps import Aggregate, Explode, FillDown, Group, Step

# What the `numbers` of an entry could not read: reason, column and text, carried with the row.
BAD_NUMBER: Final = "__bad_number"
SEPARATOR: Final = "\x1f"
_ALONE: Final = "__alone"


def shaped(
    frame: pl.DataFrame, entry: Entry, *, explosions: Explosions
) -> tuple[pl.DataFrame, int]:
    """The rows after all steps, in file order, and how many a `where` among them left out."""
    left_out = 0
    for step in entry.shape:
        # A header no element had is there and empty, as a key no line of JSON has.
        frame = _with_headers(frame, step.reads)
        before = frame.height
        frame = _step(frame, step, explosions)
        if step.where is not None:
            left_out += before - frame.height
        if step.explode is not None:
            frame = with_numbers(frame, [name for name in entry.numbers if step.makes(name)])
    return frame, left_out


def _with_headers(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    missing = [name for name in dict.fromkeys(names) if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)


def with_numbers(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The named headers as numbers; what is none is remembered in BAD_NUMBER."""
    frame = _with_headers(frame, [BAD_NUMBER, *names])
    read = {name: values.number(frame[name]) for name in names}
    bad = [
        number.reason + f"{SEPARATOR}{name}{SEPARATOR}" + frame[name]
        for name, number in read.items()
        if number.reason.null_count() < frame.height
    ]
    return frame.with_columns(
        pl.coalesce([pl.col(BAD_NUMBER), *bad]).alias(BAD_NUMBER),
        *(n.value.cast(values.NUMBER, strict=False).alias(name) for name, n in read.items()),
    )


def _step(frame: pl.DataFrame, step: Step, explosions: Explosions) -> pl.DataFrame:
    if step.where is not None:
        return frame.filter(parse_sql(step.where))
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
    return _explode(frame, step.explode, explosions) if step.explode is not None else frame


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


def _explode(frame: pl.DataFrame, explode: Explode, explosions: Explosions) -> pl.DataFrame:
    path = explode.path
    if explode.separator is not None:
        parts = pl.col(path).str.split(explode.separator)
        return (
            frame.with_columns(parts)
            .explode(path)
            .with_columns(pl.col(path).str.strip_chars())
            .filter(pl.col(path).is_not_null() & (pl.col(path) != ""))
        )
    exploded = explosions.of(frame, path)
    inner = exploded.fields
    outer = frame.drop([name for name in inner.columns if name in frame.columns])
    return outer[exploded.parents].hstack(inner.get_columns())
