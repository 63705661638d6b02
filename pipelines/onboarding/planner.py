"""Would a held-out group ever tell this shop anything? Source: definitions 6, planner."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

# Two-sided 5 % and 80 % power, the usual pair.
Z: Final = 1.959964 + 0.841621
SHARES_BP: Final = (1_000, 2_000, 5_000)
MONTHS: Final = 12
# Used where no report says how many of the people written to order: the article's 33 of 1,020.
USUAL_BASE_RATE: Final = 0.03


@dataclass(frozen=True)
class Volume:
    """People who got the first cart mail, over how many months, and how many of them ordered."""

    people: int
    months: int
    orderers: int | None = None

    @property
    def per_month(self) -> float:
        """People per month."""
        return self.people / max(self.months, 1)

    @property
    def base_rate(self) -> float:
        """Share that ordered, 0..1; the usual one where the files do not say or nobody did."""
        if not self.orderers or not self.people:
            return USUAL_BASE_RATE
        return min(self.orderers / self.people, 0.5)


@dataclass(frozen=True)
class Plan:
    """Units: `detectable` is the smallest difference seen after MONTHS, 0..1, by share held out."""

    volume: Volume
    detectable: tuple[tuple[int, float], ...]

    @property
    def best(self) -> tuple[int, float]:
        """Share (basis points) that sees the smallest difference, and that difference."""
        return min(self.detectable, key=lambda row: row[1])

    @property
    def is_measurable(self) -> bool:
        """False where even the best split sees nothing smaller than the base rate tripled."""
        return self.best[1] <= 2 * self.volume.base_rate


def detectable_difference(sent: float, *, held_out: float, base_rate: float) -> float:
    """Smallest difference of two order rates that groups of these sizes tell apart, 0..1."""
    return Z * sqrt(base_rate * (1 - base_rate) * (1 / sent + 1 / held_out))


def plan(volume: Volume) -> Plan | None:
    """The plan for a volume; None where there is nothing to plan with."""
    people = volume.per_month * MONTHS
    if people < 2:
        return None
    rows = tuple(
        (
            share,
            detectable_difference(
                people * (1 - share / 10_000),
                held_out=people * share / 10_000,
                base_rate=volume.base_rate,
            ),
        )
        for share in SHARES_BP
    )
    return Plan(volume, rows)
