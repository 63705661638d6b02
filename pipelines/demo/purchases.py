"""Orders nobody was asked for: first orders, planned second ones, and the habit after that."""

import numpy as np
import polars as pl

from pipelines.demo.draw import (
    DAY,
    MINUTE,
    NEVER,
    Bools,
    Ints,
    at_shop_hours,
    between,
    stream,
    time_of_day,
)
from pipelines.demo.people import GUEST, MEMBER, VISITOR, People
from pipelines.demo.rules import PLANTED, Rules
from pipelines.demo.walk import linked_at

# Where an order was made: in the web shop as the log sees it, in the app, on the telephone.
WEB, APP, PHONE = 0, 1, 2
MOST_ORDERS = 8


def first_orders(people: People, rules: Rules, *, seed: int) -> Ints:
    """Planned first order of each person, without a left cart; NEVER if there is none."""
    rng = stream(seed, "first orders")
    size = people.size
    known = linked_at(people, rules)
    at_once = known + between(rng, 10 * MINUTE, 28 * MINUTE, size)
    days = 1 + rng.gamma(1.2, 45.0, size).astype(np.int64)
    later = at_shop_hours(rng, known + days * DAY)
    member = np.where(rng.random(size) < 0.45, at_once, later)
    buys = (people.kind == MEMBER) & ~people.counter & (rng.random(size) < 0.46)
    first = np.where(buys, member, NEVER)
    return np.asarray(np.where(people.kind == GUEST, people.arrived, first))


def _second(rng: np.random.Generator, first: Ints, chance: np.ndarray) -> tuple[Ints, Bools]:
    """Second orders: within 90 days with the planted chance, later with another."""
    size = len(first)
    lag = 5 + np.minimum((rng.gamma(1.6, 22.0, size)).astype(np.int64), 82)
    soon = rng.random(size) < chance
    late = ~soon & (rng.random(size) < 0.15)
    days = np.where(soon, lag, between(rng, 93, 420, size))
    second = (first // DAY + days) * DAY + time_of_day(rng, size)
    return np.asarray(np.where(soon | late, second, NEVER)), soon


def _guarded(frame: pl.DataFrame, episodes: pl.DataFrame) -> pl.DataFrame:
    """Orders outside every left cart's time, from its opening to the end of what follows it."""
    spans = episodes.select(
        "person",
        (pl.col("opened") - DAY).alias("guard_from"),
        (pl.max_horizontal("closed", pl.col("abandoned") + 9 * DAY) + DAY).alias("guard_to"),
    ).sort("guard_from")
    return (
        frame.sort("at")
        .join_asof(
            spans,
            left_on="at",
            right_on="guard_from",
            by="person",
            strategy="backward",
            check_sortedness=False,
        )
        .filter(
            (pl.col("purchase") == 1)
            | pl.col("guard_to").is_null()
            | (pl.col("at") > pl.col("guard_to"))
        )
        .drop("guard_from", "guard_to")
        .sort("person", "at")
    )


def direct_orders(
    people: People, rules: Rules, *, seed: int, first_order: Ints, episodes: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Orders made in one go, and the plan of second orders.

    Shape: (one row per order: person, at, purchase, place; one row per first order of the shop:
    person, first_at, chance, soon). `first_order` is each person's first order as it came true.
    """
    rng = stream(seed, "purchases")
    who = np.flatnonzero(first_order < rules.span.clock)
    first = first_order[who]
    guest = people.kind[who] != MEMBER
    chance = PLANTED.repeat(first, guest, rules.span)
    second, soon = _second(rng, first, chance)
    plan = pl.DataFrame({"person": who, "first_at": first, "chance": chance, "soon": soon})
    by_cart = episodes.filter(pl.col("order") < NEVER).select("person", at="order")
    rows = [(who, first), (who, second)]
    last = second
    for _ in range(MOST_ORDERS - 2):
        again = (last < rules.span.clock) & (rng.random(len(who)) < 0.5)
        lag = 9 + rng.gamma(1.4, 45.0, len(who)).astype(np.int64)
        nearest = (last // DAY + lag) * DAY + time_of_day(rng, len(who))
        # A third order inside the first 90 days would still be one person who came back.
        last = np.where(again, nearest, NEVER)
        rows.append((who, last))
    orders = pl.concat([
        pl.DataFrame({"person": person, "at": at, "purchase": np.full(len(at), n + 1)})
        for n, (person, at) in enumerate(rows)
    ]).filter(pl.col("at") < rules.span.clock - 20 * MINUTE)  # fmt: skip
    orders = orders.join(by_cart, on=["person", "at"], how="anti")
    orders = _guarded(orders, episodes)
    return orders.with_columns(place=_places(rng, people, orders)), plan


def _places(rng: np.random.Generator, people: People, orders: pl.DataFrame) -> pl.Series:
    """Where each order was made: people the log does not see buy by app or telephone."""
    who = orders["person"].to_numpy()
    draw = rng.random(len(who))
    web = people.web[who] & (draw < 0.47)
    telephone = ~web & (draw > 0.9)
    # Who bought as a guest from a left cart keeps to the telephone: one browser, one story.
    place = np.where(web, WEB, np.where(telephone, PHONE, APP))
    place = np.where(people.kind[who] == VISITOR, PHONE, place)
    return pl.Series(place, dtype=pl.Int64)
