"""Settings as rows: what dbt reads instead of variables, seeds or constants."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from pipelines import keys
from pipelines.canonical import TABLES
from pipelines.settings import home_of
from pipelines.shop.model import Shop, pepper_of
from pipelines.shop.parts import StatusRow

# Earlier than any order a shop system can export.
FIRST_DAY: Final = date(1995, 1, 1)

Row = Mapping[str, object]


def settings_tables(
    shop: Shop,
    *,
    status_defaults: Sequence[StatusRow],
    today: date | None = None,
    pepper: bytes | None = None,
) -> dict[str, pl.DataFrame]:
    """The settings tables of one shop, by table name.

    Shape: canonical columns of each table including `shop_id`, without the tail; sorted by key.
    `today` (default: the shop's clock, else the machine's date in the shop's zone) only decides
    how far `shop_days` reaches: whole calendar years, so that the rows change once a year.
    `pepper` hashes excluded addresses; default: the shop's own key.
    """
    rows: dict[str, Iterable[Row]] = {
        "shops": [_shop_row(shop)],
        "shop_thresholds": [
            {"threshold_key": key, "threshold_value": value}
            for key, value in shop.thresholds.model_dump().items()
        ],
        "shop_days": _days(shop, today=today or _today(shop)),
        "exchange_rates": [rate.model_dump() for rate in shop.exchange_rates],
        "order_status_map": _statuses(shop, status_defaults),
        "excluded_addresses": _excluded(shop, pepper=pepper),
        "campaigns": _campaigns(shop),
        "campaign_steps": _steps(shop),
        "campaign_arms": _arms(shop),
        "motivation_weights": [
            {"weight_key": key, **weight} for key, weight in shop.weights.model_dump().items()
        ],
    }
    return {name: _frame(name, shop_id=shop.id, rows=table) for name, table in rows.items()}


def _frame(name: str, *, shop_id: str, rows: Iterable[Row]) -> pl.DataFrame:
    table = TABLES[name]
    schema = pl.Schema({column.name: column.dtype for column in table.columns})
    complete = [{**dict.fromkeys(table.names), **row, "shop_id": shop_id} for row in rows]
    return pl.DataFrame(complete, schema=schema, orient="row").sort(table.key)


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC).replace(tzinfo=None)


def _today(shop: Shop) -> date:
    now = shop.clock or datetime.now(UTC)
    return now.astimezone(ZoneInfo(shop.timezone)).date()


def _shop_row(shop: Shop) -> Row:
    return {
        "shop_name": shop.name,
        **shop.model_dump(
            include={
                "timezone", "currency", "locale", "revenue_measure", "week_start", "base_url",
                "cart_url", "ships_within_hours", "warranty_months", "shipping_fee_amount",
                "free_shipping_from_amount", "history_from_on", "is_demo",
            }
        ),
        "sender_name": shop.sender.name,
        "sender_address": shop.sender.address,
        "stop_url": shop.sender.stop_url,
        "complaint_contact": shop.sender.contact,
    }  # fmt: skip


def _days(shop: Shop, *, today: date) -> Iterable[Row]:
    """One row per day of the shop's zone. A day that the clocks change has 23 or 25 hours."""
    zone = ZoneInfo(shop.timezone)
    day = min(shop.history_from_on or FIRST_DAY, today)
    last = date(today.year + 2, 12, 31)
    starts_at = _midnight(day, zone)
    while day <= last:
        following = day + timedelta(days=1)
        ends_at = _midnight(following, zone)
        yield {"day_on": day, "starts_at": starts_at, "ends_at": ends_at}
        day, starts_at = following, ends_at


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # fold=0 takes the first of two midnights, and of a skipped one the instant of the jump.
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return local.astimezone(UTC).replace(tzinfo=None)


def _statuses(shop: Shop, defaults: Sequence[StatusRow]) -> Iterable[Row]:
    """The mappings' rows, then the shop's own over them: the last one of a status wins."""
    merged = {(r.source, r.status): r for r in (*defaults, *(s.row for s in shop.order_status_map))}
    for row in merged.values():
        yield {
            "source_key": row.source,
            "source_status": row.status,
            "order_state": row.state,
            "is_sale": row.is_sale,
        }


def _excluded(shop: Shop, *, pepper: bytes | None) -> Iterable[Row]:
    for value in shop.excluded_addresses:
        local, _, domain = value.rpartition("@")
        if not local:
            yield {"address_kind": "domain", "address_value": domain}
            continue
        key = pepper or pepper_of(shop, home_of(shop.id))
        yield {"address_kind": "email_hash", "address_value": keys.email_hash(value, pepper=key)}


def _campaigns(shop: Shop) -> Iterable[Row]:
    for campaign in shop.campaigns:
        yield {
            "campaign_key": campaign.key,
            "campaign_version": campaign.version,
            "segment_key": campaign.segment,
            **campaign.model_dump(
                include={
                    "channel", "purpose", "owner", "is_active", "recovery_window_days",
                    "eligibility_hours", "salt", "holds_open_inquiry", "lead_days", "from_amount",
                    "amount_basis",
                }
            ),
            "starts_at": _utc(campaign.starts_at),
            "ends_at": _utc(campaign.ends_at),
        }  # fmt: skip


def _steps(shop: Shop) -> Iterable[Row]:
    for campaign in shop.campaigns:
        for step in campaign.steps:
            yield {
                "campaign_key": campaign.key,
                "campaign_version": campaign.version,
                "step_number": step.number,
                "template_ref": step.template,
                **step.model_dump(exclude={"number", "template"}),
            }


def _arms(shop: Shop) -> Iterable[Row]:
    for campaign in shop.campaigns:
        for order, arm in enumerate(campaign.arms, start=1):
            yield {
                "campaign_key": campaign.key,
                "campaign_version": campaign.version,
                "arm_key": arm.key,
                "arm_order": order,
                "template_ref": arm.template,
                **arm.model_dump(exclude={"key", "template"}),
            }
