"""Checked conditions → the text of one WHERE with a question mark for every value."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.conditions.columns import Operator
from pipelines.conditions.tree import Checked, Condition, Group
from pipelines.conditions.values import Scalar

_DAY: Final = dt.timedelta(days=1)
# A column's quoted name, the number of values → the condition's text.
_TEXT: Final[Mapping[Operator, Callable[[str, int], str]]] = {
    Operator.EQUALS: lambda name, _: f"{name} = ?",
    Operator.NOT_EQUALS: lambda name, _: f"{name} <> ?",
    Operator.IN: lambda name, count: f"{name} in ({_marks(count)})",
    Operator.NOT_IN: lambda name, count: f"{name} not in ({_marks(count)})",
    Operator.CONTAINS: lambda name, _: f"contains({name}, ?)",
    Operator.NOT_CONTAINS: lambda name, _: f"not contains({name}, ?)",
    Operator.STARTS_WITH: lambda name, _: f"starts_with({name}, ?)",
    Operator.LESS: lambda name, _: f"{name} < ?",
    Operator.AT_MOST: lambda name, _: f"{name} <= ?",
    Operator.MORE: lambda name, _: f"{name} > ?",
    Operator.AT_LEAST: lambda name, _: f"{name} >= ?",
    Operator.BETWEEN: lambda name, _: f"{name} between ? and ?",
    Operator.BEFORE: lambda name, _: f"{name} < ?",
    Operator.AFTER: lambda name, _: f"{name} > ?",
    # The last N dates end with today: 1 is today alone.
    Operator.WITHIN_LAST_DAYS: lambda name, _: f"{name} >= ? and {name} < ?",
    Operator.NOT_WITHIN_LAST_DAYS: lambda name, _: f"{name} < ? or {name} >= ?",
    Operator.EMPTY: lambda name, _: f"{name} is null",
    Operator.NOT_EMPTY: lambda name, _: f"{name} is not null",
}
_LOOKS_BACK: Final = (Operator.WITHIN_LAST_DAYS, Operator.NOT_WITHIN_LAST_DAYS)


@dataclass(frozen=True)
class Where:
    """Text over the columns of `dim_persons`, and the values of its question marks in order."""

    text: str
    values: tuple[Scalar, ...]


def where_of(checked: Checked, *, today: dt.date) -> Where:
    """The conditions as one text that is true or false, never unknown.

    `today` is the shop's date at the build's as-of: no clock is asked.
    """
    values: list[Scalar] = []
    return Where(_group(checked.root, values, today=today), tuple(values))


def _group(group: Group, values: list[Scalar], *, today: dt.date) -> str:
    parts = [
        _condition(part, values, today=today)
        if isinstance(part, Condition)
        else _group(part, values, today=today)
        for part in group.parts
    ]
    word = " and " if group.joined_by == "all" else " or "
    return f"({word.join(parts)})" if parts else "true"


def _condition(condition: Condition, values: list[Scalar], *, today: dt.date) -> str:
    # The name is the published column's own, never what somebody typed.
    name = '"' + condition.column.name.replace('"', '""') + '"'
    values += _bound(condition, today)
    text = f"({_TEXT[condition.operator](name, len(condition.values))})"
    # What is not known matches only who asked for it: a comparison with it is no answer.
    return f"coalesce({text}, {'true' if condition.or_unknown else 'false'})"


def _bound(condition: Condition, today: dt.date) -> Sequence[Scalar]:
    if condition.operator not in _LOOKS_BACK:
        return condition.values
    tomorrow = today + _DAY
    return (tomorrow - _DAY * int(str(condition.values[0])), tomorrow)


def _marks(count: int) -> str:
    return ", ".join("?" for _ in range(count))
