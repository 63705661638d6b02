"""Predicted value: the published digits, what was put in found again, and the same digits twice."""

import importlib.util
from collections import Counter
from types import ModuleType

import numpy as np
import pytest
from scipy.special import gammaln

from pipelines.settings import DBT_PROJECT

ORDERS = DBT_PROJECT / "models" / "intermediate" / "orders"
# Fader, Hardie and Lee 2005, table 2: 2,357 buyers of CDs, 39 weeks, in weeks.
PUBLISHED = (0.243, 4.414, 0.793, 2.426)
# Fader and Hardie 2013: amounts of the 946 of them who came back, in dollars.
AMOUNTS = (6.25, 3.74, 15.44)


def script(name: str) -> ModuleType:
    """A Python model as a module."""
    spec = importlib.util.spec_from_file_location(name, ORDERS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fit() -> ModuleType:
    return script("int_orders__value_fitted")


@pytest.fixture(scope="module")
def foretell() -> ModuleType:
    return script("int_orders__value_predicted")


def together(*columns: np.ndarray) -> np.ndarray:
    """Equal rows as one, with how many they were; sorted, as the model hands them over."""
    held = Counter(zip(*(column.tolist() for column in columns), strict=True))
    return np.array([[*row, count] for row, count in sorted(held.items())], dtype=float)


def buyers(
    persons: int, r: float, alpha: float, a: float, b: float, *, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Repeats, days to the last and days watched of drawn customers.

    Orders come by a weekly rate of each one's own; after each repeat a customer stops by a chance of
    each one's own.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    watched = draw.integers(140, 728, persons).astype(float)
    rates = draw.gamma(r, 1 / alpha, persons)
    chances = draw.beta(a, b, persons)
    repeats, last, now = np.zeros(persons), np.zeros(persons), np.zeros(persons)
    is_there = np.ones(persons, dtype=bool)
    while is_there.any():
        now = now + 7 * draw.exponential(1 / rates)
        is_there &= now < watched
        repeats[is_there] += 1
        last[is_there] = now[is_there]
        is_there &= draw.random(persons) >= chances
    return repeats, last, watched


def test_the_published_customer_will_order_1_226_times(foretell):
    # Two repeats, the last after 30.43 weeks of 38.86: E[Y(39)] of Fader, Hardie and Lee 2005, p. 281.
    x, t_x, t = (np.array([value]) for value in (2.0, 30.43, 38.86))

    assert foretell.expected_orders(PUBLISHED, x, t_x, t, 39.0)[0] == pytest.approx(1.226, abs=5e-4)
    # ln odds of having stopped: ln .793 - ln 3.426 + 2.243 ln(43.274 ÷ 34.844) = -0.9773, e^ = .3763;
    # 1 ÷ 1.3763 = .7266.
    assert foretell.alive_rate(PUBLISHED, x, t_x, t)[0] == pytest.approx(0.7266, abs=5e-5)


def test_who_never_came_back_has_never_been_seen_to_stop(foretell):
    assert foretell.alive_rate(PUBLISHED, np.zeros(1), np.zeros(1), np.array([39.0]))[0] == 1.0


def test_an_expected_amount_lies_between_ones_own_and_everybodys(foretell):
    # Nothing known: 6.25 × 15.44 ÷ 2.74 = 35.219. Two of 22.35 on average: own weight
    # 12.5 ÷ 15.24 = .82021, so .82021 × 22.35 + .17979 × 35.219 = 24.664.
    found = foretell.expected_amount(AMOUNTS, np.array([0.0, 2.0]), np.array([0.0, 22.35]))

    assert found == pytest.approx([35.219, 24.664], abs=5e-4)


def series(r, alpha, a, b, x, t, ahead):
    """The power of equation 10 times its 2F1, summed term by term on logarithms."""
    z, c = ahead / (alpha + t + ahead), a + b + x - 1
    k = np.arange(100_000)
    logs = (
        gammaln(r + x + k) - gammaln(r + x) + gammaln(b + x + k) - gammaln(b + x)
        - gammaln(c + k) + gammaln(c) - gammaln(k + 1) + k * np.log(z) + (r + x) * np.log1p(-z)
    )  # fmt: skip
    return np.exp(logs).sum()


@pytest.mark.parametrize(
    "parameters", [PUBLISHED, (0.5, 5, 2, 3), (0.157, 8.3, 456, 640), (1, 10, 60, 1)]
)
@pytest.mark.parametrize(
    ("x", "t_x", "t"),
    [(0, 0, 0), (0, 0, 9), (1, 4, 50), (40, 90, 104), (21, 3, 3), (700, 100, 104)],
)
def test_the_formula_keeps_its_digits_from_one_order_to_hundreds(foretell, parameters, x, t_x, t):
    _, _, a, b = parameters
    history = (np.array([float(value)]) for value in (x, t_x, t))
    rest = series(*parameters, x, t, 52.0)

    found = foretell.expected_orders(parameters, *history, 52.0)[0]

    alive = foretell.alive_rate(parameters, *(np.array([float(v)]) for v in (x, t_x, t)))[0]
    assert found == pytest.approx((a + b + x - 1) / (a - 1) * (1 - rest) * alive, rel=1e-8)


def test_a_of_1_is_no_hole(foretell):
    x, t_x, t = (np.array([value]) for value in (2.0, 30.43, 38.86))
    low, at, high = (
        foretell.expected_orders((0.243, 4.414, a, 2.426), x, t_x, t, 39.0)[0]
        for a in (0.9999, 1.0, 1.0001)
    )

    assert high < at < low
    assert at == pytest.approx((low + high) / 2, rel=1e-6)


def test_the_rates_put_in_are_found_again(fit):
    given = (0.5, 8.0, 0.9, 2.5)
    held = together(*buyers(20_000, *given, seed=2005))

    found = fit.described(held, np.empty((0, 3)))

    assert found[0] == "fitted"
    assert found[5:9] == pytest.approx(given, rel=0.08)


def test_the_amounts_put_in_are_found_again(fit):
    p, q, v = 6.0, 4.0, 15.0
    draw = np.random.Generator(np.random.PCG64(2013))
    times = draw.integers(1, 9, 10_000)
    # The mean of n amounts Gamma(p, nu) is Gamma(np, n nu).
    means = draw.gamma(p * times) / (times * draw.gamma(q, 1 / v, times.size))
    timed = together(*buyers(500, *PUBLISHED, seed=1))

    found = fit.described(timed, together(times.astype(float), means))

    assert found[1] == "fitted"
    assert found[10:13] == pytest.approx((p, q, v), rel=0.08)


def test_where_all_stop_as_easily_the_model_is_at_its_limit(fit):
    # a and b a million each: every customer stops after a repeat by the same chance, a half.
    held = together(*buyers(5_000, 0.5, 8.0, 1e6, 1e6, seed=3))

    state, _, _, _, _, _, _, a, b, *_ = fit.described(held, np.empty((0, 3)))

    assert state == "at_limit"
    assert a + b == pytest.approx(np.exp(fit.FARTHEST), rel=1e-3)
    assert a / (a + b) == pytest.approx(0.5, abs=0.03)


def test_fewer_than_a_hundred_who_came_back_fit_nothing(fit):
    # 99 came back once, after 10 of 40 days.
    held = np.array([[0.0, 0.0, 40.0, 5_000.0], [1.0, 10.0, 40.0, 99.0]])
    amounts = np.array([[1.0, 25.0, 99.0]])

    assert fit.described(held, amounts) == (
        "few_repeaters", "few_repeaters", 5_099, 99, 99, *[None] * 9
    )  # fmt: skip


def test_the_slopes_are_those_of_the_likelihood(fit):
    repeats, last, watched = buyers(300, *PUBLISHED, seed=4)
    rows = together(repeats, last / 7, watched / 7).T
    money = np.array([[1.0, 20.0, 3.0], [4.0, 33.0, 2.0], [2.0, 5.5, 1.0]]).T

    for cost, place, data in (
        (fit.rate_cost, [0.1, 1.2, 0.3, 0.4], rows),
        (fit.amount_cost, [0.7, 1.1, 3.0], money),
    ):
        slopes = cost(np.array(place), *data)[1]
        for number, slope in enumerate(slopes):
            step = np.zeros(len(place))
            step[number] = 1e-6
            above, below = (cost(np.array(place) + s, *data)[0] for s in (step, -step))
            assert slope == pytest.approx((above - below) / 2e-6, abs=1e-7)


@pytest.mark.slow
def test_a_fit_says_the_same_digits_whatever_the_order_of_rows(fit):
    held = together(*buyers(3_000, *PUBLISHED, seed=5))
    amounts = np.array([[1.0, 20.0, 300.0], [2.0, 35.0, 200.0], [3.0, 28.0, 150.0]])

    first = fit.described(held, amounts)

    assert fit.described(held, amounts) == first
    assert fit.described(held[::-1], amounts[::-1]) == first
