"""Visits without a cart of their own: sign-ups, browsing, mail links, crawlers, shared browsers."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipelines.demo.catalogue import Catalogue
from pipelines.demo.draw import DAY, HOUR, Ints, between, time_of_day
from pipelines.demo.people import MEMBER, VISITOR, People
from pipelines.demo.rules import Rules
from pipelines.demo.walk import linked_at

LOG = pl.Schema({
    "at": pl.Int64(), "browser": pl.Int64(), "customer": pl.Int64(), "event": pl.String(),
    "product": pl.Int64(), "quantity": pl.Int64(), "basket": pl.Int64(), "order_row": pl.Int64(),
    "token": pl.String(), "query": pl.String(), "field": pl.String(), "bot": pl.Boolean(),
})  # fmt: skip
BOTS = 40
BROWSE_PER_PERSON = 2.6


def block(
    frame: pl.DataFrame, event: str, **values: pl.Expr | pl.Series | str | int | None
) -> pl.DataFrame:
    """One event per row of `frame`, its columns taken as they are, the rest from `values`."""
    made = frame.with_columns(
        event=pl.lit(event),
        **{n: v if isinstance(v, pl.Expr) else pl.lit(v) for n, v in values.items()},
    )
    return made.select(
        (pl.col(n) if n in made.columns else pl.lit(None)).cast(d).alias(n) for n, d in LOG.items()
    )


def views(
    rng: np.random.Generator, visits: pl.DataFrame, goods: Catalogue, favourite: Ints, *, most: int
) -> pl.DataFrame:
    """Product views spread over minutes after each visit's start, some with several pictures."""
    count = rng.integers(1, most + 1, visits.height)
    index = np.repeat(np.arange(visits.height), count)
    step = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    leaf = np.where(
        rng.random(len(index)) < 0.6, favourite[index], between(rng, 0, goods.leaves, len(index))
    )
    product = goods.pick(rng, leaf)
    seen = visits[index].with_columns(
        at=pl.col("at") + pl.Series(step * 45 + rng.integers(3, 40, len(index))),
        product=pl.Series(product),
    )
    pictures = seen.filter(pl.Series(rng.random(len(index)) < 0.10))
    more = [block(pictures, "Product Image Viewed", at=pl.col("at") + 4 * n) for n in (1, 2, 3)]
    return pl.concat([block(seen, "Product Viewed"), *more])


def sign_ups(people: People, rules: Rules) -> list[pl.DataFrame]:
    """Visits on which members' browsers say who they are: sign-up, or sign-in where older."""
    who = np.flatnonzero((people.kind == MEMBER) & people.web)
    known = linked_at(people, rules)[who]
    frame = pl.DataFrame({
        "browser": who, "customer": who, "at": known,
        "new": people.registered[who] >= rules.span.starts,
    }).filter(pl.col("at") < rules.span.clock - HOUR)  # fmt: skip
    new, old = frame.filter(pl.col("new")), frame.filter(~pl.col("new"))
    stumbled = new.filter(pl.col("browser") % 9 == 4)
    return [
        block(frame, "Page Viewed", at=pl.col("at") - 110, customer=None),
        block(stumbled, "Form Error", at=pl.col("at") - 40, customer=None,
               field=pl.lit("postal_code")),
        block(new, "Signed Up"),
        block(old, "Signed In"),
    ]  # fmt: skip


def browsing(
    rng: np.random.Generator, people: People, rules: Rules, goods: Catalogue, words: Sequence[str]
) -> list[pl.DataFrame]:
    """Visits without a cart: views, lists, searches, favourites, a few of them signed in."""
    web = np.flatnonzero(people.web)
    who = rng.choice(web, size=round(len(web) * BROWSE_PER_PERSON))
    known = linked_at(people, rules)[who]
    at = rules.span.instants(rng, len(who))
    at = np.where(at < known + HOUR, known + HOUR + (at - rules.span.starts) % (40 * DAY), at)
    frame = pl.DataFrame({"browser": who, "at": at, "person": who}).filter(
        pl.col("at") < rules.span.clock - HOUR
    )
    size = frame.height
    member = people.kind[frame["person"].to_numpy()] == MEMBER
    signed = member & (rng.random(size) < 0.45)
    frame = frame.with_columns(
        customer=pl.when(pl.Series(signed)).then("person"), is_signed=pl.Series(signed)
    )
    favourite = people.favourite_leaf[frame["person"].to_numpy()]
    liked = frame.filter(pl.Series(rng.random(size) < 0.06))
    wished = pl.Series(goods.pick(rng, people.favourite_leaf[liked["person"].to_numpy()]))
    searched = frame.filter(pl.Series(rng.random(size) < 0.2))
    query = [words[n] for n in between(rng, 0, len(words), searched.height).tolist()]
    return [
        block(frame.filter("is_signed"), "Signed In"),
        block(frame.filter(~pl.col("is_signed")), "Page Viewed"),
        views(rng, frame, goods, favourite, most=6),
        block(liked, "Product Added to Wishlist", at=pl.col("at") + 33, product=wished),
        block(searched, "Products Searched", at=pl.col("at") + 1, query=pl.Series(query)),
        block(frame.filter(pl.Series(rng.random(size) < 0.3)), "Product List Viewed",
               at=pl.col("at") + 2),
        block(frame.filter(pl.Series(rng.random(size) < 0.04)), "Experiment Viewed",
               at=pl.col("at") + 1, field=pl.lit("welcome_popup")),
    ]  # fmt: skip


def found(
    rng: np.random.Generator, events: pl.DataFrame, goods: Catalogue, leaf_of: Mapping[str, int]
) -> list[pl.DataFrame]:
    """What is looked at first after a search: two to four results of the category it is for."""
    searched = events.filter(pl.col("query").is_in(list(leaf_of))).with_columns(
        leaf=pl.col("query").replace_strict(leaf_of, return_dtype=pl.Int64, default=None)
    )
    count = between(rng, 2, 5, searched.height)
    index = np.repeat(np.arange(searched.height), count)
    step = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    looked = searched[index].with_columns(at=pl.col("at") + pl.Series(4 + 5 * step), query=None)
    product = goods.pick(rng, looked["leaf"].to_numpy())
    return [block(looked, "Product Viewed", product=pl.Series(product))]


def fruitless(
    rng: np.random.Generator, people: People, rules: Rules, words: Sequence[str]
) -> list[pl.DataFrame]:
    """Visits of the last weeks that end with a search which finds nothing."""
    visitors = np.flatnonzero(people.web & (people.kind == VISITOR))
    who = rng.choice(visitors, size=max(2 * len(words), people.size // 400))
    clock = rules.span.clock
    at = clock - between(rng, 1, 27, len(who)) * DAY - time_of_day(rng, len(who))
    known = linked_at(people, rules)[who]
    frame = pl.DataFrame({
        "browser": who, "at": at, "query": [words[n % len(words)] for n in range(len(who))],
    }).filter(pl.Series(at > known + DAY))  # fmt: skip
    return [
        block(frame, "Page Viewed", query=None),
        block(frame, "Products Searched", at=pl.col("at") + 9),
    ]


def bots(
    rng: np.random.Generator, rules: Rules, goods: Catalogue, first_number: int
) -> list[pl.DataFrame]:
    """Crawlers: even through the day and night, now and then putting something in."""
    each = 130
    number = np.repeat(np.arange(BOTS), each)
    start = between(rng, rules.span.starts, rules.span.clock - 2 * DAY, BOTS)
    frame = pl.DataFrame({
        "browser": first_number + number,
        "at": start[number] + np.tile(np.arange(each) * 7, BOTS),
        "product": between(rng, 0, len(goods.prices), len(number)),
        "bot": np.ones(len(number), dtype=bool),
    })  # fmt: skip
    put = frame.filter(pl.int_range(pl.len()) % 65 == 40)
    return [
        block(frame, "Product Viewed"),
        block(put, "Product Added", at=pl.col("at") + 1, quantity=1),
    ]


def shared_browsers(
    rng: np.random.Generator, people: People, rules: Rules, events: pl.DataFrame
) -> tuple[list[pl.DataFrame], int]:
    """A second person of the household signs in on a browser whose own story is over."""
    last = events.group_by("browser").agg(pl.col("at").max()).sort("browser")
    over = last.filter(
        (pl.col("at") < rules.span.clock - 60 * DAY) & (pl.col("browser") < people.size)
    )
    members = np.flatnonzero((people.kind == MEMBER) & ~people.web & ~people.counter)
    owned = over.filter(pl.col("browser").is_in(np.flatnonzero(people.kind == MEMBER)))
    count = min(15, len(members), owned.height)
    who = rng.permutation(members)[:count]
    late = np.maximum(owned["at"].to_numpy()[:count] + 3 * DAY, people.registered[who] + DAY)
    frame = pl.DataFrame({
        "browser": owned["browser"].to_numpy()[:count],
        "customer": who,
        "at": late // DAY * DAY + time_of_day(rng, count),
    }).filter(pl.col("at") < rules.span.clock - DAY)  # fmt: skip
    product = between(rng, 0, people.size, frame.height) % 200
    blocks = [
        block(frame, "Signed In"),
        block(frame, "Product Viewed", at=pl.col("at") + 40, product=pl.Series(product)),
    ]
    return blocks, frame.height


def link_visits(
    rng: np.random.Generator, clicks: pl.DataFrame, goods: Catalogue, people: People
) -> list[pl.DataFrame]:
    """Visits that began with the link of a recovery mail: its token is in the address."""
    favourite = people.favourite_leaf[clicks["person"].to_numpy()]
    looked = clicks.with_columns(pl.col("at") + 6)
    return [
        block(clicks, "Page Viewed", at=pl.col("at") + 4),
        views(rng, looked.drop("token"), goods, favourite, most=2),
    ]
