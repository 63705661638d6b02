"""Two shops no demo resembles, as files their owners export, run by the real command.

`few_orders`: EC-CUBE, thirty orders a month for fourteen months, carts of half a year, half of the
members agreed to mail, no mail was ever sent. `no_carts`: Shopify in pounds, orders alone, and they
end three weeks before the run.

python -m tests.browser.own_shops FOLDER
python -m tests.browser.screenshots PICTURES --home FOLDER/few_orders/data --roles viewer exporter
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from pipelines.settings import REPOSITORY
from tests import shop_files

AS_OF: Final = "2026-11-20T06:05:00+09:00"
FIRST_ON: Final = date(2025, 9, 25)
MONTHS: Final = 14
A_MONTH: Final = 30
GOODS: Final = (("革靴", 8_000), ("靴ひも", 500), ("サンダル", 4_200), ("防水スプレー", 1_800))
PRODUCT_IDS: Final = {name: str(number) for number, (name, _) in enumerate(GOODS, start=7)}
SENDER: Final = """\
sender:
  name: {name}
  address: 東京都千代田区1-2-3
  stop_url: https://shop.example/stop
  contact: support@shop.example
"""
FEW_ORDERS: Final = (
    """\
id: kutsu
name: くつの店
timezone: Asia/Tokyo
currency: JPY
locale: ja
history_from_on: 2025-09-25
"""
    + SENDER.format(name="くつの店")
    + """\
sources:
  - {key: orders, files: "order_*.csv", mapping: eccube_orders_csv}
  - {key: members, files: "customer_*.csv", mapping: eccube_customers_csv}
  - {key: consents, files: consents.csv, mapping: generic_consents_csv}
  - {key: web, files: "web_*.ndjson.gz", mapping: web.yml}
campaigns:
  - key: cart_recovery
    segment: cart_recovery
    purpose: cart_reminder
    starts_at: 2026-11-20T00:00:00+09:00
    steps:
      - {number: 1, delay_minutes: 60, validity_hours: 24, cool_down_hours: 168}
    arms:
      - {key: send, share_bp: 9000}
      - {key: holdout, share_bp: 1000, is_holdout: true}
destinations:
  - {key: staff, profile: people_excel, country: JP, contract: 委託, basis: 社内での確認}
"""
)
# The shop's own log of its pages: the ids are EC-CUBE's.
WEB_YML: Final = """\
key: web
system: eccube
title: {ja: Webログ, en: Web log}
read: {format: ndjson, encoding: utf-8}
capabilities: {events: full}
tables:
  - table: events
    columns:
      event_id: {id: id}
      event_name: event
      occurred_at: time
      anonymous_id: browser
      customer_id: {id: member}
      product_id: {id: product}
      quantity: quantity
      price_amount: price
      currency: {const: "{currency}"}
      cart_id: {id: cart}
      order_id: {id: order}
      device: device
      is_bot: {const: false}
"""
NO_CARTS: Final = (
    """\
id: boots
name: Boots & Laces
timezone: Europe/London
currency: GBP
locale: en
history_from_on: 2025-01-01
"""
    + SENDER.format(name="Boots & Laces")
    + """\
sources:
  - {key: orders, files: orders_export.csv, mapping: shopify_orders_csv}
"""
)


def member_of(order: int) -> int:
    """Whose order it is: three of ten come from those who ordered before."""
    return order if order % 10 < 7 else (order * 7) // 13


def ordered_on(order: int) -> datetime:
    """When: thirty a month, spread over its days."""
    day = FIRST_ON + timedelta(days=order)
    return datetime(day.year, day.month, day.day, 10 + order % 9, order % 60)


def write_few_orders(folder: Path) -> Path:
    """The files of the small shop. Returns: its shop.yml."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(1, MONTHS * A_MONTH + 1)
    rows = [
        row
        for order in numbers
        for row in shop_files.eccube_order(
            order,
            at=f"{ordered_on(order):%Y-%m-%d %H:%M:%S}",
            member=str(member_of(order)),
            email=f"member{member_of(order)}@example.jp",
            goods=((*GOODS[order % 4], 1), (*GOODS[1], 1 + order % 2)),
            status="3" if order % 40 == 0 else "5",
        )
    ]
    headers = shop_files.ECCUBE_ORDER_HEADERS
    name, product = headers.index("商品名"), headers.index("商品ID")
    for row in rows:
        row[product] = PRODUCT_IDS.get(row[name], "")
    shop_files.write_csv(folder / "order_20261119.csv", headers, rows)
    members = sorted({member_of(order) for order in numbers})
    shop_files.write_csv(
        folder / "customer_20261119.csv",
        shop_files.ECCUBE_MEMBER_HEADERS,
        [shop_files.eccube_member(m, registered_at="2025-09-25 09:00:00") for m in members],
    )
    consents = [
        [f"member{m}@example.jp", "可" if m % 2 else "否", "2025-09-25 09:00:00"] for m in members
    ]
    head = ["email", "consent_state", "occurred_at"]
    shop_files.write_csv(folder / "consents.csv", head, consents, encoding="utf-8")
    lines = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in web_events())
    (folder / "web_2026.ndjson.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    (folder / "web.yml").write_text(WEB_YML, encoding="utf-8")
    return _shop_file(folder, FEW_ORDERS)


def web_events() -> Iterator[dict[str, object]]:
    """Looks and carts of the last half year: one cart a day is ordered, one is left."""
    for order in range(MONTHS * A_MONTH - 180, MONTHS * A_MONTH + 1):
        at = (ordered_on(order) - timedelta(minutes=20)).replace(tzinfo=UTC) - timedelta(hours=9)
        yield from _visit(f"k{order}", at, member=member_of(order), order=order)
        left_at = at + timedelta(hours=3)
        # Every second one who leaves a cart is known to the shop.
        known = member_of(order + 40) if order % 2 else None
        yield from _visit(f"l{order}", left_at, member=known, order=None)


def _visit(
    cart: str, at: datetime, *, member: int | None, order: int | None
) -> Iterator[dict[str, object]]:
    """One visit: a look, a cart, and the order if there is one."""
    number = int(cart[1:])
    name, price = GOODS[number % 4]
    product = PRODUCT_IDS[name]
    who = {
        "browser": f"b{cart}" if member is None else f"bm{member}",
        "member": None if member is None else str(member),
        "device": ("smartphone", "pc", "smartphone", "tablet")[number % 4],
    }
    steps: list[tuple[str, int, dict[str, object]]] = [
        ("Product Viewed", 0, {"product": product, "price": price}),
        ("Product Added", 2, {"product": product, "price": price, "quantity": 1, "cart": cart}),
    ]
    if number % 3:
        steps.append(("Checkout Started", 5, {"cart": cart}))
    if order is not None:
        steps.append(("Order Completed", 20, {"cart": cart, "order": str(order)}))
    for position, (event, minutes, told) in enumerate(steps):
        when = f"{at + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
        yield {"id": f"{cart}-{position}", "time": when, "event": event, **who, **told}


def write_no_carts(folder: Path) -> Path:
    """The files of the shop that has orders alone, four a day. Returns: its shop.yml."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(2_600):
        day = date(2025, 1, 20) + timedelta(days=number // 4)
        buyer = number if number % 10 < 6 else (number * 5) // 9
        rows += shop_files.shopify_order(
            1_001 + number,
            at=f"{day:%Y-%m-%d} 1{number % 9}:{number % 60:02d}:00 +0100",
            email=f"buyer{buyer}@example.com",
            items=(("Boots", "79.50", 1), ("Laces", "5.00", 2)),
        )
    shop_files.write_csv(
        folder / "orders_export.csv", shop_files.SHOPIFY_ORDER_HEADERS, rows, encoding="utf-8"
    )
    return _shop_file(folder, NO_CARTS)


def _shop_file(folder: Path, text: str) -> Path:
    file = folder / "shop.yml"
    file.write_text(text, encoding="utf-8")
    return file


SHOPS: Final = {"few_orders": write_few_orders, "no_carts": write_no_carts}


def publish(name: str, folder: Path) -> Path:
    """One of the shops written and run as its owner would. Returns: its OKAERI_HOME."""
    file = SHOPS[name](folder / "files")
    homes = folder / "data"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OKAERI_")}
    okaeri = str(Path(sys.executable).with_name("okaeri"))
    done = subprocess.run(
        [okaeri, "run", "--shop", str(file), "--as-of", AS_OF],
        cwd=REPOSITORY,
        env=kept | {"OKAERI_HOME": str(homes)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {(done.stdout + done.stderr)[-3000:]}")
    return homes


if __name__ == "__main__":
    for shop in SHOPS:
        sys.stdout.write(f"{publish(shop, Path(sys.argv[1]) / shop)}\n")
