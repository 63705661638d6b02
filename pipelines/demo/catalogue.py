"""The goods of the demo shop: departments, categories, products and their variants."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipelines.demo.draw import DAY, JST, Floats, Ints, Span, stream

PER_CATEGORY = 15
SITE = "https://shop.okaeri.example"
# The article's one large order: a single piece of furniture that carries half the recovered money.
OUTLIER_NAME = "別注 無垢材ダイニングセット ①号 ㈱髙﨑家具 ～限定～"
OUTLIER_PRICE = 420_200


@dataclass(frozen=True)
class Catalogue:
    """What can be bought. `prices[i]`, `category[i]` belong to product number i (0-based)."""

    categories: pl.DataFrame
    products: pl.DataFrame
    variants: pl.DataFrame
    tags: pl.DataFrame
    relations: pl.DataFrame
    prices: Ints
    category: Ints
    variant_count: Ints
    first_variant: Ints
    weights: Floats

    @property
    def leaves(self) -> int:
        """Number of categories that hold products."""
        return len(self.prices) // PER_CATEGORY

    @property
    def outlier(self) -> int:
        """Number of the product nobody buys but once."""
        return len(self.prices) - 1

    def pick(self, rng: np.random.Generator, leaf: Ints) -> Ints:
        """One product number per given category, popular ones more often, never the outlier."""
        shares = self.weights / self.weights.sum()
        place = rng.choice(PER_CATEGORY, size=len(leaf), p=shares)
        chosen = leaf * PER_CATEGORY + place
        return np.asarray(np.where(chosen == self.outlier, chosen - 1, chosen), dtype=np.int64)


def _categories(words: Mapping[str, Any]) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    departments: dict[str, str] = {}
    for number, (department, leaf, *_rest) in enumerate(words["categories"]):
        if department not in departments:
            departments[department] = f"D{len(departments) + 1:02d}"
            rows.append({"カテゴリID": departments[department], "親カテゴリID": None,
                         "カテゴリ名": department, "階層": 1, "並び順": 100 * len(departments),
                         "パス": department,
                         "選び方ガイドURL": f"{SITE}/guide/{departments[department]}"})  # fmt: skip
        rows.append({"カテゴリID": f"C{number + 1:02d}", "親カテゴリID": departments[department],
                     "カテゴリ名": leaf, "階層": 2, "並び順": 100 * len(departments) + number + 1,
                     "パス": f"{department} > {leaf}", "選び方ガイドURL": None})  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _names(words: Mapping[str, Any]) -> list[str]:
    """Names of all products, 15 to a category; some hold letters only cp932 knows."""
    names: list[str] = []
    modifiers, makers = words["modifiers"], words["makers"]
    for number, entry in enumerate(words["categories"]):
        things = entry[5]
        for place in range(PER_CATEGORY):
            name = f"{modifiers[(number + place) % len(modifiers)]} {things[place % len(things)]}"
            if place >= len(things) * 2:
                name += f"（{makers[(number + place) % len(makers)]}）"
            if place == PER_CATEGORY - 1:
                name += f" ～{'①②③④'[number % 4]}番手～"
            names.append(name)
    names[-1] = OUTLIER_NAME
    return names


def _prices(words: Mapping[str, Any], rng: np.random.Generator) -> Ints:
    low = np.array([entry[2] for entry in words["categories"]]).repeat(PER_CATEGORY)
    high = np.array([entry[3] for entry in words["categories"]]).repeat(PER_CATEGORY)
    raw = low * (high / low) ** rng.random(len(low))
    prices = np.maximum(np.round(raw / 100) * 100 - 20, low).astype(np.int64)
    prices[-1] = OUTLIER_PRICE
    return np.asarray(prices)


def _products(names: list[str], prices: Ints, rng: np.random.Generator, span: Span) -> pl.DataFrame:
    count = len(names)
    number = np.arange(count)
    # Two products in a hundred are new, so that the page of new arrivals is not empty.
    published = span.starts - rng.integers(1, 2000, count) * DAY
    published = np.where(number % 37 == 5, span.clock - rng.integers(1, 14, count) * DAY, published)
    stock = rng.integers(3, 120, count)
    stock = np.where(number % 19 == 7, 0, stock)
    state = np.full(count, "公開", dtype=object)
    state[number % 53 == 11] = "非公開"
    state[number % 97 == 23] = "販売終了"
    day = (published + JST).astype("datetime64[s]").astype("datetime64[D]")
    return pl.DataFrame({
        "商品番号": [f"{n + 1001}" for n in range(count)],
        "商品コード": [f"P{n + 1001}" for n in range(count)],
        "商品名": names,
        "ブランド": np.where(number % 3 == 0, "おかえり商店", "暮らしの手").tolist(),
        "カテゴリID": [f"C{n // PER_CATEGORY + 1:02d}" for n in range(count)],
        "商品URL": [f"{SITE}/item/{n + 1001}" for n in range(count)],
        "画像URL": [f"{SITE}/img/{n + 1001}_1.jpg" for n in range(count)],
        "販売価格": prices,
        "通常価格": np.where(number % 11 == 3, (prices * 1.25 // 10 * 10), prices).astype(np.int64),
        "公開状態": state.tolist(),
        "在庫数": stock,
        "公開日": pl.Series(day).dt.strftime("%Y/%m/%d"),
    })  # fmt: skip


def _variants(
    words: Mapping[str, Any], products: pl.DataFrame, stock: Ints
) -> tuple[pl.DataFrame, Ints, Ints]:
    rows: list[tuple[str, str, str, str | None, int, int, str]] = []
    counts, firsts = [], []
    numbers = products["商品番号"].to_list()
    prices = products["販売価格"].to_list()
    images = products["画像URL"].to_list()
    for index, number in enumerate(numbers):
        sizes = words["categories"][index // PER_CATEGORY][4].split() or [None]
        firsts.append(len(rows))
        counts.append(len(sizes))
        for place, size in enumerate(sizes):
            share = int(stock[index]) // len(sizes) + (place < int(stock[index]) % len(sizes))
            sku = f"P{number}" + (f"-{place + 1}" if size else "")
            rows.append((f"{number}-{place + 1}", number, sku, size, prices[index], share,
                         images[index]))  # fmt: skip
    names = ["バリエーション番号", "商品番号", "SKU", "サイズ", "販売価格", "在庫数", "画像URL"]
    return pl.DataFrame(rows, schema=names, orient="row"), np.array(counts), np.array(firsts)


def _tags(products: pl.DataFrame) -> pl.DataFrame:
    name = pl.col("商品名")
    return (
        products.select(
            "商品番号",
            pl.when(name.str.contains("リネン|麻")).then(pl.lit("麻")).otherwise(pl.lit("綿"))
            .alias("素材"),
            pl.when(name.str.contains("ニット|ストール|パジャマ")).then(pl.lit("秋冬"))
            .otherwise(pl.lit("通年")).alias("季節"),
        )
        .unpivot(index="商品番号", value_name="タグ")
        .select("商品番号", "タグ")
        .sort("商品番号", "タグ")
    )  # fmt: skip


def _relations(count: int) -> pl.DataFrame:
    """Outfits put together by staff: one piece of the next category for every third product."""
    rows = [
        (f"{n + 1001}", f"{(n + PER_CATEGORY) % (count - 1) + 1001}", "コーディネート", 1)
        for n in range(0, count - 1, 3)
    ]
    rows += [(f"{n + 1001}", f"{n + 1002}", "類似", 2) for n in range(0, count - 2, 5)]
    names = ["商品番号", "関連商品番号", "種類", "順位"]
    return pl.DataFrame(rows, schema=names, orient="row")


def catalogue(words: Mapping[str, Any], *, seed: int, span: Span) -> Catalogue:
    """The shop's goods for a seed. Names are the same for every seed, prices and stock are not."""
    rng = stream(seed, "catalogue")
    names = _names(words)
    prices = _prices(words, rng)
    products = _products(names, prices, rng, span)
    variants, counts, firsts = _variants(words, products, products["在庫数"].to_numpy())
    return Catalogue(
        categories=_categories(words),
        products=products,
        variants=variants,
        tags=_tags(products),
        relations=_relations(len(names)),
        prices=prices,
        category=np.arange(len(names), dtype=np.int64) // PER_CATEGORY,
        variant_count=counts,
        first_variant=firsts,
        # A few products of a category sell most of it.
        weights=np.asarray(1.0 / (np.arange(PER_CATEGORY) + 1.5), dtype=np.float64),
    )
