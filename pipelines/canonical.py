"""The canonical shop tables: what every source is mapped to before anything else looks at it.

Source: the canonical model. dbt reads these tables and nothing of a source's own names; landing
writes them, contracts judge them. `person_id`, `is_sale` and the like are derived in dbt and stand
in no table here. This file is long because it is the data dictionary: one line per column.
Run as a module it prints docs/canonical.md.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

TEXT: Final = pl.String()
BOOL: Final = pl.Boolean()
COUNT: Final = pl.Int64()
SMALL: Final = pl.Int16()
DATE: Final = pl.Date()
# UTC without zone, microseconds: the one form of an instant at rest.
INSTANT: Final = pl.Datetime("us")
MONEY: Final = pl.Decimal(18, 4)
QUANTITY: Final = pl.Decimal(12, 3)
RATE: Final = pl.Decimal(6, 4)
EXCHANGE: Final = pl.Decimal(18, 8)


@dataclass(frozen=True)
class Column:
    """One column: `required` means never null, `allowed` lists the only values an enum may hold."""

    name: str
    dtype: pl.DataType
    required: bool = False
    pii: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One canonical table. `key` is unique within a shop; `at` is the instant that partitions it."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    at: str | None = None
    # Written by the program itself (settings, run, batches): no mapping may fill it.
    internal: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order, without the tail."""
        return tuple(column.name for column in self.columns)

    @property
    def instants(self) -> tuple[str, ...]:
        """Columns `x_at` that have their calendar date `x_on` beside them, filled at landing."""
        names = set(self.names)
        return tuple(n for n in self.names if n.endswith("_at") and f"{n[:-3]}_on" in names)

    @property
    def mapped(self) -> tuple[Column, ...]:
        """What a mapping may fill: everything except what landing computes."""
        computed = {f"{n[:-3]}_on" for n in self.instants} | COMPUTED
        return tuple(c for c in self.columns if c.name not in computed)

    @property
    def schema(self) -> pl.Schema:
        """Schema of a landed file: the columns, then the tail."""
        return pl.Schema({c.name: c.dtype for c in (*self.columns, *TAIL)})


# Filled at landing from other columns of the row, never by a mapping.
COMPUTED: Final = frozenset({"shop_id", "email_key", "email_hash", "person_key", "phone_hash"})

TAIL: Final = (
    Column("source", TEXT, required=True),
    Column("source_record_id", TEXT),
    Column("source_updated_at", INSTANT),
    Column("loaded_at", INSTANT, required=True),
    Column("batch_id", TEXT, required=True),
    Column("row_no", COUNT),
    Column("row_hash", TEXT, required=True),
)


def _c(name: str, dtype: pl.DataType, *allowed: str, pii: bool = False) -> Column:
    return Column(name, dtype, required=True, pii=pii, allowed=allowed)


def _n(name: str, dtype: pl.DataType, *allowed: str, pii: bool = False) -> Column:
    return Column(name, dtype, pii=pii, allowed=allowed)


_SHOP: Final = _c("shop_id", TEXT)
CHANNELS: Final = ("email", "sms", "line", "push", "post")

EVENT_NAMES: Final = (
    "Product Viewed", "Product Image Viewed", "Product List Viewed", "Products Searched",
    "Product Added to Wishlist", "Product Removed from Wishlist", "Product Added",
    "Product Removed", "Cart Viewed", "Checkout Started", "Checkout Step Completed",
    "Payment Info Entered", "Payment Failed", "Order Completed", "Order Refunded",
    "Order Cancelled", "Product Reviewed", "Signed Up", "Signed In", "Experiment Viewed",
    "Form Error", "Page Viewed", "unknown",
)  # fmt: skip

ORDER_STATES: Final = (
    "draft", "placed", "paid", "shipped", "completed", "cancelled", "returned",
    "partially_refunded", "refunded", "failed", "unknown",
)  # fmt: skip

MAIL_EVENT_TYPES: Final = (
    "queued", "sent", "delivered", "deferred", "dropped", "hard_bounce", "soft_bounce", "block",
    "open", "click", "complaint", "unsubscribe", "resubscribe", "unknown",
)  # fmt: skip

# --- people -------------------------------------------------------------------------------------

CUSTOMERS: Final = Table("customers", ("customer_id",), (
    _SHOP,
    _c("customer_id", TEXT),
    _n("person_key", TEXT),
    _c("is_member", BOOL),
    # Made up from another entity (a buyer in an order file): any row of a member file beats it.
    _c("is_derived", BOOL),
    _c("member_state", TEXT, "provisional", "active", "withdrawn", "guest", "unknown"),
    _n("registered_at", INSTANT),
    _n("registered_on", DATE),
    _n("email", TEXT, pii=True),
    _n("email_key", TEXT, pii=True),
    _n("email_hash", TEXT),
    _n("phone_raw", TEXT, pii=True),
    _n("last_name", TEXT, pii=True),
    _n("first_name", TEXT, pii=True),
    _n("last_name_kana", TEXT, pii=True),
    _n("first_name_kana", TEXT, pii=True),
    _n("company", TEXT, pii=True),
    _n("name_full", TEXT, pii=True),
    _n("postal_code", TEXT, pii=True),
    _n("country_code", TEXT),
    _n("prefecture", TEXT),
    _n("city", TEXT, pii=True),
    _n("address_line", TEXT, pii=True),
    _n("birth_year", SMALL),
    _n("birth_month", SMALL),
    _n("birth_day", SMALL),
    _n("sex", TEXT, "male", "female", "other", "no_answer", "unknown"),
    _n("last_login_at", INSTANT),
    _n("last_login_on", DATE),
    _n("source_order_count", COUNT),
    _n("source_spent_amount", MONEY),
    _n("points_balance", MONEY),
    _n("points_expire_on", DATE),
    _n("customer_rank", TEXT),
    _n("locale", TEXT),
    _n("deleted_at", INSTANT),
))  # fmt: skip

CUSTOMER_IDENTIFIERS: Final = Table("customer_identifiers", ("id_type", "id_value"), (
    _SHOP,
    _c("id_type", TEXT, "customer_id", "email_hash", "user_id", "anonymous_id",
       "ga_user_pseudo_id", "cart_key", "checkout_token", "phone_hash"),
    _c("id_value", TEXT),
    _c("customer_id", TEXT),
    _n("first_linked_at", INSTANT),
    _n("last_linked_at", INSTANT),
    _c("link_basis", TEXT, "login", "order", "checkout", "mail_click", "import"),
))  # fmt: skip

CONSENTS: Final = Table("consents", ("consent_id",), (
    _SHOP,
    _c("consent_id", TEXT),
    _n("customer_id", TEXT),
    _n("email", TEXT, pii=True),
    _n("email_key", TEXT, pii=True),
    _n("email_hash", TEXT),
    _c("channel", TEXT, *CHANNELS),
    _c("purpose", TEXT, "marketing", "cart_reminder", "profiling"),
    _c("consent_state", TEXT, "granted", "denied", "pending_double_opt_in", "unknown"),
    _c("occurred_at", INSTANT),
    _c("occurred_on", DATE),
    _c("basis", TEXT, "form", "checkout", "double_opt_in", "import", "observed", "written",
       "business_relation", "one_click_unsubscribe"),
    _n("wording_version", TEXT),
    _n("evidence_ref", TEXT),
    _n("collected_via", TEXT),
    _n("retain_until_on", DATE),
), at="occurred_at")  # fmt: skip

SUPPRESSIONS: Final = Table("suppressions", ("suppression_id",), (
    _SHOP,
    _c("suppression_id", TEXT),
    _n("email", TEXT, pii=True),
    _n("email_key", TEXT, pii=True),
    _n("email_hash", TEXT),
    _n("customer_id", TEXT),
    _c("channel", TEXT, *CHANNELS),
    _c("reason", TEXT, "hard_bounce", "complaint", "unsubscribe", "manual", "withdrawn_member",
       "erased", "soft_bounce_repeated", "legal"),
    _c("scope", TEXT),
    _c("started_at", INSTANT),
    _c("started_on", DATE),
    _n("ended_at", INSTANT),
    _n("evidence_event_id", TEXT),
    _n("note", TEXT),
), at="started_at")  # fmt: skip

INQUIRIES: Final = Table("inquiries", ("inquiry_id",), (
    _SHOP,
    _c("inquiry_id", TEXT),
    _n("customer_id", TEXT),
    _n("order_id", TEXT),
    _c("channel", TEXT, "form", "mail", "phone", "chat", "unknown"),
    _n("topic", TEXT),
    _c("opened_at", INSTANT),
    _c("opened_on", DATE),
    _n("closed_at", INSTANT),
    _n("sentiment", TEXT),
), at="opened_at")  # fmt: skip

# --- catalogue ----------------------------------------------------------------------------------

PRODUCTS: Final = Table("products", ("product_id",), (
    _SHOP,
    _c("product_id", TEXT),
    _n("product_code", TEXT),
    _c("product_name", TEXT),
    _n("brand", TEXT),
    _n("description_short", TEXT),
    _n("primary_category_id", TEXT),
    _n("url", TEXT),
    _n("image_url", TEXT),
    _n("price_amount", MONEY),
    _n("list_price_amount", MONEY),
    _c("product_state", TEXT, "published", "hidden", "discontinued", "unknown"),
    _n("stock_quantity", QUANTITY),
    _c("stock_policy", TEXT, "tracked", "unlimited", "unknown"),
    _n("first_published_on", DATE),
    _n("created_at", INSTANT),
    _n("stock_observed_at", INSTANT),
    _n("deleted_at", INSTANT),
))  # fmt: skip

PRODUCT_VARIANTS: Final = Table("product_variants", ("variant_id",), (
    _SHOP,
    _c("variant_id", TEXT),
    _c("product_id", TEXT),
    _n("sku", TEXT),
    _n("barcode", TEXT),
    _n("option1", TEXT),
    _n("option2", TEXT),
    _n("option3", TEXT),
    _n("price_amount", MONEY),
    _n("list_price_amount", MONEY),
    _n("cost_amount", MONEY),
    _n("stock_quantity", QUANTITY),
    _c("stock_policy", TEXT, "tracked", "unlimited", "unknown"),
    _c("variant_state", TEXT, "published", "hidden", "discontinued", "unknown"),
    _n("image_url", TEXT),
))  # fmt: skip

CATEGORIES: Final = Table("categories", ("category_id",), (
    _SHOP,
    _c("category_id", TEXT),
    _n("parent_id", TEXT),
    _c("category_name", TEXT),
    _n("category_level", SMALL),
    _n("sort_order", COUNT),
    _n("path", TEXT),
    _n("guide_url", TEXT),
))  # fmt: skip

PRODUCT_CATEGORIES: Final = Table("product_categories", ("product_id", "category_id"), (
    _SHOP, _c("product_id", TEXT), _c("category_id", TEXT),
))  # fmt: skip

PRODUCT_TAGS: Final = Table("product_tags", ("product_id", "tag"), (
    _SHOP, _c("product_id", TEXT), _c("tag", TEXT),
))  # fmt: skip

PRODUCT_RELATIONS: Final = Table("product_relations", ("product_id", "related_id", "relation_kind"), (
    _SHOP,
    _c("product_id", TEXT),
    _c("related_id", TEXT),
    _c("relation_kind", TEXT, "coordinate", "similar", "accessory"),
    _n("relation_rank", COUNT),
))  # fmt: skip

PRODUCT_REVIEWS: Final = Table("product_reviews", ("review_id",), (
    _SHOP,
    _c("review_id", TEXT),
    _c("product_id", TEXT),
    _n("customer_id", TEXT),
    _n("order_id", TEXT),
    _n("rating", SMALL),
    _c("reviewed_at", INSTANT),
    _c("reviewed_on", DATE),
), at="reviewed_at")  # fmt: skip

# --- orders -------------------------------------------------------------------------------------

ORDERS: Final = Table("orders", ("order_id",), (
    _SHOP,
    _c("order_id", TEXT),
    _n("order_number", TEXT),
    _n("customer_id", TEXT),
    _c("is_guest", BOOL),
    _n("email", TEXT, pii=True),
    _n("email_key", TEXT, pii=True),
    _n("email_hash", TEXT),
    _c("ordered_at", INSTANT),
    _c("ordered_on", DATE),
    _c("ordered_precision", TEXT, "instant", "day"),
    _n("paid_at", INSTANT),
    _n("shipped_at", INSTANT),
    _n("delivered_at", INSTANT),
    _n("cancelled_at", INSTANT),
    _c("source_status", TEXT),
    _c("currency", TEXT),
    _n("goods_amount", MONEY),
    _n("discount_amount", MONEY),
    _n("points_used_amount", MONEY),
    _n("shipping_amount", MONEY),
    _n("fee_amount", MONEY),
    _n("tax_amount", MONEY),
    _n("wrapping_amount", MONEY),
    _n("total_amount", MONEY),
    _n("paid_amount", MONEY),
    _c("refunded_amount", MONEY),
    _n("original_currency", TEXT),
    _n("original_total_amount", MONEY),
    _n("prices_include_tax", BOOL),
    _n("payment_method", TEXT),
    _n("shipping_method", TEXT),
    _n("device", TEXT),
    _n("sales_channel", TEXT),
    _n("coupon_codes", TEXT),
    _n("cart_id", TEXT),
    _n("checkout_token", TEXT),
    _n("landing_campaign", TEXT),
    _n("export_token", TEXT),
), at="ordered_at")  # fmt: skip

ORDER_ITEMS: Final = Table("order_items", ("order_item_id",), (
    _SHOP,
    _c("order_item_id", TEXT),
    _c("order_id", TEXT),
    _c("line_no", COUNT),
    _n("product_id", TEXT),
    _n("variant_id", TEXT),
    _n("sku", TEXT),
    _c("product_name", TEXT),
    _n("category_id", TEXT),
    _c("quantity", QUANTITY),
    _n("unit_amount", MONEY),
    _n("discount_amount", MONEY),
    _n("line_amount", MONEY),
    _n("tax_rate", RATE),
    _c("is_gift", BOOL),
    _c("is_free", BOOL),
    _c("refunded_quantity", QUANTITY),
    _c("refunded_amount", MONEY),
))  # fmt: skip

ORDER_ADJUSTMENTS: Final = Table("order_adjustments", ("order_id", "adjustment_no"), (
    _SHOP,
    _c("order_id", TEXT),
    _c("adjustment_no", COUNT),
    _c("adjustment_kind", TEXT, "shipping", "fee", "discount", "coupon", "points", "tax", "wrapping"),
    _c("adjustment_amount", MONEY),
    _n("code", TEXT),
    _n("label", TEXT),
))  # fmt: skip

ORDER_STATUS_EVENTS: Final = Table("order_status_events", ("order_id", "occurred_at", "to_status"), (
    _SHOP,
    _c("order_id", TEXT),
    _c("occurred_at", INSTANT),
    _c("occurred_on", DATE),
    _n("from_status", TEXT),
    _c("to_status", TEXT),
    _c("basis", TEXT, "source", "snapshot"),
), at="occurred_at")  # fmt: skip

REFUNDS: Final = Table("refunds", ("refund_id",), (
    _SHOP,
    _c("refund_id", TEXT),
    _c("order_id", TEXT),
    _c("refunded_at", INSTANT),
    _c("refunded_on", DATE),
    _c("refund_amount", MONEY),
    _n("goods_amount", MONEY),
    _n("reason", TEXT),
), at="refunded_at")  # fmt: skip

# --- intent -------------------------------------------------------------------------------------

CARTS: Final = Table("carts", ("cart_id",), (
    _SHOP,
    _c("cart_id", TEXT),
    _n("customer_id", TEXT),
    _n("anonymous_id", TEXT),
    _n("email", TEXT, pii=True),
    _n("email_key", TEXT, pii=True),
    _n("email_hash", TEXT),
    _c("cart_kind", TEXT, "cart", "checkout", "derived"),
    _n("created_at", INSTANT),
    _c("last_activity_at", INSTANT),
    _c("last_activity_on", DATE),
    _c("last_activity_precision", TEXT, "instant", "snapshot", "day"),
    _n("checkout_started_at", INSTANT),
    _n("completed_at", INSTANT),
    _n("order_id", TEXT),
    _n("disappeared_at", INSTANT),
    _n("source_state", TEXT),
    _n("items_count", COUNT),
    _n("total_amount", MONEY),
    _n("currency", TEXT),
    _n("recovery_url", TEXT, pii=True),
    _n("source_mail_state", TEXT),
), at="last_activity_at")  # fmt: skip

CART_ITEMS: Final = Table("cart_items", ("cart_id", "observed_at", "line_no"), (
    _SHOP,
    _c("cart_id", TEXT),
    _c("observed_at", INSTANT),
    _c("observed_on", DATE),
    _c("line_no", COUNT),
    _n("product_id", TEXT),
    _n("variant_id", TEXT),
    _n("sku", TEXT),
    _n("product_name", TEXT),
    _c("quantity", QUANTITY),
    _n("unit_amount", MONEY),
    _n("url", TEXT),
    _n("image_url", TEXT),
    _n("added_at", INSTANT),
    _n("removed_at", INSTANT),
), at="observed_at")  # fmt: skip

CART_OBSERVATIONS: Final = Table("cart_observations", ("cart_id", "observed_at"), (
    _SHOP,
    _c("cart_id", TEXT),
    _n("customer_id", TEXT),
    _n("anonymous_id", TEXT),
    _c("observed_at", INSTANT),
    _c("observed_on", DATE),
    _c("items_hash", TEXT),
    _c("items_count", COUNT),
    _n("total_amount", MONEY),
    _c("cart_state", TEXT, "present", "gone", "checkout", "payment"),
), at="observed_at")  # fmt: skip

FAVOURITES: Final = Table("favourites", ("favourite_id",), (
    _SHOP,
    _c("favourite_id", TEXT),
    _n("customer_id", TEXT),
    _n("anonymous_id", TEXT),
    _c("product_id", TEXT),
    _n("variant_id", TEXT),
    _c("added_at", INSTANT),
    _c("added_on", DATE),
    _n("removed_at", INSTANT),
    _n("basis", TEXT),
), at="added_at")  # fmt: skip

EVENTS: Final = Table("events", ("event_id",), (
    _SHOP,
    _c("event_id", TEXT),
    _c("event_name", TEXT, *EVENT_NAMES),
    _c("occurred_at", INSTANT),
    _c("occurred_on", DATE),
    _n("received_at", INSTANT),
    _n("anonymous_id", TEXT),
    _n("customer_id", TEXT),
    _n("source_session_id", TEXT),
    _n("product_id", TEXT),
    _n("variant_id", TEXT),
    _n("sku", TEXT),
    _n("product_name", TEXT),
    _n("category_text", TEXT),
    _n("item_seq", COUNT),
    _n("quantity", QUANTITY),
    _n("price_amount", MONEY),
    _n("value_amount", MONEY),
    _n("currency", TEXT),
    _n("cart_id", TEXT),
    _n("checkout_id", TEXT),
    _n("order_id", TEXT),
    _n("list_id", TEXT),
    _n("query", TEXT),
    _n("coupon_code", TEXT),
    _n("page_url", TEXT),
    _n("referrer", TEXT),
    _n("utm_source", TEXT),
    _n("utm_medium", TEXT),
    _n("utm_campaign", TEXT),
    _n("export_token", TEXT),
    _n("experiment_key", TEXT),
    _n("arm_key", TEXT),
    _n("field_name", TEXT),
    _n("device", TEXT),
    _c("is_bot", BOOL),
), at="occurred_at")  # fmt: skip

# --- mail results and the ledger as it comes back -------------------------------------------------

MAIL_EVENTS: Final = Table("mail_events", ("provider", "event_key"), (
    _SHOP,
    _c("provider", TEXT),
    _c("event_key", TEXT),
    _c("event_type", TEXT, *MAIL_EVENT_TYPES),
    _c("occurred_at", INSTANT),
    _c("occurred_on", DATE),
    _n("recipient_token", TEXT),
    _n("email", TEXT, pii=True),
    _n("email_key", TEXT, pii=True),
    _n("email_hash", TEXT),
    _n("campaign_key", TEXT),
    _n("step_number", COUNT),
    _n("message_id", TEXT),
    _n("link_url", TEXT),
    _n("user_agent", TEXT),
    _n("is_machine", BOOL),
    _n("machine_basis", TEXT, "provider", "ua", "timing", "all_links"),
    _n("bounce_code", TEXT),
    _n("reason", TEXT),
), at="occurred_at")  # fmt: skip

MAIL_RESULTS_SUMMARY: Final = Table("mail_results_summary", ("provider", "provider_campaign_id", "as_of_at"), (
    _SHOP,
    _c("provider", TEXT),
    _c("provider_campaign_id", TEXT),
    _c("as_of_at", INSTANT),
    _c("as_of_on", DATE),
    _n("campaign_key", TEXT),
    _n("step_number", COUNT),
    _n("label", TEXT),
    _n("period_starts_on", DATE),
    _n("period_ends_on", DATE),
    _n("sent_count", COUNT),
    _n("delivered_count", COUNT),
    _n("open_count", COUNT),
    _n("click_count", COUNT),
    _n("bounce_count", COUNT),
    _n("complaint_count", COUNT),
    _n("unsubscribe_count", COUNT),
    _n("orderer_count", COUNT),
    _n("order_count", COUNT),
    _n("recovered_amount", MONEY),
    _n("printed_open_rate", pl.Decimal(18, 8)),
    _n("printed_click_rate", pl.Decimal(18, 8)),
    _n("printed_order_rate", pl.Decimal(18, 8)),
    _n("printed_spend_per_orderer", MONEY),
    _c("summary_basis", TEXT, "file", "api", "typed"),
), at="as_of_at")  # fmt: skip

EXPORT_BATCHES: Final = Table("export_batches", ("export_batch_id",), (
    _SHOP,
    _c("export_batch_id", TEXT),
    _c("program", TEXT),
    _c("campaign_key", TEXT),
    _c("campaign_version", COUNT),
    _c("step_number", COUNT),
    _c("channel", TEXT, *CHANNELS),
    _c("destination", TEXT),
    _c("slot", TEXT),
    _n("snapshot_id", TEXT),
    _c("batch_state", TEXT, "claimed", "sealed", "handing_off", "delivered", "acked", "hold", "void", "expired"),
    _n("sha256", TEXT),
    _n("rows_count", COUNT),
    _n("file_name", TEXT),
    _c("created_at", INSTANT),
    _c("created_on", DATE),
    _n("handed_over_at", INSTANT),
    _n("handed_over_on", DATE),
    _n("expires_at", INSTANT),
), at="created_at")  # fmt: skip

EXPORT_CLAIMS: Final = Table("export_claims", ("export_batch_id", "claim_no"), (
    _SHOP,
    _c("export_batch_id", TEXT),
    _c("claim_no", COUNT),
    _c("occurrence_key", TEXT),
    _c("dedupe_key", TEXT),
    _c("person_key", TEXT),
    _n("email_hash", TEXT),
    _n("recipient_token", TEXT),
    _c("arm_key", TEXT),
    _n("coupon_code", TEXT),
    _n("due_at", INSTANT),
    _c("claim_state", TEXT, "claimed", "suppressed", "released", "held_out"),
    _n("reason_code", TEXT),
    _c("claimed_at", INSTANT),
    _c("claimed_on", DATE),
), at="claimed_at")  # fmt: skip

ARM_RECORDS: Final = Table("arm_records", ("campaign_key", "campaign_version", "occurrence_key", "person_key"), (
    _SHOP,
    _c("campaign_key", TEXT),
    _c("campaign_version", COUNT),
    _c("occurrence_key", TEXT),
    _c("person_key", TEXT),
    _n("email_hash", TEXT),
    _c("arm_key", TEXT),
    _c("eligible_at", INSTANT),
    _c("eligible_on", DATE),
    _c("recorded_at", INSTANT),
), at="eligible_at")  # fmt: skip

EXPORT_GATED: Final = Table("export_gated", ("program", "occurrence_key", "person_key"), (
    _SHOP,
    _c("program", TEXT),
    _c("campaign_key", TEXT),
    _c("campaign_version", COUNT),
    _c("step_number", COUNT),
    _c("occurrence_key", TEXT),
    _c("person_key", TEXT),
    _n("email_hash", TEXT),
    _c("reason_code", TEXT),
    _c("first_at", INSTANT),
    _c("first_on", DATE),
    _c("last_at", INSTANT),
), at="first_at")  # fmt: skip

# --- settings and the run: written by the program from shop.yml -----------------------------------

SHOPS: Final = Table("shops", ("shop_id",), (
    _SHOP,
    _c("shop_name", TEXT),
    _c("timezone", TEXT),
    _c("currency", TEXT),
    _c("locale", TEXT, "ja", "en"),
    _c("revenue_measure", TEXT, "goods", "total", "paid"),
    _c("week_start", SMALL),
    _n("base_url", TEXT),
    _n("cart_url", TEXT),
    _n("sender_name", TEXT),
    _n("sender_address", TEXT),
    _n("stop_url", TEXT),
    _n("complaint_contact", TEXT),
    _n("ships_within_hours", COUNT),
    _n("warranty_months", COUNT),
    _n("shipping_fee_amount", MONEY),
    _n("free_shipping_from_amount", MONEY),
    _n("history_from_on", DATE),
    _c("is_demo", BOOL),
), internal=True)  # fmt: skip

# One row per shop and setting, values as whole numbers: dbt pivots it once, in int_run__settings.
SHOP_THRESHOLDS: Final = Table("shop_thresholds", ("threshold_key",), (
    _SHOP, _c("threshold_key", TEXT), _c("threshold_value", COUNT),
), internal=True)  # fmt: skip

SHOP_DAYS: Final = Table("shop_days", ("day_on",), (
    _SHOP, _c("day_on", DATE), _c("starts_at", INSTANT), _c("ends_at", INSTANT),
), internal=True)  # fmt: skip

EXCHANGE_RATES: Final = Table("exchange_rates", ("day_on", "currency"), (
    _SHOP, _c("day_on", DATE), _c("currency", TEXT), _c("exchange_rate", EXCHANGE),
), internal=True)  # fmt: skip

ORDER_STATUS_MAP: Final = Table("order_status_map", ("source_key", "source_status"), (
    _SHOP,
    _c("source_key", TEXT),
    _c("source_status", TEXT),
    _c("order_state", TEXT, *ORDER_STATES),
    _c("is_sale", BOOL),
), internal=True)  # fmt: skip

EXCLUDED_ADDRESSES: Final = Table("excluded_addresses", ("address_kind", "address_value"), (
    _SHOP, _c("address_kind", TEXT, "email_hash", "domain"), _c("address_value", TEXT),
), internal=True)  # fmt: skip

CAMPAIGNS: Final = Table("campaigns", ("campaign_key", "campaign_version"), (
    _SHOP,
    _c("campaign_key", TEXT),
    _c("campaign_version", COUNT),
    _c("segment_key", TEXT),
    _c("channel", TEXT, *CHANNELS),
    _c("purpose", TEXT, "marketing", "cart_reminder"),
    _n("owner", TEXT),
    _c("is_active", BOOL),
    _n("starts_at", INSTANT),
    _n("ends_at", INSTANT),
    _c("recovery_window_days", COUNT),
    _c("eligibility_hours", COUNT),
    _c("salt", TEXT),
    _c("holds_open_inquiry", BOOL),
    _n("lead_days", COUNT),
    _n("from_amount", MONEY),
    _n("amount_basis", TEXT, "lifetime", "rolling_365d", "single_order"),
), internal=True)  # fmt: skip

CAMPAIGN_STEPS: Final = Table("campaign_steps", ("campaign_key", "campaign_version", "step_number"), (
    _SHOP,
    _c("campaign_key", TEXT),
    _c("campaign_version", COUNT),
    _c("step_number", COUNT),
    _c("delay_minutes", COUNT),
    _c("measured_from", TEXT),
    _c("validity_hours", COUNT),
    _c("cool_down_hours", COUNT),
    _n("template_ref", TEXT),
), internal=True)  # fmt: skip

CAMPAIGN_ARMS: Final = Table("campaign_arms", ("campaign_key", "campaign_version", "arm_key"), (
    _SHOP,
    _c("campaign_key", TEXT),
    _c("campaign_version", COUNT),
    _c("arm_key", TEXT),
    _c("arm_order", COUNT),
    _c("share_bp", COUNT),
    _c("is_holdout", BOOL),
    _n("delay_minutes", COUNT),
    _n("template_ref", TEXT),
    _n("coupon_pool", TEXT),
), internal=True)  # fmt: skip

MOTIVATION_WEIGHTS: Final = Table("motivation_weights", ("weight_key",), (
    _SHOP, _c("weight_key", TEXT), _c("points", COUNT), _c("daily_cap", COUNT),
), internal=True)  # fmt: skip

CAPABILITIES: Final = Table("capabilities", ("source_key", "entity"), (
    _SHOP,
    _c("source_key", TEXT),
    _c("entity", TEXT),
    _c("support", TEXT, "full", "snapshot", "partial", "none"),
    _n("basis", TEXT),
    _n("zone", TEXT),
    _n("history_from_on", DATE),
    _n("latest_data_at", INSTANT),
), internal=True)  # fmt: skip

RUNS: Final = Table("runs", ("run_id",), (
    _SHOP,
    _c("run_id", TEXT),
    _c("as_of_at", INSTANT),
    _c("as_of_on", DATE),
    _c("known_at", INSTANT),
    _c("settings_version", TEXT),
    _c("code_version", TEXT),
), internal=True)  # fmt: skip

# One row per published build: what the restatement log holds the next one against.
PUBLICATIONS: Final = Table("publications", ("publication_no",), (
    _SHOP,
    _c("publication_no", COUNT),
    _c("run_id", TEXT),
    _c("as_of_at", INSTANT),
    _c("known_at", INSTANT),
    _c("settings_version", TEXT),
    _c("code_version", TEXT),
), internal=True)  # fmt: skip

# A figure as a publication first showed it; null: not known, or its row is gone.
PUBLISHED_CELLS: Final = Table(
    "published_cells",
    ("publication_no", "report_key", "key_columns", "cell_key", "column_name"), (
    _SHOP,
    _c("publication_no", COUNT),
    _c("report_key", TEXT),
    _c("key_columns", TEXT),
    _c("cell_key", TEXT),
    _c("column_name", TEXT),
    _c("cell_month", DATE),
    _n("cell_value", MONEY),
), internal=True)  # fmt: skip

# A month as the shop's own screen says, typed or from its file: to be held against ours, never
# counted. `screen_month_on` is the month's first day, `seen_at` when the screen was read.
SHOP_SCREEN_MONTHS: Final = Table("shop_screen_months", ("screen_month_on",), (
    _SHOP,
    _c("screen_month_on", DATE),
    _n("order_count", COUNT),
    _n("order_amount", MONEY),
    _c("seen_at", INSTANT),
))  # fmt: skip

SOURCE_BATCHES: Final = Table("source_batches", ("landed_batch_id", "entity"), (
    _SHOP,
    _c("landed_batch_id", TEXT),
    _c("source_key", TEXT),
    _c("entity", TEXT),
    _n("file_name", TEXT),
    _n("file_sha256", TEXT),
    _n("file_bytes", COUNT),
    _n("encoding", TEXT),
    _c("rows_read", COUNT),
    _c("rows_landed", COUNT),
    _c("rows_rejected", COUNT),
    _c("rows_duplicate", COUNT),
    _n("window_from_at", INSTANT),
    _n("window_to_at", INSTANT),
    _c("batch_state", TEXT, "ok", "partial", "failed"),
), internal=True)  # fmt: skip

REJECTS: Final = Table("rejects", ("landed_batch_id", "entity", "reject_no"), (
    _SHOP,
    _c("landed_batch_id", TEXT),
    _c("entity", TEXT),
    _c("reject_no", COUNT),
    _n("rejected_row_no", COUNT),
    _c("reason_code", TEXT),
    _n("column_name", TEXT),
    _n("value_masked", TEXT),
), internal=True)  # fmt: skip

TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        CUSTOMERS, CUSTOMER_IDENTIFIERS, CONSENTS, SUPPRESSIONS, INQUIRIES, PRODUCTS,
        PRODUCT_VARIANTS, CATEGORIES, PRODUCT_CATEGORIES, PRODUCT_TAGS, PRODUCT_RELATIONS,
        PRODUCT_REVIEWS, ORDERS, ORDER_ITEMS, ORDER_ADJUSTMENTS, ORDER_STATUS_EVENTS, REFUNDS,
        CARTS, CART_ITEMS, CART_OBSERVATIONS, FAVOURITES, EVENTS, MAIL_EVENTS,
        MAIL_RESULTS_SUMMARY, EXPORT_BATCHES, EXPORT_CLAIMS, ARM_RECORDS, EXPORT_GATED, SHOPS,
        SHOP_THRESHOLDS, SHOP_DAYS, EXCHANGE_RATES, ORDER_STATUS_MAP, EXCLUDED_ADDRESSES,
        CAMPAIGNS, CAMPAIGN_STEPS, CAMPAIGN_ARMS, MOTIVATION_WEIGHTS, CAPABILITIES, RUNS,
        PUBLICATIONS, PUBLISHED_CELLS, SHOP_SCREEN_MONTHS, SOURCE_BATCHES, REJECTS,
    )
}  # fmt: skip


def fillable(table: Table) -> tuple[Column, ...]:
    """Columns a mapping may fill: hashes too, where the table has nothing to compute them from."""
    names = set(table.names)
    origin = {"email_hash": "email", "person_key": "customer_id"}
    given = {name for name, source in origin.items() if source not in names}
    computed = {c.name for c in table.columns} - {c.name for c in table.mapped} - given
    return tuple(c for c in table.columns if c.name not in computed)


_HEAD: Final = """# Canonical tables

Generated: `python -m pipelines.canonical > docs/canonical.md`. What a [mapping file](mappings.md) may fill.
**Bold** columns are required: never empty, and every mapping of the table fills them. All others are NULL
where a source does not know them; 0 means zero. Keys are unique within a shop.
Landing adds the rest: `shop_id`, the date `x_on` beside every `x_at`, `email_key`, `email_hash`, `person_key`.
Any table may also have `source_record_id` (text) and `source_updated_at` (instant, which of two versions of a
row is the newer).
"""


def _kind(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return "money" if dtype == MONEY else f"decimal({dtype.precision}, {dtype.scale})"
    words = {TEXT: "text", BOOL: "boolean", DATE: "date", INSTANT: "instant"}
    return words.get(dtype, "whole number")


def _page(table: Table) -> str:
    rows = []
    for column in fillable(table):
        name = f"**`{column.name}`**" if column.required else f"`{column.name}`"
        allowed = ", ".join(f"`{value}`" for value in column.allowed)
        rows.append(f"| {name} | {_kind(column.dtype)} | {allowed} |")
    key = ", ".join(f"`{name}`" for name in table.key)
    return "\n".join(
        [
            "",
            f"## {table.name}",
            "",
            f"Key: {key}",
            "",
            "| Column | Type | Values |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def manual() -> str:
    """The text of docs/canonical.md: every table a mapping may fill."""
    return _HEAD + "".join(_page(table) for table in TABLES.values() if not table.internal)


if __name__ == "__main__":
    print(manual(), end="")
