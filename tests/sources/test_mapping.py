"""The grammar of docs/mappings.md: one case per form, shape, option and reason."""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pipelines.shop import load_shop
from pipelines.sources import (
    FileRefused,
    MappingBroken,
    load_mapping,
    read_mapping,
    status_defaults,
)
from pipelines.sources.model import Cell, Read
from pipelines.sources.steps import Step
from tests.sources.reading import (
    assert_conserved,
    batch,
    mapping_of,
    read_bytes,
    rejected,
    rows,
    utc,
)

TOP = "key: m\nsystem: sys\ntitle: {ja: t, en: t}\nread: {format: csv}\n"
ORDER = {
    "order_id": "{id: id}",
    "is_guest": "{const: true}",
    "ordered_at": '{const: "2026-05-14T00:00:00Z"}',
    "ordered_precision": "{const: instant}",
    "source_status": "{const: paid}",
    "currency": '{const: "{currency}"}',
    "refunded_amount": "{const: 0}",
}


def orders(top: str = "", entry: str = "", **columns: str):
    lines = "".join(f"      {k}: {v}\n" for k, v in {**ORDER, **columns}.items())
    return mapping_of(f"{TOP}{top}tables:\n  - table: orders\n{entry}    columns:\n{lines}")


def one(tmp_path, cell: str, column: str, spec: str, *, zone: str = "Asia/Tokyo", top: str = ""):
    """What one cell of header `x` becomes: the value, or the reason why not."""
    quoted = cell.replace('"', '""')
    extract = read_bytes(
        tmp_path, f'id,x\n1,"{quoted}"\n'.encode(), orders(top, **{column: spec}), zone=zone
    )
    assert_conserved(extract)
    told = rejected(extract, "orders")
    return told[0][1] if told else rows(extract, "orders", column)[0][0]


NUMBERS = [
    ("1234", "1234"), ("１，２３４", "1234"), ("¥1,234", "1234"), ("￥1,234円", "1234"),
    ("1 234.50", "1234.5"), ("−5", "-5"), ("△5", "-5"), ("(1,200)", "-1200"), ("+.5", "0.5"),
    ("1e3", "1000"), ("0.00005", "0.0000"), ("0.00015", "0.0002"),
    ("1,23", "bad_number"), ("12abc", "bad_number"), ("1.2.3", "bad_number"), ("--1", "bad_number"),
    ("NaN", "bad_number"), ("10000000000000", "out_of_range"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "expected"), NUMBERS)
def test_a_number_is_read_as_people_write_it_or_rejected(cell, expected, tmp_path):
    found = one(tmp_path, cell, "total_amount", "x")

    assert found == (expected if expected.endswith(("number", "range")) else Decimal(expected))


TIMES = [
    # cell, options, zone, UTC or reason
    ("2026-05-14 08:30:00", "", "Asia/Tokyo", "2026-05-13T23:30:00"),
    ("2026/5/4 8:03", "", "Asia/Tokyo", "2026-05-03T23:03:00"),
    ("2026年5月14日 8:30:00", "", "Asia/Tokyo", "2026-05-13T23:30:00"),
    ("2026-05-14 11:23:45 +0100", "", "Asia/Tokyo", "2026-05-14T10:23:45"),
    ("2026-05-14T23:30:00Z", "", "Asia/Tokyo", "2026-05-14T23:30:00"),
    ("2019-10-01 00:00:00 UTC", "", "Asia/Tokyo", "2019-10-01T00:00:00"),
    ("2026-05-14 08:30:00.123456", ", zone: UTC", "Asia/Tokyo", "2026-05-14T08:30:00.123456"),
    ("20260514", ", formats: [day]", "Asia/Tokyo", "2026-05-13T15:00:00"),
    ("14.05.2026", ', formats: ["%d.%m.%Y"]', "Europe/Berlin", "2026-05-13T22:00:00"),
    ("1513299569", ", formats: unix_s", "Asia/Tokyo", "2017-12-15T00:59:29"),
    ("1513299569123", ", formats: unix_ms", "Asia/Tokyo", "2017-12-15T00:59:29.123000"),
    ("1513299569123456", ", formats: unix_us", "Asia/Tokyo", "2017-12-15T00:59:29.123456"),
    # New York: 02:30 on 8 March 2026 never was, 01:30 on 1 November was twice.
    ("2026-03-08 02:30:00", "", "America/New_York", "dst_gap"),
    ("2026-03-08 02:30:00", ", non_existent: forward", "America/New_York", "2026-03-08T07:30:00"),
    ("2026-11-01 01:30:00", "", "America/New_York", "dst_fold"),
    ("2026-11-01 01:30:00", ", ambiguous: earliest", "America/New_York", "2026-11-01T05:30:00"),
    ("2026-11-01 01:30:00", ", ambiguous: latest", "America/New_York", "2026-11-01T06:30:00"),
    ("2026-03-08 03:30:00", "", "America/New_York", "2026-03-08T07:30:00"),
    ("2026-05-14", "", "Asia/Tokyo", "bad_date"),
    ("05/14/2026 08:30:00", "", "Asia/Tokyo", "bad_date"),
    ("2026-02-29 08:30:00", "", "Asia/Tokyo", "bad_date"),
    ("1970-01-01 00:00:00", "", "Asia/Tokyo", "out_of_range"),
]


@pytest.mark.parametrize(("cell", "options", "zone", "expected"), TIMES)
def test_a_time_becomes_one_utc_instant_or_a_reason(cell, options, zone, expected, tmp_path):
    found = one(tmp_path, cell, "paid_at", f"{{from: x{options}}}", zone=zone)

    assert (found.isoformat() if isinstance(found, datetime) else found) == expected


CELLS = [
    ("  山田\t太郎\x07 ", "payment_method", "x", "山田 太郎"),
    ("カ\u3099", "payment_method", "x", "ガ"),
    ("-", "payment_method", "x", None),
    ("なし", "payment_method", "{from: x, empty: [なし]}", None),
    ("", "payment_method", "{from: x, default: 現金}", "現金"),
    ("", "payment_method", "{coalesce: [x, id]}", "1"),
    ("a", "payment_method", "{from: [id, x], join: /}", "1/a"),
    ("", "payment_method", "{from: [id, x], join: /}", None),
    ("'0312345678", "payment_method", "{from: x, strip_apostrophe: true}", "0312345678"),
    ("第12回", "payment_method", r"{from: x, extract: '(\d+)'}", "12"),
    ("回", "payment_method", r"{from: x, extract: '(\d+)'}", "bad_value"),
    ("7", "payment_method", "{from: x, zero_pad: 2}", "07"),
    ("b", "payment_method", "{from: x, lookup: {a: 甲, b: 乙}}", "乙"),
    ("c", "payment_method", "{from: x, lookup: {a: 甲, b: 乙}}", "unknown_enum"),
    ("c", "payment_method", "{from: x, lookup: {a: 甲}, default: unknown}", "unknown"),
    ("x1", "cart_id", "{id: x}", "sys:x1"),
    ("x1", "cart_id", "{id: [x, id], prefix: other}", "other:x1:1"),
    ("", "cart_id", "{id: x}", None),
    ("a", "device", "{sql: \"case when x = 'a' then upper(x) else x end\"}", "A"),
    ("sometimes", "ordered_precision", "x", "unknown_enum"),
    ("", "ordered_precision", "x", "missing_required"),
    ("", "device", "{from: x, required: true}", "missing_required"),
    ("はい", "prices_include_tax", "x", True),
    ("OFF", "prices_include_tax", "x", False),
    ("込", "prices_include_tax", "{from: x, booleans: {true: [込], false: [別]}}", True),
    ("maybe", "prices_include_tax", "x", "bad_boolean"),
    ("12,5", "total_amount", '{from: x, decimal: ","}', Decimal("12.5")),
    ("1.234,50", "total_amount", '{from: x, decimal: ","}', Decimal("1234.5")),
    ("5", "total_amount", "{from: x, scale: -1}", Decimal(-5)),
    ("59.80%", "total_amount", "{from: x, percent: true}", Decimal("0.598")),
    ("never", "paid_at", "{from: x, on_error: null}", None),
]


@pytest.mark.parametrize(("cell", "column", "spec", "expected"), CELLS)
def test_each_form_and_option_does_what_the_manual_says(cell, column, spec, expected, tmp_path):
    found = one(tmp_path, cell, column, spec, top='empty: ["-"]\n')

    assert found == expected


def test_dates_and_parts_of_dates(tmp_path):
    mapping = mapping_of(
        TOP
        + """tables:
  - table: customers
    columns:
      customer_id: {id: id}
      is_member: {const: true}
      is_derived: {const: false}
      member_state: {const: active}
      birth_year: {from: born, part: year}
      birth_month: {from: born, part: month}
      birth_day: {from: born, part: day}
      points_expire_on: until
"""
    )
    content = b"id,born,until\n1,1955-02-03 00:00:00,2027/1/31\n2,1955-02-31,\n"

    extract = read_bytes(tmp_path, content, mapping)

    found = rows(extract, "customers", "birth_year", "birth_month", "birth_day", "points_expire_on")
    assert found == [(1955, 2, 3, date(2027, 1, 31))]
    assert rejected(extract, "customers") == [(3, "bad_date", "birth_year")]


LINES = (
    "invoice,kind,price,qty,at\n"
    "A,goods,100,2,2026-05-14 10:00:00\n"
    "A,fee,30,1,2026-05-14 10:00:05\n"
    "B,goods,50,1,2026-05-15 09:00:00\n"
    "A,goods,7,1,2026-05-14 10:00:09\n"
    "C,goods,ten,1,2026-05-16 09:00:00\n"
    "C,goods,10,1,2026-05-16 09:00:00\n"
)
GROUPED = """    numbers: [price, qty]
    shape:
      - group:
          by: [invoice]
          agg:
            goods: {sum: "price * qty", where: "kind = 'goods'"}
            fee: {sum: price, where: "kind = 'fee'"}
            lines: {count: "*"}
            kinds: {join: kind}
            last: {max: at}
"""


def test_orders_are_grouped_from_invoice_lines_and_one_bad_line_rejects_its_order(tmp_path):
    mapping = orders(
        "", GROUPED, order_id="{id: invoice}", ordered_at="at", goods_amount="goods",
        fee_amount="fee", coupon_codes="kinds", paid_at="last", order_number="lines",
    )  # fmt: skip

    extract = read_bytes(tmp_path, LINES.encode(), mapping, zone="UTC")

    columns = ("order_id", "goods_amount", "fee_amount", "coupon_codes", "order_number", "row_no")
    # A: 100 × 2 + 7 × 1 goods and 30 fee; B has no fee line: not known, which is not zero.
    assert rows(extract, "orders", *columns) == [
        ("sys:A", Decimal(207), Decimal(30), "goods,fee", "3", 2),
        ("sys:B", Decimal(50), None, "goods", "1", 4),
    ]
    assert rejected(extract, "orders") == [(6, "bad_number", "price")]
    assert rows(extract, "orders", "paid_at")[0] == (utc("2026-05-14T10:00:09"),)
    assert_conserved(extract)


@pytest.mark.parametrize("shape", ["group: {by: [id]}", "first_of: {by: id}", "distinct: {by: id}"])
def test_rows_without_a_key_are_each_rejected_not_taken_for_one_group(shape, tmp_path):
    content = b"id,x\n1,5\n,6\n,6\n1,5\n"

    extract = read_bytes(tmp_path, content, orders("", f"    shape: [{{{shape}}}]\n"))

    assert rows(extract, "orders", "order_id") == [("sys:1",)]
    assert rejected(extract, "orders") == [
        (3, "missing_required", "order_id"), (4, "missing_required", "order_id"),
    ]  # fmt: skip


def test_fill_down_stays_within_its_group_and_first_of_takes_the_first_row(tmp_path):
    content = b"id,email\n1,a@x.jp\n1,\n2,\n2,b@x.jp\n"
    filled = orders(
        "", "    shape:\n      - fill_down: {by: id, columns: [email]}\n      - count_up: {by: id, as: turn}\n",
        order_id="{id: [id, turn]}", email="email",
    )  # fmt: skip
    first = orders("", "    shape:\n      - first_of: {by: id}\n", email="email")

    all_rows = read_bytes(tmp_path, content, filled)
    first_rows = read_bytes(tmp_path, content, first)

    assert rows(all_rows, "orders", "order_id", "email") == [
        ("sys:1:1", "a@x.jp"), ("sys:1:2", "a@x.jp"), ("sys:2:1", None), ("sys:2:2", "b@x.jp"),
    ]  # fmt: skip
    assert rows(first_rows, "orders", "order_id", "email") == [("sys:1", "a@x.jp"), ("sys:2", None)]


def test_nested_arrays_explode_into_items_and_the_same_rows_split_into_orders(tmp_path):
    mapping = mapping_of(
        TOP.replace("csv", "json")
        + "tables:\n  - table: orders\n    columns:\n"
        + "".join(f"      {k}: {v}\n" for k, v in ORDER.items())
        + """      coupon_codes: "codes[0]"
      email: buyer.email
  - table: order_items
    shape: [{explode: {path: lines}}]
    columns:
      order_item_id: {id: [id, lines.no]}
      order_id: {id: id}
      line_no: {sequence: [id]}
      product_name: lines.what.name
      quantity: lines.qty
      discount_amount: {const: 0}
      line_amount: lines.price
      is_gift: {const: false}
      is_free: {const: false}
      refunded_quantity: {const: 0}
      refunded_amount: {const: 0}
"""
    )
    content = """[{"id": 1, "codes": ["A", "B"], "buyer": {"email": "a@x.jp"}, "lines": [
      {"no": "x", "what": {"name": "靴"}, "qty": 1, "price": 10.50},
      {"no": "y", "what": {"name": "帽子"}, "qty": "two", "price": 3}]},
     {"id": 2, "lines": []}]""".encode()

    extract = read_bytes(tmp_path, content, mapping, name="f.json")

    assert rows(extract, "orders", "order_id", "coupon_codes", "email") == [
        ("sys:1", "A", "a@x.jp"), ("sys:2", None, None),
    ]  # fmt: skip
    assert rows(extract, "order_items", "order_item_id", "product_name", "line_amount") == [
        ("sys:1:x", "靴", Decimal("10.5"))
    ]
    assert rejected(extract, "order_items") == [(1, "bad_number", "quantity")]
    assert_conserved(extract)


def test_a_buyer_derived_from_orders_is_one_row_as_the_last_order_says(tmp_path):
    mapping = mapping_of(
        TOP
        + """tables:
  - table: customers
    shape: [{derive: {by: [member]}}]
    columns:
      customer_id: {id: member}
      is_member: {const: true}
      member_state: {const: unknown}
      email: email
"""
    )
    content = b"member,email\n7,old@x.jp\n8,b@x.jp\n7,new@x.jp\n,c@x.jp\n"

    extract = read_bytes(tmp_path, content, mapping)

    assert rows(extract, "customers", "customer_id", "email", "is_derived") == [
        ("sys:8", "b@x.jp", True), ("sys:7", "new@x.jp", True),
    ]  # fmt: skip


def test_equal_rows_are_counted_once_and_conflicting_ones_rejected_but_the_last(tmp_path):
    content = b"id,x\n1,5\n2,6\n1,5\n2,7\n"

    extract = read_bytes(tmp_path, content, orders(total_amount="x"))

    assert rows(extract, "orders", "order_id", "total_amount") == [
        ("sys:1", Decimal(5)), ("sys:2", Decimal(7)),
    ]  # fmt: skip
    assert batch(extract, "orders").duplicates == 1
    assert rejected(extract, "orders") == [(3, "key_conflict", "order_id")]
    assert_conserved(extract)


def test_the_time_of_change_decides_between_versions_when_the_source_has_one(tmp_path):
    content = b"id,x,u\n1,5,2026-05-15 00:00:00\n1,6,2026-05-14 00:00:00\n"

    extract = read_bytes(tmp_path, content, orders(total_amount="x", source_updated_at="u"))

    assert rows(extract, "orders", "total_amount") == [(Decimal(5),)]


def test_equal_cells_hash_alike_and_the_hash_never_changes(tmp_path):
    content = b"id,x\n1,a\n2,a\n3,\n"

    extract = read_bytes(tmp_path, content, orders(cart_id="{hash: [x]}"))

    found = [c for (c,) in rows(extract, "orders", "cart_id")]
    # SHA-256 of "a", first 32 hex digits.
    assert found[0] == found[1] == "sys:ca978112ca1bbdcafac231b39a23dc4d"
    assert found[2] != found[0]


def test_unmapped_and_nulled_cells_and_filtered_rows_are_counted(tmp_path):
    mapping = orders(
        "", "    where: \"x <> 'skip'\"\n",
        device="{from: x, lookup: {a: pc}, default: unknown}", paid_at="{from: x, on_error: null}",
    )  # fmt: skip

    extract = read_bytes(tmp_path, b"id,x\n1,a\n2,b\n3,skip\n", mapping)

    notes = {(n.column, n.reason): n.rows for n in batch(extract, "orders").notes}
    assert notes == {
        (None, "not_this_table"): 1, ("device", "unmapped_value"): 1, ("paid_at", "nulled"): 2,
    }  # fmt: skip


def test_headers_are_found_by_alias_of_the_source_then_of_the_mapping_then_by_width(tmp_path):
    mapping = orders("aliases: {金額: [合計]}\n", total_amount="金額", email="メール(主)")
    content = "ID,合計,メール（主）\n1,5,a@x.jp\n".encode()
    own = "ID,お支払い,メール（主）\n1,5,a@x.jp\n".encode()

    by_mapping = read_bytes(tmp_path, content, mapping)
    by_source = read_bytes(tmp_path, own, mapping, aliases={"金額": "お支払い"})

    for extract in (by_mapping, by_source):
        assert rows(extract, "orders", "total_amount", "email") == [(Decimal(5), "a@x.jp")]


def test_a_missing_header_refuses_the_file_only_where_a_required_column_needs_it(tmp_path):
    mapping = orders(tax_amount="gone", email="{coalesce: [gone, x]}", device='{sql: "x || gone"}')

    extract = read_bytes(tmp_path, b"id,x\n1,a@x.jp\n", mapping)

    # An SQL with a part missing gives nothing rather than a wrong value.
    assert rows(extract, "orders", "tax_amount", "email", "device") == [(None, "a@x.jp", None)]
    assert extract.headers_missing == ("gone",)
    with pytest.raises(FileRefused, match="headers are missing: id"):
        read_bytes(tmp_path, b"x\n1\n", mapping)


def test_an_optional_table_is_left_out_when_its_headers_are_not_there(tmp_path):
    text = f"""{TOP}tables:
  - table: customers
    optional: true
    columns: {{customer_id: {{id: member}}, is_member: {{const: true}}, is_derived: {{const: false}}, member_state: {{const: active}}}}
  - table: orders
    columns:
""" + "".join(f"      {k}: {v}\n" for k, v in ORDER.items())

    extract = read_bytes(tmp_path, b"id,x\n1,a\n", mapping_of(text))

    assert [b.table for b in extract.batches] == ["orders"]


def test_doubled_headers_are_read_by_position_when_declared(tmp_path):
    text = TOP.replace("format: csv", "format: csv, doubled: [fee]")
    lines = {**ORDER, "shipping_amount": "fee", "fee_amount": '"fee#2"'}
    columns = "".join(f"      {k}: {v}\n" for k, v in lines.items())
    mapping = mapping_of(f"{text}tables:\n  - table: orders\n    columns:\n{columns}")

    extract = read_bytes(tmp_path, b"id,fee,x,fee\n1,5,0,7\n", mapping)

    assert rows(extract, "orders", "shipping_amount", "fee_amount") == [(Decimal(5), Decimal(7))]


BROKEN = {
    "unknown key": (orders, {"total_amount": "{from: x, typ: money}"}, "typ"),
    "unknown column": (orders, {"total": "x"}, "has no column total"),
    "computed column": (orders, {"email_hash": "x"}, "has no column email_hash"),
    "two forms": (orders, {"total_amount": "{from: x, const: 1}"}, "exactly one of"),
    "no form": (orders, {"total_amount": "{default: 1}"}, "exactly one of"),
    "bad SQL": (orders, {"total_amount": '{sql: "x +"}'}, "no SQL expression"),
    "bad zone": (orders, {"paid_at": "{from: x, zone: Tokyo}"}, "no IANA time zone"),
    "join missing": (orders, {"email": "{from: [x, id]}"}, "need `join`"),
    "required made null": (orders, {"source_status": "{from: x, on_error: null}"}, "required"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_mapping_that_breaks_the_grammar_is_refused_with_the_reason(kind, tmp_path):
    make, columns, says = BROKEN[kind]

    with pytest.raises(ValueError, match=says):
        make(**columns)


def test_a_mapping_file_error_names_file_place_and_what_may_stand_there(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text("key: own\nsystem: s\ntitle: {ja: t, en: t}\nread: {format: cvs}\ntables: []\n")

    with pytest.raises(MappingBroken, match=r"own\.yml: line 4: read\.format: .*'csv'"):
        read_mapping(path)
    with pytest.raises(MappingBroken, match=r"shipped are .*eccube_orders_csv"):
        load_mapping("nowhere", tmp_path)


def test_status_rows_come_per_source_of_the_shop(tmp_path):
    (tmp_path / "shop.yml").write_text(
        "id: t\nname: t\nsources:\n"
        "  - {key: a, files: a.csv, mapping: eccube_orders_csv}\n"
        "  - {key: b, files: b.csv, mapping: eccube_customers_csv}\n"
    )

    found = status_defaults(load_shop(tmp_path / "shop.yml"))

    assert {(r.source, r.status) for r in found if r.is_sale} == {
        ("a", "1"), ("a", "4"), ("a", "5"), ("a", "6"),
    }  # fmt: skip


def test_every_example_of_the_manual_is_in_the_grammar():
    """The whole-file example of docs/mappings.md loads as it stands there."""
    manual = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
    whole, read, _, shape = (block.split("```")[0] for block in manual.split("```yaml")[2:6])
    cells = re.findall(r"^\| [a-z, ]+ \| ((?:`[^`]+`(?:, )?)+) \|", manual, flags=re.MULTILINE)

    assert mapping_of(whole).tables[0].table == "orders"
    for line in filter(None, read.splitlines()):
        assert Read.model_validate(yaml.safe_load(line)["read"]).format
    for step in yaml.safe_load(shape)["shape"]:
        assert Step.model_validate(step)
    examples = re.findall(r"`(\{[^`]+\})`", " ".join(cells))
    assert len(examples) > 8
    for example in examples:
        assert Cell.model_validate(yaml.safe_load(example)).form
