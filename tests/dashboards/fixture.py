"""Published shops for the pages: a large one, one without carts, one with totals only, a small one.

Long: one function per mart, each a literal of what its contract promises.

The figures of the mail table are the article's (definitions 5): 1,020 and 614 messages.
"""

import datetime as dt
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines.publish import publish
from pipelines.settings import Home
from tests.publishing import PRIVATE, ModelSpec, RunStub, ShopStub, manifest_of, write_build

AS_OF = dt.datetime(2026, 11, 19, 21, 5, tzinfo=dt.UTC)  # 2026/11/20 06:05 in Tokyo
PERIODS = ("trailing_3", "trailing_6", "trailing_12", "trailing_24", "all")
MONTHS = [dt.date(2024 + (m // 12), m % 12 + 1, 1) for m in range(11, 35)]  # 2024/12 .. 2026/11
RATE_METRICS = {
    "open_rate": ("opener_count", "sent_count"),
    "open_per_delivered_rate": ("opener_count", "delivered_count"),
    "click_through_rate": ("clicker_count", "sent_count"),
    "click_to_open_rate": ("clicker_count", "opener_count"),
    "order_rate": ("orderer_count", "clicker_count"),
    "order_per_sent_rate": ("orderer_count", "sent_count"),
    "abandonment_rate": ("abandoned_count", "settled_count"),
    "unsubscribe_rate": ("unsubscribe_count", "sent_count"),
    "not_ordered_rate": ("not_ordered_count", "closed_count"),
    "retention_rate": ("retained_person_count", "exposed_person_count"),
    "outcome_rate": ("outcome_person_count", "person_count"),
    "repeat_rate": ("repeated_person_count", "eligible_person_count"),
}
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


def model(
    name: str, rows: list[dict[str, object]], *, empty: dict[str, pl.DataType] | None = None
) -> ModelSpec:
    """One mart of these rows; money as DECIMAL(18,4)."""
    frame = (
        pl.DataFrame(rows, infer_schema_length=None) if rows else pl.DataFrame(schema=empty or {})
    )
    frame = frame.with_columns(pl.lit("demo").alias("shop_id"))
    money = [c for c in frame.columns if c.endswith("_amount") or c == "measure_value"]
    frame = frame.with_columns(
        pl.col(c).cast(pl.Decimal(18, 4)) for c in money if frame[c].dtype != pl.Float64
    )
    for column, (k, n) in RATE_METRICS.items():
        if {k, n} <= set(frame.columns) and column not in frame.columns:
            rate = pl.when(pl.col(n) > 0).then(pl.col(k) / pl.col(n))
            frame = frame.with_columns(rate.alias(column))
    columns = {
        c: {
            "metric": {
                "numerator": RATE_METRICS[c][0],
                "denominator": RATE_METRICS[c][1],
                "unit": "rate",
            }
        }
        if c in RATE_METRICS
        else {}
        for c in frame.columns
    }
    schema = "segments" if name.startswith("seg_") else "marts"
    meta = (
        {"segment": {"title": {"ja": "休眠復帰", "en": "Win-back"}}} if schema == "segments" else {}
    )
    return ModelSpec(
        name, "select * from given", schema=schema, frame=frame, columns=columns, meta=meta
    )


def waterfall(kind: Kind) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for period in PERIODS:
        counts = [share(period, count, scale=kind.scale) for _, _, count, _ in STATES]
        for order, ((state, reason, _, ordered), count) in enumerate(
            zip(STATES, counts, strict=True)
        ):
            rows.append(
                {
                    "period_key": period,
                    "campaign_key": "all",
                    "terminal_state": state,
                    "terminal_reason": reason,
                    "state_order": order,
                    "episode_count": count,
                    "ordered_episode_count": min(count, share(period, ordered, scale=kind.scale)),
                    "value_amount": Decimal(count * 11_480),
                    "total_episode_count": sum(counts),
                    "currency": "JPY",
                }
            )
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
            ("device", "mobile", 0.72),
            ("device", "desktop", 0.25),
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
        if kind.has_carts:
            values["abandoned_carts"] = Decimal(240 // kind.scale)
            values["recovered_amount"] = Decimal(75_000 // kind.scale)
            values["unsubscribes"] = Decimal(6 // kind.scale)
        if month == MONTHS[-1] and kind.has_mail:
            values["mailable_persons"] = Decimal(9_412 // kind.scale)
        for key, value in values.items():
            rows.append(
                {
                    "shop_month": month,
                    "measure_key": key,
                    "measure_value": value,
                    "previous_change_rate": 0.123 if place else None,
                    "last_year_change_rate": -0.041 if place >= 12 else None,
                    "is_running": month == MONTHS[-1],
                    "is_comparable": orders >= 30 and month != MONTHS[-1],
                    "currency": "JPY",
                }
            )
    return rows


def episodes(kind: Kind) -> list[dict[str, object]]:
    """Carts of the last five weeks: a few every day, in a small shop one a week."""
    return [
        {"episode_id": f"{back}-{number}", "abandoned_on": day, "value_amount": Decimal(9_800)}
        for back in range(1, 36)
        for day in [dt.date(2026, 11, 20) - dt.timedelta(days=back)]
        for number in range((12 + back % 5) // kind.scale or int(back % 7 == 1))
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
    line = {"report_line": "shopserve:2026", "label": "カゴ落ち 1通目"}
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
    rows = "select 'demo' as shop_id, 30 as small_n, 5 as hide_below, 7 as recovery_window_days, 60 as cart_idle_minutes"
    return ModelSpec("int_run__settings", rows, schema="intermediate")


def freshness(kind: Kind) -> list[dict[str, object]]:
    now = AS_OF.replace(tzinfo=None)
    sources = [("shop", "orders", 5, 28_800, 14)]
    sources += [("web", "events", 5, 310_000, 0)] if kind.has_carts else []
    sources += [("mailer", "mail_events", 15, 9_900, 0)] if kind.has_mail else []
    return [
        {
            "source_key": source,
            "entity": entity,
            "latest_data_at": now - dt.timedelta(minutes=minutes),
            "batch_count": 1,
            "landed_row_count": landed // kind.scale,
            "rejected_row_count": rejected,
        }
        for source, entity, minutes, landed, rejected in sources
    ]


def repeats(kind: Kind) -> list[dict[str, object]]:
    """Twelve months, and the months whose 90 days have passed."""
    counts = {"trailing_12": (3_500, 640)}
    counts |= {f"{month:%Y-%m}": (290 + place, 52) for place, month in enumerate(MONTHS[:-3])}
    return [
        {
            "period_key": period,
            "from_order_no": 1,
            "within_days": 90,
            "eligible_person_count": eligible // kind.scale,
            "repeated_person_count": repeated // kind.scale,
            "same_day_person_count": 0,
        }
        for period, (eligible, repeated) in counts.items()
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


def models(kind: Kind) -> list[ModelSpec]:
    """Every table the pages read, empty where the shop has no such data."""
    empty_state = {
        "period_key": pl.String(),
        "campaign_key": pl.String(),
        "terminal_state": pl.String(),
        "terminal_reason": pl.String(),
        "episode_count": pl.Int64(),
        "total_episode_count": pl.Int64(),
        "value_amount": pl.Decimal(18, 4),
    }
    empty_steps = {
        "period_key": pl.String(),
        "step_number": pl.Int64(),
        "arm_key": pl.String(),
        "sent_count": pl.Int64(),
    }
    empty_rates = {
        "period_key": pl.String(),
        "dimension": pl.String(),
        "dimension_value": pl.String(),
    }
    empty_reach = {"period_key": pl.String(), "reach_stage": pl.String(), "stage_order": pl.Int64()}
    empty_arms = {"arm_key": pl.String()}
    empty_episodes = {"abandoned_on": pl.Date(), "value_amount": pl.Decimal(18, 4)}
    found = [
        model(
            "rpt_recovery_waterfall", waterfall(kind) if kind.has_carts else [], empty=empty_state
        ),
        model(
            "rpt_cart_abandonment", abandonment(kind) if kind.has_carts else [], empty=empty_rates
        ),
        model("rpt_reach", reach(kind) if kind.has_carts else [], empty=empty_reach),
        model("rpt_recovery_steps", steps(kind) if kind.has_mail else [], empty=empty_steps),
        model("fct_cart_episodes", episodes(kind) if kind.has_carts else [], empty=empty_episodes),
        model("rpt_cohort_retention", cohorts(kind)),
        model("rpt_repeat_rate", repeats(kind)),
        model("rpt_shop_months", months(kind)),
        model("rpt_source_freshness", freshness(kind)),
        model("seg_winback", due(kind)),
        settings(),
        *PRIVATE,
        model("rpt_incrementality", effect(kind) if kind.has_carts else [], empty=empty_arms),
        model("rpt_experiment_checks", checks(kind) if kind.has_carts else [], empty=empty_arms),
        model("rpt_experiment_plan", plan(kind) if kind.has_carts else [], empty=empty_arms),
    ]
    if kind.grain == "totals":
        found.append(model("rpt_report_audit", audit()))
    return found


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
    kind = KINDS[name]
    shop_id = "demo" if kind.is_demo else "aoi"
    home = Home(folder / shop_id)
    write_build(home, [of_shop(spec, shop_id) for spec in models(kind)])
    shop = ShopStub(id=shop_id, name="テストショップ", is_demo=kind.is_demo)
    publish(home, shop=shop, run=RunStub(as_of_at=as_of), manifest=manifest_of(home))
    file = folder / "shop.yml"
    file.write_text(
        SHOP_FILE.format(shop_id=shop_id, is_demo=str(kind.is_demo).lower()), encoding="utf-8"
    )
    (folder / "active.json").write_text(json.dumps({"shop_file": str(file), "shop_id": shop_id}))
    return home
