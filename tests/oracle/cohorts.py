"""Cohort retention and repeat rates, as definitions, section 7, say."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta

Month = date


def months_later(month: Month, count: int) -> Month:
    """First day of the month `count` months later."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, later: date) -> int:
    """Whole calendar months from one date's month to another's."""
    return (later.year - first.year) * 12 + later.month - first.month


def calendar_cohorts(
    sales: Mapping[str, list[date]], *, as_of_on: date
) -> dict[tuple[Month, str, int], tuple[int, int, int]]:
    """Cohort size, exposed and retained persons by (cohort month, variant, period).

    `sales` holds each person's order dates. A person is exposed to period N once the month N after
    the first order is over at `as_of_on`.
    """
    cells: dict[tuple[Month, str, int], list[int]] = defaultdict(lambda: [0, 0])
    sizes: dict[Month, int] = defaultdict(int)
    for days in sales.values():
        days = sorted(days)
        cohort = days[0].replace(day=1)
        sizes[cohort] += 1
        bought = {months_between(cohort, day) for day in days[1:]}
        for period in range(months_between(cohort, as_of_on) + 1):
            is_over = months_later(cohort, period + 1) <= as_of_on
            # The first order itself: period 0 holds everybody, also while its month still runs.
            kept = {
                "classic": period == 0 or period in bought,
                "cumulative": any(n <= period for n in bought),
                "on_or_after": period == 0 or any(n >= period for n in bought),
            }
            for variant, is_kept in kept.items():
                if not is_over and (period > 0 or variant == "cumulative"):
                    continue
                cell = cells[cohort, variant, period]
                cell[0] += 1
                cell[1] += is_kept
    return {key: (sizes[key[0]], cell[0], cell[1]) for key, cell in cells.items()}


def repeat_rates(
    sales: Mapping[str, list[tuple[date, datetime]]], *, as_of: datetime
) -> dict[tuple[int, int], tuple[int, int]]:
    """Eligible and repeated persons by (order number n, days D).

    Eligible: the n-th order is at least D days old. Repeated: the next one came within D days.
    """
    rates: dict[tuple[int, int], tuple[int, int]] = {}
    for step in range(1, 5):
        for days in (30, 60, 90, 180, 365):
            window = timedelta(days=days)
            eligible = repeated = 0
            for orders in sales.values():
                instants = sorted(at for _, at in orders)
                if len(instants) < step or instants[step - 1] + window > as_of:
                    continue
                eligible += 1
                following = instants[step : step + 1]
                repeated += bool(following) and following[0] < instants[step - 1] + window
            rates[step, days] = (eligible, repeated)
    return rates
