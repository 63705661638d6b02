"""The plain CSVs: any shop's orders, members, consents and events, and the ledger's own dump."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from pipelines.canonical import TABLES
from pipelines.sources import mappings, recognise
from pipelines.sources.headers import needed_headers
from pipelines.sources.model import fillable
from tests.sources.reading import (
    WRITTEN,
    assert_conserved,
    batch,
    read_bytes,
    rejected,
    rows,
    utc,
)


def test_orders_of_a_shop_with_japanese_headings(tmp_path):
    content = (
        "受注番号,会員番号,メールアドレス,注文日時,状態,合計,送料\n"
        'A-1,7,a@x.jp,2026/5/14 8:30,paid,"￥12,600",600\n'
        "A-2,,g@x.jp,2026/5/14,cancelled,500,\n"
        "A-3,,,2026/5/15,paid,五百,\n"
    ).encode("cp932")

    extract = read_bytes(tmp_path, content, "generic_orders_csv")

    columns = (
        "order_id",
        "customer_id",
        "is_guest",
        "ordered_at",
        "ordered_precision",
        "total_amount",
        "source_status",
        "currency",
    )
    assert rows(extract, "orders", *columns) == [
        ("shop:A-1", "shop:7", False, utc("2026-05-13T23:30"), "instant", Decimal(12600), "paid", "JPY"),
        ("shop:A-2", None, True, utc("2026-05-13T15:00"), "day", Decimal(500), "cancelled", "JPY"),
    ]  # fmt: skip
    assert rejected(extract, "orders") == [(4, "bad_number", "goods_amount")]
    assert rows(extract, "customers", "customer_id", "email", "is_member") == [
        ("shop:7", "a@x.jp", True), (None, "g@x.jp", False),
    ]  # fmt: skip
    assert_conserved(extract)


def test_members_share_their_ids_with_the_orders(tmp_path):
    content = (
        "会員番号,氏名,メールアドレス,登録日,生年月日,性別,最終ログイン\n"
        "7,山田 太郎,a@x.jp,2024/01/31,1980/02/03,男性,2026-05-14 08:30:00\n"
        "8,,b@x.jp,,いつか,,\n"
    ).encode()

    extract = read_bytes(tmp_path, content, "generic_customers_csv")

    columns = (
        "customer_id",
        "name_full",
        "registered_at",
        "birth_month",
        "sex",
        "last_login_at",
        "is_member",
    )
    assert rows(extract, "customers", *columns) == [
        ("shop:7", "山田 太郎", utc("2024-01-30T15:00"), 2, "male", utc("2026-05-13T23:30"), True),
        ("shop:8", None, None, None, "unknown", None, True),
    ]  # fmt: skip


def test_consents_are_dated_by_the_row_or_by_the_file(tmp_path):
    content = (
        "email,メルマガ,日時\na@x.jp,希望する,2026-05-14 08:30:00\nb@x.jp,0,\nc@x.jp,たぶん,\n"
    ).encode()

    extract = read_bytes(tmp_path, content, "generic_consents_csv")

    columns = ("email", "channel", "purpose", "consent_state", "occurred_at", "basis")
    assert rows(extract, "consents", *columns) == [
        ("a@x.jp", "email", "marketing", "granted", utc("2026-05-13T23:30"), "observed"),
        ("b@x.jp", "email", "marketing", "denied", WRITTEN.replace(tzinfo=None), "observed"),
    ]
    # A word nobody explained is no consent, and no guess.
    assert rejected(extract, "consents") == [(4, "unknown_enum", "consent_state")]


def test_events_have_ids_of_their_own_or_of_their_content(tmp_path):
    content = (
        b"event,occurred_at,browser_id,user_id,product_id,price_amount\n"
        b"add_to_cart,2026-05-14T00:00:00Z,b1,7,P1,1200\n"
        b"add_to_cart,2026-05-14T00:00:00Z,b1,7,P1,1200\n"
        b"add_to_cart,2026-05-14T00:00:00Z,b1,7,P2,1200\n"
        b"danced,2026-05-14T00:00:01Z,b1,,,\n"
    )

    extract = read_bytes(tmp_path, content, "generic_events_csv")

    columns = ("event_name", "customer_id", "product_id", "occurred_at")
    assert rows(extract, "events", *columns) == [
        ("Product Added", "shop:7", "shop:P1", utc("2026-05-14T00:00")),
        ("Product Added", "shop:7", "shop:P2", utc("2026-05-14T00:00")),
        ("unknown", None, None, utc("2026-05-14T00:00:01")),
    ]
    assert batch(extract, "events").duplicates == 1
    notes = {(n.column, n.reason): n.rows for n in batch(extract, "events").notes}
    assert notes["event_name", "unmapped_value"] == 1


LEDGER = {
    "export_batches": "export_batch_id,program,campaign_key,campaign_version,step_number,channel,destination,slot,batch_state,created_at\n"
    "b1,cart_recovery,cart_recovery,1,1,email,mailer,2026-10-31,delivered,2026-10-31T01:00:00Z\n",
    "export_claims": "export_batch_id,claim_no,occurrence_key,dedupe_key,person_key,arm_key,claim_state,claimed_at\n"
    "b1,1,o1,d1,k1,mail,claimed,2026-10-31T01:00:00Z\n",
    "arm_records": "campaign_key,campaign_version,occurrence_key,person_key,arm_key,eligible_at,recorded_at\n"
    "cart_recovery,1,o1,k1,holdout,2026-10-31T01:00:00Z,2026-10-31T01:00:00Z\n",
    "export_gated": "program,campaign_key,campaign_version,step_number,occurrence_key,person_key,reason_code,first_at,last_at\n"
    "cart_recovery,cart_recovery,1,1,o1,k1,no_consent,2026-10-31T01:00:00Z,2026-10-31T02:00:00Z\n",
}


@pytest.mark.parametrize("table", LEDGER)
def test_the_ledgers_dump_comes_back_as_it_is(table, tmp_path):
    path = tmp_path / f"{table}.csv"
    path.write_text(LEDGER[table])

    extract = read_bytes(tmp_path, LEDGER[table].encode(), f"okaeri_ledger_{table}")

    frame = batch(extract, table).frame
    assert batch(extract, table).rejects.height == 0
    assert frame.height == 1
    assert recognise(path)[0].mapping.key == f"okaeri_ledger_{table}"
    if "person_key" in frame.columns:
        assert frame["person_key"].to_list() == ["k1"]


@pytest.mark.parametrize("key", sorted(k for k, m in mappings().items() if m.read.format == "csv"))
def test_every_frame_has_the_canonical_columns_in_their_types(key, tmp_path):
    """An empty file of every shipped mapping: only headers, as its own columns want them."""
    mapping = mappings()[key]
    wanted = list(dict.fromkeys(h for entry in mapping.tables for h in needed_headers(entry)))
    plain = [h for h in wanted if "#" not in h]
    content = ",".join(f'"{h}"' for h in plain) + "\n"

    extract = read_bytes(tmp_path, content.encode(), mapping)

    for part in extract.batches:
        expected = {c.name: c.dtype for c in fillable(TABLES[part.table])}
        expected |= {"source_record_id": pl.String(), "source_updated_at": pl.Datetime("us")}
        assert dict(part.frame.schema) == expected | {"row_no": pl.Int64()}


def test_months_of_the_shops_own_screen_in_any_dress(tmp_path):
    content = (
        "年月,受注件数,売上金額,確認日\n"
        '2026/08,612,"￥5,500,100",2026-11-01\n'
        "2026年9月,621,,2026-11-01\n"
        "2026-10-01,640,6000000,2026-11-01\n"
        "202611,12,90000,2026-11-02\n"
        "2026-12,,,\n"
        "2026-10-15,1,1,2026-11-01\n"
        "2026/07,六百,1,2026-11-01\n"
        "合計,1885,11590100,\n"
    ).encode("cp932")

    extract = read_bytes(tmp_path, content, "generic_shop_screen_csv")

    columns = ("screen_month_on", "order_count", "order_amount", "seen_at")
    first, second = utc("2026-10-31T15:00"), utc("2026-11-01T15:00")
    assert rows(extract, "shop_screen_months", *columns) == [
        (date(2026, 8, 1), 612, Decimal(5_500_100), first),
        (date(2026, 9, 1), 621, None, first),
        (date(2026, 10, 1), 640, Decimal(6_000_000), first),
        (date(2026, 11, 1), 12, Decimal(90_000), second),
    ]
    assert rejected(extract, "shop_screen_months") == [
        (7, "bad_date", "screen_month_on"), (8, "bad_number", "order_count"),
    ]  # fmt: skip
    notes = {note.reason: note.rows for note in batch(extract, "shop_screen_months").notes}
    # December is not over and has no figures; the total is no month.
    assert notes["not_this_table"] == 2
    assert_conserved(extract)


def test_months_without_a_date_were_read_when_the_file_was_written(tmp_path):
    extract = read_bytes(
        tmp_path, b"month,orders,amount\n2026-10,3,12400\n", "generic_shop_screen_csv"
    )

    assert rows(extract, "shop_screen_months", "seen_at") == [(WRITTEN.replace(tzinfo=None),)]
    assert [c.mapping.key for c in recognise(tmp_path / extract.file_name)] == [
        "generic_shop_screen_csv"
    ]
