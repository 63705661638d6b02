"""`python -m benchmarks.large_shop FOLDER`: a shop of ten million events, run as any shop is.

Writes into FOLDER/shop what a shop would export (members, consents, orders, goods, a mailer's
report, one file of web events a month) and runs `okaeri run --shop` on it; its home is FOLDER/data.
Tells rows, seconds and the memory of the largest process. Then
`python -m benchmarks.dashboards --home FOLDER/data` measures the pages on it.

Nothing is drawn: every figure follows from the number of its session and person, so that two runs
write the same bytes.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

MONTHS: Final = 24
# What sessions bring on average: the number of sessions follows from the events wished for.
EVENTS_PER_SESSION: Final = 5.77
AS_OF: Final = "2026-11-20T06:05:00+09:00"
PRINTED_AT: Final = datetime(2026, 11, 19, tzinfo=UTC)
SHOP_YML: Final = """\
id: large
name: Large shop
timezone: Asia/Tokyo
currency: JPY
locale: ja
history_from_on: 2024-11-20
clock: 2026-11-20T06:05:00+09:00
is_demo: true
pepper: a-public-pepper-of-the-bench
sources:
  - {key: members, files: members.csv, mapping: generic_customers_csv}
  - {key: consents, files: consents.csv, mapping: generic_consents_csv}
  - {key: goods, files: goods.csv, mapping: goods.yml}
  - {key: orders, files: orders.csv, mapping: orders.yml}
  - {key: report, files: report.csv, mapping: shopserve_report_csv}
  - {key: web, files: "web_*.csv.gz", mapping: web.yml}
campaigns:
  - key: cart_recovery
    segment: cart_recovery
    purpose: cart_reminder
    starts_at: 2026-11-20T00:00:00+09:00
    steps:
      - {number: 1, delay_minutes: 60, validity_hours: 24, cool_down_hours: 168}
"""
GOODS_YML: Final = """\
key: goods
system: shop
title: {ja: 商品, en: Goods}
read: {format: csv, encoding: utf-8}
capabilities: {products: full}
tables:
  - table: products
    columns:
      product_id: {id: product}
      product_name: name
      primary_category_id: {id: category}
      price_amount: price
      product_state: {const: published}
      stock_policy: {const: tracked}
      stock_quantity: stock
  - table: product_categories
    columns:
      product_id: {id: product}
      category_id: {id: category}
"""
ORDERS_YML: Final = """\
key: orders
system: shop
title: {ja: 受注, en: Orders}
read: {format: csv, encoding: utf-8}
statuses:
  - {status: shipped, state: shipped, is_sale: true}
  - {status: cancelled, state: cancelled, is_sale: false}
capabilities: {orders: full, customers: partial}
tables:
  - table: orders
    columns:
      order_id: {id: order}
      order_number: order
      customer_id: {id: member}
      is_guest: {sql: "member is null"}
      email: email
      ordered_at: at
      ordered_precision: {const: instant}
      source_status: status
      currency: {const: "{currency}"}
      goods_amount: goods
      shipping_amount: shipping
      total_amount: total
      paid_amount: total
      refunded_amount: {const: 0}
      cart_id: {id: cart}
      device: device
  - table: order_items
    columns:
      order_item_id: {id: order}
      order_id: {id: order}
      line_no: {const: 1}
      product_id: {id: product}
      product_name: name
      quantity: quantity
      unit_amount: price
      discount_amount: {const: 0}
      line_amount: goods
      is_gift: {const: false}
      is_free: {const: false}
      refunded_quantity: {const: 0}
      refunded_amount: {const: 0}
  - table: customers
    where: "member is null"
    shape: [{derive: {by: email}}]
    columns:
      customer_id: {id: member}
      email: email
      is_member: {const: false}
      member_state: {const: guest}
"""
WEB_YML: Final = """\
key: web
system: shop
title: {ja: Webログ, en: Web log}
read: {format: csv, encoding: utf-8}
capabilities: {events: full}
tables:
  - table: events
    columns:
      event_id: {id: id}
      event_name: event
      occurred_at: at
      anonymous_id: {id: browser}
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
REPORT: Final = """\
メール,期間開始日,期間終了日,送信数,開封数,開封率,クリック数,クリック率,受注人数,受注商品金額,受注率,客単価
1通目,2025/12/01,2026/10/31,"40,810","23,924",58.62%,"4,361",18.23%,"1,160","17,403,800",26.60%,"15,003"
2通目,2025/12/01,2026/10/31,"24,560","12,280",50.00%,"1,000",8.14%,160,"2,407,000",16.00%,"15,043"
"""
# `share(n, salt)`: a number in 0..1 that n and salt decide. Sessions lean to the first persons.
SESSIONS: Final = """
create or replace macro share(n, salt) as (hash(n * 64 + salt) % 1000003)::double / 1000003;
create or replace table sessions as
with numbered as (
  select n, least(floor($months * sqrt(share(n, 1))), $months - 1)::integer as month,
    floor(power(share(n, 2), 1.6) * $persons)::bigint as person,
    2 + floor(share(n, 3) * 8)::integer as views,
    share(n, 4) < 0.16 as has_cart,
    share(n, 5) as far
  from range($sessions) as _(n)
),
timed as (
  select *, month_starts_at + to_seconds(floor(share(n, 6) * 86400 * 29.9)::bigint) as begun_at,
    floor(power(share(n, 7), 1.5) * $products)::bigint as product
  from (select *, timestamp '2024-11-21' + to_days(month * 30) as month_starts_at from numbered)
)
select *, case when person % 5 < 2 then 'M' || person end as member, 'b' || person as browser,
  case when has_cart then 'K' || n end as cart,
  case when has_cart and far < 0.30 then 'N' || n end as order_number,
  1000 + (product * 37 % 90) * 100 as price,
  case n % 10 when 0 then 'tablet' when 1 then 'pc' when 2 then 'pc' when 3 then 'pc'
    else 'smartphone' end as device
from timed
"""
# One line per event of the sessions of one month.
EVENTS: Final = """
select n || '-v' || k as id, 'Product Viewed' as event,
  strftime(begun_at + to_seconds(k * 40), '%Y-%m-%dT%H:%M:%SZ') as at, browser, member,
  (product + k * 7) % $products as product, null as quantity, price, null as cart,
  null as "order", device
from sessions, range(10) as _(k) where month = $month and k < views
union all
select n || '-a', 'Product Added', strftime(begun_at + interval 7 minutes, '%Y-%m-%dT%H:%M:%SZ'),
  browser, member, product, 1, price, cart, null, device
from sessions where month = $month and has_cart
union all
select n || '-c', 'Checkout Started', strftime(begun_at + interval 9 minutes, '%Y-%m-%dT%H:%M:%SZ'),
  browser, member, null, null, null, cart, null, device
from sessions where month = $month and has_cart and far < 0.5
union all
select n || '-o', 'Order Completed', strftime(begun_at + interval 12 minutes, '%Y-%m-%dT%H:%M:%SZ'),
  browser, member, null, null, null, cart, order_number, device
from sessions where month = $month and order_number is not null
"""
MEMBERS: Final = """
select 'M' || n as customer_id, 'm' || n || '@example.jp' as email,
  strftime(timestamp '2024-06-01' + to_hours((n * 7919) % 4000), '%Y-%m-%d %H:%M:%S')
    as registered_at
from range($persons) as _(n) where n % 5 < 2
"""
CONSENTS: Final = """
select 'M' || n as customer_id, 'm' || n || '@example.jp' as email,
  case when n % 10 < 6 then 'granted' else 'denied' end as consent_state,
  '2024-11-20 00:00:00' as occurred_at
from range($persons) as _(n) where n % 5 < 2
"""
ORDERS: Final = """
select order_number as "order", member,
  case when member is null then 'g' || person || '@example.jp' else 'm' || person || '@example.jp'
  end as email,
  strftime(begun_at + interval 12 minutes, '%Y-%m-%dT%H:%M:%SZ') as at,
  case when n % 50 = 0 then 'cancelled' else 'shipped' end as status,
  price * (1 + n % 3) as goods, 600 as shipping, price * (1 + n % 3) + 600 as total, cart,
  product, 'Product ' || product as name, 1 + n % 3 as quantity, price, device
from sessions where order_number is not null
"""
GOODS: Final = """
select n as product, 'Product ' || n as name, n % 40 as category,
  1000 + (n * 37 % 90) * 100 as price, n % 60 as stock
from range($products) as _(n)
"""


def write(folder: Path, *, events: int) -> dict[str, int]:
    """The shop's files. Returns: rows by file, the events of all months together."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"shop": SHOP_YML, "goods": GOODS_YML, "orders": ORDERS_YML, "web": WEB_YML}
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    (folder / "report.csv").write_text(REPORT, encoding="utf-8")
    # A report without a date of its own is as old as its file.
    os.utime(folder / "report.csv", (PRINTED_AT.timestamp(), PRINTED_AT.timestamp()))
    # Twenty-five events a person, one product per thousand persons and thirty more.
    persons = max(events // 25, 100)
    sizes = {"persons": persons, "products": 30 + persons // 1_000}
    drawn = {"months": MONTHS, "sessions": round(events / EVENTS_PER_SESSION), **sizes}
    with duckdb.connect() as con:
        con.execute(SESSIONS, drawn)
        rows = {"web": 0}
        for month in range(MONTHS):
            given = {"month": month, "products": sizes["products"]}
            rows["web"] += save(con, EVENTS, folder / f"web_{month:02d}.csv.gz", **given)
        rows["orders"] = save(con, ORDERS, folder / "orders.csv")
        rows["goods"] = save(con, GOODS, folder / "goods.csv", products=sizes["products"])
        rows["members"] = save(con, MEMBERS, folder / "members.csv", persons=persons)
        rows["consents"] = save(con, CONSENTS, folder / "consents.csv", persons=persons)
    return rows


def save(con: duckdb.DuckDBPyConnection, query: str, file: Path, **given: int) -> int:
    """Rows written as CSV, which is gzip where the name says so."""
    copied = con.execute(f"copy ({query}) to '{file}' (header)", given).fetchone()
    return int(copied[0]) if copied else 0


def run(folder: Path) -> float:
    """Seconds of `okaeri run` on the files. Raises: CalledProcessError where it fails."""
    okaeri = str(Path(sys.executable).with_name("okaeri"))
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OKAERI_")}
    environment = kept | {"OKAERI_HOME": str(folder / "data")}
    command = [okaeri, "run", "--shop", str(folder / "shop" / "shop.yml"), "--as-of", AS_OF]
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True)
    return time.perf_counter() - begun


def main() -> None:
    """Writes the files, runs the shop and tells what it took."""
    parser = argparse.ArgumentParser(prog="benchmarks.large_shop", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=10_000_000)
    given = parser.parse_args()
    folder = given.folder.resolve()
    begun = time.perf_counter()
    rows = write(folder / "shop", events=given.events)
    written = time.perf_counter() - begun
    spent = run(folder)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = ", ".join(f"{name} {count:,}" for name, count in rows.items())
    sys.stdout.write(
        f"rows: {told}\nfiles: {written:.0f} s\nrun: {spent:.0f} s,"
        f" processor {used.ru_utime + used.ru_stime:.0f} s,"
        f" largest process {used.ru_maxrss / 1024:,.0f} MB\n"
    )


if __name__ == "__main__":
    main()
