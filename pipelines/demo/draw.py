"""Seeded streams of random numbers and the shop's rhythm of the year, the week and the day."""

import zlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MINUTE = 60
HOUR = 3600
DAY = 86_400
# The demo shop's zone has no daylight saving time: one offset is enough to place hours of the day.
JST = 9 * HOUR
# Later than every instant of the demo: "this never happened". Small enough to be added to.
NEVER = 1 << 40

# Shop days of this trade: gifts in December, sales in July, new season in March and October.
_MONTHS = (1.0, 0.85, 1.05, 1.0, 0.95, 1.0, 1.15, 0.8, 0.9, 1.05, 1.2, 1.4)
_WEEKDAYS = (1.0, 0.95, 0.95, 0.95, 1.0, 1.1, 1.3)
_HOURS = (5, 3, 1, 1, 1, 1, 2, 3, 4, 4, 5, 5, 7, 6, 5, 5, 5, 5, 6, 7, 9, 12, 12, 9)


def stream(seed: int, label: str) -> np.random.Generator:
    """Independent stream for one part of the shop, so that a change of one part moves no other."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(label.encode())]))


def seconds(instant: datetime) -> int:
    """Whole seconds since 1970, UTC, of an aware instant."""
    return int(instant.timestamp())


@dataclass(frozen=True)
class Span:
    """The time the demo covers. Units: seconds since 1970, UTC; `clock` is its frozen now."""

    starts: int
    clock: int

    @property
    def days(self) -> Ints:
        """Local midnights of the span."""
        first = (self.starts + JST) // DAY * DAY - JST
        return np.arange(first, self.clock, DAY, dtype=np.int64)

    def day_weights(self) -> Floats:
        """Share of a year's trade on each day of the span. Sums to 1."""
        local = (self.days + JST).astype("datetime64[s]")
        month = local.astype("datetime64[M]").astype(int) % 12
        weekday = (local.astype("datetime64[D]").astype(int) + 3) % 7
        weights = np.array(_MONTHS)[month] * np.array(_WEEKDAYS)[weekday]
        return np.asarray(weights / weights.sum())

    def instants(self, rng: np.random.Generator, size: int) -> Ints:
        """Instants inside the span that follow the year, the week and the day."""
        day = rng.choice(self.days, size=size, p=self.day_weights())
        return np.minimum(day + time_of_day(rng, size), self.clock - DAY)


def time_of_day(rng: np.random.Generator, size: int) -> Ints:
    """Seconds after local midnight, most of them in the evening."""
    weights = np.array(_HOURS, dtype=np.float64)
    hour = rng.choice(24, size=size, p=weights / weights.sum())
    return np.asarray(hour * HOUR + rng.integers(0, HOUR, size), dtype=np.int64)


def at_shop_hours(rng: np.random.Generator, instants: Ints) -> Ints:
    """The same local days with a time of day as the shop's customers keep it."""
    return (instants + JST) // DAY * DAY - JST + time_of_day(rng, len(instants))


def between(rng: np.random.Generator, low: int, high: int, size: int) -> Ints:
    """Whole numbers of [low, high), evenly."""
    return rng.integers(low, high, size, dtype=np.int64)


def tokens(rng: np.random.Generator, size: int, prefix: str) -> list[str]:
    """Unlike texts of 12 hex digits behind a prefix, as a browser's or message's id looks."""
    return [f"{prefix}{number:012x}" for number in rng.integers(0, 1 << 48, size).tolist()]
