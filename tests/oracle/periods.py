"""Periods of the reports: single months, the last so many, and everything."""

from dataclasses import dataclass
from datetime import date

from tests.oracle.cohorts import months_later
from tests.oracle.known import Known

# Facts a shop's history begins with.
DATED = (
    ("orders", "ordered_at"),
    ("events", "occurred_at"),
    ("cart_observations", "observed_at"),
    ("carts", "created_at"),
    ("carts", "last_activity_at"),
    ("export_batches", "handed_over_at"),
    ("mail_results_summary", "as_of_at"),
)


@dataclass(frozen=True)
class Period:
    """A name and its first and last month."""

    key: str
    first: date
    last: date

    def holds(self, month: date | None) -> bool:
        """True for a month of the period."""
        return month is not None and self.first <= month <= self.last


def periods(shop: Known) -> list[Period]:
    """Every period a report of the shop has a row for, found once."""
    kept: dict[str, list[Period]] = vars(shop)
    if "_periods" not in kept:
        kept["_periods"] = _periods(shop)
    return kept["_periods"]


def _periods(shop: Known) -> list[Period]:
    days = [
        shop.on(row[column])
        for table, column in DATED
        for row in shop[table]
        if row[column] is not None
    ]
    first = min(days, default=shop.as_of_on).replace(day=1)
    last = shop.as_of_on.replace(day=1)
    found = [Period("all", first, last)]
    found += [Period(f"trailing_{n}", months_later(last, 1 - n), last) for n in (3, 6, 12, 24)]
    month = first
    while month <= last:
        found.append(Period(f"{month:%Y-%m}", month, month))
        month = months_later(month, 1)
    return found
