"""Mail results: report totals with their printed rates, and a mailer's event log."""

import json
from decimal import Decimal

from pipelines.sources import recognise
from tests.sources.reading import WRITTEN, assert_conserved, batch, read_bytes, rows, utc

# The article's table as a report prints it, total row included.
REPORT = (
    "ステップ,送信数,開封数,開封率,クリック数,クリック率,受注人数,受注商品金額,受注率,客単価\n"
    '1通目,"1,020",598,59.80%,137,22.91%,29,"￥435,095",21.17%,"￥15,003"\n'
    '2通目,610,304,49.84%,51,16.78%,4,"￥467,694",7.84%,"￥116,923"\n'
    '合計,"1,630",902,-,188,-,33,"￥902,789",-,-\n'
).encode("cp932")


def test_a_report_keeps_counts_and_printed_rates_side_by_side_and_leaves_its_total_out(tmp_path):
    extract = read_bytes(tmp_path, REPORT, "shopserve_report_csv")

    columns = (
        "provider_campaign_id", "step_number", "sent_count", "open_count", "click_count",
        "orderer_count", "recovered_amount", "printed_open_rate", "printed_spend_per_orderer",
    )  # fmt: skip
    assert rows(extract, "mail_results_summary", *columns) == [
        ("shopserve:1通目", 1, 1020, 598, 137, 29, Decimal(435095), Decimal("0.598"), Decimal(15003)),
        ("shopserve:2通目", 2, 610, 304, 51, 4, Decimal(467694), Decimal("0.4984"), Decimal(116923)),
    ]  # fmt: skip
    assert rows(extract, "mail_results_summary", "campaign_key", "as_of_at")[0] == (
        "cart_recovery", WRITTEN.replace(tzinfo=None),
    )  # fmt: skip
    notes = {n.reason: n.rows for n in batch(extract, "mail_results_summary").notes}
    assert notes["not_this_table"] == 1
    assert_conserved(extract)


def test_a_report_with_other_headings_and_its_own_date_is_recognised_too(tmp_path):
    content = (
        "メール名,集計日,配信数,開封,クリック,購入人数,売上金額\n"
        "カゴ落ち 1通目,2026/10/31,100,50,10,2,30000\n"
    ).encode()

    extract = read_bytes(tmp_path, content, "shopserve_report_csv")

    assert recognise(tmp_path / "f.csv")[0].mapping.key == "shopserve_report_csv"
    columns = ("as_of_at", "step_number", "sent_count", "recovered_amount", "printed_open_rate")
    assert rows(extract, "mail_results_summary", *columns) == [
        (utc("2026-10-30T15:00"), 1, 100, Decimal(30000), None)
    ]


def test_a_generic_report_names_campaign_and_step(tmp_path):
    content = (
        b"campaign,step,as_of,sent,delivered,opens,clicks,orderers,amount,unsubscribes\n"
        b"cart_recovery,2,2026-10-31T00:00:00Z,610,600,304,51,4,467694,3\n"
    )

    extract = read_bytes(tmp_path, content, "generic_mail_report_csv")

    columns = (
        "provider",
        "provider_campaign_id",
        "campaign_key",
        "step_number",
        "delivered_count",
        "unsubscribe_count",
    )
    assert rows(extract, "mail_results_summary", *columns) == [
        ("test", "cart_recovery:2", "cart_recovery", 2, 600, 3)
    ]  # fmt: skip


EVENTS = [
    {"event": "processed", "category": "cart_recovery"},
    {"event": "open", "category": ["cart_recovery", "x"], "sg_machine_open": True},
    {"event": "open", "sg_machine_open": False, "useragent": "Mozilla/5.0"},
    {"event": "click", "url": "https://x.jp/?t=1", "campaign_key": "winback", "step_number": "2"},
    {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "no such user"},
    {"event": "bounce", "type": "blocked", "status": "4.0.0"},
    {"event": "spamreport"},
    {"event": "group_unsubscribe", "asm_group_id": 3},
    {"event": "brand_new"},
]
LOG = [
    {"email": f"p{n}@x.jp", "timestamp": 1513299569 + n, "sg_event_id": f"e{n}", **event}
    for n, event in enumerate(EVENTS)
]


def test_sendgrid_events_are_typed_and_machine_opens_known_from_the_provider(tmp_path):
    array = read_bytes(tmp_path, json.dumps(LOG).encode(), "sendgrid_events", name="a.json")
    lines = "".join(json.dumps(event) + "\n" for event in LOG).encode()
    log = read_bytes(tmp_path, lines, "sendgrid_events", name="b.json")

    columns = ("event_type", "is_machine", "machine_basis", "campaign_key", "step_number")
    assert rows(array, "mail_events", *columns) == [
        ("queued", None, None, "cart_recovery", None),
        ("open", True, "provider", "cart_recovery", None),
        ("open", False, None, None, None),
        ("click", None, None, "winback", 2),
        ("hard_bounce", None, None, None, None),
        ("block", None, None, None, None),
        ("complaint", None, None, None, None),
        ("unsubscribe", None, None, None, None),
        ("unknown", None, None, None, None),
    ]
    assert rows(array, "mail_events", "occurred_at")[0] == (utc("2017-12-15T00:59:29"),)
    assert batch(array, "mail_events").frame.equals(batch(log, "mail_events").frame)


def test_refusals_and_dead_addresses_are_suppressions_and_blocks_are_not(tmp_path):
    extract = read_bytes(tmp_path, json.dumps(LOG).encode(), "sendgrid_events", name="a.json")

    assert rows(extract, "suppressions", "email", "reason", "scope", "evidence_event_id") == [
        ("p4@x.jp", "hard_bounce", "global", "sendgrid:e4"),
        ("p6@x.jp", "complaint", "global", "sendgrid:e6"),
        ("p7@x.jp", "unsubscribe", "global", "sendgrid:e7"),
    ]
    assert_conserved(extract)


def test_the_same_event_delivered_twice_is_one(tmp_path):
    extract = read_bytes(
        tmp_path, json.dumps([*LOG, LOG[3]]).encode(), "sendgrid_events", name="a.json"
    )

    assert batch(extract, "mail_events").duplicates == 1
    assert batch(extract, "mail_events").frame.height == len(LOG)
