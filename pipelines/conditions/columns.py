"""What may be asked of a column: its kind, by the published file's own type, and the operators."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How the values of a column are compared."""

    CHOICE = "choice"
    TEXT = "text"
    WHOLE = "whole"
    AMOUNT = "amount"
    MEASURE = "measure"
    FLAG = "flag"
    DATE = "date"


class Takes(StrEnum):
    """What an operator wants as its value."""

    NOTHING = "nothing"
    ONE = "one"
    TWO = "two"
    MANY = "many"
    DAYS = "days"


class Operator(StrEnum):
    """Every way of asking. None of them but the two about emptiness matches what is not known."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    LESS = "less"
    AT_MOST = "at_most"
    MORE = "more"
    AT_LEAST = "at_least"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST_DAYS = "within_last_days"
    NOT_WITHIN_LAST_DAYS = "not_within_last_days"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"


TAKES: Final[Mapping[Operator, Takes]] = {
    **dict.fromkeys(Operator, Takes.ONE),
    Operator.IN: Takes.MANY,
    Operator.NOT_IN: Takes.MANY,
    Operator.BETWEEN: Takes.TWO,
    Operator.WITHIN_LAST_DAYS: Takes.DAYS,
    Operator.NOT_WITHIN_LAST_DAYS: Takes.DAYS,
    Operator.EMPTY: Takes.NOTHING,
    Operator.NOT_EMPTY: Takes.NOTHING,
}

_EMPTINESS: Final = (Operator.EMPTY, Operator.NOT_EMPTY)
_SAME: Final = (Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN)
_ORDER: Final = (
    Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST, Operator.BETWEEN,
)  # fmt: skip
# A measured average is never asked for an exact value: two ways of adding up differ in the last
# digit.
OPERATORS: Final[Mapping[Kind, tuple[Operator, ...]]] = {
    Kind.CHOICE: (*_SAME, *_EMPTINESS),
    Kind.TEXT: (
        *_SAME, Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH, *_EMPTINESS,
    ),
    Kind.WHOLE: (*_SAME, *_ORDER, *_EMPTINESS),
    Kind.AMOUNT: (*_SAME, *_ORDER, *_EMPTINESS),
    Kind.MEASURE: (*_ORDER, *_EMPTINESS),
    Kind.FLAG: (Operator.EQUALS, *_EMPTINESS),
    Kind.DATE: (
        Operator.EQUALS, Operator.NOT_EQUALS, Operator.BEFORE, Operator.AFTER, Operator.BETWEEN,
        Operator.WITHIN_LAST_DAYS, Operator.NOT_WITHIN_LAST_DAYS, *_EMPTINESS,
    ),
}  # fmt: skip

_BY_TYPE: Final[tuple[tuple[str, Kind], ...]] = (
    (r"VARCHAR", Kind.CHOICE),
    (r"BIGINT|INTEGER|SMALLINT|TINYINT", Kind.WHOLE),
    (r"DECIMAL\(\d+,\s*\d+\)", Kind.AMOUNT),
    (r"DOUBLE|FLOAT", Kind.MEASURE),
    (r"BOOLEAN", Kind.FLAG),
    (r"DATE", Kind.DATE),
)


@dataclass(frozen=True)
class Column:
    """One column of `dim_persons` that conditions may name.

    `labels`: language → label; `values`: the closed values with their labels, none where any text
    may stand; `is_behavioural`: it says what the person did, so an objection to profiling counts.
    """

    name: str
    kind: Kind
    labels: Mapping[str, str]
    description: str = ""
    is_behavioural: bool = True
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """What may be asked of it."""
        return OPERATORS[self.kind]


def column_of(
    name: str, data_type: str, *, said: Mapping[str, object], description: str
) -> Column | None:
    """The column as its YAML describes it; None for a type no condition can ask about.

    An instant is one of these: its date in the shop's zone stands beside it. Whatever does not say
    that it is no behaviour is behaviour.
    """
    kinds = [kind for pattern, kind in _BY_TYPE if re.fullmatch(pattern, data_type)]
    if not kinds:
        return None
    is_searched = kinds[0] is Kind.CHOICE and bool(said.get("search", False))
    values = said.get("values")
    return Column(
        name=name,
        kind=Kind.TEXT if is_searched else kinds[0],
        labels=_labels(said, name),
        description=description,
        is_behavioural=bool(said.get("behavioural", True)),
        values={
            str(value): _labels(labels if isinstance(labels, dict) else {}, str(value))
            for value, labels in (values if isinstance(values, dict) else {}).items()
        },
    )


def _labels(said: Mapping[str, object], otherwise: str) -> Mapping[str, str]:
    return {language: str(said.get(language, otherwise)) for language in ("ja", "en")}
