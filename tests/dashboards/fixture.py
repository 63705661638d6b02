"""Published shops for the pages: a large one, one without carts, one with totals only, a small one.

Long: one function per mart, each a literal of what its contract promises.

The figures of the mail table are the article's (definitions 5): 1,020 and 614 messages.
"""

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import polars as pl
import yaml

from pipelines.publish import publish
from pipelines.settings import DBT_PROJECT, Home
from tests.dashboards.one_person_rows import timeline
from tests.publishing import PRIVATE, ModelSpec, RunStub, ShopStub, manifest_of, write_build

AS_OF = dt.datetime(2026, 11, 19, 21, 5, tzinfo=dt.UTC)  # 2026/11/20 06:05 in Tokyo
PERIODS = ("trailing_3", "trailing_6", "trailing_12", "trailing_24", "all")
MONTHS = [dt.date(2024 + (m // 12), m % 12 + 1, 1) for m in range(11, 35)]  # 2024/12 .. 2026/11
# Carts by state and reason in twelve months, with how many of them ordered within the window.
STATES = [
    ("not_identified", "", 812, 31),
    ("no_address", "", 40, 3),
    ("no_consent", "", 366, 40),
    ("suppressed", "unsubscribed", 96, 8),
    ("suppressed", "hard_bounce", 21, 1),
    ("no_campaign", "", 64, 5),
    ("self_ordered_before_step_1", "", 203, 203),
    ("emptied_before_step_1", "", 88, 0),
    ("gated", "frequency_cap", 55, 4),
    ("gated", "missed", 19, 1),
    ("held_out", "", 110, 6),
    ("not_delivered", "hard_bounce", 14, 0),
    ("recovered", "", 33, 33),
    ("self_ordered_later", "", 48, 48),
    ("open", "", 27, 0),
    ("emptied_later", "", 120, 0),
    ("lost", "", 778, 0),
]


@dataclass(frozen=True)
class Kind:
    """What a shop has. `scale` divides every count."""

    has_carts: bool = True
    has_mail: bool = True
    grain: str = "message"
    scale: int = 1
    is_demo: bool = True


KINDS = {
    "demo": Kind(),
    "no_carts": Kind(has_carts=False, has_mail=False, is_demo=False),
    "totals": Kind(has_carts=False, grain="totals", is_demo=False),
    "small": Kind(scale=60, is_demo=False),
}


def share(period: str, count: int, *, scale: int) -> int:
    """A period's part of a twelve-month count; a month is a twelfth."""
    months = {"trailing_3": 3, "trailing_6": 6, "trailing_12": 12, "trailing_24": 24, "all": 24}
    return count * months.get(period, 1) // 12 // scale


@cache
def metrics_of(name: str) -> dict[str, dict[str, str]]:
    """Column → `config.meta.metric` as the model's own YAML has it."""
    found = {}
    for path in (DBT_PROJECT / "models").rglob(f"{name}.yml"):
        (described,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for column in described["columns"]:
            metric = column.get("config", {}).get("meta", {}).get("metric")
            if metric:
                found[column["name"]] = metric
    return found


@cache
def hidden_of(name: str) -> dict[str, object]:
    """`hide_small` of the model's own YAML, where it has one."""
    for path in (DBT_PROJECT / "models").rglob(f"{name}.yml"):
        (described,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        meta = described.get("config", {}).get("meta", {})
        return {key: value for key, value in meta.items() if key == "hide_small"}
    return {}


def model(name: str, rows: list[dict[str, object]]) -> ModelSpec:
    """One mart of these rows; money as DECIMAL(18,4)."""
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame = frame.with_columns(pl.lit("demo").alias("shop_id"))
    money = [c for c in frame.columns if c.endswith(("_amount", "measure_value", "base_value"))]
    frame = frame.with_columns(
        pl.col(c).cast(pl.Decimal(18, 4)) for c in money if frame[c].dtype != pl.Float64
    )
    metrics = metrics_of(name)
    for column, metric in metrics.items():
        k, n = metric.get("numerator"), metric.get("denominator")
        if {k, n} <= set(frame.columns) and column not in frame.columns:
            rate = pl.when(pl.col(n) > 0).then(pl.col(k) / pl.col(n))
            frame = frame.with_columns(rate.alias(column))
    columns = {c: {"metric": metrics[c]} if c in metrics else {} for c in frame.columns}
    schema = "segments" if name.startswith("seg_") else "marts"
    meta = (
        {"segment": {"title": {"ja": "休眠復帰", "en": "Win-back"}}}
        if schema == "segments"
        else hidden_of(name)
    )
    return ModelSpec(
        name, "select * from given", schema=schema, frame=frame, columns=columns, meta=meta
    )


def waterfall(kind: Kind) -> list[dict[str, object]]:
    """All carts, and those of phones: six tenths of each state; two tenths are written to by text.

    A small shop has one channel.
    """
    channels = (("channel", "email", 8), ("channel", "sms", 2))
    by_channel = channels if kind.scale == 1 else (("channel", "email", 10),)
    rows: list[dict[str, object]] = []
    for period in PERIODS:
        for dimension, value, tenths in (
            ("all", "all", 10),
            ("device", "smartphone", 6),
            *by_channel,
        ):
            counts = [
                share(period, count, scale=kind.scale) * tenths // 10 for _, _, count, _ in STATES
            ]
            rows += [
                {
                    "period_key": period,
                    "campaign_key": "all",
                    "dimension": dimension,
                    "dimension_value": value,
                    "terminal_state": state,
                    "terminal_reason": reason,
                    "state_order": order,
                    "episode_count": count,
                    "ordered_episode_count": min(count, share(period, ordered, scale=kind.scale)),
                    "value_amount": Decimal(count * 11_480),
                    "total_episode_count": sum(counts),
                    "currency": "JPY",
                }
                for order, ((state, reason, _, ordered), count) in enumerate(
                    zip(STATES, counts, strict=True)
                )
            ]
    return rows


def steps(kind: Kind) -> list[dict[str, object]]:
    """The article's two mails and their total, and a few messages still open."""
    base = {
        1: (1020, 1000, 598, 109, 29, 435_096, 12_800, 15_003.31, 0.08),
        2: (614, 614, 307, 25, 4, 467_693, 15_800, 116_923.25, 0.8986),
        0: (1634, 1614, 905, 134, 33, 902_789, 13_400, 27_357.24, 0.4656),
    }
    rows: list[dict[str, object]] = []
    months = () if kind.grain == "totals" else tuple(f"{m:%Y-%m}" for m in MONTHS)
    for period in (*PERIODS, *months):
        for step, (
            sent,
            delivered,
            opens,
            clicks,
            orderers,
            amount,
            median,
            spend,
            top,
        ) in base.items():
            for is_mature in (True, False):
                factor = kind.scale * (1 if is_mature else 40)
                cut = [
                    share(period, n, scale=factor)
                    for n in (sent, delivered, opens, clicks, orderers)
                ]
                rows.append(
                    {
                        "period_key": period,
                        "campaign_key": "cart_recovery",
                        "campaign_version": 1,
                        "step_number": step,
                        "arm_key": "all",
                        "is_mature": is_mature,
                        "report_grain": kind.grain,
                        "channel": "email",
                        "sent_count": cut[0],
                        "delivered_count": cut[1],
                        "opener_count": cut[2],
                        "opener_with_unknown_count": None
                        if kind.grain == "totals"
                        else cut[2] + cut[2] // 9,
                        "clicker_count": cut[3],
                        "clicker_with_unknown_count": None if kind.grain == "totals" else cut[3],
                        "orderer_count": cut[4],
                        "order_count": cut[4],
                        "recovered_amount": Decimal(share(period, amount, scale=factor)),
                        "spend_per_orderer_amount": spend if cut[4] else None,
                        "median_spend_amount": None if kind.grain == "totals" else float(median),
                        "spend_without_outliers_amount": None
                        if kind.grain == "totals"
                        else 15_078.0,
                        "top_order_share": None if kind.grain == "totals" else top,
                        "shop_aov_amount": 9_120.0,
                        "unsubscribe_count": share(period, sent, scale=factor * 250),
                        "complaint_count": share(period, sent, scale=factor * 1000),
                    }
                )
    return rows


def abandonment(kind: Kind) -> list[dict[str, object]]:
    months = [f"{m:%Y-%m}" for m in MONTHS]
    cells = [(key, "all", "all", 1.0) for key in (*PERIODS, *months)]
    cells += [
        (p, d, v, f)
        for p in PERIODS
        for d, v, f in (
            ("member", "member", 0.6),
            ("member", "not_member", 0.4),
            ("device", "smartphone", 0.72),
            ("device", "pc", 0.25),
            ("device", "tablet", 0.03),
            ("value_band", "03_05", 0.4),
            ("value_band", "05_10", 0.35),
            ("value_band", "50_up", 0.25),
        )
    ]
    rows: list[dict[str, object]] = []
    for key, dimension, value, part in cells:
        whole = share(key, 4_200, scale=kind.scale) if key in PERIODS else 350 // kind.scale
        wobble = 1 + 0.06 * ((len(rows) * 7) % 5 - 2) / 2
        opened = int(whole * part)
        closed = int(opened * 0.94)
        rows.append(
            {
                "period_key": key,
                "dimension": dimension,
                "dimension_value": value,
                "opened_count": opened,
                "settled_count": opened,
                "abandoned_count": int(opened * 0.69 * wobble),
                "closed_count": closed,
                "not_ordered_count": int(closed * 0.66 * wobble),
                "is_not_ordered_mature": closed == opened,
                "running_count": 0,
                "abandoned_value_amount": Decimal(opened * 8_000),
                "currency": "JPY",
            }
        )
    return rows


def reach(kind: Kind) -> list[dict[str, object]]:
    stages = {
        "abandoned": 2894,
        "identified": 2082,
        "has_address": 2042,
        "consented": 1676,
        "not_suppressed": 1559,
        "sent": 1020,
        "delivered": 1006,
    }
    return [
        {
            "period_key": period,
            "reach_stage": stage,
            "stage_order": order,
            "episode_count": share(period, count, scale=kind.scale),
            "person_count": share(period, count, scale=kind.scale) * 9 // 10,
        }
        for period in PERIODS
        for order, (stage, count) in enumerate(stages.items())
    ]


def cohorts(kind: Kind) -> list[dict[str, object]]:
    """Months, quarters and pooled rows; the last months have not lived through every period."""
    rows: list[dict[str, object]] = []

    def add(
        grain: str, first: dt.date, size: int, exposed_months: int, *, partial: int = 0
    ) -> None:
        for unit in ("calendar_month", "days_30"):
            for variant, level in (("classic", 0.09), ("cumulative", 0.1), ("on_or_after", 0.3)):
                for number in range(13):
                    is_exposed = number <= exposed_months
                    watched = (
                        size if is_exposed else (partial if number == exposed_months + 1 else 0)
                    )
                    rate = {
                        "classic": level * 0.93**number,
                        "cumulative": 0.36 * (1 - 0.82**number),
                        "on_or_after": level * 0.9**number,
                    }[variant]
                    rows.append(
                        {
                            "cohort_basis": "first_order",
                            "cohort_grain": grain,
                            "cohort_month": first,
                            "period_unit": unit,
                            "variant": variant,
                            "period_number": number,
                            "cohort_person_count": size,
                            "exposed_person_count": watched,
                            "retained_person_count": int(watched * rate),
                            "is_mature": watched == size,
                            "is_partial": 0 < watched < size,
                        }
                    )

    for place, month in enumerate(MONTHS):
        age = len(MONTHS) - 1 - place
        size = (310 + (place * 37) % 90) // kind.scale
        add("month", month, size, age - 1, partial=size // 3)
        if month.month in (1, 4, 7, 10):
            add("quarter", month, size * 3, age - 3, partial=size)
    add("pooled_12", MONTHS[-12], 4_080 // kind.scale, 6, partial=1_800 // kind.scale)
    add("pooled_all", MONTHS[0], 8_200 // kind.scale, 12)
    return rows


def months(kind: Kind) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for place, month in enumerate(MONTHS):
        swell = 1 + 0.02 * place + 0.12 * (month.month in (11, 12))
        orders = int(1_200 * swell) // kind.scale
        new = orders * 52 // 100
        values: dict[str, Decimal] = {
            "revenue": Decimal(orders * 9_120),
            "new_revenue": Decimal(new * 8_200),
            "returning_revenue": Decimal(orders * 9_120 - new * 8_200),
            "orders": Decimal(orders),
            "new_buyers": Decimal(new),
            "returning_buyers": Decimal(orders - new),
        }
        bases = {"abandoned_of_opened": 350 // kind.scale, "unsubscribes": 160 // kind.scale}
        if kind.has_carts:
            values["abandoned_of_opened"] = Decimal((240 + place) // kind.scale)
            values["recovered_amount"] = Decimal(75_000 // kind.scale)
            values["unsubscribes"] = Decimal(6 // kind.scale)
        for key, value in values.items():
            rows.append(
                {
                    "shop_month": month,
                    "measure_key": key,
                    "measure_value": value,
                    "base_value": Decimal(bases[key]) if key in bases else None,
                    "is_mature": month != MONTHS[-1],
                    "previous_change_rate": 0.123 if place else None,
                    "last_year_change_rate": -0.041 if place >= 12 else None,
                    "is_running": month == MONTHS[-1],
                    "is_comparable": orders >= 30 and month != MONTHS[-1],
                    "currency": "JPY",
                }
            )
    return rows


def cart_days(kind: Kind) -> list[dict[str, object]]:
    """A few carts every day: 13 on 19 November, 15, 12, 14 and 16 on the four Thursdays before."""
    today = dt.date(2026, 11, 20)
    return [
        {
            "day_on": today - dt.timedelta(days=back),
            "is_running": back == 0,
            "abandoned_count": (12 + back % 5) // kind.scale,
            "abandoned_value_amount": Decimal((12 + back % 5) // kind.scale * 9_800),
            "usual_day_count": 4,
            "usual_abandoned_count": 14.25 / kind.scale,
            "currency": "JPY",
        }
        for back in range(36)
    ]


def mailable_days(kind: Kind) -> list[dict[str, object]]:
    return [
        {
            "day_on": dt.date(2026, 11, 20) - dt.timedelta(days=back),
            "is_running": back == 0,
            "mailable_count": 9_412 // kind.scale,
            "gained_count": 12,
            "lost_count": 3,
        }
        for back in range(3)
    ]


def products(kind: Kind) -> list[dict[str, object]]:
    """Twenty products, the second out of stock, the last without a name."""
    return [
        {
            "period_key": period,
            "product_key": f"p-{number:02d}",
            "product_name": None if number == 19 else f"<革靴> {number + 1}",
            "category_name": "靴",
            "stock_band": "out" if number == 1 else "in",
            "is_purchasable": number != 1,
            "cart_count": share(period, 400 - 10 * number, scale=kind.scale),
            "person_count": share(period, 390 - 10 * number, scale=kind.scale),
            "mature_cart_count": share(period, 380 - 10 * number, scale=kind.scale),
            "bought_in_window_count": share(period, 20, scale=kind.scale),
            "value_amount": Decimal(share(period, 800_000, scale=kind.scale)),
        }
        for period in PERIODS
        for number in range(20)
    ]


def checkout(kind: Kind) -> list[dict[str, object]]:
    """4,000 carts, 2,400 begin, 2,000 give details, 1,500 pay, 1,300 order."""
    reached = {
        "cart": 4_000,
        "checkout": 2_400,
        "details": 2_000,
        "payment": 1_500,
        "ordered": 1_300,
    }
    further = [*list(reached.values())[1:], 0]
    return [
        {
            "period_key": period,
            "step_number": number,
            "step_key": step,
            "reached_count": share(period, count, scale=kind.scale),
            "continued_count": share(period, on, scale=kind.scale),
            "left_count": share(period, count, scale=kind.scale)
            - share(period, on, scale=kind.scale),
            "form_error_cart_count": 0,
        }
        for period in PERIODS
        for number, ((step, count), on) in enumerate(zip(reached.items(), further, strict=True), 1)
    ]


def times(kind: Kind) -> list[dict[str, object]]:
    """33 recovered and 48 self-made orders over eight buckets."""
    edges = [0, 1, 3, 6, 12, 24, 48, 96, None]
    return [
        {
            "period_key": period,
            "order_kind": order_kind,
            "measured_from": clock,
            "bucket_number": number + 1,
            "from_hours": edges[number],
            "to_hours": edges[number + 1],
            "order_count": share(period, orders // 8, scale=kind.scale),
            "total_order_count": share(period, orders, scale=kind.scale),
            "first_quartile_hours": 1.5,
            "median_hours": 4.2 if clock == "sent" else 6.4,
            "third_quartile_hours": 20.0,
            "ninetieth_percentile_hours": 80.0,
        }
        for period in PERIODS
        for order_kind, orders in (("recovered", 33), ("self_ordered", 48))
        for clock in ("sent", "abandoned")
        for number in range(8)
    ]


RULES = ("link", "click_or_goods_1_day", "click_7_days", "click_30_days", "open_or_click_5_days")
RULES += ("goods_7_days", "holdout")


def rules(kind: Kind) -> list[dict[str, object]]:
    """29 orderers by the link alone, up to 68 by the same goods; the holdout of all time."""
    rows: list[dict[str, object]] = []
    for period in PERIODS:
        for number, rule in enumerate(RULES, 1):
            if rule == "holdout" and period != "all":
                continue
            orderers = (
                None if rule == "holdout" else share(period, 21 + 8 * number, scale=kind.scale)
            )
            is_measured = rule == "holdout" and kind.scale == 1
            rows.append(
                {
                    "period_key": period,
                    "campaign_key": "all",
                    "rule_number": number,
                    "rule_key": rule,
                    "message_count": share(period, 1_634, scale=kind.scale),
                    "immature_count": 27,
                    "orderer_count": orderers,
                    "recovered_amount": Decimal((orderers or 0) * 10_000) if orderers else None,
                    "extra_orderer_count": 12.7 if is_measured else None,
                    "extra_revenue_amount": 97_520.0 if is_measured else None,
                    "order_rate_difference": 0.012 if is_measured else None,
                }
            )
    return rows


def delays(kind: Kind) -> list[dict[str, object]]:
    return [
        {
            "period_key": period,
            "campaign_key": campaign,
            "step_number": step,
            "message_count": share(period, messages, scale=kind.scale),
            "hour_late_count": share(period, messages // 20, scale=kind.scale),
            "median_delay_minutes": 11.0,
            "ninety_fifth_delay_minutes": 195.0,
            "longest_delay_minutes": 1_200.0,
        }
        for period in PERIODS
        for campaign, step, messages in (
            ("all", 0, 1_634),
            ("cart_recovery", 0, 1_634),
            ("cart_recovery", 1, 1_020),
            ("cart_recovery", 2, 614),
        )
    ]


BRIDGE = ("abandoned", "abandoned_before", "sent_after", "sent", "sent_before", "ordered_after")
BRIDGE += ("ordered",)


def bridge(kind: Kind) -> list[dict[str, object]]:
    """36 + 3 − 2 = 37 by sending, 37 + 4 − 1 = 40 by order; a twelfth of it each month."""
    counts = (36, 3, -2, 37, 4, -1, 40)
    return [
        {
            "period_key": period,
            "campaign_key": "all",
            "line_number": number,
            "line_key": line,
            "order_count": count if period in PERIODS else count // 12,
            "recovered_amount": Decimal(count * 12_000),
            "currency": "JPY",
        }
        for period in (*PERIODS, *(f"{m:%Y-%m}" for m in MONTHS))
        for number, (line, count) in enumerate(zip(BRIDGE, counts, strict=True), 1)
    ]


def due(kind: Kind) -> list[dict[str, object]]:
    now = AS_OF.replace(tzinfo=None)
    return [
        {
            "person_id": f"p{n}",
            "due_at": now - dt.timedelta(hours=1),
            "valid_until_at": now + dt.timedelta(hours=20 if n % 7 else -1),
            "is_held_out": n % 10 == 0,
        }
        for n in range(140 // kind.scale)
    ]


def audit() -> list[dict[str, object]]:
    as_of_at = AS_OF.replace(tzinfo=None)
    line = {"report_line": "shopserve:2026", "label": "カゴ落ち 1通目", "as_of_at": as_of_at}
    return [
        {
            **line,
            "rate_key": "open_rate",
            "printed_value": 0.5980,
            "per_sent_value": 0.5863,
            "is_checkable": True,
            "matched_denominator": None,
            "expected_denominator": "sent",
            "is_flagged": True,
        },
        {
            **line,
            "rate_key": "click_rate",
            "printed_value": 0.1823,
            "per_open_value": 0.1823,
            "is_checkable": True,
            "matched_denominator": "opens",
            "expected_denominator": "opens",
            "is_flagged": False,
        },
    ]


def settings() -> ModelSpec:
    rows = "select 'demo' as shop_id, 30 as small_n, 5 as hide_below, 7 as recovery_window_days, 60 as cart_idle_minutes, 5 as loyal_order_count"
    return ModelSpec("int_run__settings", rows, schema="intermediate")


def freshness(kind: Kind) -> list[dict[str, object]]:
    now = AS_OF.replace(tzinfo=None)
    sources = [("shop", "orders", 5, 28_800, 14)]
    sources += [("web", "events", 5, 310_000, 0)] if kind.has_carts else []
    sources += [("mailer", "mail_events", 15, 9_900, 0)] if kind.has_mail else []
    sources += [("members", "consents", 15, 9_400, 0)] if kind.has_carts else []
    return [
        {
            "source_key": source,
            "entity": entity,
            "latest_data_at": now - dt.timedelta(minutes=minutes),
            "history_from_on": dt.date(2024, 12, 1),
            "batch_count": 1,
            "landed_row_count": landed // kind.scale,
            "rejected_row_count": rejected,
        }
        for source, entity, minutes, landed, rejected in sources
    ]


def rejected(kind: Kind) -> list[dict[str, object]]:
    """The 14 rows of the orders that were left out: twelve dates, two amounts."""
    reasons = [("bad_date", "ordered_at", 12), ("bad_number", "total_amount", 2)]
    return [
        {
            "landed_batch_id": "b1",
            "entity": "orders",
            "reject_no": number + (0 if column == "ordered_at" else 12),
            "source_key": "shop",
            "file_name": "受注_11月.csv",
            "reason_code": reason,
            "column_name": column,
            "is_whole_file": False,
            "rejected_row_no": 3 * number,
            "same_reason_count": count,
            "same_reason_rank": number,
            "loaded_at": AS_OF.replace(tzinfo=None),
        }
        for reason, column, count in reasons
        for number in range(1, count + 1)
    ]


def screens(kind: Kind) -> list[dict[str, object]]:
    """Our months; October's screen is explained, September's agrees, August's is neither."""
    theirs = {
        dt.date(2026, 10, 1): (18, 402_000, "void shipping"),
        dt.date(2026, 9, 1): (0, 0, None),
        dt.date(2026, 8, 1): (3, 999, None),
    }
    rows: list[dict[str, object]] = []
    for place, month in enumerate(MONTHS):
        orders = (600 + place) // kind.scale
        count, amount, causes = theirs.get(month, (None, None, None))
        seen_at = AS_OF.replace(tzinfo=None)
        # September stands in a file as well, as it was two days before.
        is_double = month == dt.date(2026, 9, 1)
        rows.append(
            {
                "screen_month": month,
                "currency": "JPY",
                "cause_key": causes,
                "screen_source_key": None if count is None else "typed" if is_double else "screen",
                "other_source_key": "screen" if is_double else None,
                "is_running": month == MONTHS[-1],
                "is_compared": count is not None,
                "is_explained": count is not None and amount != 999,
                "order_count": orders,
                "screen_order_count": None if count is None else orders + count,
                "difference_count": count,
                "void_order_count": 18,
                "test_order_count": 0,
                "revenue_amount": Decimal(orders * 9_000),
                "screen_amount": None if amount is None else Decimal(orders * 9_000 + amount),
                "difference_amount": None if amount is None else Decimal(amount),
                "void_amount": Decimal(162_000),
                "test_amount": None,
                "shipping_amount": Decimal(240_000),
                "points_amount": Decimal(31_000),
                "tax_amount": None,
                "refunded_amount": Decimal(12_400),
                "other_order_count": orders - 1 if is_double else None,
                "other_amount": Decimal(orders * 9_000 - 500) if is_double else None,
                "seen_at": None if count is None else seen_at,
                "other_seen_at": seen_at - dt.timedelta(days=2) if is_double else None,
            }
        )
    return rows


def batches(kind: Kind) -> list[dict[str, object]]:
    """The orders' file, with the 14 rows that were left out."""
    landed = 28_800 // kind.scale
    return [
        {
            "landed_batch_id": "b1",
            "entity": "orders",
            "source_key": "shop",
            "file_name": "受注_11月.csv",
            "file_sha256": "abc",
            "batch_state": "partial",
            "read_row_count": landed + 14,
            "landed_row_count": landed,
            "rejected_row_count": 14,
            "known_row_count": 0,
            "loaded_at": AS_OF.replace(tzinfo=None),
        }
    ]


def repeats(kind: Kind) -> list[dict[str, object]]:
    """Twelve months by step and span, and the months of first orders whose 90 days have passed."""
    counts: dict[tuple[str, int, int], tuple[int, int]] = {
        ("trailing_12", 1, 90): (3_500, 640),
        ("trailing_12", 1, 180): (2_400, 480),
        ("trailing_12", 2, 90): (700, 210),
        ("trailing_12", 2, 180): (600, 240),
        ("trailing_12", 3, 90): (240, 84),
        ("trailing_3", 1, 30): (900, 72),
    }
    counts |= {
        (f"{month:%Y-%m}", 1, 90): (290 + place, 52) for place, month in enumerate(MONTHS[:-3])
    }
    return [
        {
            "period_key": period,
            "from_order_no": number,
            "within_days": days,
            "eligible_person_count": eligible // kind.scale,
            "repeated_person_count": repeated // kind.scale,
            "same_day_person_count": 0,
        }
        for (period, number, days), (eligible, repeated) in counts.items()
    ]


def survival(kind: Kind) -> list[dict[str, object]]:
    """One in 400 orders again every day, and of those who ordered twice one in 200: half by 100."""
    return [
        {
            "order_band": band,
            "gap_days": day,
            "at_risk_count": (8_000 - 20 * day) // kind.scale,
            "returned_count": 8_000 // per_day // kind.scale,
            "censored_count": 3,
            "order_day_count": 8_000 // kind.scale,
            "total_returned_count": 8_000 * 180 // per_day // kind.scale,
            "median_days": per_day // 2 if per_day <= 360 else None,
            "returned_rate": day / per_day,
            "returned_rate_low": day / per_day - 0.001 * day**0.5,
            "returned_rate_high": day / per_day + 0.001 * day**0.5,
        }
        for band, per_day in (("1", 400), ("2", 200), ("3+", 200), ("all", 300))
        for day in range(1, 181)
    ]


def intervals(kind: Kind) -> list[dict[str, object]]:
    """Two versions; a shop whose customers order once has no days, only what was counted."""
    return [
        {
            "version_month": month,
            "order_band": band,
            "horizon_days": 365,
            "gap_count": gaps // kind.scale,
            "finished_gap_count": gaps // 4 // kind.scale,
            "q25_days": 30,
            "q50_days": days,
            "q75_days": 2 * days,
            "q90_days": 3 * days,
            "returned_in_horizon_rate": 0.31,
        }
        for month in MONTHS[-2:]
        for band, gaps, days in (("1", 7_900, 69), ("2", 1_900, 64), ("all", 9_800, 65))
    ]


def returning(kind: Kind) -> list[dict[str, object]]:
    """Of 4,700 customers of twelve months 680 had ordered before."""
    return [
        {
            "period_key": "trailing_12",
            "customer_count": 4_700 // kind.scale,
            "returning_customer_count": 680 // kind.scale,
            "order_count": 6_200 // kind.scale,
            "repeat_order_count": 2_180 // kind.scale,
        }
    ]


def effect(kind: Kind) -> list[dict[str, object]]:
    """35 of 1,060 who were written to, 21 of 1,000 held out; nothing the small shop could show."""
    if kind.scale > 1:
        return []
    at = {"campaign_key": "cart_recovery", "campaign_version": 1, "metric_key": "order"}
    common: dict[str, object] = {
        **at,
        "comparison_key": "holdout",
        "experiment_kind": "campaign",
        "planned_person_count": 900,
        "smallest_effect_bp": 100,
        "revenue_cap_amount": Decimal(46_520),
        "currency": "JPY",
        "first_eligible_at": dt.datetime(2025, 12, 1),
    }
    mailed = {
        "person_count": 1_060,
        "outcome_person_count": 35,
        "outcome_rate": 0.0330,
        "outcome_rate_low": 0.0238,
        "outcome_rate_high": 0.0456,
        "capped_revenue_per_person_amount": 410.0,
    }
    held = {
        "person_count": 1_000,
        "outcome_person_count": 21,
        "outcome_rate": 0.021,
        "outcome_rate_low": 0.0138,
        "outcome_rate_high": 0.0319,
        "capped_revenue_per_person_amount": 318.0,
    }
    against = {f"baseline_{name}": value for name, value in held.items()} | {
        "baseline_arm_key": "holdout",
        "verdict": "cannot_be_measured",
        "outcome_rate_difference": 0.0120,
        "difference_low": -0.0020,
        "difference_high": 0.0267,
        "difference_post_stratified": 0.0114,
        "difference_post_stratified_low": -0.0027,
        "difference_post_stratified_high": 0.0255,
        "extra_person_count": 12.7,
        "extra_person_count_low": -2.1,
        "extra_person_count_high": 28.1,
        "extra_revenue_amount": 97_520.0,
        "extra_revenue_low": -12_000.0,
        "extra_revenue_high": 201_000.0,
    }
    return [
        common | mailed | against | {"arm_key": "all", "is_holdout": False},
        common | mailed | against | {"arm_key": "mail", "is_holdout": False},
        common | held | {"arm_key": "holdout", "is_holdout": True},
    ]


def checks(kind: Kind) -> list[dict[str, object]]:
    """One check of each outcome: passed, alarming, too early."""
    if kind.scale > 1:
        return []
    at = {"campaign_key": "cart_recovery", "campaign_version": 1, "experiment_kind": "campaign"}
    rows = [
        ("sample_ratio", "all", True, False, 2_080, None, 0.412, 0.001),
        ("held_out_written_to", "holdout", True, False, 1_004, 0, 0.0, 0.0),
        ("unsubscribe_rate", "mail", True, True, 1_060, 11, 0.0104, 0.005),
        ("complaint_rate", "mail", False, False, 12, 0, 0.0, 0.003),
    ]
    names = ("check_key", "arm_key", "is_judged", "is_alarm", "person_count", "event_count")
    names += ("check_value", "threshold_value")
    return [at | dict(zip(names, row, strict=True)) for row in rows]


def plan(kind: Kind) -> list[dict[str, object]]:
    """What the article's volume can show, and a shop of sixteen people a month cannot."""
    half, effect = (0.021, 0.030) if kind.scale == 1 else (0.05, 0.071)
    return [
        {
            "holdout_share_bp": share * 100,
            "month_count": months,
            "base_rate_basis": "holdout",
            "smallest_effect_bp": 100,
            "base_person_count": 1_000,
            "base_orderer_count": 21,
            "base_rate": 0.021 if kind.scale > 1 else 0.033,
            "eligible_persons_per_month": 102.0 if kind.scale == 1 else 15.0,
            "expected_holdout_count": 102.0 * months * share / 100 / kind.scale,
            "expected_mailed_count": 102.0 * months * (100 - share) / 100 / kind.scale,
            "half_width": half * (10 / months) ** 0.5,
            "minimum_detectable_effect": effect * (10 / months) ** 0.5,
            "needed_month_count": 90,
        }
        for share in range(10, 55, 5)
        for months in range(1, 25)
    ]


# Marts by what a shop must have for them to hold rows.
OF_CARTS = {
    "rpt_recovery_waterfall": waterfall,
    "rpt_cart_abandonment": abandonment,
    "rpt_reach": reach,
    "rpt_incrementality": effect,
    "rpt_experiment_checks": checks,
    "rpt_experiment_plan": plan,
    "rpt_cart_days": cart_days,
    "rpt_cart_products": products,
    "rpt_checkout_steps": checkout,
    "rpt_recovery_times": times,
    "rpt_recovery_rules": rules,
    "rpt_handoff_delays": delays,
    "rpt_recovery_bridge": bridge,
}


def values(kind: Kind) -> list[dict[str, object]]:
    """￥8,000 at first, ￥700 more per period; who only registered is worth a tenth."""
    rows = [row for row in cohorts(kind) if row["variant"] == "cumulative"]
    kept = ("cohort_grain", "cohort_month", "period_unit", "period_number", "cohort_person_count")
    kept += ("exposed_person_count", "is_mature", "is_partial")
    return [
        {
            **{name: row[name] for name in kept},
            "cohort_basis": basis,
            "revenue_per_person_amount": 700.0 / share,
            "cumulative_revenue_per_person_amount": (8_000.0 + 700 * int(str(row["period_number"])))
            / share,
        }
        for row in rows
        for basis, share in (("first_order", 1), ("registration", 10))
    ]


def statuses(kind: Kind) -> list[dict[str, object]]:
    """Customers on the first of each month, ten more dormant each time; now as many again."""
    days = [(month, False) for month in MONTHS] + [(MONTHS[-1], True)]
    small = kind.scale * kind.scale
    return [
        {
            "version_month": month,
            "is_now": is_now,
            "purchase_status": status,
            "status_order": order,
            "person_count": (people + (10 * place if status == "dormant" else 0)) // small,
            "customer_count": (5_000 + 10 * place) // kind.scale,
        }
        for place, (month, is_now) in enumerate(days)
        for order, (status, people) in enumerate(
            (("active", 1_200), ("slowing", 1_000), ("at_risk", 800), ("dormant", 2_000)), start=1
        )
    ]


def groups(kind: Kind) -> list[dict[str, object]]:
    """Four cells: new, hibernating, champions, and a few nobody wants to lose."""
    small = kind.scale
    return [
        {
            "version_month": MONTHS[-1],
            "recency_score": recency,
            "frequency_score": often,
            "rfm_group": name,
            "person_count": people // small,
            "customer_count": 3_664 // small,
            "revenue_amount": Decimal(people * 9_000 // small),
            "currency": "JPY",
        }
        for recency, often, name, people in (
            (5, 1, "new", 1_200),
            (1, 1, "hibernating", 2_000),
            (5, 5, "champion", 400),
            (1, 5, "not_to_lose", 64),
        )
    ]


def three_groups(kind: Kind) -> list[dict[str, object]]:
    """1,200 new, 464 who came back, 2,000 dormant; of the small shop a sixtieth."""
    counts = {"new": 1_200, "returning": 464, "dormant": 2_000}
    return [
        {
            "customer_group": group,
            "group_order": order,
            "person_count": people // kind.scale,
            "customer_count": 3_664 // kind.scale,
        }
        for order, (group, people) in enumerate(counts.items(), start=1)
    ]


def what_if(kind: Kind) -> list[dict[str, object]]:
    """3,500 first buyers a year, 20 % of whom come back; 400 second buyers brought 600 orders."""
    new, second, orders = 3_500 // kind.scale, 400 // kind.scale, 600 // kind.scale
    rows = []
    for uplift in range(0, 1_001, 50):
        raised = 0.2 + uplift / 10_000
        more = new * uplift / 10_000 * orders / second
        rows.append(
            {
                "uplift_bp": uplift,
                "currency": "JPY",
                "new_person_count": new,
                "eligible_person_count": 2_400 // kind.scale,
                "repeated_person_count": 480 // kind.scale,
                "second_buyer_count": second,
                "later_order_count": orders,
                "later_revenue_amount": Decimal(orders * 9_000),
                "what_if_rate": raised,
                "expected_second_buyer_count": new * raised,
                "expected_order_count": new * raised * orders / second,
                "expected_revenue_amount": new * raised * orders / second * 9_000,
                "extra_order_count": more,
                "extra_revenue_amount": more * 9_000,
            }
        )
    return rows


def tastes(kind: Kind) -> list[dict[str, object]]:
    """Shoes above boots and sandals, and one brand; nobody of the small shop shares a taste."""
    people = {"shoes": 90, "boots": 60, "sandals": 3, "丸福": 40}
    return [
        {
            "dimension": "brand" if value == "丸福" else "category",
            "dimension_value": value,
            "value_name": {"shoes": "靴", "boots": "ブーツ", "sandals": "サンダル"}.get(
                value, value
            ),
            "parent_value": "shoes" if value in ("boots", "sandals") else None,
            "told_value": (value if count >= 5 else "shoes") if kind.scale == 1 else None,
            "person_count": count // kind.scale + (kind.scale > 1),
            "judged_person_count": 600 // kind.scale,
        }
        for value, count in people.items()
    ]


def segment_days(kind: Kind) -> list[dict[str, object]]:
    """Win-back mails on every seventh of thirty days, to forty more each week."""
    return [
        {
            "segment_key": "winback",
            "day_on": AS_OF.date() + dt.timedelta(days=1 - back),
            "is_running": back == 0,
            "person_count": (200 - 40 * (back // 7)) // kind.scale if back % 7 == 0 else 0,
            "last_done_at": dt.datetime(2026, 11, 19, 20, 30),
        }
        for back in range(30)
    ]


def phases(kind: Kind) -> list[dict[str, object]]:
    """One row per person: 360 with one order, 180 with two, 60 with more, 2 of the best."""
    counts = {"first_buyer": 360, "second_buyer": 180, "repeat": 60, "loyal": 2}
    return [
        {
            "person_id": f"{phase}-{number}",
            "phase_no": 1,
            "phase": phase,
            "previous_phase": None,
            "is_current": True,
            "order_count": 1,
        }
        for phase, count in counts.items()
        for number in range(count // kind.scale)
    ]


def moves(kind: Kind) -> list[dict[str, object]]:
    """October: 70 of 3,500 went on to their second order, 2 of 800 fell back; November runs."""
    return [
        {
            "transition_month": month,
            "from_phase": before,
            "to_phase": after,
            "is_complete": month != MONTHS[-1],
            "has_moved": before != after,
            "person_count": people,
            "from_person_count": whole // kind.scale,
        }
        for month in MONTHS[-2:]
        for before, after, whole, people in (
            ("first_buyer", "second_buyer", 3_500, 70 // kind.scale),
            ("first_buyer", "first_buyer", 3_500, 3_430 // kind.scale),
            ("second_buyer", "first_buyer", 800, 2),
        )
    ]


def calibration(kind: Kind) -> list[dict[str, object]]:
    """More points, more first orders."""
    return [
        {
            "week_band": band,
            "band_no": number,
            "is_inverted": False,
            "is_working": True,
            "person_count": people // kind.scale,
            "orderer_count": orderers // kind.scale,
        }
        for number, (band, people, orderers) in enumerate(
            (("low", 7_000, 210), ("middle", 2_600, 182), ("high", 2_200, 264)), start=1
        )
    ]


def ranking(kind: Kind) -> list[dict[str, object]]:
    """Two categories; the lower one has too few people and shows its parent's."""
    return [
        {
            "category_id": category,
            "window_days": days,
            "category_rank": rank,
            "ranked_category_id": "shoes",
            "product_id": f"p-{rank:02d}",
            "category_name": name,
            "product_name": f"靴 {rank}",
            "is_fallback": category != "shoes",
            "category_person_count": (60 if category == "shoes" else 4) // min(kind.scale, 4),
            "orderer_count": (40 - 9 * rank) // min(kind.scale, 4),
            "adder_count": 50 // min(kind.scale, 4),
        }
        for category, name in (("shoes", "靴"), ("boots", "ブーツ"))
        for days in (7, 30)
        for rank in (1, 2, 3, 4)
    ]


NAMES_OF = {"shoes": "革靴", "laces": "靴ひも"}


def pairs(kind: Kind) -> list[dict[str, object]]:
    """Shoes and laces, from either side; a small shop has no two things five times together."""
    if kind.scale > 1:
        return []
    return [
        {
            "pair_kind": of,
            "product_id": first,
            "pair_rank": 1,
            "other_product_id": second,
            "product_name": NAMES_OF[first],
            "other_product_name": NAMES_OF[second],
            "is_curated": False,
            "is_complement": True,
            "is_other_purchasable": True,
            "support_count": 24,
            "product_basket_count": whole,
            "other_basket_count": 36 + 160 - whole,
            "basket_count": 1_200,
            "confidence_rate": 24 / whole,
            "lift": 5.0,
        }
        for of in ("ordered", "viewed")
        for first, second, whole in (("shoes", "laces", 160), ("laces", "shoes", 36))
    ]


def restatements(kind: Kind) -> list[dict[str, object]]:
    """October's revenue moved by two refunds that came in with the newest publication."""
    return [
        {
            "publication_no": 2,
            "report_key": "rpt_shop_months",
            "key_columns": "shop_month|measure_key",
            "cell_key": "2026-10-01|revenue",
            "column_name": "measure_value",
            "reason_key": "batches",
            "old_value": Decimal(6_182_030),
            "new_value": Decimal(6_169_630),
            "cell_month": dt.date(2026, 10, 1),
            "published_at": AS_OF.replace(tzinfo=None),
        }
    ]


def campaign_steps(kind: Kind) -> list[dict[str, object]]:
    """The cart mails, and a win-back of one letter: a fifth as many, a tenth of its money."""
    carts = [{**row, "segment_key": "cart_recovery"} for row in steps(kind)]
    counts = ("sent", "delivered", "opener", "clicker", "orderer", "order", "unsubscribe")
    winback = [
        {
            **row,
            "campaign_key": "winback",
            "segment_key": "winback",
            # Once by letter, where the shop is large enough for it.
            "channel": "post" if kind.scale == 1 else "email",
            "recovered_amount": row["recovered_amount"] // 10,
            **{f"{name}_count": row[f"{name}_count"] // 5 for name in counts},
            "opener_with_unknown_count": None,
            "clicker_with_unknown_count": None,
        }
        for row in carts
        if row["step_number"] in (0, 1)
    ]
    return carts + winback


OF_MAIL = {"rpt_recovery_steps": steps, "rpt_campaign_steps": campaign_steps}
OF_ORDERS = {
    "rpt_cohort_retention": cohorts,
    "rpt_repeat_rate": repeats,
    "rpt_next_order_survival": survival,
    "rpt_purchase_intervals": intervals,
    "rpt_returning_customers": returning,
    "rpt_mailable_days": mailable_days,
    "rpt_value_by_age": values,
    "rpt_customer_statuses": statuses,
    "rpt_rfm": groups,
    "rpt_customer_groups": three_groups,
    "rpt_retention_what_if": what_if,
    "rpt_person_tendencies": tastes,
    "rpt_segment_days": segment_days,
    "dim_person_phases": phases,
    "fct_person_timeline": lambda kind: timeline(),
    "rpt_phase_transitions": moves,
    "rpt_motivation_calibration": calibration,
    "rpt_category_ranking": ranking,
    "rpt_item_pairs": pairs,
    "rpt_batches": batches,
    "rpt_rejected_rows": rejected,
    "rpt_restatements": restatements,
    "rpt_shop_screen_months": screens,
    "rpt_shop_months": months,
    "rpt_source_freshness": freshness,
    "seg_winback": due,
}


def persons() -> ModelSpec:
    """Twelve people one may ask about, with what the model's own YAML says of each column.

    Eight have ordered once, four three times; every third may be mailed; five, two of whom may be
    mailed, are dormant. A browser is nobody.
    """
    (path,) = (DBT_PROJECT / "models").rglob("dim_persons.yml")
    (described,) = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["models"]
    said = {
        column["name"]: column.get("config", {}).get("meta", {}) for column in described["columns"]
    }
    frame = pl.DataFrame(
        {
            "shop_id": "demo",
            "person_id": f"p{n}",
            "person_kind": "browser" if n == 12 else "member",
            "prefecture": ("東京都", "大阪府")[n % 2],
            "is_mailable": n % 3 == 0,
            "mail_block_reason": "unsubscribed" if n % 3 else None,
            "order_count": 1 if n < 8 else 3,
            "purchase_status": "dormant" if n in (1, 3, 5, 7, 9) else "active",
        }
        for n in range(13)
    )
    columns = {name: said[name] for name in frame.columns}
    return ModelSpec("dim_persons", "select * from given", frame=frame, columns=columns)


def days() -> ModelSpec:
    """The calendar's one day that counts here."""
    rows = "select 'demo' as shop_id, date '2026-11-20' as day_on, true as is_today"
    return ModelSpec("dim_days", rows)


def models(kind: Kind) -> list[ModelSpec]:
    """Every table the pages read, without rows where the shop has no such data."""
    groups = ((OF_CARTS, kind.has_carts), (OF_MAIL, kind.has_mail), (OF_ORDERS, True))
    found = [
        with_rows(name, rows, kind, has_any=has_any)
        for marts, has_any in groups
        for name, rows in marts.items()
    ]
    if kind.grain == "totals":
        found.append(model("rpt_report_audit", audit()))
    return [*found, persons(), days(), settings(), *PRIVATE]


def with_rows(
    name: str, rows: Callable[[Kind], list[dict[str, object]]], kind: Kind, *, has_any: bool
) -> ModelSpec:
    """The mart with its rows, or with its columns alone."""
    made = rows(kind) if has_any else []
    if made:
        return model(name, made)
    columns = model(name, rows(KINDS["demo"]))
    assert columns.frame is not None
    return replace(columns, frame=columns.frame.clear())


def of_shop(spec: ModelSpec, shop_id: str) -> ModelSpec:
    """The model with its rows under another shop."""
    if spec.frame is None:
        return replace(spec, select=spec.select.replace("'demo'", f"'{shop_id}'"))
    return replace(spec, frame=spec.frame.with_columns(pl.lit(shop_id).alias("shop_id")))


SHOP_FILE = """\
id: {shop_id}
name: テストショップ
timezone: Asia/Tokyo
currency: JPY
is_demo: {is_demo}
"""


def publish_kind(folder: Path, name: str, *, as_of: dt.datetime = AS_OF) -> Home:
    """One published shop under `folder`, made the active one; its home. Its data end at `AS_OF`."""
    is_demo = KINDS[name].is_demo
    home = Home(folder / ("demo" if is_demo else "aoi"))
    if home.path.exists():
        _publish(home, name, as_of=as_of)
    else:
        shutil.copytree(_published_first(name, as_of), home.path)
    file = folder / "shop.yml"
    shop_id = home.path.name
    file.write_text(
        SHOP_FILE.format(shop_id=shop_id, is_demo=str(is_demo).lower()), encoding="utf-8"
    )
    (folder / "active.json").write_text(json.dumps({"shop_file": str(file), "shop_id": shop_id}))
    return home


def _publish(home: Home, name: str, *, as_of: dt.datetime) -> None:
    kind = KINDS[name]
    shop_id = home.path.name
    write_build(home, [of_shop(spec, shop_id) for spec in models(kind)])
    shop = ShopStub(id=shop_id, name="テストショップ", is_demo=kind.is_demo)
    publish(home, shop=shop, run=RunStub(as_of_at=as_of), manifest=manifest_of(home))


@cache
def _kept() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="okaeri-kinds-")


@cache
def _published_first(name: str, as_of: dt.datetime) -> Path:
    """The first publication of a kind, made once: half a second that dozens of tests begin with."""
    home = Home(
        Path(tempfile.mkdtemp(dir=_kept().name)) / ("demo" if KINDS[name].is_demo else "aoi")
    )
    _publish(home, name, as_of=as_of)
    return home.path
