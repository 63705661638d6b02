"""The member and order files as the shop system writes them, Japanese headers and local times."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from pipelines.demo.catalogue import Catalogue
from pipelines.demo.counter import Counter
from pipelines.demo.draw import DAY, HOUR, JST, NEVER, Ints, between, stream
from pipelines.demo.orders import NOT_SALES, Sales, is_sale
from pipelines.demo.people import MEMBER, People
from pipelines.demo.rules import Rules

DEVICES = ("スマートフォン", "PC", "タブレット")
PLACES = ("本店", "アプリ", "電話", "店頭")
SHOP_COUNTER = 3


def local(column: str | pl.Expr, form: str = "%Y/%m/%d %H:%M:%S") -> pl.Expr:
    """Seconds as the shop's local time in text; null where it never happened."""
    expression = pl.col(column) if isinstance(column, str) else column
    happened = pl.when(expression < NEVER).then(expression)
    return pl.from_epoch(happened + JST).dt.strftime(form)


def names_of(words: Mapping[str, Any], people: People, who: Sequence[int]) -> pl.DataFrame:
    """Family and given names of the persons named, in letters and in kana, and the sex."""
    families, firsts = words["surnames"], words["given_names"]
    rows = [(*families[people.surname[p]][:2], *firsts[people.given[p]][:2],
             firsts[people.given[p]][3]) for p in who]  # fmt: skip
    return pl.DataFrame(
        rows, schema=["姓", "セイ", "名", "メイ", "性別"], orient="row"
    ).with_columns(性別=pl.col("性別").replace_strict({"female": "女性", "male": "男性"}))


def _spelled(address: str, kind: int) -> str:
    """The same address as people also type it: capitals, full-width at-sign, a blank before it."""
    local_part, _, domain = address.partition("@")
    return (
        f"{local_part.capitalize()}@{domain.upper()}",
        f"{local_part}＠{domain}",
        f" {local_part.upper()}@{domain}",
    )[kind % 3]


def _accounts(
    rng: np.random.Generator, people: People, who: Ints, *, words: Mapping[str, Any],
    logins: Sequence[int],
) -> pl.DataFrame:  # fmt: skip
    """One row per member named: number, address, telephone, place; instants still in seconds."""
    size = len(who)
    places = [words["prefectures"][n] for n in people.place[who].tolist()]
    born = between(rng, -1_300_000_000, 1_100_000_000, size)
    born = np.where(rng.random(size) < 0.72, born, NEVER)
    phone = [f"0{n:010d}" for n in between(rng, 7_000_000_000, 9_099_999_999, size).tolist()]
    return pl.DataFrame({
        "person": who,
        "会員番号": people.customer_no[who],
        "会員状態": np.where(rng.random(size) < 0.01, "退会", "本会員").tolist(),
        "登録日時": people.registered[who],
        "メールアドレス": [people.email[p] for p in who.tolist()],
        "電話番号": phone,
        "郵便番号": [place[2] for place in places],
        "都道府県": [place[0] for place in places],
        "市区町村": [place[1] for place in places],
        "番地": [f"{a}-{b}" for a, b in rng.integers(1, 30, (size, 2)).tolist()],
        "生年月日": born,
        "最終ログイン日時": [logins[p] for p in who.tolist()],
        "保有ポイント": between(rng, 0, 30, size) * 50,
    })  # fmt: skip


def members(
    people: People, rules: Rules, *, words: Mapping[str, Any], logins: Sequence[int],
    sales: Sales, seed: int,
) -> pl.DataFrame:  # fmt: skip
    """会員.csv without the accounts opened twice: one row per member, by number."""
    who = np.flatnonzero((people.kind == MEMBER) & (people.registered < rules.span.clock))
    who = who[np.argsort(people.customer_no[who])]
    accounts = _accounts(stream(seed, "members"), people, who, words=words, logins=logins)
    spent = (
        sales.orders.filter(pl.Series(is_sale(sales.orders)) & ~pl.col("as_guest"))
        .group_by("person")
        .agg(購入回数=pl.len(), 購入金額=pl.col("goods").sum())
    )
    return (
        pl.concat([accounts, names_of(words, people, who.tolist())], how="horizontal")
        .join(spent, on="person", how="left", maintain_order="left")
        .with_columns(
            local("登録日時").alias("登録日時"),
            local("最終ログイン日時").alias("最終ログイン日時"),
            local("生年月日", "%Y/%m/%d").alias("生年月日"),
            pl.col("購入回数", "購入金額").fill_null(0),
        )
        .with_columns(
            会員ランク=pl.when(pl.col("購入金額") >= 50_000).then(pl.lit("ゴールド"))
            .otherwise(pl.lit("レギュラー")),
        )
    )  # fmt: skip


def second_accounts(book: pl.DataFrame, *, count: int) -> pl.DataFrame:
    """Accounts opened again under the same address in other letters, and the shop's own tests."""
    with_address = book.filter(
        pl.col("メールアドレス").is_not_null() & (pl.col("会員状態") == "本会員")
    )
    step = max(1, with_address.height // count)
    again = with_address[::step].head(count)
    highest = int(str(book["会員番号"].max()))
    numbers = pl.int_range(highest + 1, highest + 1 + again.height, eager=True)
    twice = again.with_columns(
        会員番号=numbers,
        メールアドレス=pl.Series([_spelled(a, n) for n, a in enumerate(again["メールアドレス"])]),
        登録日時=pl.lit(book["登録日時"].max()),
        最終ログイン日時=pl.lit(None, dtype=pl.String),
        購入回数=pl.lit(0, dtype=book.schema["購入回数"]),
        購入金額=pl.lit(0, dtype=book.schema["購入金額"]),
    )
    tests = twice.head(3).with_columns(
        会員番号=pl.col("会員番号") + again.height,
        メールアドレス=pl.Series([f"test{n}@okaeri.example" for n in range(min(3, twice.height))]),
        姓=pl.lit("テスト"),
    )
    return pl.concat([twice, tests])


def _heads(
    people: People, rules: Rules, *, words: Mapping[str, Any], sales: Sales, counter: Counter,
    seed: int,
) -> pl.DataFrame:  # fmt: skip
    """One row per order of every place with its own columns; `key` = (kind, basket)."""
    rng = stream(seed, "order sheet")
    web = sales.orders.with_columns(kind=pl.lit("w"))
    sold = counter.carts.filter(pl.col("ordered") < rules.span.clock - HOUR)
    amount = counter.lines.group_by("counter_no").agg(goods=pl.col("price").sum())
    desk = sold.join(amount, on="counter_no", how="left", maintain_order="left").select(
        "person", "cart_id", "goods", at="ordered", kind=pl.lit("c"), total="goods", paid="goods",
        basket=pl.col("counter_no").cast(pl.Int64), place=pl.lit(SHOP_COUNTER, dtype=pl.Int64),
        order_no=pl.format("S{}", pl.col("counter_no") + 50_001), status=pl.lit("完了"),
        payment=pl.lit("現金"), as_guest=pl.lit(False), forgot=pl.lit(False),
        is_member=pl.lit(True), refunded_at=pl.lit(NEVER),
    )  # fmt: skip
    heads = pl.concat([web, desk], how="diagonal_relaxed").sort("at", "order_no")
    zero = ("coupon", "shipping", "fee", "points", "refunded", "refunded_goods")
    who = heads["person"].to_list()
    spelled = rng.integers(0, 3, heads.height).tolist()
    odd = heads["forgot"].to_list()
    address = [people.email[p] for p in who]
    names = names_of(words, people, who)
    return heads.with_columns(
        *(pl.col(name).fill_null(0).cast(pl.Int64) for name in zero),
        email=pl.Series([
            _spelled(a, k) if o and a else a for a, k, o in zip(address, spelled, odd, strict=True)
        ]),
        name=names["姓"] + " " + names["名"],
        device=pl.Series([DEVICES[n] for n in people.device[who].tolist()]),
        member=pl.when(~pl.col("as_guest")).then(pl.Series(people.customer_no[who])),
    )  # fmt: skip


def _item_rows(sales: Sales, counter: Counter, goods: Catalogue) -> pl.DataFrame:
    """One row per order line: equal variants of a basket are one line."""
    desk = counter.lines.select(
        "product", "variant", "quantity", "price", "line", kind=pl.lit("c"),
        basket=pl.col("counter_no").cast(pl.Int64),
    )  # fmt: skip
    web = sales.baskets.select(
        "product", "variant", "quantity", "price", "line", "basket", kind=pl.lit("w")
    )
    lines = pl.concat([web, desk], how="diagonal_relaxed")
    lines = (
        lines.group_by("kind", "basket", "variant", maintain_order=True)
        .agg(pl.col("quantity").sum(), pl.col("product", "price").first())
        .with_columns(amount=pl.col("quantity") * pl.col("price"))
        .sort(["kind", "basket", "amount", "variant"], descending=[True, False, True, False])
        .with_columns(line_no=pl.int_range(pl.len()).over("kind", "basket") + 1)
    )
    product = lines["product"].to_numpy()
    return lines.with_columns(
        商品番号=goods.products["商品番号"].gather(product),
        商品名=goods.products["商品名"].gather(product),
        SKU=goods.variants["SKU"].gather(lines["variant"].to_numpy()),
    )


def orders(
    people: People, rules: Rules, *, words: Mapping[str, Any], goods: Catalogue, sales: Sales,
    counter: Counter, seed: int,
) -> pl.DataFrame:  # fmt: skip
    """受注.csv: one row per order line by time, the order's own columns on each, amounts in yen."""
    heads = _heads(people, rules, words=words, sales=sales, counter=counter, seed=seed)
    sent = pl.col("status").is_in(["発送済", "完了"])
    paid = sent | (pl.col("status") == "入金済")
    discount = pl.when(pl.col("line_no") == 1).then("coupon").otherwise(0)
    return (
        heads.join(_item_rows(sales, counter, goods), on=["kind", "basket"], how="left",
                   maintain_order="left_right")
        .with_columns(line_discount=discount)
        .select(
            "order_row", "person", "at", "kind", "status", "place",
            受注番号="order_no", 受注日時=local("at"), 会員番号="member", 注文者名="name",
            メールアドレス="email",
            注文区分=pl.when("as_guest").then(pl.lit("ゲスト")).otherwise(pl.lit("会員")),
            受注状態="status", 販売経路=pl.col("place").replace_strict(
                dict(enumerate(PLACES)), return_dtype=pl.String),
            端末="device", 支払方法="payment", 受注商品金額="goods", クーポン値引="coupon",
            クーポンコード=pl.when(pl.col("coupon") > 0).then(pl.lit("SHUNO500"))
            .otherwise("code"),
            利用ポイント="points", 送料="shipping", 手数料="fee", 合計金額="total",
            請求金額="paid", 返金額="refunded", カートID="cart_id",
            入金日時=pl.when(paid).then(local(pl.col("at") + 3 * HOUR)),
            発送日時=pl.when(sent).then(local(pl.col("at") + DAY + 5 * HOUR)),
            キャンセル日時=pl.when(pl.col("status") == NOT_SALES[0])
            .then(local(pl.col("at") + 9 * HOUR)),
            明細番号="line_no", 商品番号="商品番号", SKU="SKU", 商品名="商品名",
            数量="quantity", 単価="price", 明細値引="line_discount",
            明細金額=pl.col("amount") - pl.col("line_discount"),
        )
    )  # fmt: skip
