"""`python -m benchmarks.exports`: a request of many recipients, from its row to the delivered file.

Everything is in it: the snapshot read, every gate, arms, claims with two guards each, the sealed
file proved line by line, manifest, rename. The shop it reads is made first and not counted.
"""

import argparse
import hashlib
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import duckdb

from pipelines import exports, keys
from pipelines.actors import Actor
from pipelines.exports import arms, claims, handoff, run
from pipelines.settings import Home
from pipelines.shop import load_shop

NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
PEPPER = "a-public-pepper-of-the-bench"
SHOP_YML = """
id: bench
name: Bench
timezone: Asia/Tokyo
is_demo: true
pepper: a-public-pepper-of-the-bench
sender:
  name: Bench
  address: 東京都千代田区1-1
  stop_url: https://b.example/stop
  contact: c@b.example
campaigns:
  - key: cart_recovery
    version: 1
    segment: cart_recovery
    purpose: cart_reminder
    steps:
      - {number: 1, delay_minutes: 60, validity_hours: 24, cool_down_hours: 168}
    arms:
      - {key: send, share_bp: 9000}
      - {key: holdout, share_bp: 1000, is_holdout: true}
caps:
  - {messages: 2, days: 7}
destinations:
  - {key: mailer, profile: PROFILE, country: JP, contract: 委託, basis: bench}
"""
# One member per person: all the columns a cart mail carries.
SEGMENT = """
create table seg_cart_recovery as select
  'bench' as shop_id, 'c:' || n as person_id, 'cart_recovery' as campaign_key,
  1::bigint as campaign_version, 1::bigint as step_number, 'send' as arm_key, 'email' as channel,
  'episode-' || n as occurrence_key, 'cart_recovery/1/email/episode-' || n as dedupe_key,
  timestamp '2026-11-10 00:00:00' + to_seconds(n % 3600) as qualified_at,
  timestamp '2026-11-10 01:00:00' + to_seconds(n % 3600) as due_at,
  timestamp '2026-11-11 02:00:00' as valid_until_at, null::varchar as reason_code,
  false as is_held_out, 'cart' as content_source,
  '煎茶 ' || n % 977 || ' 100g' as item_1_name, (800 + n % 9000)::decimal(18,4) as item_1_price,
  'https://b.example/i/' || n % 977 || '.jpg' as item_1_image_url,
  'https://b.example/p/' || n % 977 as item_1_url,
  '急須 ' || n % 77 as item_2_name, (2800 + n % 900)::decimal(18,4) as item_2_price,
  'https://b.example/i/k' || n % 77 || '.jpg' as item_2_image_url,
  'https://b.example/p/k' || n % 77 as item_2_url,
  0::bigint as items_more, 'high' as stock_band, 'JPY' as currency,
  (3600 + n % 9000)::decimal(18,4) as value_amount, 24::bigint as ships_within_hours,
  500::decimal(18,4) as shipping_fee_amount, 1400::decimal(18,4) as amount_to_free_shipping
from range(?) as people(n)
"""
PUBLISHED = """
create table catalogue_models (
  model_name varchar, schema_name varchar, description varchar, meta varchar, row_count bigint
);
insert into catalogue_models
  values ('seg_cart_recovery', 'segments', 'One row per person', '{}', 0);
create table rpt_deliverability (
  shop_id varchar, destination varchar, sent_count bigint, complaint_count bigint,
  hard_bounce_count bigint
);
create table dim_persons (
  shop_id varchar, person_id varchar, open_inquiry_count bigint,
  coupon_blocked_until_at timestamp
);
create table fct_orders (shop_id varchar, person_id varchar, ordered_at timestamp, is_sale boolean);
create table fct_cart_episodes (shop_id varchar, episode_id varchar, close_reason varchar);
create table fct_arm_assignments (
  shop_id varchar, campaign_key varchar, campaign_version bigint, occurrence_key varchar,
  person_id varchar, arm_key varchar, assignment_basis varchar, eligible_at timestamp
);
insert into dim_persons select shop_id, person_id, 0, null from seg_cart_recovery;
insert into fct_orders
  select shop_id, person_id, timestamp '2026-09-01 00:00:00', true from seg_cart_recovery;
insert into fct_cart_episodes select shop_id, occurrence_key, null from seg_cart_recovery;
"""
CONTACTS = """
create table dim_person_contacts as select
  'bench' as shop_id, 'c:' || n as person_id, n::varchar as customer_id,
  'person.' || n || '@mail' || n % 40 || '.example.jp' as email,
  null::varchar as email_hash, '090-0000-' || (n % 10000) as phone_raw,
  '山田' as last_name, '花子' || n % 500 as first_name, 'ヤマダ' as last_name_kana,
  'ハナコ' as first_name_kana, null::varchar as name_full, null::varchar as company,
  '1000001' as postal_code, 'JP' as country_code, '東京都' as prefecture,
  '千代田区' as city, '千代田1-1' as address_line, 'ja' as locale,
  'https://b.example/cart/' || md5('c' || n) as cart_url
from range(?) as people(n)
"""
PRIVATE = """
update dim_person_contacts set email_hash = keyed(email);
create table int_persons__contactable as
  select shop_id, person_id, 'email' as channel, purpose, null::varchar as email_hash,
    true as is_contactable, null::varchar as block_reason, false as has_profiling_opt_out,
    null::timestamp as explicit_grant_at
  from dim_person_contacts, (values ('cart_reminder'), ('marketing')) as purposes(purpose);
create table int_recovery__shop_mails (
  shop_id varchar, episode_id varchar, person_id varchar, mailed_on date
);
create table int_persons__keys as
  select shop_id, 'customer' as key_type, person_id as key_value, person_id,
    null::timestamp as valid_until_at from dim_person_contacts
  union all select shop_id, 'email_hash', email_hash, person_id, null from dim_person_contacts;
"""


def _keyed(email: str) -> str:
    return str(keys.email_hash(email, pepper=PEPPER.encode()))


def published(folder: Path, people: int) -> None:
    """Make a home below `folder` whose snapshot holds that many due members."""
    home = Home(folder / "bench")
    files = home.published / "snap.duckdb", home.private / "snap.duckdb"
    for path, first, rest in zip(files, (SEGMENT, CONTACTS), (PUBLISHED, PRIVATE), strict=True):
        path.parent.mkdir(parents=True)
        with duckdb.connect(str(path)) as connection:
            connection.create_function("keyed", _keyed, [str], str)
            connection.execute(first, [people])
            connection.execute(rest)
    sha = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    pointer = {
        "snapshot_id": "snap", "shop_id": "bench", "previous": [], "file": files[0].name,
        "sha256": sha[0], "private_file": files[1].name, "private_sha256": sha[1],
    }  # fmt: skip
    (home.published / "CURRENT.json").write_text(json.dumps(pointer))


# What a hand-over is made of, in its order: where each begins and ends.
PHASES = {
    "read and try": (run, "_job"),
    "record arms": (arms, "record_members"),
    "plan": (claims, "planned"),
    "claim": (claims, "_write_batch"),
    "seal": (handoff.Handoff, "_seal"),
    "intent": (handoff.Handoff, "_intend"),
    "rename": (handoff.Handoff, "_rename"),
}


def timed(place: object, name: str, spent: list[float]) -> None:
    """Let a function count its wall and processor seconds, and the memory held at most so far."""
    bare = getattr(place, name)

    def measured(*given: object, **named: object) -> object:
        wall, processor = time.perf_counter(), time.process_time()
        try:
            return bare(*given, **named)
        finally:
            spent[:] = [time.perf_counter() - wall, time.process_time() - processor, peak()]

    setattr(place, name, measured)


def peak() -> float:
    """Megabytes this process held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Prints what one delivered request cost: wall and processor seconds, memory at most."""
    parser = argparse.ArgumentParser(prog="benchmarks.exports", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--profile", default="generic_utf8")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # In a process of its own: what making the shop took is no part of the figure.
        maker = get_context("spawn").Process(target=published, args=(folder, given.people))
        maker.start()
        maker.join()
        home = Home(folder / "bench")
        (folder / "shop.yml").write_text(SHOP_YML.replace("PROFILE", given.profile))
        shop = load_shop(folder / "shop.yml")
        spent: dict[str, list[float]] = {name: [] for name in PHASES}
        for name, place in PHASES.items():
            timed(*place, spent[name])
        # DuckDB loads it at its first question with a value in it: a process's start, not counted.
        import_module("pandas")
        wall, processor = time.perf_counter(), time.process_time()
        request_id = exports.request(
            home,
            shop,
            "cart_recovery",
            "mailer",
            send=True,
            requested_by=Actor.at_terminal("bench"),
            clock=NOW,
        )
        outcome = exports.run_request(home, shop, request_id, clock=NOW)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        rows = sum(batch.rows or 0 for batch in outcome.batches)
    for name, (seconds, busy, held) in spent.items():
        sys.stdout.write(
            f"  {name:12} {seconds:6.1f} s, {busy:6.1f} s of processor, {held:,.0f} MB so far\n"
        )
    sys.stdout.write(
        f"{rows:,} recipients, {outcome.state}: {wall:.1f} s, {processor:.1f} s of processor,"
        f" {peak():,.0f} MB at most\n"
    )


if __name__ == "__main__":
    main()
