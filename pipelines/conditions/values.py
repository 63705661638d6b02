"""Values as somebody typed them → values of the column's own type, or a refusal."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Final

from pipelines.conditions.columns import Column, Kind, Takes

Scalar = str | int | bool | Decimal | dt.date

MAX_VALUES: Final = 500
MAX_TEXT: Final = 200
# Ten years; a longer look back is "before".
MAX_DAYS: Final = 3_660
# Below what a 64-bit number and a DECIMAL(18,4) hold.
MAX_NUMBER: Final = 10**13


class NotThis(ValueError):
    """A value that cannot stand there, and what can."""

    def __init__(self, said: str, allowed: tuple[str, ...] = ()) -> None:
        self.allowed = allowed
        super().__init__(said)


def values_of(given: object, column: Column, takes: Takes) -> tuple[Scalar, ...]:
    """The values, typed as the column is. Raises: NotThis.

    A list comes sorted and without repetition: the same wish is the same text.
    """
    if takes is Takes.NOTHING:
        if given is not None:
            raise NotThis("takes no value")
        return ()
    if takes is Takes.DAYS:
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MAX_DAYS:
            raise NotThis(f"takes a whole number of days, 1 to {MAX_DAYS}")
        return (given,)
    if takes is Takes.ONE:
        return (_value(given, column),)
    if not isinstance(given, list | tuple) or not given:
        raise NotThis("takes a list of values")
    if takes is Takes.MANY:
        if len(given) > MAX_VALUES:
            raise NotThis(f"takes at most {MAX_VALUES} values")
        return tuple(sorted({_value(one, column) for one in given}, key=str))
    if len(given) != 2:
        raise NotThis("takes two values, the smaller one first")
    low, high = (_value(one, column) for one in given)
    if low > high:  # type: ignore[operator]
        raise NotThis("takes two values, the smaller one first")
    return (low, high)


def _value(given: object, column: Column) -> Scalar:
    found = _READ[column.kind](given)
    if found is None:
        raise NotThis(f"{str(given)[:40]!r} is no value of it: it takes {_TAKEN[column.kind]}")
    if column.values and found not in column.values:
        raise NotThis(f"{str(given)[:40]!r} is no value of it", tuple(column.values))
    return found


def _text(given: object) -> Scalar | None:
    return given if isinstance(given, str) and 0 < len(given) <= MAX_TEXT else None


def _whole(given: object) -> Scalar | None:
    if isinstance(given, bool) or not isinstance(given, int) or abs(given) >= MAX_NUMBER:
        return None
    return given


def _number(given: object) -> Scalar | None:
    # A float arrives when JSON has a point in it; its shortest text is what was typed.
    if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(given))
        if not found.is_finite() or abs(found) >= MAX_NUMBER:
            return None
        exact = found.quantize(Decimal("0.0001"))
    except InvalidOperation:
        return None
    return exact if exact == found else None


def _flag(given: object) -> Scalar | None:
    return given if isinstance(given, bool) else None


def _date(given: object) -> Scalar | None:
    if isinstance(given, dt.date) and not isinstance(given, dt.datetime):
        return given
    try:
        found = dt.date.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None
    return found if found is not None and found.isoformat() == given else None


_READ: Final = {
    Kind.CHOICE: _text, Kind.TEXT: _text, Kind.WHOLE: _whole, Kind.AMOUNT: _number,
    Kind.MEASURE: _number, Kind.FLAG: _flag, Kind.DATE: _date,
}  # fmt: skip
_TAKEN: Final = {
    Kind.CHOICE: f"text of at most {MAX_TEXT} characters",
    Kind.TEXT: f"text of at most {MAX_TEXT} characters",
    Kind.WHOLE: "whole numbers", Kind.AMOUNT: "numbers of at most four decimals",
    Kind.MEASURE: "numbers of at most four decimals", Kind.FLAG: "true or false",
    Kind.DATE: "dates as 2026-11-20",
}  # fmt: skip


def plain(value: Scalar) -> str | int | bool:
    """The value as JSON holds it: numbers with a point as text, so that no digit is lost."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, dt.date) else value
