"""Orders with their goods and amounts: out of left carts, or made in one go."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo.catalogue import Catalogue
from pipelines.demo.draw import DAY, HOUR, NEVER, Bools, Ints, between, stream, tokens
from pipelines.demo.people import MEMBER, People
from pipelines.demo.purchases import PHONE, WEB
from pipelines.demo.rules import Rules

FREE_SHIPPING_FROM, SHIPPING, CASH_FEE, COUPON = 8_000, 660, 330, 500
CANCELLED, REFUNDED, RETURNED, UNKNOWN_STATUS = "キャンセル", "全額返金", "返品", "保留（要確認）"
NOT_SALES = (CANCELLED, REFUNDED, RETURNED, UNKNOWN_STATUS)
_PAYMENTS = ("クレジットカード", "代金引換", "コンビニ決済", "後払い")


@dataclass(frozen=True)
class Sales:
    """What was put in, and what was bought.

    `baskets`: one row per line put in (basket, line, product, variant, quantity); baskets 0 .. E-1
    are the left carts by episode, then the direct orders. `orders`: one row per order, by time.
    """

    baskets: pl.DataFrame
    orders: pl.DataFrame
    cart_ids: list[str]


def _baskets(
    rng: np.random.Generator, owner: Ints, lines: Ints, *, people: People, goods: Catalogue
) -> pl.DataFrame:
    basket = np.repeat(np.arange(len(owner)), lines)
    line = np.arange(len(basket)) - np.repeat(np.cumsum(lines) - lines, lines)
    favourite = people.favourite_leaf[owner][basket]
    draw = rng.random(len(basket))
    anywhere = between(rng, 0, goods.leaves, len(basket))
    beside = (favourite + 1) % goods.leaves
    leaf = np.where(draw < 0.62, favourite, np.where(draw < 0.78, beside, anywhere))
    product = goods.pick(rng, leaf)
    size = rng.random(len(basket))
    variant = (size * goods.variant_count[product]).astype(np.int64)
    return pl.DataFrame({
        "basket": basket,
        "line": line,
        "product": product,
        "variant": goods.first_variant[product] + variant,
        "quantity": rng.choice([1, 2, 3], len(basket), p=[0.86, 0.11, 0.03]),
    })  # fmt: skip


def _outlier(baskets: pl.DataFrame, episodes: pl.DataFrame, goods: Catalogue) -> pl.DataFrame:
    """The article's one large order: a single mailed and touched cart holds the furniture alone."""
    chosen = episodes.filter(
        (pl.col("touched") == 1) & (pl.col("lines") == 1)
        & (pl.col("order") < pl.col("order").filter(pl.col("touched") == 1).quantile(0.8))
    ).sort(pl.col("step_2") == NEVER, "order", descending=[False, True])  # fmt: skip
    if not chosen.height:
        return baskets
    basket = chosen["episode"][0]
    mine = pl.col("basket") == basket
    return baskets.with_columns(
        product=pl.when(mine).then(goods.outlier).otherwise("product"),
        variant=pl.when(mine).then(goods.first_variant[goods.outlier]).otherwise("variant"),
        quantity=pl.when(mine).then(1).otherwise("quantity"),
    )


def _orders(
    episodes: pl.DataFrame, direct: pl.DataFrame, *, people: People, rules: Rules
) -> pl.DataFrame:
    """One row per order by time, with person, place, basket and whether it was made as a guest."""
    left = episodes.filter(pl.col("order") < rules.span.clock - 5 * 60).select(
        "person", at="order", basket=pl.col("episode").cast(pl.Int64),
        purchase=pl.lit(0, dtype=pl.Int64), place=pl.lit(WEB, dtype=pl.Int64),
    )  # fmt: skip
    made = direct.with_columns(
        basket=pl.int_range(pl.len(), dtype=pl.Int64) + episodes.height
    ).select("person", "at", "basket", "purchase", "place")
    orders = pl.concat([left, made]).sort("at", "person").with_row_index("order_row")
    member = people.kind[orders["person"].to_numpy()] == MEMBER
    return orders.with_columns(
        is_member=pl.Series(member), order_no=pl.format("R{}", pl.col("order_row") + 100_001)
    )


def _statuses(rng: np.random.Generator, orders: pl.DataFrame, rules: Rules) -> pl.Series:
    """Status of each order; orders that are no sale are third ones without a cart (see truth)."""
    age = rules.span.clock - orders["at"].to_numpy()
    status = np.select(
        [age > 9 * DAY, age > 2 * DAY, age > 12 * HOUR], ["完了", "発送済", "入金済"], "新規受付"
    ).astype(object)
    free = np.flatnonzero(
        (orders["purchase"].to_numpy() >= 3) & (orders["place"].to_numpy() != WEB)
    )
    free = rng.permutation(free)
    start = 0
    shares = (0.08, 0.025, 0.015, 0.008)
    for name, share in zip(NOT_SALES, shares, strict=True):
        count = max(2, round(share * len(free)))
        status[free[start : start + count]] = name
        start += count
    return pl.Series(status.tolist(), dtype=pl.String)


def _amounts(rng: np.random.Generator, orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Adds goods (after coupon), coupon, shipping, fee, points, total and paid, whole yen."""
    size = orders.height
    gross = lines.group_by("basket").agg(gross=(pl.col("quantity") * pl.col("price")).sum())
    payment = rng.choice(4, size, p=[0.62, 0.14, 0.12, 0.12])
    frame = orders.join(gross, on="basket", how="left", validate="1:1").with_columns(
        payment=pl.Series([_PAYMENTS[n] for n in payment.tolist()]),
        wants_coupon=pl.Series(rng.random(size) < 0.06),
        wants_points=pl.Series(np.where(rng.random(size) < 0.08, between(rng, 1, 6, size), 0)),
    )
    coupon = pl.when(pl.col("wants_coupon") & (pl.col("gross") >= 5_000)).then(COUPON).otherwise(0)
    frame = frame.with_columns(coupon=coupon).with_columns(goods=pl.col("gross") - pl.col("coupon"))
    return frame.with_columns(
        shipping=pl.when(pl.col("goods") < FREE_SHIPPING_FROM).then(SHIPPING).otherwise(0),
        fee=pl.when(pl.col("payment") == _PAYMENTS[1]).then(CASH_FEE).otherwise(0),
        points=pl.when("is_member").then(pl.col("wants_points") * 100).otherwise(0),
    ).with_columns(
        points=pl.min_horizontal("points", pl.col("goods") // 2),
        total=pl.col("goods") + pl.col("shipping") + pl.col("fee"),
    ).with_columns(paid=pl.col("total") - pl.col("points"))  # fmt: skip


def _refunds(rng: np.random.Generator, orders: pl.DataFrame) -> pl.DataFrame:
    """Adds `refunded`, `refunded_goods` and `refunded_at`: whole orders, or a part of them."""
    size = orders.height
    whole = orders["status"].is_in([REFUNDED, RETURNED]).to_numpy()
    settled = orders["status"].to_numpy() == "完了"
    partly = settled & (rng.random(size) < 0.012)
    part = (orders["goods"].to_numpy() * rng.choice([0.2, 0.3, 0.5], size) // 10 * 10).astype(int)
    goods = np.where(whole, orders["goods"].to_numpy(), np.where(partly, part, 0))
    amount = np.where(whole, orders["total"].to_numpy(), goods)
    later = orders["at"].to_numpy() + between(rng, 3 * DAY, 8 * DAY, size)
    return orders.with_columns(
        refunded=pl.Series(amount),
        refunded_goods=pl.Series(goods),
        refunded_at=pl.Series(np.where(goods > 0, later, NEVER)),
    )


def _guests(rng: np.random.Generator, orders: pl.DataFrame, people: People) -> pl.DataFrame:
    """Adds `as_guest`: members forget to log in, mostly in the app and on the telephone."""
    # Without an address nothing would say whose order it is.
    known = people.has_email[orders["person"].to_numpy()]
    forgot = pl.Series((rng.random(orders.height) < 0.05) & known)
    elsewhere = pl.col("place") != WEB
    return orders.with_columns(
        forgot=pl.col("is_member") & elsewhere & forgot,
        as_guest=~pl.col("is_member") | (elsewhere & forgot),
    )


def sales(
    people: People,
    rules: Rules,
    *,
    seed: int,
    goods: Catalogue,
    episodes: pl.DataFrame,
    direct: pl.DataFrame,
) -> Sales:
    """Every basket and every order of the web shop, the app and the telephone."""
    rng = stream(seed, "orders")
    owner = np.concatenate([episodes["person"].to_numpy(), direct["person"].to_numpy()])
    size = rng.choice([1, 2, 3, 4], direct.height, p=[0.5, 0.29, 0.15, 0.06])
    lines = np.concatenate([episodes["lines"].to_numpy(), size])
    baskets = _baskets(rng, owner, lines, people=people, goods=goods)
    baskets = _outlier(baskets, episodes, goods).with_columns(
        price=pl.col("product").replace_strict(
            np.arange(len(goods.prices)), goods.prices, return_dtype=pl.Int64
        )
    )
    orders = _orders(episodes, direct, people=people, rules=rules)
    orders = orders.with_columns(status=_statuses(rng, orders, rules))
    orders = _guests(rng, _refunds(rng, _amounts(rng, orders, baskets)), people)
    # Who orders by telephone has no cart; the app keeps its carts to itself.
    with_cart = pl.col("place") == WEB
    cart_ids = tokens(rng, len(owner), "c")
    orders = orders.with_columns(
        cart_id=pl.when(with_cart).then(pl.Series(cart_ids).gather(orders["basket"])),
        by_telephone=pl.col("place") == PHONE,
    )
    return Sales(baskets=baskets, orders=orders, cart_ids=cart_ids)


def is_sale(orders: pl.DataFrame) -> Bools:
    """Whether each order counts as a sale under the demo's status map."""
    return np.asarray((~orders["status"].is_in(list(NOT_SALES))).to_numpy())
