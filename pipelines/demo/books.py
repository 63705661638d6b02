"""The shop's smaller files: goods, refunds, histories, inquiries, consents and the counter."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.demo.catalogue import Catalogue
from pipelines.demo.counter import Counter
from pipelines.demo.draw import DAY, HOUR, MINUTE
from pipelines.demo.orders import CANCELLED, REFUNDED, RETURNED
from pipelines.demo.people import People
from pipelines.demo.records import Records
from pipelines.demo.rules import Rules
from pipelines.demo.sheets import local

HISTORY_DAYS = 180
_STEPS = (("入金済", 3 * HOUR), ("発送済", DAY + 5 * HOUR), ("完了", 7 * DAY))


def _with_member(frame: pl.DataFrame, people: People, column: str = "person") -> pl.DataFrame:
    """The frame with `会員番号`: null for everybody who has none."""
    who = frame[column].to_list()
    numbers = [int(people.customer_no[p]) or None if p is not None else None for p in who]
    return frame.with_columns(会員番号=pl.Series(numbers, dtype=pl.Int64))


def _with_product(frame: pl.DataFrame, goods: Catalogue) -> pl.DataFrame:
    return frame.with_columns(商品番号=goods.products["商品番号"].gather(frame["product"]))


def goods_files(goods: Catalogue, rules: Rules) -> dict[str, pl.DataFrame]:
    """商品, バリエーション, カテゴリ, 商品タグ and 関連商品."""
    seen = pl.lit(rules.span.clock - 20 * MINUTE)
    return {
        "商品.csv": goods.products.with_columns(在庫確認日時=local(seen)),
        "バリエーション.csv": goods.variants,
        "カテゴリ.csv": goods.categories,
        "商品タグ.csv": goods.tags,
        "関連商品.csv": goods.relations,
    }


def _refunds(orders: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Refunds the shop has made; for parts it does not always say which share was goods."""
    made = orders.filter((pl.col("refunded") > 0) & (pl.col("refunded_at") < rules.span.clock))
    told = pl.col("status").is_in([REFUNDED, RETURNED]) | (pl.col("order_row") % 2 == 0)
    return made.select(
        返金番号=pl.format("F{}", pl.col("order_row") + 1), 受注番号="order_no",
        返金日時=local("refunded_at"), 返金額="refunded",
        商品返金額=pl.when(told).then("refunded_goods"),
        理由=pl.when(pl.col("status") == RETURNED).then(pl.lit("サイズ違い"))
        .otherwise(pl.lit("一部不良")),
    ).sort("返金日時", "返金番号")  # fmt: skip


def _history(orders: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Status changes of the last half year: what the system keeps."""
    recent = orders.filter(pl.col("at") > rules.span.clock - HISTORY_DAYS * DAY)
    rows = [recent.select("order_no", "at", before=pl.lit(None, dtype=pl.String),
                          after=pl.lit("新規受付"))]  # fmt: skip
    before = "新規受付"
    settled = recent.filter(pl.col("status").is_in([name for name, _ in _STEPS]))
    for name, lag in _STEPS:
        reached = settled.filter(pl.col("at") + lag < rules.span.clock - MINUTE)
        rows.append(
            reached.select("order_no", pl.col("at") + lag, before=pl.lit(before),
                           after=pl.lit(name))
        )  # fmt: skip
        before = name
    off = recent.filter(pl.col("status") == CANCELLED)
    rows.append(
        off.select("order_no", pl.col("at") + 9 * HOUR, before=pl.lit("新規受付"),
                   after=pl.lit(CANCELLED))
    )  # fmt: skip
    frame = pl.concat(rows).sort("at", "order_no")
    return frame.select(受注番号="order_no", 日時=local("at"), 変更前="before", 変更後="after")


def order_files(orders: pl.DataFrame, rules: Rules) -> dict[str, pl.DataFrame]:
    """返金 and ステータス履歴. `orders`: the web shop's, one row each."""
    return {"返金.csv": _refunds(orders, rules), "ステータス履歴.csv": _history(orders, rules)}


def _mail_files(books: Records, people: People) -> dict[str, pl.DataFrame]:
    """メール同意 and 配信停止."""
    consents = _with_member(books.consents, people)
    stops = _with_member(books.stops, people)
    row = pl.int_range(pl.len()) + 1
    return {
        "メール同意.csv": consents.select(
            同意番号=pl.format("A{}", row), 会員番号="会員番号",
            メールアドレス=pl.Series([people.email[p] for p in consents["person"]]),
            媒体=pl.lit("メール"), 目的="purpose", 状態="state", 日時=local("at"), 根拠="basis",
            文面版=pl.lit("2024-04"), 記録場所=pl.lit("https://shop.okaeri.example/register"),
        ),
        "配信停止.csv": stops.select(
            停止番号=pl.format("B{}", row), 会員番号="会員番号",
            メールアドレス=pl.Series([people.email[p] for p in stops["person"]]),
            理由="reason", 開始日時=local("at"),
        ),
    }  # fmt: skip


def record_files(
    books: Records, people: People, goods: Catalogue, *, words: Mapping[str, Any],
    orders: pl.DataFrame, browsers: list[str],
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """お問い合わせ, レビュー, お気に入り, 端末, and what is said about mail."""
    topics = words["inquiry_topics"]
    number = orders["order_no"]
    asked = _with_member(books.inquiries, people)
    reviews = _with_product(_with_member(books.reviews, people), goods)
    liked = _with_product(_with_member(books.favourites, people, "customer"), goods)
    known = _with_member(books.browsers, people)
    row = pl.int_range(pl.len()) + 1
    return {
        **_mail_files(books, people),
        "お問い合わせ.csv": asked.select(
            問合せ番号=pl.format("Q{}", row), 会員番号="会員番号",
            受注番号=pl.Series(
                [None if n is None else number[n] for n in asked["order_row"]], dtype=pl.String
            ),
            経路="channel", 件名=pl.Series([topics[n] for n in asked["topic"]]),
            受付日時=local("at"), 完了日時=local("closed"), 感情="sentiment",
        ),
        "レビュー.csv": reviews.select(
            レビュー番号=pl.format("V{}", row), 商品番号="商品番号", 会員番号="会員番号",
            受注番号=number.gather(reviews["order_row"]), 評価="rating",
            投稿日時=local("reviewed"),
        ),
        "お気に入り.csv": liked.select(
            お気に入り番号=pl.format("K{}", row), 会員番号="会員番号",
            端末ID=pl.Series([browsers[n] for n in liked["browser"]]), 商品番号="商品番号",
            登録日時=local("at"), 解除日時=local("removed"),
        ),
        "端末.csv": known.select(
            端末ID=pl.Series([browsers[p] for p in known["person"]]), 会員番号="会員番号",
            初回日時=local("at"),
        ),
    }  # fmt: skip


def counter_files(
    counter: Counter, people: People, goods: Catalogue, *, orders: pl.DataFrame, rules: Rules
) -> dict[str, pl.DataFrame]:
    """The tablet's own files: snapshots line by line, and carts as last known. UTF-8, English."""
    seen = _with_member(counter.snapshots, people)
    product = seen["product"].to_list()
    variant = seen["variant"].to_list()
    names, skus = goods.products["商品名"], goods.variants["SKU"]
    snapshots = seen.select(
        observed_at=local("seen", "%Y-%m-%d %H:%M"), cart_id="cart_id", member_no="会員番号",
        state="state", line_no=pl.col("line") + 1,
        product_no=pl.col("product") + 1001,
        sku=pl.Series([None if v is None else skus[int(v)] for v in variant], dtype=pl.String),
        name=pl.Series([None if p is None else names[int(p)] for p in product], dtype=pl.String),
        quantity="quantity", price="price",
    )  # fmt: skip
    carts = _with_member(counter.carts, people)
    lines = counter.lines.group_by("counter_no").agg(pl.len(), pl.col("price").sum())
    sold = orders.select("cart_id", "order_no").drop_nulls("cart_id")
    last = carts.join(lines, on="counter_no", how="left", maintain_order="left").join(
        sold, on="cart_id", how="left", maintain_order="left"
    )
    return {
        "counter/snapshots.csv": snapshots,
        "counter/carts.csv": last.select(
            cart_id="cart_id", member_no="会員番号", created_at=local("opened", "%Y-%m-%d %H:%M"),
            last_activity_at=local("changed", "%Y-%m-%d %H:%M"),
            gone_at=pl.when(pl.col("gone") < rules.span.clock)
            .then(local("gone", "%Y-%m-%d %H:%M")),
            order_no="order_no", items_count="len", total="price",
        ),
    }  # fmt: skip
