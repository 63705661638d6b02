"""Files as shop systems export them, built here so that no test needs one from elsewhere."""

# ruff: noqa: SIM905 - a header row reads best as the header row.

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

# 4.3, in the order of the export; 送料 stands twice: of the order and of the shipment.
ECCUBE_ORDER_HEADERS = (
    "注文ID,注文番号,会員ID,お名前(姓),お名前(名),お名前(セイ),お名前(メイ),会社名,郵便番号,都道府県(ID),"
    "都道府県(名称),住所1,住所2,メールアドレス,TEL,性別(ID),性別(名称),職業(ID),職業(名称),誕生日,"
    "ショップ用メモ欄,小計,値引き,送料,税金,合計,支払合計,対応状況(ID),対応状況(名称),支払方法(ID),"
    "支払方法(名称),受注日,入金日,注文詳細ID,商品ID,商品規格ID,商品名,商品コード,規格名1,規格名2,"
    "規格分類名1,規格分類名2,価格,個数,税率,税率ルール(ID),明細区分(ID),明細区分(名称),出荷ID,"
    "配送先_お名前(姓),配送先_お名前(名),配送先_お名前(セイ),配送先_お名前(メイ),配送先_会社名,"
    "配送先_郵便番号,配送先_都道府県(ID),配送先_都道府県(名称),配送先_住所1,配送先_住所2,配送先_TEL,"
    "配送業者(ID),配送業者(名称),お届け時間ID,お届け時間(名称),お届け希望日,送料,発送日,出荷伝票番号,"
    "配達用メモ,出荷メール送信日"
).split(",")

ECCUBE_MEMBER_HEADERS = (
    "会員ID,お名前(姓),お名前(名),お名前(セイ),お名前(メイ),会社名,郵便番号,都道府県(ID),都道府県(名称),"
    "住所1,住所2,メールアドレス,TEL,性別(ID),性別(名称),職業(ID),職業(名称),誕生日,初回購入日,最終購入日,"
    "購入回数,ショップ用メモ欄,会員ステータス(ID),会員ステータス(名称),登録日,更新日,ポイント"
).split(",")

SHOPIFY_ORDER_HEADERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,"
    "Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,"
    "Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,"
    "Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,"
    "Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,"
    "Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,"
    "Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Phone,Receipt Number,Duties"
).split(",")

_ITEM_KINDS = {"1": "商品", "2": "送料", "3": "手数料", "4": "割引", "6": "ポイント"}
_STATUS_NAMES = {
    "1": "新規受付", "3": "注文取消し", "4": "対応中", "5": "発送済み", "6": "入金済み",
    "7": "決済処理中", "8": "購入処理中", "9": "返品",
}  # fmt: skip


def write_csv(
    path: Path,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    encoding: str = "cp932",
    newline: str = "\r\n",
) -> Path:
    """A CSV file at `path`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline)
    writer.writerow(headers)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def eccube_order(
    number: int,
    *,
    at: str,
    goods: Sequence[tuple[str, int, int]] = (("革靴", 8_000, 1),),
    member: str = "",
    email: str | None = None,
    status: str = "5",
    coupon: int = 0,
    points: int = 0,
) -> list[list[str]]:
    """Rows of one order: one per product, then postage, fee, discount and points.

    Prices are without tax as in the shop's tables, sums with tax (10 %) as EC-CUBE gives them.
    """
    subtotal = sum(price * 110 // 100 * quantity for _, price, quantity in goods)
    postage, fee = 600, 330
    total = subtotal + postage + fee - coupon - points
    order = {
        "注文ID": str(number), "注文番号": f"{number:06d}", "会員ID": member, "お名前(姓)": "髙橋",
        "お名前(名)": "花子", "お名前(セイ)": "タカハシ", "お名前(メイ)": "ハナコ",
        "郵便番号": "0600000", "都道府県(ID)": "1", "都道府県(名称)": "北海道",
        "住所1": "札幌市①", "住所2": "1-2", "メールアドレス": email or f"buyer{number}@example.jp",
        "TEL": "0312345678", "小計": f"{subtotal}.00", "値引き": f"{coupon + points}.00",
        "税金": "0.00", "合計": f"{total}.00", "支払合計": f"{total}.00",
        "対応状況(ID)": status, "対応状況(名称)": _STATUS_NAMES.get(status, "独自の状態"),
        "支払方法(ID)": "5", "支払方法(名称)": "銀行振込", "受注日": at, "出荷ID": str(number),
    }  # fmt: skip
    items = [("1", name, price, quantity) for name, price, quantity in goods]
    items += [("2", "送料", postage, 1), ("3", "手数料", fee, 1)]
    items += [("4", "クーポン値引き", -coupon, 1)] if coupon else []
    items += [("6", "ポイント", -points, 1)] if points else []
    return [
        _eccube_row(order, number=number, line=line, postage=postage, item=item)
        for line, item in enumerate(items, start=1)
    ]


def _eccube_row(
    order: Mapping[str, str],
    *,
    number: int,
    line: int,
    postage: int,
    item: tuple[str, str, int, int],
) -> list[str]:
    kind, name, price, quantity = item
    is_goods = kind == "1"
    detail = {
        "注文詳細ID": str(number * 100 + line),
        "商品ID": "7" if is_goods else "",
        "商品規格ID": "70" if is_goods else "",
        "商品名": name,
        "商品コード": "SHOE-01" if is_goods else "",
        "価格": f"{price}.00",
        "個数": str(quantity),
        "税率": "10" if is_goods else "0",
        "明細区分(ID)": kind,
        "明細区分(名称)": _ITEM_KINDS[kind],
    }
    cells = {**order, **detail}
    # Both columns named 送料 carry the same here; they are two columns all the same.
    return [cells.get(h, f"{postage}.00" if h == "送料" else "") for h in ECCUBE_ORDER_HEADERS]


def eccube_member(number: int, *, registered_at: str, email: str | None = None) -> list[str]:
    """Row of one member."""
    cells = {
        "会員ID": str(number), "お名前(姓)": "山田", "お名前(名)": "太郎", "郵便番号": "1000001",
        "都道府県(ID)": "13", "都道府県(名称)": "東京都", "住所1": "千代田区", "住所2": "1-1",
        "メールアドレス": email or f"member{number}@example.jp", "TEL": "0311112222",
        "性別(ID)": "1", "性別(名称)": "男性", "誕生日": "1980-02-29 00:00:00", "購入回数": "2",
        "会員ステータス(ID)": "2", "会員ステータス(名称)": "本会員", "登録日": registered_at,
        "更新日": registered_at, "ポイント": "120",
    }  # fmt: skip
    return [cells.get(header, "") for header in ECCUBE_MEMBER_HEADERS]


def shopify_order(
    number: int,
    *,
    at: str,
    items: Sequence[tuple[str, str, int]] = (("Boots", "89.50", 1),),
    subtotal: str = "89.50",
    total: str = "99.50",
    currency: str = "GBP",
    status: str = "paid",
    email: str | None = None,
) -> list[list[str]]:
    """Rows of one order: all order columns on the first row, the further rows name it only."""
    buyer = email or f"buyer{number}@example.com"
    first = {
        "Email": buyer, "Financial Status": status, "Paid at": at, "Fulfillment Status": "fulfilled",
        "Accepts Marketing": "yes", "Currency": currency, "Subtotal": subtotal, "Shipping": "10.00",
        "Taxes": "0.00", "Total": total, "Discount Amount": "0.00", "Created at": at,
        "Billing Name": "Ann Buyer", "Billing Zip": "'00123", "Billing Phone": "'+4420",
        "Refunded Amount": "0.00", "Id": str(7_000 + number), "Source": "web",
        "Payment Method": "Shopify Payments",
    }  # fmt: skip
    rows = []
    for line, (name, price, quantity) in enumerate(items):
        cells = {
            **(first if line == 0 else {}),
            "Name": f"#{number}",
            "Lineitem quantity": str(quantity),
            "Lineitem name": name,
            "Lineitem price": price,
            "Lineitem sku": name.upper(),
            "Lineitem requires shipping": "true",
            "Lineitem taxable": "true",
            "Lineitem fulfillment status": "fulfilled",
            "Lineitem discount": "0.00",
        }
        rows.append([cells.get(header, "") for header in SHOPIFY_ORDER_HEADERS])
    return rows


def shopserve_report() -> tuple[list[str], list[list[str]]]:
    """Headers and rows of a recovery report with the article's figures, rates as printed there."""
    headers = [
        "メール", "期間開始日", "期間終了日", "送信数", "開封数", "開封率", "クリック数", "クリック率",
        "受注人数", "受注商品金額", "受注率", "客単価",
    ]  # fmt: skip
    period = ["2026/01/01", "2026/10/31"]
    rows = [
        ["1通目", *period, "1,020", "598", "59.80%", "109", "18.23%", "29", "435,096", "26.61%", "15,003"],
        ["2通目", *period, "614", "307", "50.00%", "25", "8.14%", "4", "467,693", "16.00%", "116,923"],
    ]  # fmt: skip
    return headers, rows
