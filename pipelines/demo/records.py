"""The shop's small books: consents, stops, inquiries, reviews, favourites, known browsers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo.carts import GATES, SUPPRESSED, State
from pipelines.demo.draw import DAY, HOUR, MINUTE, NEVER, between, stream
from pipelines.demo.log import Log
from pipelines.demo.orders import Sales, is_sale
from pipelines.demo.people import MEMBER, People
from pipelines.demo.rules import Rules
from pipelines.demo.walk import linked_at

OPEN_INQUIRY = GATES.index("open_inquiry")


@dataclass(frozen=True)
class Records:
    """One frame per book; persons and products by number, instants in seconds, UTC."""

    consents: pl.DataFrame
    stops: pl.DataFrame
    inquiries: pl.DataFrame
    reviews: pl.DataFrame
    favourites: pl.DataFrame
    browsers: pl.DataFrame


def _consents(people: People, rules: Rules, episodes: pl.DataFrame) -> pl.DataFrame:
    """What people said about mail: at sign-up, and by the one-click link of a mail."""
    member = np.flatnonzero((people.kind == MEMBER) & people.has_email)
    clock = rules.span.clock
    blocks = []
    for state, at in (
        ("許可", people.granted_at), ("拒否", people.denied_at),
        ("確認待ち", np.where(people.pending, people.registered, NEVER)),
    ):  # fmt: skip
        who = member[at[member] < clock]
        blocks.append(pl.DataFrame({
            "person": who, "at": at[who], "state": [state] * len(who),
            "purpose": np.where(people.cart_only[who], "カート通知", "広告").tolist(),
            "basis": ["フォーム"] * len(who),
        }))  # fmt: skip
    stopped = episodes.filter((pl.col("stopped") < clock) & (pl.col("complained") == 0))
    blocks.append(
        stopped.select(
            "person", at="stopped", state=pl.lit("拒否"), purpose=pl.lit("広告"),
            basis=pl.lit("ワンクリック解除"),
        )
    )  # fmt: skip
    return pl.concat(blocks).sort("at", "person", "state")


def _stops(people: People, rules: Rules, state: State) -> pl.DataFrame:
    who = np.flatnonzero(
        (state.suppressed_at < rules.span.clock) & (people.kind == MEMBER) & people.has_email
    )
    return pl.DataFrame({
        "person": who,
        "at": state.suppressed_at[who],
        "reason": [SUPPRESSED[code] for code in state.suppressed_why[who].tolist()],
    }).sort("at", "person")  # fmt: skip


def _inquiries(
    rng: np.random.Generator, rules: Rules, episodes: pl.DataFrame, sales: Sales
) -> pl.DataFrame:
    """Questions to the shop; whoever was held back for one had it open at the hand-off."""
    held = episodes.filter(pl.col("gate") == OPEN_INQUIRY)
    before = pl.Series(between(rng, HOUR, 3 * DAY, held.height))
    after = pl.Series(between(rng, 26 * HOUR, 5 * DAY, held.height))
    gated = held.select("person", at=pl.col("gated") - before, closed=pl.col("gated") + after,
                        order_row=pl.lit(None, dtype=pl.Int64))  # fmt: skip
    asked = sales.orders.filter(pl.Series(rng.random(sales.orders.height) < 0.03))
    lag = pl.Series(between(rng, 2 * HOUR, 6 * DAY, asked.height))
    answer = pl.Series(between(rng, HOUR, 2 * DAY, asked.height))
    other = asked.select(
        "person", at=pl.col("at") + lag, closed=pl.col("at") + lag + answer,
        order_row=pl.col("order_row").cast(pl.Int64),
    )  # fmt: skip
    frame = pl.concat([gated, other]).filter(pl.col("at") < rules.span.clock - HOUR)
    size = frame.height
    return frame.with_columns(
        closed=pl.when(pl.col("closed") < rules.span.clock).then("closed").otherwise(NEVER),
        topic=pl.Series(between(rng, 0, 6, size)),
        channel=pl.Series(rng.choice(["フォーム", "メール", "電話"], size).tolist()),
        sentiment=pl.Series(rng.choice(["普通", "不満"], size, p=[0.8, 0.2]).tolist()),
    ).sort("at", "person")


def _open_inquiries(
    rng: np.random.Generator, rules: Rules, episodes: pl.DataFrame, sales: Sales
) -> pl.DataFrame:
    """Complaints about orders of these days that wait for an answer: no mail asks for a review.

    Whoever left a cart these days has none: what holds those mails back is drawn with the carts.
    """
    clock = rules.span.clock
    waiting = episodes.filter(pl.col("left") > clock - 4 * DAY)["person"].implode()
    recent = sales.orders.filter(
        pl.col("at").is_between(clock - 5 * DAY, clock - 12 * HOUR)
        & pl.col("is_member") & ~pl.col("as_guest") & ~pl.col("person").is_in(waiting)
    ).unique("person", keep="first", maintain_order=True)  # fmt: skip
    chosen = recent[np.sort(rng.permutation(recent.height)[: max(1, recent.height // 8)])]
    lag = pl.Series(between(rng, HOUR, 11 * HOUR, chosen.height))
    return chosen.select(
        "person", at=pl.col("at") + lag, closed=pl.lit(NEVER, dtype=pl.Int64),
        order_row=pl.col("order_row").cast(pl.Int64),
        topic=pl.Series(between(rng, 0, 6, chosen.height)), channel=pl.lit("フォーム"),
        sentiment=pl.lit("不満"),
    )  # fmt: skip


def _reviews(rng: np.random.Generator, rules: Rules, sales: Sales) -> pl.DataFrame:
    bought = sales.orders.filter(pl.Series(is_sale(sales.orders)) & ~pl.col("as_guest"))
    some = bought.filter(pl.Series(rng.random(bought.height) < 0.09))
    lag = pl.Series(between(rng, 4 * DAY, 30 * DAY, some.height))
    stars = rng.choice([1, 2, 3, 4, 5], some.height, p=[0.03, 0.05, 0.14, 0.34, 0.44])
    first = sales.baskets.filter(pl.col("line") == 0).select("basket", "product")
    return (
        some.with_columns(reviewed=pl.col("at") + lag, rating=pl.Series(stars))
        .filter(pl.col("reviewed") < rules.span.clock - HOUR)
        .join(first, on="basket", how="left", maintain_order="left")
        .select("person", "order_row", "product", "reviewed", "rating")
        .sort("reviewed", "person")
    )


def _favourites(rng: np.random.Generator, log: Log, rules: Rules) -> pl.DataFrame:
    """Marks set in the log, by members logged in and by browsers; a few were lifted."""
    liked = log.events.filter(pl.col("event") == "Product Added to Wishlist").select(
        "browser", "customer", "product", "at"
    )
    lifted = rng.random(liked.height) < 0.15
    until = pl.Series(between(rng, HOUR, 40 * DAY, liked.height))
    removed = pl.when(pl.Series(lifted)).then(pl.col("at") + until)
    return liked.with_columns(removed=pl.when(removed < rules.span.clock).then(removed))


def _browsers(people: People, rules: Rules) -> pl.DataFrame:
    """Browsers members signed up or in with, as the shop keeps them."""
    known = linked_at(people, rules)
    who = np.flatnonzero(
        (people.kind == MEMBER) & people.web & (known < rules.span.clock - 2 * HOUR)
    )
    return pl.DataFrame({"person": who, "at": known[who]}).sort("at", "person")


def records(
    people: People,
    rules: Rules,
    *,
    seed: int,
    episodes: pl.DataFrame,
    state: State,
    sales: Sales,
    log: Log,
) -> Records:
    """All small books of the shop until the clock."""
    rng = stream(seed, "records")
    return Records(
        consents=_consents(people, rules, episodes),
        stops=_stops(people, rules, state),
        inquiries=pl.concat(
            [
                _inquiries(rng, rules, episodes, sales),
                _open_inquiries(stream(seed, "open_inquiries"), rules, episodes, sales),
            ]
        ).sort("at", "person"),
        reviews=_reviews(rng, rules, sales),
        favourites=_favourites(rng, log, rules),
        browsers=_browsers(people, rules),
    )


def last_logins(people: People, *, sales: Sales, log: Log) -> Sequence[int]:
    """Last login of each person in seconds: sign-up, sign-in seen, or order as a member."""
    last = np.where(people.registered < NEVER, people.registered, 0)
    seen = log.events.filter(pl.col("event").is_in(["Signed In", "Signed Up"]))
    bought = sales.orders.filter(~pl.col("as_guest") & ~pl.col("by_telephone"))
    for frame, who in ((seen, "customer"), (bought, "person")):
        newest = frame.drop_nulls(who).group_by(who).agg(pl.col("at").max()).sort(who)
        index = newest[who].to_numpy()
        last[index] = np.maximum(last[index], newest["at"].to_numpy())
    return [int(at) // MINUTE * MINUTE for at in last]
