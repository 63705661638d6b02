"""What is true in the demo shop, counted from the simulation and never from its files."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from pipelines.demo.carts import BLOCKED, BOUNCES, GATES
from pipelines.demo.draw import DAY, HOUR, JST, NEVER, Bools
from pipelines.demo.rules import Rules

REPEAT_DAYS = 90
# Codes of definitions 10 for what a stop list calls manual, complaint, hard_bounce, unsubscribe.
CODES = ("manual_block", "complaint", "hard_bounce", "unsubscribed")


@dataclass(frozen=True)
class ArmTruth:
    """One arm of the experiment: recorded persons whose window of their first episode is over."""

    persons: int
    orderers: int
    mailed: int
    receptive: int
    moved: int


@dataclass(frozen=True)
class CohortTruth:
    """First orders of one month by persons new in the history: who registered before is left out.

    `expected` is the planted share of the exposed who are back within 90 days.
    """

    month: str
    persons: int
    exposed: int
    back_within_90_days: int
    expected: float


@dataclass(frozen=True)
class Dirt:
    """Numbers of things planted to trip a careless reader."""

    late_orders: int = 0
    duplicate_rows: int = 0
    cancelled_orders: int = 0
    refunded_orders: int = 0
    partly_refunded_orders: int = 0
    unknown_status_orders: int = 0
    merged_persons: int = 0
    second_accounts: int = 0
    test_accounts: int = 0
    shared_browsers: int = 0
    cp932_only_names: int = 0
    bot_events: int = 0
    machine_mail_events: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """The demo shop's truth. Units: shares 0..1, yen, counts.

    `itt_effect` is what an analysis by intention to treat should find: the planted effect times
    the share of recorded persons whom a mail could still move. `terminal_states`: one count per
    abandoned episode, keys as `state` or `state(reason)`. `extracted_rows`: rows all files together
    give each canonical table, rejects and doubles within a file left out; `distinct_keys`: how many
    of them differ in their key.
    """

    shop_id: str
    seed: int
    persons: int
    clock: str
    base_rate: float
    effect: float
    itt_effect: float
    arms: dict[str, ArmTruth]
    cohorts: tuple[CohortTruth, ...]
    opened_episodes: int
    abandoned_episodes: int
    closed_episodes: int
    ordered_episodes: int
    terminal_states: dict[str, int]
    orders: int
    sales: int
    goods_amount: int
    buyers: int
    buyers_known_before: int
    outlier_order: str
    outlier_amount: int
    messages: dict[str, int]
    dirt: Dirt
    extracted_rows: dict[str, int]
    distinct_keys: dict[str, int]

    def save(self, file: Path) -> None:
        """Write the truth as JSON, keys sorted."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        file.write_text(text + "\n", encoding="utf-8", newline="\n")


def _step_1_ends(rules: Rules) -> pl.Expr:
    """The instant before which an order is "before step 1": hand-off, else the step's validity."""
    valid_until = pl.col("left") + rules.delays[0] + rules.validity
    return pl.when(pl.col("step_1") < NEVER).then("step_1").otherwise(valid_until)


def states(episodes: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Terminal state of every abandoned episode: definitions 4, first that applies.

    Shape: episodes with `state` and `reason`, abandoned ones only.
    """
    clock = rules.span.clock
    ends = _step_1_ends(rules)
    order = pl.when(pl.col("order") < clock - 300).then("order").otherwise(NEVER)
    emptied = pl.when(pl.col("emptied") < clock - 1).then("emptied").otherwise(NEVER)
    handed = pl.col("step_1") < NEVER
    failed = handed & (pl.col("bounce_1") > 0) & (pl.col("delivered_2") == NEVER)
    last = pl.when(pl.col("step_2") < NEVER).then("step_2").otherwise("step_1")
    pending = (pl.col("left") + rules.delays[0] + rules.validity > clock) & ~handed
    # A cap only defers: until the step has lapsed such an episode is open. The others refuse.
    refused = (pl.col("gate") > 0) & (pl.col("gate") != GATES.index("frequency_cap"))
    lapsed = ~handed & (refused | ~pending)
    running = handed & (last + rules.window > clock)
    touched = (pl.col("touched") == 1) & (order < NEVER)
    chain = (
        pl.when(pl.col("blocked") > 0).then(pl.col("blocked").replace_strict(
            dict(enumerate(BLOCKED)), return_dtype=pl.String))
        .when(pl.col("in_campaign") == 0).then(pl.lit("no_campaign"))
        .when(order < ends).then(pl.lit("self_ordered_before_step_1"))
        .when(emptied < ends).then(pl.lit("emptied_before_step_1"))
        .when(lapsed).then(pl.lit("gated"))
        .when((pl.col("held") == 1) & handed).then(pl.lit("held_out"))
        .when(failed).then(pl.lit("not_delivered"))
        .when(touched).then(pl.lit("recovered"))
        .when(order < NEVER).then(pl.lit("self_ordered_later"))
        .when(pending | running).then(pl.lit("open"))
        .when(emptied < NEVER).then(pl.lit("emptied_later"))
        .otherwise(pl.lit("lost"))
    )  # fmt: skip
    abandoned = (pl.col("abandoned") <= clock) & (pl.col("abandoned") <= pl.col("closed"))
    return episodes.filter(abandoned).with_columns(state=chain).with_columns(reason=_reason())


def _reason() -> pl.Expr:
    """Why an episode ended in its `state`; empty where the state says it all."""
    bounce = pl.col("bounce_1").replace_strict(dict(enumerate(BOUNCES)), return_dtype=pl.String)
    codes = {**dict(enumerate(GATES)), 0: "missed"}
    gate = pl.col("gate").replace_strict(codes, return_dtype=pl.String)
    why = pl.col("suppressed_why").replace_strict(
        {-1: "", **dict(enumerate(CODES))}, return_dtype=pl.String
    )
    return (
        pl.when(pl.col("state") == "gated").then(gate)
        .when(pl.col("state") == "not_delivered").then(bounce)
        .when(pl.col("state") == "suppressed").then(why)
        .when((pl.col("state") == "recovered") & pl.col("code").is_not_null())
        .then(pl.lit("coupon"))
        # Whoever was touched came by the link of the mail: its token is in the log.
        .when(pl.col("state") == "recovered").then(pl.lit("link"))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def arm_truths(episodes: pl.DataFrame, orders: pl.DataFrame, rules: Rules) -> dict[str, ArmTruth]:
    """First recorded, mature episode of each person, by arm. `orders`: sales (person, at)."""
    mature = episodes.filter(
        (pl.col("in_campaign") == 1) & (pl.col("eligible") + rules.window <= rules.span.clock)
    )
    first = mature.sort("eligible", "episode").unique("person", keep="first", maintain_order=True)
    bought = (
        first.join(orders.select("person", "at"), on="person")
        .filter(
            (pl.col("at") >= pl.col("eligible"))
            & (pl.col("at") < pl.col("eligible") + rules.window)
        )["person"]
        .unique()
    )
    first = first.with_columns(bought=pl.col("person").is_in(bought.to_list()))
    truths = {}
    for key, _ in rules.arms:
        mine = first.filter(pl.col("held") == (1 if key == rules.holdout else 0))
        moved = mine.filter((pl.col("by_effect") == 1) & pl.col("bought"))
        truths[key] = ArmTruth(
            persons=mine.height,
            orderers=int(mine["bought"].sum()),
            mailed=int((mine["delivered_1"] < NEVER).sum()),
            receptive=int(mine["receptive"].sum()),
            moved=moved.height,
        )
    return truths


def cohort_truths(
    sales: pl.DataFrame, chance: pl.DataFrame, rules: Rules, *, new: Bools
) -> list[CohortTruth]:
    """First orders by month and who was back within 90 days. `sales`: person, at, one per order.

    `new`: whether a person was first seen within the history; who was known before is no cohort's.
    """
    ranked = (
        sales.filter(pl.Series(new[sales["person"].to_numpy()]))
        .sort("person", "at")
        .with_columns(
            first=pl.col("at").min().over("person"), nth=pl.int_range(pl.len()).over("person")
        )
    )
    second = ranked.filter(pl.col("nth") == 1).select("person", second="at")
    firsts = ranked.filter(pl.col("nth") == 0).select("person", "first")
    frame = (
        firsts.join(second, on="person", how="left")
        .join(chance.select("person", "chance"), on="person", how="left")
        .with_columns(
            month=pl.from_epoch(pl.col("first") + JST).dt.strftime("%Y-%m"),
            exposed=pl.col("first") + REPEAT_DAYS * DAY <= rules.span.clock,
            back=(pl.col("second") < pl.col("first") + REPEAT_DAYS * DAY).fill_null(False),
        )
    )
    return [
        CohortTruth(**row)
        for row in frame.group_by("month")
        .agg(
            persons=pl.len(),
            exposed=pl.col("exposed").sum(),
            back_within_90_days=(pl.col("back") & pl.col("exposed")).sum(),
            expected=pl.col("chance").fill_null(0.0).filter("exposed").mean().fill_null(0.0),
        )
        .sort("month")
        .to_dicts()
    ]


def itt_effect(arms: dict[str, ArmTruth], rules: Rules, *, receptive_chance: float) -> float:
    """Expected difference of the arms' order rates, given whom a mail could still move."""
    sent = next(truth for key, truth in arms.items() if key != rules.holdout)
    return receptive_chance * sent.receptive / sent.persons if sent.persons else 0.0


def counter_states(carts: pl.DataFrame, has_email: Bools, rules: Rules) -> dict[str, int]:
    """Terminal states of the counter's carts: nobody there gave a consent."""
    ends = pl.min_horizontal("ordered", "gone", rules.span.clock)
    left = carts.filter(pl.col("changed") + HOUR <= ends)
    known = has_email[left["person"].to_numpy()]
    return {"no_consent": int(known.sum()), "no_address": int((~known).sum())}
