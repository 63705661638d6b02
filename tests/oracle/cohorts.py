"""Calendar months, which are no number of days."""

from datetime import date

Month = date


def months_later(month: Month, count: int) -> Month:
    """First day of the month `count` months later."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, later: date) -> int:
    """Whole calendar months from one date's month to another's."""
    return (later.year - first.year) * 12 + later.month - first.month
