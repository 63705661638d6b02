"""The tablet at the shop's counter: goods put aside for members, seen every 15 minutes."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo.catalogue import Catalogue
from pipelines.demo.draw import DAY, HOUR, JST, MINUTE, NEVER, between, stream, tokens
from pipelines.demo.people import People
from pipelines.demo.rules import SLOT, Rules

# Carts still standing on the counter when the demo's clock stops.
STANDING = 6


@dataclass(frozen=True)
class Counter:
    """What the tablet saw. Units: seconds, UTC.

    `carts`: one row per cart. `lines`: its goods. `snapshots`: one row per sight and line, one
    without goods where the cart is gone.
    """

    carts: pl.DataFrame
    lines: pl.DataFrame
    snapshots: pl.DataFrame


def _carts(rng: np.random.Generator, people: People, rules: Rules) -> pl.DataFrame:
    who = np.flatnonzero(people.counter)
    size = len(who)
    clock = rules.span.clock
    # Some weeks after they were first seen, so that the counter is as busy early as late.
    start = np.maximum(people.registered[who], people.arrived[who]) + DAY
    day = start + (rng.exponential(40.0, size) * DAY).astype(np.int64)
    opened = day // DAY * DAY - JST + 10 * HOUR + between(rng, 0, 28, size) * SLOT
    standing = np.arange(size) < STANDING
    evening = (clock + JST) // DAY * DAY - JST - 4 * HOUR - between(rng, 0, 12, size) * SLOT
    opened = np.where(standing, evening, opened)
    sights = between(rng, 2, 22, size)
    gone = np.where(standing, NEVER, opened + sights * SLOT)
    # Half of them get a second line at a later sight: that, too, is activity.
    changed = np.where(rng.random(size) < 0.5, opened + (1 + sights // 4) * SLOT, opened)
    changed = np.where(changed < gone, changed, opened)
    bought = ~standing & (rng.random(size) < 0.45)
    ordered = np.where(bought, gone - between(rng, 1, 13, size) * MINUTE + 7, NEVER)
    frame = pl.DataFrame({
        "person": who, "opened": opened, "changed": changed, "gone": gone, "ordered": ordered,
        "cart_id": tokens(rng, size, "t"),
    })  # fmt: skip
    fits = (
        (pl.col("opened") > rules.span.starts)
        & (pl.col("opened") > pl.Series(people.registered[who]))
        & (pl.Series(standing) | (pl.col("opened") < clock - 3 * DAY))
    )
    kept = frame.filter(fits & (pl.min_horizontal("gone", clock + HOUR) != clock))
    return kept.sort("opened", "person").with_row_index("counter_no")


def _lines(rng: np.random.Generator, carts: pl.DataFrame, goods: Catalogue) -> pl.DataFrame:
    both = carts.filter(pl.col("changed") > pl.col("opened"))
    first = carts.select("counter_no", line=pl.lit(0), since="opened")
    second = both.select("counter_no", line=pl.lit(1), since="changed")
    frame = pl.concat([first, second]).sort("counter_no", "line")
    product = goods.pick(rng, between(rng, 0, goods.leaves, frame.height))
    # Two lines of one product would be one line: the second takes the product beside it.
    product = np.where(
        (frame["line"].to_numpy() == 1) & (product == np.roll(product, 1)),
        np.maximum(product - 1, 0), product,
    )  # fmt: skip
    return frame.with_columns(
        product=pl.Series(product),
        variant=pl.Series(goods.first_variant[product]),
        price=pl.Series(goods.prices[product]),
        quantity=pl.lit(1, dtype=pl.Int64),
    )


def _snapshots(carts: pl.DataFrame, lines: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    end = pl.min_horizontal("gone", rules.span.clock // SLOT * SLOT + SLOT)
    sights = (
        carts.with_columns(seen=pl.int_ranges("opened", end, SLOT))
        .explode("seen")
        .join(lines, on="counter_no", how="left", maintain_order="left")
        .filter(pl.col("since") <= pl.col("seen"))
        .with_columns(state=pl.lit("陳列"))
    )
    gone = carts.filter(pl.col("gone") < rules.span.clock).with_columns(
        seen="gone", state=pl.lit("なし")
    )
    return pl.concat([sights, gone], how="diagonal").sort("seen", "counter_no", "line")


def counter(people: People, rules: Rules, *, seed: int, goods: Catalogue) -> Counter:
    """All carts of the counter. Their people gave no consent, so nobody is written to."""
    rng = stream(seed, "counter")
    carts = _carts(rng, people, rules)
    lines = _lines(rng, carts, goods)
    return Counter(carts=carts, lines=lines, snapshots=_snapshots(carts, lines, rules))
