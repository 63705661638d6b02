"""Dirt as real exports have it: late and doubled rows, rows no machine can read."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo.draw import DAY, JST, stream
from pipelines.demo.rules import Rules

LATE_ORDERS, DOUBLED_ROWS, ARRIVING_TWICE = 45, 30, 20
BAD_ORDERS, BAD_REVIEWS, BAD_REFUNDS = 3, 4, 2
NO_SUCH_DAY = "2026/02/30 10:11:12"


@dataclass(frozen=True)
class DirtyOrders:
    """受注.csv and the file that came later, with what was done to them."""

    main: pl.DataFrame
    later: pl.DataFrame
    late_orders: int
    doubled_rows: int
    twice_rows: int
    bad_rows: int


def _some(rng: np.random.Generator, values: list[str], count: int) -> list[str]:
    picked = rng.permutation(len(values))[: min(count, len(values) // 20)]
    return [values[n] for n in sorted(picked.tolist())]


def _unreadable(sheet: pl.DataFrame, count: int) -> pl.DataFrame:
    """Copies of orders under numbers of their own: a day that never was, words for digits."""
    text = sheet.head(count).with_columns(pl.all().cast(pl.String))
    return text.with_columns(
        受注番号=pl.format("X{}", pl.int_range(pl.len()) + 1),
        受注日時=pl.lit(NO_SUCH_DAY),
        数量=pl.lit("二個"),
        クーポン値引=pl.lit("0"), 利用ポイント=pl.lit("0"), 送料=pl.lit("0"), 手数料=pl.lit("0"),
        注文区分=pl.lit("会員"),
    )  # fmt: skip


def dirty_orders(sheet: pl.DataFrame, rules: Rules, *, seed: int) -> DirtyOrders:
    """The order lines as two files. `sheet`: one row per line, with `at` in seconds."""
    rng = stream(seed, "dirt")
    sheet = sheet.with_row_index("row")
    old = sheet.filter(pl.col("at") < rules.span.clock - 40 * DAY)
    numbers = old["受注番号"].unique(maintain_order=True).to_list()
    late = _some(rng, numbers, LATE_ORDERS)
    kept = sheet.filter(~pl.col("受注番号").is_in(late))
    twice = _some(rng, kept["受注番号"].unique(maintain_order=True).to_list(), ARRIVING_TWICE)
    rows = np.sort(rng.permutation(kept.height)[: min(DOUBLED_ROWS, kept.height // 20)])
    doubled = kept[rows]
    main = pl.concat([kept, doubled]).sort("row", maintain_order=True)
    again = kept.filter(pl.col("受注番号").is_in(twice))
    later = pl.concat([sheet.filter(pl.col("受注番号").is_in(late)), again])
    bad = _unreadable(kept.filter(pl.col("数量") == 1), BAD_ORDERS)
    return DirtyOrders(
        main=pl.concat([main.with_columns(pl.all().cast(pl.String)), bad]),
        later=later.with_columns(pl.all().cast(pl.String)),
        late_orders=len(late),
        doubled_rows=doubled.height,
        twice_rows=again.height,
        bad_rows=bad.height,
    )


def spoil(sheet: pl.DataFrame, *, column: str, text: str, key: str, count: int) -> pl.DataFrame:
    """The sheet with `count` rows more, under keys of their own, whose `column` is unreadable."""
    bad = sheet.head(count).with_columns(pl.all().cast(pl.String)).with_columns(
        pl.lit(text).alias(column), pl.format("X{}", pl.int_range(pl.len()) + 1).alias(key)
    )  # fmt: skip
    return pl.concat([sheet.with_columns(pl.all().cast(pl.String)), bad])


def quarter_of(column: str) -> pl.Expr:
    """Local quarter of an instant in seconds, as it stands in file names: 2026-Q4."""
    local = pl.from_epoch(pl.col(column) + JST).dt
    return pl.format("{}-Q{}", local.year(), local.quarter())
