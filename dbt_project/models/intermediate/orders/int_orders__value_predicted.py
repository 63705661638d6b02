"""What each customer is expected to order and to spend, by the parameters fitted for the shop.

Nothing is fitted here: the conditional expectations of BG/NBD and of Gamma-Gamma, person by person.
Units: weeks of 7 days; amounts in the shop's currency.
Source: Fader, Hardie and Lee 2005, Marketing Science 24(2), equation 10; the share still there by
Fader, Hardie and Lee 2008, "Computing P(alive) Using the BG/NBD Model"; Fader and Hardie 2013,
equation 5.
"""

import numpy as np
import pyarrow as pa
from scipy.special import hyp2f1

DAYS_A_WEEK = 7
HORIZONS = (90, 365)
SCHEMA = pa.schema(
    [
        ("shop_id", pa.string()),
        ("person_id", pa.string()),
        ("alive_rate", pa.float64()),
        *((f"expected_orders_{days}", pa.float64()) for days in HORIZONS),
        ("expected_amount", pa.float64()),
    ]
)


def model(dbt, session):  # noqa: ARG001
    """One row per shop whose BG/NBD was fitted and customer: their expected orders and amount."""
    dbt.config(materialized="table")
    names = ("r", "alpha", "a", "b", "p", "q", "v")
    shops = (
        dbt.ref("int_orders__value_fitted")
        .filter("r_parameter is not null")
        .project(", ".join(["shop_id", *(f"{name}_parameter" for name in names)]))
        .fetchall()
    )
    histories = dbt.ref("int_orders__purchase_histories").project(
        "shop_id, person_id, repeat_count, recency_days, watched_days, valued_count,"
        " coalesce(average_amount, 0)"
    )
    held = {}
    for shop, *history in sorted(histories.fetchall()):
        held.setdefault(shop, []).append(history)
    parts = [predicted(shop, held[shop], parameters) for shop, *parameters in sorted(shops)]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


def predicted(shop, histories, parameters):
    """The rows of one shop. The amount is empty where Gamma-Gamma was not fitted or has no mean."""
    persons, *numbers = zip(*histories, strict=True)
    x, recency, watched, valued, mean = (np.array(held, dtype=float) for held in numbers)
    rate, amount = parameters[:4], parameters[4:]
    t_x, t = recency / DAYS_A_WEEK, watched / DAYS_A_WEEK
    has_mean = amount[1] is not None and amount[1] > 1
    columns = [
        [shop] * len(persons),
        persons,
        alive_rate(rate, x, t_x, t),
        *(expected_orders(rate, x, t_x, t, days / DAYS_A_WEEK) for days in HORIZONS),
        expected_amount(amount, valued, mean) if has_mean else [None] * len(persons),
    ]
    return pa.table([pa.array(c, s.type) for c, s in zip(columns, SCHEMA, strict=True)], SCHEMA)


def alive_rate(parameters, x, t_x, t):
    """Share of such customers who have not stopped for good; 1 for who never came back."""
    r, alpha, a, b = parameters
    again = x > 0
    last = np.where(again, b + x - 1, 1.0)
    # By logarithms: a customer of hundreds of orders would overflow.
    odds = np.log(a) - np.log(last) + (r + x) * (np.log(alpha + t) - np.log(alpha + t_x))
    return np.where(again, 1.0 / (1.0 + np.exp(np.minimum(odds, 700.0))), 1.0)


def expected_orders(parameters, x, t_x, t, ahead):
    """Orders to come within `ahead` weeks from t on."""
    r, alpha, a, b = parameters
    # The formula divides by a - 1; at 1 itself it has a limit, and so near to it the same digits.
    a = a if abs(a - 1) > 1e-7 else 1 + 1e-7
    z = ahead / (alpha + t + ahead)
    c = a + b + x - 1
    # Not turned by Euler's transformation, which overflows where a is large. As it stands, it would
    # where somebody ordered more than seven days a week.
    rest = (1 - z) ** (r + x) * hyp2f1(r + x, b + x, c, z)
    return c / (a - 1) * (1 - rest) * alive_rate((r, alpha, a, b), x, t_x, t)


def expected_amount(parameters, x, mean):
    """Amount of an order to come: between the person's own average and everybody's."""
    p, q, v = parameters
    return p * (v + x * mean) / (p * x + q - 1)
