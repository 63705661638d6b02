"""What conditions read of a published file, written by hand: columns, today, the persons."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence

import duckdb

TODAY = dt.date(2026, 11, 20)
# Name → type and what its YAML would say. Those without are no columns to ask about.
COLUMNS: Mapping[str, tuple[str, Mapping[str, object] | None]] = {
    "person_kind": ("VARCHAR", {"values": {"member": {"ja": "会員", "en": "member"},
                                           "guest": {"ja": "ゲスト", "en": "guest"}},
                                "behavioural": False}),
    "prefecture": ("VARCHAR", {"ja": "都道府県", "en": "Prefecture", "search": True,
                               "behavioural": False}),
    "order_count": ("BIGINT", {"ja": "注文回数", "en": "Orders"}),
    "revenue_amount": ("DECIMAL(18,4)", {"ja": "購入金額", "en": "Revenue"}),
    "average_order_amount": ("DOUBLE", {"ja": "平均注文単価", "en": "Average order"}),
    "is_member": ("BOOLEAN", {"ja": "会員である", "en": "Has an account", "behavioural": False}),
    "last_ordered_on": ("DATE", {"ja": "最終購入日", "en": "Last order"}),
    "is_mailable": ("BOOLEAN", {"ja": "配信可能", "en": "Mailable", "behavioural": False}),
    "last_ordered_at": ("TIMESTAMP", {"ja": "最終購入", "en": "Last order"}),
    "open_inquiry_count": ("BIGINT", None),
    "coupon_blocked_until_at": ("TIMESTAMP", None),
    "person_id": ("VARCHAR", None),
    "shop_id": ("VARCHAR", None),
}  # fmt: skip

Row = Mapping[str, object]


def write(
    connection: duckdb.DuckDBPyConnection, rows: Sequence[Row], *, today: dt.date = TODAY
) -> None:
    """The tables conditions read, with these persons of shop `tea`; segments excepted."""
    connection.execute("create table catalogue_snapshot as select 'tea' as shop_id")
    connection.execute(
        "create table dim_days as select 'tea' as shop_id, ?::date as day_on, true as is_today",
        [today],
    )
    connection.execute(
        "create table catalogue_columns (model_name varchar, column_name varchar,"
        " column_position bigint, data_type varchar, description varchar, meta varchar)"
    )
    for position, (name, (data_type, said)) in enumerate(COLUMNS.items()):
        meta = json.dumps({} if said is None else {"condition": said})
        connection.execute(
            "insert into catalogue_columns values ('dim_persons', ?, ?, ?, '', ?)",
            [name, position, data_type, meta],
        )
    shape = ", ".join(f"{name} {data_type}" for name, (data_type, _) in COLUMNS.items())
    connection.execute(f"create table dim_persons ({shape})")
    fill(connection, rows)


def fill(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
    """These persons, p0 p1 …, in place of those that were there."""
    connection.execute("delete from dim_persons")
    for number, row in enumerate(rows):
        whole = {"person_kind": "member", "person_id": f"p{number}", "shop_id": "tea", **row}
        marks = ", ".join("?" for _ in whole)
        connection.execute(
            f"insert into dim_persons ({', '.join(whole)}) values ({marks})", list(whole.values())
        )


def one(column: str, operator: str, value: object = None, **more: object) -> dict[str, object]:
    """One condition."""
    return {"column": column, "operator": operator, "value": value, **more}
