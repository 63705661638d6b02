"""EC-CUBE's two CSVs: cp932, 送料 twice, a row per item of every type."""

from decimal import Decimal

import pytest

from pipelines.sources import FileRefused, recognise
from tests.sources.reading import assert_conserved, read_bytes, rejected, rows, utc

ORDER_HEADERS = [
    "注文ID",
    "注文番号",
    "会員ID",
    "お名前(姓)",
    "お名前(名)",
    "お名前(セイ)",
    "お名前(メイ)",
    "会社名",
    "郵便番号",
    "都道府県(ID)",
    "都道府県(名称)",
    "住所1",
    "住所2",
    "メールアドレス",
    "TEL",
    "性別(ID)",
    "性別(名称)",
    "職業(ID)",
    "職業(名称)",
    "誕生日",
    "ショップ用メモ欄",
    "小計",
    "値引き",
    "送料",
    "税金",
    "合計",
    "支払合計",
    "対応状況(ID)",
    "対応状況(名称)",
    "支払方法(ID)",
    "支払方法(名称)",
    "受注日",
    "入金日",
    "注文詳細ID",
    "商品ID",
    "商品規格ID",
    "商品名",
    "商品コード",
    "規格名1",
    "規格名2",
    "規格分類名1",
    "規格分類名2",
    "価格",
    "個数",
    "税率",
    "税率ルール(ID)",
    "明細区分(ID)",
    "明細区分(名称)",
    "出荷ID",
    "配送先_お名前(姓)",
    "配送先_お名前(名)",
    "配送先_お名前(セイ)",
    "配送先_お名前(メイ)",
    "配送先_会社名",
    "配送先_郵便番号",
    "配送先_都道府県(ID)",
    "配送先_都道府県(名称)",
    "配送先_住所1",
    "配送先_住所2",
    "配送先_TEL",
    "配送業者(ID)",
    "配送業者(名称)",
    "お届け時間ID",
    "お届け時間(名称)",
    "お届け希望日",
    "送料",
    "発送日",
    "出荷伝票番号",
    "配達用メモ",
    "出荷メール送信日",
]
# A member's order: 3,300 of goods (1,000 without tax, three times), 500 off of which 300 are
# points, 600 to send it, 330 for cash on delivery: 3,300 - 500 + 600 + 330 = 3,730 to pay.
MEMBER = {
    "注文ID": "10", "注文番号": "10", "会員ID": "7", "お名前(姓)": "髙﨑", "都道府県(ID)": "1",
    "メールアドレス": "a..b@docomo.ne.jp", "性別(ID)": "2", "誕生日": "1980-02-03 00:00:00",
    "小計": "3300", "値引き": "500", "送料": "600", "税金": "385", "合計": "3730",
    "支払合計": "3730", "対応状況(ID)": "5", "支払方法(名称)": "代金引換",
    "受注日": "2026-05-14 08:30:00", "入金日": "", "発送日": "2026-05-16 10:00:00",
}  # fmt: skip
GUEST = {
    "注文ID": "11", "注文番号": "11", "メールアドレス": "guest@x.jp", "小計": "2200", "値引き": "0",
    "送料": "0", "税金": "200", "合計": "2200", "支払合計": "2200", "対応状況(ID)": "3",
    "受注日": "2026-05-15 00:10:00",
}  # fmt: skip


def line(order: dict, number: str, name: str, price: str, count: str, kind: str, rate: str = "10"):
    cells = dict.fromkeys(range(len(ORDER_HEADERS)), "")
    item = {
        "注文詳細ID": number, "商品名": name, "価格": price, "個数": count, "明細区分(ID)": kind,
        "税率": rate, "商品ID": "5" if kind == "1" else "",
    }  # fmt: skip
    for header, cell in {**order, **item}.items():
        cells[ORDER_HEADERS.index(header)] = cell
    # The second 送料 is the shipment's own and must not be taken for the order's.
    cells[65] = "999"
    return ",".join(cells.values())


LINES = [
    line(MEMBER, "1", "靴①", "1000", "3", "1"),
    line(MEMBER, "2", "送料", "600", "1", "2"),
    line(MEMBER, "3", "代引手数料", "330", "1", "3"),
    line(MEMBER, "4", "割引", "-200", "1", "4"),
    line(MEMBER, "5", "ポイント", "-300", "1", "6", "0"),
    # Here 価格 has its tax in it already: 1,100 × 2 = 小計.
    line(GUEST, "6", "帽子㈱", "1100", "2", "1"),
]


def order_bytes(lines=LINES):
    return ("\r\n".join([",".join(ORDER_HEADERS), *lines]) + "\r\n").encode("cp932")


@pytest.fixture
def orders(tmp_path):
    return read_bytes(tmp_path, order_bytes(), "eccube_orders_csv")


def test_an_order_is_one_row_and_its_total_is_not_multiplied_by_its_lines(orders):
    columns = (
        "order_id", "goods_amount", "discount_amount", "points_used_amount", "shipping_amount",
        "fee_amount", "total_amount", "paid_amount",
    )  # fmt: skip

    found = rows(orders, "orders", *columns)

    # discount 500 - 300 points = 200; goods 3300 - 200 = 3100; total 3730 + 300 points = 4030.
    assert found == [
        ("eccube:10", *map(Decimal, (3100, 200, 300, 600, 330, 4030, 3730))),
        ("eccube:11", *map(Decimal, (2200, 0, 0, 0, 0, 2200, 2200))),
    ]
    _, goods, _, points, shipping, fee, total, paid = found[0]
    assert goods + shipping + fee == total
    assert total - points == paid


def test_its_times_are_tokyo_and_its_status_and_buyer_as_given(orders):
    columns = ("ordered_at", "shipped_at", "source_status", "customer_id", "is_guest", "email")

    assert orders.encoding == "cp932"
    assert rows(orders, "orders", *columns) == [
        (utc("2026-05-13T23:30"), utc("2026-05-16T01:00"), "5", "eccube:7", False, "a..b@docomo.ne.jp"),
        (utc("2026-05-14T15:10"), None, "3", None, True, "guest@x.jp"),
    ]  # fmt: skip


def test_database_in_utc_and_csv_in_tokyo_give_one_instant(orders, tmp_path):
    """The database holds 2026-05-13 23:30:00 for the order whose CSV says 2026-05-14 08:30:00."""
    moved = order_bytes([LINES[0].replace("2026-05-14 08:30:00", "2026-05-13 23:30:00")])

    database = read_bytes(tmp_path, moved, "eccube_orders_csv", source_zone="UTC")

    assert rows(database, "orders", "ordered_at") == rows(orders, "orders", "ordered_at")[:1]


def test_only_goods_are_items_and_their_prices_have_tax(orders):
    columns = (
        "order_item_id",
        "order_id",
        "line_no",
        "product_name",
        "quantity",
        "unit_amount",
        "line_amount",
        "tax_rate",
    )

    assert rows(orders, "order_items", *columns) == [
        ("eccube:1", "eccube:10", 1, "靴①", *map(Decimal, ("3", "1100", "3300", "0.1"))),
        ("eccube:6", "eccube:11", 1, "帽子㈱", *map(Decimal, ("2", "1100", "2200", "0.1"))),
    ]  # fmt: skip


def test_other_lines_become_adjustments(orders):
    columns = ("order_id", "adjustment_no", "adjustment_kind", "adjustment_amount")

    assert rows(orders, "order_adjustments", *columns) == [
        ("eccube:10", 1, "shipping", Decimal(600)),
        ("eccube:10", 2, "fee", Decimal(330)),
        ("eccube:10", 3, "discount", Decimal(200)),
        ("eccube:10", 4, "points", Decimal(300)),
    ]


def test_buyers_are_derived_and_guests_have_an_address_only(orders):
    columns = (
        "customer_id",
        "email",
        "is_member",
        "is_derived",
        "member_state",
        "prefecture",
        "sex",
        "birth_year",
    )

    assert rows(orders, "customers", *columns) == [
        ("eccube:7", "a..b@docomo.ne.jp", True, True, "unknown", "01", "female", 1980),
        (None, "guest@x.jp", False, True, "guest", None, "unknown", None),
    ]  # fmt: skip
    assert_conserved(orders)


def test_a_bad_price_rejects_its_order_and_its_item_but_no_other(tmp_path):
    broken = [LINES[0].replace(",1000,3,", ",千円,3,"), *LINES[1:]]

    extract = read_bytes(tmp_path, order_bytes(broken), "eccube_orders_csv")

    assert rejected(extract, "orders") == [(2, "bad_number", "価格")]
    assert rejected(extract, "order_items") == [(2, "bad_number", "価格")]
    assert rows(extract, "orders", "order_id") == [("eccube:11",)]


def test_hidden_columns_are_named_when_an_order_cannot_do_without_them(tmp_path):
    headers, *lines = order_bytes().decode("cp932").split("\r\n")
    place = ORDER_HEADERS.index("受注日")
    cut = [
        ",".join(c for i, c in enumerate(x.split(",")) if i != place)
        for x in (headers, *lines[:-1])
    ]

    with pytest.raises(FileRefused, match="headers are missing: 受注日"):
        read_bytes(tmp_path, ("\n".join(cut) + "\n").encode("cp932"), "eccube_orders_csv")


MEMBERS = (
    "会員ID,お名前(姓),お名前(名),郵便番号,都道府県(ID),メールアドレス,性別(ID),誕生日,購入回数,"
    "会員ステータス(ID),登録日,更新日,ポイント\n"
    "7,髙﨑,花子,0600001,1,a..b@docomo.ne.jp,2,1980-02-03 00:00:00,3,2,2024-01-31 23:59:59,2026-01-01 00:00:00,120\n"
    "8,山田,太郎,,13,y@x.jp,9,,,1,2026-05-01 00:00:00,,0\n"
    "9,退会,者,,27,z@x.jp,,,,3,2020-05-01 00:00:00,,0\n"
).encode("cp932")


def test_members_keep_their_leading_zeros_states_and_registration(tmp_path):
    columns = (
        "customer_id",
        "is_member",
        "is_derived",
        "member_state",
        "registered_at",
        "postal_code",
        "prefecture",
        "sex",
        "points_balance",
    )

    extract = read_bytes(tmp_path, MEMBERS, "eccube_customers_csv")

    assert rows(extract, "customers", *columns) == [
        ("eccube:7", True, False, "active", utc("2024-01-31T14:59:59"), "0600001", "01", "female", Decimal(120)),
        ("eccube:8", False, False, "provisional", utc("2026-04-30T15:00"), None, "13", "unknown", Decimal(0)),
        ("eccube:9", False, False, "withdrawn", utc("2020-04-30T15:00"), None, "27", "unknown", Decimal(0)),
    ]  # fmt: skip


def test_both_files_are_recognised_by_their_headers(tmp_path):
    (tmp_path / "a.csv").write_bytes(order_bytes())
    (tmp_path / "b.csv").write_bytes(MEMBERS)

    first = [recognise(tmp_path / name)[0] for name in ("a.csv", "b.csv")]

    assert [(c.mapping.key, c.encoding, c.delimiter, c.rows) for c in first] == [
        ("eccube_orders_csv", "cp932", ",", 6), ("eccube_customers_csv", "cp932", ",", 3),
    ]  # fmt: skip
