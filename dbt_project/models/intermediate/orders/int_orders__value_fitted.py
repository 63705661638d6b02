"""Parameters of BG/NBD and Gamma-Gamma, fitted per shop by maximum likelihood.

Fixed starting values, slopes worked out by hand, rows sorted and equal ones together, and the last
step a root of the slopes: a rebuild gives the same digits. Units: weeks of 7 days.

Both models have limits: everybody orders at one rate, everybody stops as easily, nobody stops. A
parameter then runs away without changing what is foretold; it is held at a thousand times its
starting value, which is as good as the limit, and the state says so.
Source: Fader, Hardie and Lee 2005, Marketing Science 24(2), equation 6; Fader and Hardie 2013, "The
Gamma-Gamma Model of Monetary Value", equation 1a.
"""

import numpy as np
import pyarrow as pa
from scipy.optimize import minimize, root
from scipy.special import expit, gammaln, psi

# Fewer who came back say nothing of the rest: the same hundred as for the limits of the statuses.
LEAST_REPEATERS = 100
DAYS_A_WEEK = 7
# Logarithm of how far a parameter may run: beyond a thousand times its start nothing changes.
FARTHEST = 7.0
RATES, AMOUNTS = ("r", "alpha", "a", "b"), ("p", "q", "v")
SCHEMA = pa.schema(
    [
        ("shop_id", pa.string()),
        ("rate_state", pa.string()),
        ("amount_state", pa.string()),
        ("person_count", pa.int64()),
        ("repeater_count", pa.int64()),
        ("valued_person_count", pa.int64()),
        *((f"{name}_parameter", pa.float64()) for name in RATES),
        ("rate_log_likelihood", pa.float64()),
        *((f"{name}_parameter", pa.float64()) for name in AMOUNTS),
        ("amount_log_likelihood", pa.float64()),
    ]
)


def model(dbt, session):  # noqa: ARG001
    """One row per shop with a customer: parameters of both models, empty where there are none."""
    dbt.config(materialized="table")
    histories = dbt.ref("int_orders__purchase_histories")
    rates = of_shops(
        histories.aggregate(
            "shop_id, repeat_count, recency_days, watched_days, count(*)",
            "shop_id, repeat_count, recency_days, watched_days",
        )
    )
    amounts = of_shops(
        histories.filter("valued_count > 0 and average_amount > 0").aggregate(
            "shop_id, valued_count, average_amount, count(*)",
            "shop_id, valued_count, average_amount",
        )
    )
    nobody = np.empty((0, 3))
    rows = [
        (shop, *described(held, amounts.get(shop, nobody))) for shop, held in sorted(rates.items())
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(c, t.type) for c, t in zip(columns, SCHEMA, strict=True)], SCHEMA)


def of_shops(rows):
    """Numbers of each shop's rows, sorted, one row per distinct history."""
    shops = {}
    for shop, *numbers in sorted(rows.fetchall()):
        shops.setdefault(shop, []).append([float(number) for number in numbers])
    return {shop: np.array(held) for shop, held in shops.items()}


def described(rates, amounts):
    """The row of one shop, without its name."""
    repeats, recency, watched, persons = rates.T
    repeaters = int(persons[repeats > 0].sum())
    timed = (repeats, recency / DAYS_A_WEEK, watched / DAYS_A_WEEK, persons)
    rate = fitted(rate_cost, timed, start=(0.0, np.log(10.0), 0.0, 0.0), people=repeaters)
    counts, means, valued = amounts.T
    # The scale of money is the shop's own.
    scale = float((counts * means * valued).sum() / max((counts * valued).sum(), 1)) or 1.0
    amount = fitted(
        amount_cost, (counts, means, valued), start=(np.log(2.0), np.log(3.0), np.log(scale)),
        people=int(valued.sum()),
    )  # fmt: skip
    counted = (int(persons.sum()), repeaters, int(valued.sum()))
    return (rate[0], amount[0], *counted, *rate[1], rate[2], *amount[1], amount[2])


def fitted(cost, data, start, people):
    """State, parameters and log likelihood; the latter two are empty where there is no maximum.

    `cost` gives minus the mean log likelihood, its slopes and the parameters at a place, which has
    as many coordinates as the model has parameters.
    """
    unknown = (None,) * len(start)
    if people < LEAST_REPEATERS:
        return "few_repeaters", unknown, None
    start = np.array(start)
    found = minimize(
        lambda place: cost(place, *data)[:2],
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(coordinate - FARTHEST, coordinate + FARTHEST) for coordinate in start],
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2_000},
    )
    place, is_free = found.x.copy(), np.abs(found.x - start) < FARTHEST - 1e-3

    def slopes(free):
        place[is_free] = free
        return cost(place, *data)[1][is_free]

    # Where a search stops depends on the machine; where the slopes are 0 does not.
    place[is_free] = root(slopes, found.x[is_free], tol=1e-12).x
    value, slope, parameters = cost(place, *data)
    is_level = np.all(np.abs(slope[is_free]) < 1e-9)
    is_near = np.all(np.abs(place - found.x) < 0.1) and value <= found.fun + 1e-9
    if not (is_level and is_near):
        return "not_converged", unknown, None
    state = "fitted" if np.all(is_free) else "at_limit"
    rounded = tuple(float(f"{parameter:.7g}") for parameter in parameters)
    return state, rounded, round(float(-value * data[-1].sum()), 4)


def rate_cost(place, *data):
    """BG/NBD at a place: logarithms of r and of alpha ÷ r, log odds of a ÷ (a + b), log of a + b.

    In these coordinates a limit is the end of one of them, and not a ridge along two.
    """
    r, share, size = np.exp(place[0]), expit(place[2]), np.exp(place[3])
    alpha, a, b = r * np.exp(place[1]), size * share, size * (1 - share)
    value, (of_r, of_alpha, of_a, of_b) = rate_likelihood((r, alpha, a, b), *data)
    slopes = (
        r * of_r + alpha * of_alpha,
        alpha * of_alpha,
        a * (1 - share) * (of_a - of_b),
        a * of_a + b * of_b,
    )
    persons = data[-1].sum()
    return -value / persons, -np.array(slopes) / persons, (r, alpha, a, b)


def amount_cost(place, *data):
    """Gamma-Gamma at a place: logarithms of p, of q and of p × v ÷ q, about the mean amount."""
    p, q = np.exp(place[0]), np.exp(place[1])
    v = np.exp(place[2]) * q / p
    value, (of_p, of_q, of_v) = amount_likelihood((p, q, v), *data)
    slopes = (p * of_p - v * of_v, q * of_q + v * of_v, v * of_v)
    persons = data[-1].sum()
    return -value / persons, -np.array(slopes) / persons, (p, q, v)


def rate_likelihood(parameters, x, t_x, t, persons):
    """Log likelihood of BG/NBD and its slopes: x repeats, the last at t_x, watched until t."""
    r, alpha, a, b = parameters
    again = x > 0
    # The share of the likelihood that says "still here" against "gone since the last order".
    here = -(r + x) * np.log(alpha + t)
    last = np.where(again, b + x - 1, 1.0)
    gone = np.where(again, np.log(a) - np.log(last) - (r + x) * np.log(alpha + t_x), -np.inf)
    both = np.logaddexp(here, gone)
    stay = np.exp(here - both)
    leave = 1.0 - stay
    value = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x) + both
    )  # fmt: skip
    of_r = (
        psi(r + x) - psi(r) + np.log(alpha)
        - stay * np.log(alpha + t) - leave * np.log(alpha + t_x)
    )  # fmt: skip
    of_alpha = r / alpha - (r + x) * (stay / (alpha + t) + leave / (alpha + t_x))
    of_a = psi(a + b) - psi(a + b + x) + leave / a
    of_b = psi(a + b) + psi(b + x) - psi(b) - psi(a + b + x) - leave / last
    slopes = [(persons * slope).sum() for slope in (of_r, of_alpha, of_a, of_b)]
    return (persons * value).sum(), np.array(slopes)


def amount_likelihood(parameters, x, mean, persons):
    """Log likelihood of Gamma-Gamma and its slopes: x amounts of that mean."""
    p, q, v = parameters
    total = v + x * mean
    value = (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        + (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(total)
    )  # fmt: skip
    of_p = x * (psi(p * x + q) - psi(p * x) + np.log(mean) + np.log(x) - np.log(total))
    of_q = psi(p * x + q) - psi(q) + np.log(v) - np.log(total)
    of_v = q / v - (p * x + q) / total
    slopes = [(persons * slope).sum() for slope in (of_p, of_q, of_v)]
    return (persons * value).sum(), np.array(slopes)
