"""One seeded shop put together: people, carts, orders, log, mails, books."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipelines.demo.carts import State
from pipelines.demo.catalogue import Catalogue, catalogue
from pipelines.demo.counter import Counter, counter
from pipelines.demo.coupons import redeemed
from pipelines.demo.ledger import Ledger, episode_id, ledger, messages
from pipelines.demo.log import Log, shop_log
from pipelines.demo.mail import Mail, mail
from pipelines.demo.orders import Sales, sales
from pipelines.demo.people import People, people
from pipelines.demo.purchases import direct_orders, first_orders
from pipelines.demo.records import Records, records
from pipelines.demo.rules import Rules
from pipelines.demo.walk import left_carts

WORDS = Path(__file__).parent / "words.yml"


@dataclass(frozen=True)
class World:
    """Everything that happened in a demo shop, before anything is written."""

    rules: Rules
    words: Mapping[str, Any]
    people: People
    goods: Catalogue
    episodes: pl.DataFrame
    state: State
    plan: pl.DataFrame
    sales: Sales
    counter: Counter
    log: Log
    ledger: Ledger
    mail: Mail
    records: Records
    episode_ids: list[str]


@cache
def _words() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return loaded


def _clicks(sent: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Human clicks that led to the shop before the clock."""
    return sent.filter(pl.col("clicked") < rules.span.clock - 60).select(
        "episode", "person", "token", at="clicked"
    )


def _episode_ids(log: Log, episodes: pl.DataFrame, rules: Rules) -> list[str]:
    """Id of each episode, from the event that opened it."""
    added = log.events.filter(pl.col("event") == "Product Added").select(
        "event_no", "basket", opened="at"
    )
    opening = (
        episodes.select("opened", basket=pl.col("episode").cast(pl.Int64))
        .join(added, on=["basket", "opened"], how="left", maintain_order="left", validate="1:1")
    )  # fmt: skip
    return [episode_id(rules.shop_id, f"demo:e{number:07d}") for number in opening["event_no"]]


def _with_codes(
    sent: pl.DataFrame, episodes: pl.DataFrame, sold: Sales
) -> tuple[pl.DataFrame, Sales]:
    """Carts and orders with the personal `code` that came back with them, empty for most."""
    codes = redeemed(sent, episodes, sold.orders)
    baskets = codes.select("code", basket=pl.col("episode").cast(pl.Int64))
    orders = sold.orders.join(baskets, on="basket", how="left", maintain_order="left")
    carts = episodes.join(codes, on="episode", how="left", maintain_order="left")
    return carts, replace(sold, orders=orders)


def world(rules: Rules, *, seed: int, persons: int) -> World:
    """A demo shop for a seed. The same seed and rules give the same shop."""
    words = _words()
    goods = catalogue(words, seed=seed, span=rules.span)
    crowd = people(words, seed=seed, persons=persons, span=rules.span)
    planned = first_orders(crowd, rules, seed=seed)
    episodes, state = left_carts(crowd, rules, seed=seed, first_order=planned)
    direct, plan = direct_orders(
        crowd, rules, seed=seed, first_order=state.first_order, episodes=episodes
    )
    sold = sales(crowd, rules, seed=seed, goods=goods, episodes=episodes, direct=direct)
    sent = messages(episodes, rules)
    episodes, sold = _with_codes(sent, episodes, sold)
    log = shop_log(
        crowd, rules, seed=seed, goods=goods, episodes=episodes, sales=sold,
        clicks=_clicks(sent, rules), words=words,
    )  # fmt: skip
    ids = _episode_ids(log, episodes, rules)
    return World(
        rules=rules,
        words=words,
        people=crowd,
        goods=goods,
        episodes=episodes,
        state=state,
        plan=plan,
        sales=sold,
        counter=counter(crowd, rules, seed=seed, goods=goods),
        log=log,
        ledger=ledger(episodes, crowd, rules, sent=sent, ids=ids),
        mail=mail(sent, crowd, rules, seed=seed),
        records=records(
            crowd, rules, seed=seed, episodes=episodes, state=state, sales=sold, log=log
        ),
        episode_ids=ids,
    )
