"""Shopify's two CSVs: continuation rows, apostrophes, offsets, tax found from the sums."""

from decimal import Decimal

import pytest

from tests.sources.reading import WRITTEN, assert_conserved, read_bytes, rows, utc

HEADERS = (
    "Name,Email,Financial Status,Paid at,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Zip,Billing Country,"
    "Billing Province,Phone,Cancelled at,Payment Method,Refunded Amount,Id,Source,Lineitem discount\n"
)
ORDERS = (
    HEADERS
    # Tax included: 9,000 + 600 = 9,600.
    + "#1001,a@x.jp,paid,2026-05-15 08:31:00 +0900,,yes,JPY,9000,600,872,9600,HELLO,1000,Yamato,"
    "2026-05-15 08:30:00 +0900,2,靴,4500,'0012,山田 太郎,'0600001,JP,JP-01,'+81312345678,,Shopify Payments,0,'7001,web,0\n"
    "#1001,a@x.jp,,,,,,,,,,,,,,1,靴下,1000,SKU-2,,,,,,,,,,,1000\n"
    # Tax on top: 100 + 10 + 8.80 = 118.80; New York has its own offset.
    "#1002,b@x.com,pending,,,no,USD,100.00,10.00,8.80,118.80,,,,2026-05-14 19:30:00 -0400,"
    "1,hat,100.00,,,,US,US-NY,,,Bank Deposit,,7002,web,\n"
    # Cancelled; the sums fit neither way (a tip), so goods stay unknown.
    "#1003,a@x.jp,refunded,,,yes,JPY,500,0,45,700,,,,2026-05-16 00:00:00 +0900,"
    "1,帽子,500,,,,JP,JP-13,,2026-05-17 00:00:00 +0900,,700,7003,web,\n"
).encode()


@pytest.fixture
def orders(tmp_path):
    return read_bytes(tmp_path, ORDERS, "shopify_orders_csv")


def test_order_amounts_come_from_the_first_row_and_tax_from_the_sums(orders):
    columns = (
        "order_id",
        "goods_amount",
        "prices_include_tax",
        "shipping_amount",
        "total_amount",
        "refunded_amount",
        "currency",
    )

    assert rows(orders, "orders", *columns) == [
        ("shopify:7001", Decimal(9000), True, Decimal(600), Decimal(9600), Decimal(0), "JPY"),
        ("shopify:7002", Decimal("108.8"), False, Decimal(10), Decimal("118.8"), Decimal(0), "USD"),
        ("shopify:7003", None, None, Decimal(0), Decimal(700), Decimal(700), "JPY"),
    ]  # fmt: skip
    assert_conserved(orders)


def test_offsets_are_honoured_and_statuses_tell_manual_payment_and_cancellation(orders):
    columns = (
        "order_number",
        "ordered_at",
        "paid_at",
        "cancelled_at",
        "source_status",
        "coupon_codes",
    )

    # 19:30 in New York in May is 23:30 UTC, the next day in Tokyo.
    assert rows(orders, "orders", *columns) == [
        ("#1001", utc("2026-05-14T23:30"), utc("2026-05-14T23:31"), None, "paid", "HELLO"),
        ("#1002", utc("2026-05-14T23:30"), None, None, "pending_manual", None),
        ("#1003", utc("2026-05-15T15:00"), None, utc("2026-05-16T15:00"), "cancelled", None),
    ]  # fmt: skip


def test_every_row_is_an_item_of_its_order(orders):
    columns = ("order_item_id", "order_id", "line_no", "sku", "product_name", "line_amount")

    assert rows(orders, "order_items", *columns) == [
        ("shopify:7001:1", "shopify:7001", 1, "0012", "靴", Decimal(9000)),
        ("shopify:7001:2", "shopify:7001", 2, "SKU-2", "靴下", Decimal(0)),
        ("shopify:7002:1", "shopify:7002", 1, None, "hat", Decimal(100)),
        ("shopify:7003:1", "shopify:7003", 1, None, "帽子", Decimal(500)),
    ]


def test_buyers_are_guests_by_address_without_apostrophes(orders):
    columns = ("customer_id", "email", "phone_raw", "postal_code", "prefecture", "is_derived")

    assert rows(orders, "customers", *columns) == [
        (None, "b@x.com", None, None, None, True),
        (None, "a@x.jp", None, None, "13", True),
    ]


def test_the_box_at_checkout_is_an_observation_and_an_unticked_one_takes_nothing_back(orders):
    columns = ("email", "channel", "consent_state", "basis", "occurred_at")

    assert rows(orders, "consents", *columns) == [
        ("a@x.jp", "email", "granted", "observed", utc("2026-05-14T23:30")),
        ("b@x.com", "email", "unknown", "observed", utc("2026-05-14T23:30")),
        ("a@x.jp", "email", "granted", "observed", utc("2026-05-15T15:00")),
    ]


def test_an_old_export_without_id_column_uses_the_order_name(tmp_path):
    text = "Name,Email,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Financial Status,Subtotal\n"
    line = "#1,a@x.jp,JPY,500,2026-05-15 08:30:00 +0900,1,靴,500,paid,500\n"

    extract = read_bytes(tmp_path, (text + line).encode(), "shopify_orders_csv")

    assert rows(extract, "orders", "order_id", "total_amount", "goods_amount") == [
        ("shopify:#1", Decimal(500), Decimal(500))
    ]


def test_customers_lose_their_apostrophe_and_their_flags_count_from_when_the_file_was_written(
    tmp_path,
):
    content = (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Zip,"
        "Default Address Province Code,Phone,Accepts SMS Marketing,Total Spent,Total Orders\n"
        "'7210448301122,太郎,山田,a@x.jp,yes,'0600001,JP-01,'+81312345678,no,12000.00,3\n"
        "'7210448301123,,,b@x.jp,no,,,,no,0.00,0\n"
    ).encode()

    extract = read_bytes(tmp_path, content, "shopify_customers_csv")

    written = WRITTEN.replace(tzinfo=None)
    assert rows(extract, "customers", "customer_id", "email", "postal_code", "source_spent_amount", "prefecture") == [
        ("shopify:7210448301122", "a@x.jp", "0600001", Decimal(12000), "01"),
        ("shopify:7210448301123", "b@x.jp", None, Decimal(0), None),
    ]  # fmt: skip
    assert rows(extract, "consents", "customer_id", "channel", "consent_state", "occurred_at") == [
        ("shopify:7210448301122", "email", "granted", written),
        ("shopify:7210448301123", "email", "denied", written),
        ("shopify:7210448301122", "sms", "denied", written),
    ]
