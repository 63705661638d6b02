"""Calendar months, which are no number of days."""

from datetime import date, timedelta

Month = date


def months_later(month: Month, count: int) -> Month:
    """First day of the month `count` months later."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, later: date) -> int:
    """Whole calendar months from one date's month to another's."""
    return (later.year - first.year) * 12 + later.month - first.month


def month_day_later(day: date, count: int) -> date:
    """The same day of the month `count` months later, or that month's last."""
    begins, after = months_later(day, count), months_later(day, count + 1)
    return min(begins.replace(day=1) + timedelta(days=day.day - 1), after - timedelta(days=1))
