"""The web shop's log: what browsers did, with nothing in it the site could not have seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipelines.demo.carts import KNOWN, UNKNOWN
from pipelines.demo.catalogue import Catalogue
from pipelines.demo.draw import (
    NEVER,
    Ints,
    between,
    stream,
    tokens,
)
from pipelines.demo.orders import Sales
from pipelines.demo.people import MEMBER, VISITOR, People
from pipelines.demo.purchases import WEB
from pipelines.demo.rules import Rules
from pipelines.demo.visits import (
    BOTS,
    block,
    bots,
    browsing,
    found,
    fruitless,
    link_visits,
    shared_browsers,
    sign_ups,
    views,
)

# Seconds before an order at which its checkout's steps are taken.
CHECKOUT = (
    ("Checkout Started", 150), ("Checkout Step Completed", 100), ("Payment Info Entered", 40),
    ("Order Completed", 0),
)  # fmt: skip


@dataclass(frozen=True)
class Log:
    """`events`: one row per event by time (schema visits.LOG). `browsers`: their ids by number."""

    events: pl.DataFrame
    browsers: list[str]
    shared: int


def _web_orders(orders: pl.DataFrame, episodes: pl.DataFrame) -> pl.DataFrame:
    """Orders of the web shop with the browser they were made on and who was logged in."""
    used = episodes.select(pl.col("episode").cast(pl.Int64).alias("basket"), "browser")
    return (
        orders.filter(pl.col("place") == WEB)
        .join(used, on="basket", how="left", maintain_order="left")
        .with_columns(
            browser=pl.coalesce("browser", "person"),
            customer=pl.when(~pl.col("as_guest")).then("person"),
        )
    )


def _episode_lines(episodes: pl.DataFrame, baskets: pl.DataFrame) -> pl.DataFrame:
    """One row per line of a left cart, with the instants of its episode beside it."""
    known = episodes.with_columns(basket=pl.col("episode").cast(pl.Int64))
    return baskets.join(known, on="basket", how="inner", maintain_order="left").with_columns(
        # A cart that stops in the basket is last touched by its last line.
        added=pl.col("opened") + (pl.col("left") - pl.col("opened")) * pl.col("line")
        // pl.when(pl.col("stage") > 0).then(pl.col("lines") + 1)
        .otherwise(pl.max_horizontal(pl.col("lines") - 1, 1)),
    )  # fmt: skip


def _left_carts(
    rng: np.random.Generator, lines: pl.DataFrame, goods: Catalogue
) -> list[pl.DataFrame]:
    heads = lines.filter(pl.col("line") == 0)
    tails = heads.filter(pl.col("stage") > 0)
    failed = tails.filter(pl.col("stage") == 2)
    emptied = lines.filter(pl.col("emptied") < NEVER)
    back = heads.filter(pl.col("returned") < NEVER)
    doubt = heads.filter(
        pl.Series(rng.random(heads.height) < 0.08) & (pl.col("left") > pl.col("opened") + 90)
    )
    other = pl.Series(goods.pick(rng, between(rng, 0, goods.leaves, doubt.height)))
    more = pl.Series(goods.pick(rng, between(rng, 0, goods.leaves, back.height)))
    return [
        block(heads, "Page Viewed", at=pl.col("opened") - 240, product=None, basket=None),
        block(lines, "Product Viewed", at=pl.col("added") - 20, basket=None),
        block(lines, "Product Added", at=pl.col("added")),
        block(heads, "Cart Viewed", at=pl.col("opened") + 6, product=None),
        block(doubt, "Product Added", at=pl.col("opened") + 20, product=other, quantity=1),
        block(doubt, "Product Removed", at=pl.col("opened") + 52, product=other, quantity=1),
        block(tails, "Checkout Started", at=pl.col("left") - 30, product=None),
        block(
            tails.filter(pl.col("stage") == 1), "Checkout Step Completed",
            at=pl.col("left"), product=None,
        ),
        block(failed, "Payment Info Entered", at=pl.col("left") - 12, product=None),
        block(failed, "Payment Failed", at=pl.col("left"), product=None),
        block(
            emptied, "Product Removed",
            at=pl.col("emptied") - 4 * (pl.col("lines") - 1 - pl.col("line")),
        ),
        block(back, "Product Added", at=pl.col("returned"), product=more, quantity=1),
    ]  # fmt: skip


def _logins(lines: pl.DataFrame) -> list[pl.DataFrame]:
    """Sign-ins that make a fresh browser known: later the same day, days later, or at checkout."""
    heads = lines.filter(pl.col("line") == 0)
    later = heads.filter(
        (pl.col("identified") < NEVER) & (pl.col("browser_kind") != KNOWN)
    ).with_columns(customer=pl.col("person"))
    paying = heads.filter(
        (pl.col("order") < NEVER) & (pl.col("browser_kind") == UNKNOWN) & pl.col("is_member")
    ).with_columns(customer=pl.col("person"))
    return [
        block(later, "Page Viewed", at=pl.col("identified") - 20, product=None, basket=None,
               customer=None),
        block(later, "Signed In", at=pl.col("identified"), product=None, basket=None),
        block(paying, "Signed In", at=pl.col("order") - 180, product=None, basket=None),
    ]  # fmt: skip


def _checkouts(orders: pl.DataFrame) -> list[pl.DataFrame]:
    first = block(orders, "Page Viewed", at=pl.col("at") - 200, basket=None, order_row=None)
    return [first] + [
        block(
            orders, event, at=pl.col("at") - before,
            order_row=pl.col("order_row") if event == "Order Completed" else None,
        )
        for event, before in CHECKOUT
    ]  # fmt: skip


def _direct(
    rng: np.random.Generator, orders: pl.DataFrame, baskets: pl.DataFrame, goods: Catalogue,
    people: People,
) -> list[pl.DataFrame]:  # fmt: skip
    """Carts bought at once: looked at, put in and paid for within ten minutes."""
    lines = baskets.join(
        orders.select("basket", "at", "browser", "customer"), on="basket", maintain_order="left"
    ).with_columns(added=pl.col("at") - 330 + 15 * pl.col("line"))
    start = orders.with_columns(pl.col("at") - 560)
    favourite = people.favourite_leaf[orders["person"].to_numpy()]
    return [
        views(rng, start.drop("basket", "order_row"), goods, favourite, most=3),
        block(lines, "Product Viewed", at=pl.col("added") - 6, basket=None),
        block(lines, "Product Added", at=pl.col("added")),
        block(orders, "Cart Viewed", at=pl.col("at") - 240, order_row=None),
    ]


def _browsers(
    rng: np.random.Generator, people: People, episodes: pl.DataFrame
) -> tuple[list[str], Ints, Ints]:
    """Ids of all browsers, and for each episode the browser's number and who is logged in."""
    who = episodes["person"].to_numpy()
    kind = episodes["browser_kind"].to_numpy()
    own = (kind == KNOWN) | (people.kind[who] == VISITOR)
    browser = np.where(own, who, people.size + episodes["episode"].to_numpy())
    logged_in = (kind == KNOWN) & (rng.random(len(who)) < 0.5)
    ids = [*people.browser, *tokens(rng, episodes.height, "b"), *tokens(rng, BOTS, "b")]
    return ids, browser, np.where(logged_in, who, -1)


def _leaf_of(words: Mapping[str, Any]) -> dict[str, int]:
    """Number of the leaf category each search word is for; words of none are left out."""
    leaves = {entry[1]: number for number, entry in enumerate(words["categories"])}
    return {word: leaves[leaf] for word, leaf in words["searches"] if leaf is not None}


def _searches(
    people: People, rules: Rules, *, seed: int, goods: Catalogue, events: pl.DataFrame,
    words: Mapping[str, Any],
) -> pl.DataFrame:  # fmt: skip
    """What searches led to, or not. Each from a stream of its own: no other event moves."""
    made = [
        *found(stream(seed, "searches"), events, goods, _leaf_of(words)),
        *fruitless(stream(seed, "fruitless"), people, rules, words["fruitless"]),
    ]
    return pl.concat(made).filter(pl.col("at") < rules.span.clock - 1)


def shop_log(
    people: People,
    rules: Rules,
    *,
    seed: int,
    goods: Catalogue,
    episodes: pl.DataFrame,
    sales: Sales,
    clicks: pl.DataFrame,
    words: Mapping[str, Any],
) -> Log:
    """Everything the web shop wrote down until the clock.

    `clicks`: one row per human click (episode, person, at, token). Shape: see `Log`.
    """
    rng = stream(seed, "log")
    ids, browser, customer = _browsers(rng, people, episodes)
    member = pl.Series((people.kind == MEMBER)[episodes["person"].to_numpy()])
    known = episodes.with_columns(
        browser=pl.Series(browser), customer=pl.Series(customer), is_member=member
    ).with_columns(customer=pl.when(pl.col("customer") >= 0).then("customer"))
    lines = _episode_lines(known, sales.baskets)
    made = _web_orders(sales.orders, known)
    browsers = known.select("episode", "browser")
    blocks = [
        *_left_carts(rng, lines, goods),
        *_logins(lines),
        *_checkouts(made),
        *_direct(rng, made.filter(pl.col("purchase") > 0), sales.baskets, goods, people),
        *sign_ups(people, rules),
        *browsing(rng, people, rules, goods, [word for word, _ in words["searches"]]),
        *bots(rng, rules, goods, len(ids) - BOTS),
        *link_visits(rng, clicks.join(browsers, on="episode"), goods, people),
    ]
    events = pl.concat(blocks).filter(pl.col("at") < rules.span.clock - 1)
    second, shared = shared_browsers(rng, people, rules, events)
    searches = _searches(people, rules, seed=seed, goods=goods, events=events, words=words)
    events = pl.concat([events, *second, searches]).sort("at", maintain_order=True)
    events = events.with_row_index("event_no").with_columns(pl.col("bot").fill_null(False))
    return Log(events=events, browsers=ids, shared=shared)
