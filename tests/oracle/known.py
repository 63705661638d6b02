"""What is known of a shop at a run: the newest version of each row, dated before `as_of`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

# Table → its key and the column that dates its fact, if a fact has a date at all.
TABLES: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "customers": (("customer_id",), None),
    "customer_identifiers": (("id_type", "id_value"), None),
    "excluded_addresses": (("address_kind", "address_value"), None),
    "consents": (("consent_id",), "occurred_at"),
    "suppressions": (("suppression_id",), "started_at"),
    "products": (("product_id",), None),
    "product_variants": (("variant_id",), None),
    "categories": (("category_id",), None),
    "product_tags": (("product_id", "tag"), None),
    "product_categories": (("product_id", "category_id"), None),
    "product_relations": (("product_id", "related_id", "relation_kind"), None),
    "product_reviews": (("review_id",), "reviewed_at"),
    "inquiries": (("inquiry_id",), "opened_at"),
    "favourites": (("favourite_id",), "added_at"),
    "orders": (("order_id",), "ordered_at"),
    "order_items": (("order_item_id",), None),
    "refunds": (("refund_id",), "refunded_at"),
    "carts": (("cart_id",), "last_activity_at"),
    "cart_observations": (("cart_id", "observed_at"), "observed_at"),
    "cart_items": (("cart_id", "observed_at", "line_no"), "observed_at"),
    "events": (("event_id",), "occurred_at"),
    "campaigns": (("campaign_key", "campaign_version"), None),
    "campaign_steps": (("campaign_key", "campaign_version", "step_number"), None),
    "campaign_arms": (("campaign_key", "campaign_version", "arm_key"), None),
    "export_batches": (("export_batch_id",), "created_at"),
    "export_claims": (("export_batch_id", "claim_no"), "claimed_at"),
    "export_gated": (("program", "occurrence_key", "person_key"), "first_at"),
    "arm_records": (
        ("campaign_key", "campaign_version", "occurrence_key", "person_key"),
        "recorded_at",
    ),
    "mail_events": (("provider", "event_key"), "occurred_at"),
    "mail_results_summary": (("provider", "provider_campaign_id", "as_of_at"), None),
    "capabilities": (("source_key", "entity"), None),
    "source_batches": (("landed_batch_id", "entity"), None),
    "shop_thresholds": (("threshold_key",), None),
    "motivation_weights": (("weight_key",), None),
}
# `shop.yml` says nothing: the defaults of the definitions.
THRESHOLDS = {
    "cart_idle_minutes": 60,
    "cart_expiry_days": 30,
    "session_gap_minutes": 30,
    "recovery_window_days": 7,
    "eligibility_hours": 24,
    "max_accounts_per_email": 10,
    "loyal_order_count": 5,
    "motivation_low": 10,
    "motivation_high": 25,
    "hesitating_below_order_count": 2,
    "look_back_months": 3,
    "new_days": 14,
    "coupon_gap_days": 90,
    "hide_below": 5,
    "small_n": 30,
    "smallest_effect_bp": 100,
    "planned_persons_per_arm": 0,
    "interval_horizon_days": 365,
    "status_is_fixed": 0,
    "status_slowing_days": 90,
    "status_at_risk_days": 180,
    "status_dormant_days": 365,
    "catch_up_days": 3,
    "winback_months": 3,
    # No days of its own: the shop's median.
    "second_purchase_days": 0,
}
SALES = {"placed", "paid", "shipped", "completed", "partially_refunded"}


class Row(dict[str, object]):
    """A landed row: a column nobody filled is not known."""

    def __missing__(self, column: str) -> None:
        return None


@dataclass
class Known:
    """One shop as one run knows it."""

    shop_id: str
    zone: str
    as_of: datetime
    known_at: datetime
    currency: str
    revenue_measure: str
    # Monday is 1.
    week_start: int = 1
    history_from_on: date | None = None
    # What else the shop file says of the shop.
    facts: Row = field(default_factory=Row)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    # The same with every version of a row that is known.
    versions: dict[str, list[Row]] = field(default_factory=dict)

    def __getitem__(self, table: str) -> list[Row]:
        return self.tables.get(table, [])

    @cached_property
    def settings(self) -> dict[str, int]:
        """Thresholds: the shop's own, else the defaults."""
        own = {
            str(r["threshold_key"]): int(str(r["threshold_value"])) for r in self["shop_thresholds"]
        }
        return THRESHOLDS | own

    def on(self, instant: datetime) -> date:
        """Calendar date of an instant in the shop's zone."""
        day = self._days.get(instant)
        if day is None:
            day = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).date()
            self._days[instant] = day
        return day

    def day_end(self, day: date) -> datetime:
        """First instant after a day of the shop's zone, UTC."""
        return self.day_start(day + timedelta(days=1))

    def day_start(self, day: date) -> datetime:
        """First instant of a day of the shop's zone, UTC."""
        return day_start(self.zone, day)

    @cached_property
    def _days(self) -> dict[datetime, date]:
        """Dates asked for before."""
        return {}

    @property
    def as_of_on(self) -> date:
        """Date of the run."""
        return self.on(self.as_of)


def day_start(zone: str, day: date) -> datetime:
    """First instant of a day of a zone, UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return start.astimezone(UTC).replace(tzinfo=None)


def known(
    shop: Mapping[str, object],
    tables: Mapping[str, Iterable[Mapping[str, object]]],
    *,
    as_of: datetime,
    known_at: datetime,
    loaded_at: datetime,
) -> Known:
    """Newest landed versions of every row, loaded up to `known_at`, dated before `as_of`.

    `loaded_at` is when a row was landed that does not say so itself.
    """
    found = Known(
        str(shop["shop_id"]), str(shop["timezone"]), as_of, known_at,
        str(shop["currency"]), str(shop["revenue_measure"]),
        int(str(shop["week_start"])), shop["history_from_on"], Row(shop),
    )  # fmt: skip
    for name, (key, dated_by) in TABLES.items():
        newest: dict[tuple[object, ...], tuple[datetime, int, Row]] = {}
        found.versions[name] = []
        for number, given in enumerate(tables.get(name, ())):
            row = Row(given)
            version = (row["loaded_at"] or loaded_at, number)
            if version[0] > known_at:
                continue
            found.versions[name].append(row)
            if name == "carts" and row["last_activity_at"] >= as_of:
                continue
            place = tuple(row[column] for column in key)
            if place not in newest or newest[place][:2] <= version:
                newest[place] = (*version, row)
        rows = [row for *_, row in newest.values()]
        found.tables[name] = [row for row in rows if dated_by is None or row[dated_by] < as_of]
    return found


def money(value: object) -> Decimal | None:
    """An amount as it is, or unknown."""
    return None if value is None else Decimal(str(value))
