"""Ten masked rows of a table: enough to see that the columns landed right, too little to leak."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.canonical import TABLES, Column
from pipelines.onboarding.report import Preview

ROWS: Final = 10
COLUMNS: Final = 6
# What a shopkeeper recognises; tables not named here show their required columns.
TELLING: Final[dict[str, tuple[str, ...]]] = {
    "orders": (
        "order_number", "ordered_at", "email", "source_status", "goods_amount", "total_amount",
    ),
    "order_items": (
        "order_id", "sku", "product_name", "quantity", "unit_amount", "line_amount",
    ),
    "order_adjustments": ("order_id", "adjustment_kind", "adjustment_amount", "label"),
    "customers": (
        "customer_id", "email", "last_name", "name_full", "member_state", "registered_at",
    ),
    "consents": ("customer_id", "email", "purpose", "consent_state", "occurred_at", "basis"),
    "products": ("product_id", "product_name", "price_amount", "product_state", "url"),
    "carts": ("cart_id", "email", "last_activity_at", "items_count", "total_amount"),
    "events": ("event_name", "occurred_at", "anonymous_id", "customer_id", "product_id"),
    "mail_events": ("event_type", "occurred_at", "email", "campaign_key", "step_number"),
    "mail_results_summary": (
        "label", "sent_count", "open_count", "click_count", "orderer_count", "recovered_amount",
    ),
}  # fmt: skip
MASK: Final = "***"


def preview(table: str, frame: pl.DataFrame, *, zone: str) -> Preview:
    """The first rows in at most COLUMNS columns that are filled, the telling ones.

    Instants are shown in the shop's zone, as its own screen does.
    """
    head = frame.head(ROWS)
    filled = [
        column
        for column in TABLES[table].mapped
        if column.name in head.columns and head[column.name].null_count() < head.height
    ]
    telling = TELLING.get(table, ())
    ranked = sorted(filled, key=lambda c: (c.name not in telling, not c.required))
    limit = min(COLUMNS, sum(c.name in telling for c in filled) or COLUMNS)
    chosen = [c for c in filled if c in ranked[:limit]]
    rows = tuple(
        tuple(shown(column, row[column.name], zone=ZoneInfo(zone)) for column in chosen)
        for row in head.to_dicts()
    )
    return Preview(table, tuple(c.name for c in chosen), rows)


def shown(column: Column, value: object, *, zone: ZoneInfo) -> str:
    """One cell as it may stand on a terminal."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M}"
    text = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    if column.pii or column.name in _PERSONAL:
        return masked(text)
    # Line ends and escape sequences of a file must not steer the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)[:40]


# Not marked in the data dictionary because they are needed later, but personal all the same.
_PERSONAL: Final = frozenset({"birth_year", "birth_month", "birth_day", "checkout_token"})


def masked(text: str) -> str:
    """First character and no length; of an address also the first one of its domain."""
    local, at, domain = text.rpartition("@")
    if at:
        return f"{_first(local)}{MASK}@{_first(domain)}{MASK}"
    return f"{_first(text)}{MASK}"


def _first(text: str) -> str:
    return next((c for c in text if c.isalnum()), "")


def previews(frames: Sequence[tuple[str, pl.DataFrame]], *, zone: str) -> tuple[Preview, ...]:
    """One preview per table with rows, in order."""
    return tuple(preview(table, frame, zone=zone) for table, frame in frames if frame.height)
