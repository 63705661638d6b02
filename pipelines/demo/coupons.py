"""Personal codes: for a season each recovery mail carried one, good for free gift wrapping."""

import polars as pl

from pipelines.demo.draw import DAY, NEVER
from pipelines.demo.rules import Rules

# Days before the clock: July to September of the demo's last summer.
SEASON = (142, 50)


def with_codes(messages: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Messages with `code`: one nobody else has, empty for held-out ones and out of season."""
    first, last = (rules.span.clock - days * DAY for days in SEASON)
    carries = ~pl.col("is_held") & pl.col("slot").is_between(first, last, closed="left")
    code = pl.format("WRAP-{}", pl.col("token").str.slice(0, 8).str.to_uppercase())
    return messages.with_columns(code=pl.when(carries).then(code))


def redeemed(sent: pl.DataFrame, episodes: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Codes that came back with an order. Shape: episode, code; one row per cart it was made from.

    The link puts its mail's code into the cart; whoever typed another coupon kept that one.
    """
    free = orders.filter((pl.col("purchase") == 0) & (pl.col("coupon") == 0))
    made = episodes.filter(
        (pl.col("touched") == 1) & pl.col("episode").cast(pl.Int64).is_in(free["basket"].implode())
    ).select("episode", "order")
    return (
        sent.filter(pl.col("clicked") < NEVER)
        .join(made, on="episode", how="inner", maintain_order="left")
        .filter(pl.col("clicked") < pl.col("order"))
        .sort("clicked", "step")
        .unique("episode", keep="last", maintain_order=True)
        .drop_nulls("code")
        .select("episode", "code")
    )
