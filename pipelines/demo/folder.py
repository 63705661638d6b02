"""A demo shop as the folder of files its owner would export, and the truth about it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo import books, sheets
from pipelines.demo.carts import RECEPTIVE
from pipelines.demo.dirt import BAD_REFUNDS, BAD_REVIEWS, DirtyOrders, dirty_orders, spoil
from pipelines.demo.draw import NEVER, stream
from pipelines.demo.files import csv_bytes, ledger_bytes, mail_files, web_files
from pipelines.demo.mail import report
from pipelines.demo.orders import CANCELLED, NOT_SALES, REFUNDED, RETURNED, UNKNOWN_STATUS
from pipelines.demo.people import MEMBER
from pipelines.demo.purchases import WEB
from pipelines.demo.records import last_logins
from pipelines.demo.rules import PLANTED
from pipelines.demo.truth import (
    Dirt,
    Truth,
    arm_truths,
    cohort_truths,
    counter_states,
    itt_effect,
    states,
)
from pipelines.demo.world import World

SECOND_ACCOUNTS = 40
# Encoding of what the shop system itself writes; tablet and ledger write UTF-8.
SHOP_ENCODING = "cp932"


@dataclass(frozen=True)
class Sheets:
    """All CSV files by name, as frames; the order lines before they were made dirty."""

    members: pl.DataFrame
    lines: pl.DataFrame
    orders: DirtyOrders
    shop: dict[str, pl.DataFrame]
    counter: dict[str, pl.DataFrame]


def sheets_of(world: World, *, seed: int) -> Sheets:
    """Every CSV of the shop."""
    people, rules, words, goods = world.people, world.rules, world.words, world.goods
    logins = last_logins(people, sales=world.sales, log=world.log)
    accounts = sheets.members(
        people, rules, words=words, logins=logins, sales=world.sales, seed=seed
    ).drop("person")
    count = min(SECOND_ACCOUNTS, accounts.height // 20)
    lines = sheets.orders(
        people, rules, words=words, goods=goods, sales=world.sales, counter=world.counter, seed=seed
    )
    orders = world.sales.orders
    shop = {
        **books.goods_files(goods, rules),
        **books.order_files(orders, rules),
        **books.record_files(
            world.records, people, goods, words=words, orders=orders, browsers=world.log.browsers
        ),
        "配信レポート.csv": report(stream(seed, "report")),
    }
    shop["レビュー.csv"] = spoil(
        shop["レビュー.csv"], column="投稿日時", text="先週", key="レビュー番号", count=BAD_REVIEWS
    )
    shop["返金.csv"] = spoil(
        shop["返金.csv"], column="返金額", text="千二百円", key="返金番号", count=BAD_REFUNDS
    )
    return Sheets(
        members=pl.concat([accounts, sheets.second_accounts(accounts, count=count)]),
        lines=lines,
        orders=dirty_orders(lines, rules, seed=seed),
        shop=shop,
        counter=books.counter_files(
            world.counter, people, goods, orders=_counter_orders(lines), rules=rules
        ),
    )


def _counter_orders(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.filter(pl.col("kind") == "c").select(
        cart_id="カートID", order_no="受注番号"
    ).unique(maintain_order=True)  # fmt: skip


def files_of(world: World, made: Sheets) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every file except shop.yml and the mappings, in a fixed order."""
    inner = ("row", "order_row", "person", "at", "kind", "status", "place")
    yield "会員.csv", csv_bytes(made.members, SHOP_ENCODING)
    yield "受注.csv", csv_bytes(made.orders.main.drop(inner), SHOP_ENCODING)
    yield "受注_追加.csv", csv_bytes(made.orders.later.drop(inner), SHOP_ENCODING)
    for name, frame in made.shop.items():
        yield name, csv_bytes(frame, SHOP_ENCODING)
    for name, frame in made.counter.items():
        yield name, csv_bytes(frame, "utf-8")
    dumps = world.ledger
    for name, frame in (
        ("batches", dumps.batches), ("claims", dumps.claims),
        ("arm_records", dumps.arms), ("gated", dumps.gated),
    ):  # fmt: skip
        yield f"ledger/{name}.csv", ledger_bytes(frame)
    yield from mail_files(world.mail, world.rules)
    yield from web_files(world.log, world.people, world.rules, goods=world.goods, sales=world.sales)


def _sales(made: Sheets) -> pl.DataFrame:
    """Every sale of every place: person, at, goods amount before refunds."""
    heads = made.lines.unique("受注番号", keep="first", maintain_order=True)
    sold = heads.filter(~pl.col("status").is_in(list(NOT_SALES)))
    return sold.select("person", "at", order_no="受注番号", goods="受注商品金額")


def _dirt(world: World, made: Sheets) -> Dirt:
    orders = world.sales.orders
    known = orders["refunded_at"] < world.rules.span.clock
    partly = (orders["refunded"] > 0) & ~orders["status"].is_in([REFUNDED, RETURNED]) & known
    accounts = made.members
    doubled = made.members.filter(pl.col("姓") != "テスト").height
    first = int((world.people.kind == MEMBER).sum())
    return Dirt(
        late_orders=made.orders.late_orders,
        duplicate_rows=made.orders.doubled_rows + made.orders.twice_rows,
        cancelled_orders=int((orders["status"] == CANCELLED).sum()),
        refunded_orders=int(orders["status"].is_in([REFUNDED, RETURNED]).sum()),
        partly_refunded_orders=int(partly.sum()),
        unknown_status_orders=int((orders["status"] == UNKNOWN_STATUS).sum()),
        merged_persons=orders.filter("forgot")["person"].n_unique(),
        second_accounts=doubled - first,
        test_accounts=accounts.height - doubled,
        shared_browsers=world.log.shared,
        cp932_only_names=int(accounts["姓"].str.contains("髙|﨑").sum()),
        bot_events=int(world.log.events["bot"].sum()),
        machine_mail_events=world.mail.machine,
        rejected={
            "orders": made.orders.bad_rows,
            "order_items": made.orders.bad_rows,
            "product_reviews": BAD_REVIEWS,
            "refunds": BAD_REFUNDS,
        },
        duplicates={"order_items": made.orders.doubled_rows},
    )


def _order_rows(lines: pl.DataFrame, *, address: pl.Expr) -> dict[str, int]:
    """Rows the order file's tables get from these lines; guests told apart by `address`."""
    heads = lines.unique("受注番号", keep="first", maintain_order=True)
    guests = lines.filter(pl.col("注文区分") == "ゲスト").select(address)
    columns = ("クーポン値引", "利用ポイント", "送料", "手数料")
    return {
        "customers": guests.n_unique(),
        "orders": heads.height,
        "order_items": lines.select("受注番号", "明細番号").n_unique(),
        "order_adjustments": sum(int((heads[n].cast(pl.Int64) != 0).sum()) for n in columns),
    }


def _book_rows(world: World, made: Sheets) -> dict[str, int]:
    """Rows of every canonical table that no second file repeats."""
    shop = made.shop
    sights = made.counter["counter/snapshots.csv"]
    return {
        "order_status_events": shop["ステータス履歴.csv"].height,
        "refunds": shop["返金.csv"].height - BAD_REFUNDS,
        "products": shop["商品.csv"].height,
        "product_variants": shop["バリエーション.csv"].height,
        "product_categories": shop["商品.csv"].height,
        "categories": shop["カテゴリ.csv"].height,
        "product_tags": shop["商品タグ.csv"].height,
        "product_relations": shop["関連商品.csv"].height,
        "product_reviews": shop["レビュー.csv"].height - BAD_REVIEWS,
        "inquiries": shop["お問い合わせ.csv"].height,
        "consents": shop["メール同意.csv"].height,
        "suppressions": shop["配信停止.csv"].height,
        "favourites": shop["お気に入り.csv"].height,
        "customer_identifiers": shop["端末.csv"].height,
        "mail_results_summary": shop["配信レポート.csv"].height,
        "events": world.log.events.height,
        "mail_events": world.mail.events.height,
        "cart_observations": sights.select("cart_id", "observed_at").unique().height,
        "cart_items": int(sights["sku"].is_not_null().sum()),
        "carts": made.counter["counter/carts.csv"].height,
        "export_batches": world.ledger.batches.height,
        "export_claims": world.ledger.claims.height,
        "arm_records": world.ledger.arms.height,
        "export_gated": world.ledger.gated.height,
    }


def _rows(world: World, made: Sheets) -> tuple[dict[str, int], dict[str, int]]:
    """(rows all files give together, different keys among them) of every canonical table."""
    typed = pl.col("メールアドレス").str.strip_chars()
    files = [made.orders.main, made.orders.later]
    good = [f.filter(~pl.col("受注番号").str.starts_with("X")) for f in files]
    parts = [_order_rows(f, address=typed) for f in good]
    # One address however it was typed: the key of a guest.
    folded = typed.str.replace("＠", "@").str.to_lowercase()
    once = _order_rows(pl.concat(good), address=folded)
    others = _book_rows(world, made)
    members = made.members.height
    given = {name: sum(part[name] for part in parts) for name in once}
    return (
        {**others, **given, "customers": given["customers"] + members},
        {**others, **once, "customers": once["customers"] + members},
    )


def _terminal_states(world: World, abandoned: pl.DataFrame) -> dict[str, int]:
    """Counts by `state` or `state(reason)`, the counter's carts included."""
    label = pl.when(pl.col("reason") == "").then("state").otherwise(
        pl.format("{}({})", "state", "reason")
    )  # fmt: skip
    counted = abandoned.group_by(label.alias("label")).len().sort("label")
    found = dict(counted.iter_rows())
    desk = counter_states(world.counter.carts, world.people.has_email, world.rules)
    for name, count in desk.items():
        found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))


def _episode_counts(world: World) -> dict[str, int]:
    """Carts opened, closed and ordered: left ones, those bought at once, those of the counter."""
    clock = world.rules.span.clock
    web = world.sales.orders.filter(pl.col("place") == WEB)
    at_once = web.filter(pl.col("purchase") > 0).height
    desk = world.counter.carts
    closed = world.episodes.filter(pl.col("closed") <= clock).height
    return {
        "opened_episodes": world.episodes.height + at_once + desk.height,
        "closed_episodes": closed + at_once + desk.filter(pl.col("gone") < clock).height,
        "ordered_episodes": web.height + desk.filter(pl.col("ordered") < clock - 3600).height,
    }


def _messages(world: World) -> dict[str, int]:
    """Messages by step: handed over, delivered, clicked by a human."""
    sent = world.ledger.messages.filter(~pl.col("is_held"))
    tests = {
        "sent": pl.lit(True),
        "delivered": pl.col("delivered") < NEVER,
        "human_clickers": pl.col("clicked") < world.rules.span.clock - 60,
    }
    return {
        f"step_{step}_{what}": sent.filter((pl.col("step") == step) & test).height
        for step in (1, 2)
        for what, test in tests.items()
    }


def truth_of(world: World, made: Sheets, *, seed: int) -> Truth:
    """The truth of a shop: counted from what happened, not from the files."""
    rules, episodes = world.rules, world.episodes
    sold = _sales(made)
    abandoned = states(episodes, rules)
    arms = arm_truths(episodes, sold, rules)
    new = world.people.registered >= rules.span.starts
    sums = _terminal_states(world, abandoned)
    rows, keys = _rows(world, made)
    large = sold.filter(pl.col("goods") == sold["goods"].max())
    return Truth(
        shop_id=rules.shop_id,
        seed=seed,
        persons=world.people.size,
        clock=str(np.datetime64(rules.span.clock, "s")) + "Z",
        base_rate=PLANTED.base_rate,
        effect=PLANTED.effect,
        itt_effect=itt_effect(arms, rules, receptive_chance=PLANTED.effect / RECEPTIVE),
        arms=arms,
        cohorts=tuple(cohort_truths(sold, world.plan, rules, new=new)),
        abandoned_episodes=sum(sums.values()),
        **_episode_counts(world),
        terminal_states=sums,
        orders=made.lines["受注番号"].n_unique(),
        sales=sold.height,
        goods_amount=int(sold["goods"].sum()),
        buyers=sold["person"].n_unique(),
        buyers_known_before=sold.filter(pl.Series(~new[sold["person"].to_numpy()]))[
            "person"
        ].n_unique(),
        outlier_order=f"demo:{large['order_no'][0]}",
        outlier_amount=int(large["goods"][0]),
        messages=_messages(world),
        dirt=_dirt(world, made),
        extracted_rows=rows,
        distinct_keys=keys,
    )
