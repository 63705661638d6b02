"""Intervals, sample sizes and tails, written down from their books without any library."""

import math
import random
from collections.abc import Sequence

DEVIATIONS = 1.959963984540054
DEVIATIONS_80 = 1.2815515655446004
POWER_80 = 0.8416212335729143

Ends = tuple[float, float]


def wilson(successes: int, trials: int, *, z: float = DEVIATIONS) -> Ends:
    """Interval of a rate, of 95 % unless told (Wilson 1927)."""
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    reach /= 1 + z * z / trials
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def newcombe(first: tuple[int, int], second: tuple[int, int], *, z: float = DEVIATIONS) -> Ends:
    """Interval of a difference of rates, of 95 % unless told (Newcombe 1998, method 10)."""
    (low, high), (other_low, other_high) = wilson(*first, z=z), wilson(*second, z=z)
    share, other = first[0] / first[1], second[0] / second[1]
    return (
        share - other - math.hypot(share - low, other_high - other),
        share - other + math.hypot(high - share, other - other_low),
    )


def lift(first: tuple[int, int], second: tuple[int, int]) -> Ends | None:
    """Interval of a ratio of rates less 1 (Katz and others 1978, method C); None at a rate of 0."""
    (hits, tried), (other_hits, other_tried) = first, second
    if not hits or not other_hits:
        return None
    middle = math.log(hits * other_tried / (tried * other_hits))
    reach = DEVIATIONS * math.sqrt(1 / hits - 1 / tried + 1 / other_hits - 1 / other_tried)
    return math.exp(middle - reach) - 1, math.exp(middle + reach) - 1


def persons_per_arm(rate: float, effect: float) -> int:
    """What each of two equal arms needs to find an effect in four trials of five (Fleiss 2003)."""
    better = min(rate + effect, 1.0)
    middle = (rate + better) / 2
    spread = DEVIATIONS * math.sqrt(2 * middle * (1 - middle))
    spread += POWER_80 * math.sqrt(rate * (1 - rate) + better * (1 - better))
    return math.ceil((spread / effect) ** 2)


def chi_square_tail(statistic: float, freedom: int) -> float:
    """How often chance alone goes as far: by parts from one or two degrees of freedom upwards."""
    half = statistic / 2
    degrees, tail = (1, math.erfc(math.sqrt(half))) if freedom % 2 else (2, math.exp(-half))
    while degrees < freedom:
        tail += half ** (degrees / 2) * math.exp(-half) / math.gamma(degrees / 2 + 1)
        degrees += 2
    return tail


def bootstrap(first: Sequence[float], second: Sequence[float], *, resamples: int) -> list[float]:
    """Differences of the means of as many resamples, ascending (Efron and Tibshirani 1993)."""
    if len({*first}) == len({*second}) == 1:
        return [first[0] - second[0]] * resamples
    draw = random.Random(f"{sorted(first)} {sorted(second)}")

    def mean(held: Sequence[float]) -> float:
        return sum(draw.choices(held, k=len(held))) / len(held)

    return sorted(mean(first) - mean(second) for _ in range(resamples))
