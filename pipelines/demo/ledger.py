"""The ledger's history: who was recorded, handed over, held out or left out, and why."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines import keys
from pipelines.demo.carts import GATES
from pipelines.demo.coupons import with_codes
from pipelines.demo.draw import HOUR, MINUTE, NEVER
from pipelines.demo.people import People
from pipelines.demo.rules import Rules

MISSED = GATES.index("missed")
CHANNEL = "email"
DESTINATION = "mailer"


@dataclass(frozen=True)
class Ledger:
    """Four dumps of the ledger and the messages behind them.

    `messages`: one row per claim (episode, person, step, slot, batch, ord, token, code, is_held),
    by batch and ord. Units: seconds, UTC.
    """

    messages: pl.DataFrame
    batches: pl.DataFrame
    claims: pl.DataFrame
    arms: pl.DataFrame
    gated: pl.DataFrame


@dataclass(frozen=True)
class Hashes:
    """Keyed hashes of members, computed once: by person."""

    person_key: dict[int, str]
    email_hash: dict[int, str | None]


def hashes(people: People, rules: Rules, who: Sequence[int]) -> Hashes:
    """Hashes of the persons named, under the demo's public pepper."""
    return Hashes(
        person_key={p: keys.person_key(people.customer_id(p), pepper=rules.pepper) for p in who},
        email_hash={p: keys.email_hash(people.email[p], pepper=rules.pepper) for p in who},
    )


def episode_id(shop_id: str, opening_event: str) -> str:
    """Id of an episode, as the warehouse makes it: hash of shop and opening action."""
    text = f"{shop_id}|{opening_event}".encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def program(rules: Rules, step: int) -> str:
    """Campaign, step and channel: the first part of every dedupe key."""
    return f"{rules.campaign_key}/{step}/{CHANNEL}"


def _batch_id(rules: Rules, step: int, slot: int) -> str:
    text = f"{rules.shop_id}|{program(rules, step)}|{rules.campaign_version}|{DESTINATION}|{slot}|0"
    return f"{rules.campaign_key}-{step}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def messages(episodes: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """One row per message handed over or held out, numbered within its batch."""
    steps = [
        episodes.filter(pl.col(f"step_{step}") < NEVER).select(
            "episode", "person", pl.lit(step).alias("step"), slot=f"step_{step}",
            due=pl.col("left") + rules.delays[step - 1], is_held=pl.col("held") == 1,
            delivered=f"delivered_{step}", opened=f"open_{step}", clicked=f"click_{step}",
            bounce=pl.col("bounce_1") if step == 1 else pl.lit(0, dtype=pl.Int64),
            stopped=pl.col("stopped"), complained=pl.col("complained"),
            last_step=pl.when(pl.col("step_2") < NEVER).then(2).otherwise(1),
        )
        for step in (1, 2)
    ]  # fmt: skip
    frame = (
        pl.concat(steps)
        .sort("slot", "step", "episode")
        .with_columns(ord=pl.int_range(pl.len()).over("slot", "step") + 1)
    )
    heads = frame.select("slot", "step").unique(maintain_order=True)
    named = heads.with_columns(
        batch=pl.Series([_batch_id(rules, row["step"], row["slot"]) for row in heads.to_dicts()])
    )
    frame = frame.join(named, on=["slot", "step"], how="left", maintain_order="left")
    tokens = [
        keys.keyed_hash("token", f"{batch}:{ord_}", pepper=rules.pepper)[:32]
        for batch, ord_ in zip(frame["batch"], frame["ord"], strict=True)
    ]
    frame = frame.with_columns(token=pl.when(~pl.col("is_held")).then(pl.Series(tokens)))
    return with_codes(frame, rules)


def _batches(frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    return (
        frame.group_by("batch", "step", "slot", maintain_order=True)
        .agg(rows_count=(~pl.col("is_held")).sum())
        .select(
            export_batch_id="batch",
            program=pl.format("{}/{}/{}", pl.lit(rules.campaign_key), "step", pl.lit(CHANNEL)),
            campaign_key=pl.lit(rules.campaign_key),
            campaign_version=pl.lit(rules.campaign_version),
            step_number="step",
            channel=pl.lit(CHANNEL),
            destination=pl.lit(DESTINATION),
            slot=pl.from_epoch("slot").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            batch_state=pl.lit("acked"),
            rows_count="rows_count",
            file_name=pl.format("{}-r1.csv", "batch"),
            created_at="slot",
            handed_over_at=pl.col("slot") + 2,
            expires_at=pl.col("slot") + rules.validity,
        )
    )  # fmt: skip


def _keyed(frame: pl.DataFrame, made: Hashes, ids: Sequence[str]) -> pl.DataFrame:
    who = frame["person"].to_list()
    return frame.with_columns(
        occurrence_key=pl.Series([ids[n] for n in frame["episode"]], dtype=pl.String),
        person_key=pl.Series([made.person_key[p] for p in who], dtype=pl.String),
        email_hash=pl.Series([made.email_hash[p] for p in who], dtype=pl.String),
    )


def _claims(frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    held, sent = rules.holdout, next(key for key, _ in rules.arms if key != rules.holdout)
    return frame.select(
        export_batch_id="batch",
        claim_no="ord",
        occurrence_key="occurrence_key",
        dedupe_key=pl.format(
            "{}/{}/{}/{}", pl.lit(rules.campaign_key), "step", pl.lit(CHANNEL), "occurrence_key"
        ),
        person_key="person_key",
        email_hash="email_hash",
        recipient_token=pl.col("token"),
        coupon_code=pl.col("code"),
        arm_key=pl.when("is_held").then(pl.lit(held)).otherwise(pl.lit(sent)),
        due_at="due",
        claim_state=pl.when("is_held").then(pl.lit("held_out")).otherwise(pl.lit("claimed")),
        reason_code=pl.when("is_held").then(pl.lit("held_out")),
        claimed_at="slot",
    )


def _arms(episodes: pl.DataFrame, made: Hashes, ids: Sequence[str], rules: Rules) -> pl.DataFrame:
    """Every eligible episode a run has seen, whatever became of it before the hand-off."""
    frame = episodes.filter(pl.col("in_campaign") == 1)
    frame = frame.with_columns(recorded=pl.Series(rules.run_at(frame["eligible"].to_numpy())))
    held, sent = rules.holdout, next(key for key, _ in rules.arms if key != rules.holdout)
    seen = frame.filter(pl.col("recorded") <= rules.last_run)
    return _keyed(seen, made, ids).select(
        campaign_key=pl.lit(rules.campaign_key),
        campaign_version=pl.lit(rules.campaign_version),
        occurrence_key="occurrence_key",
        person_key="person_key",
        email_hash="email_hash",
        arm_key=pl.when(pl.col("held") == 1).then(pl.lit(held)).otherwise(pl.lit(sent)),
        eligible_at="eligible",
        recorded_at="recorded",
    )


def _gated(episodes: pl.DataFrame, made: Hashes, ids: Sequence[str], rules: Rules) -> pl.DataFrame:
    frame = episodes.filter((pl.col("gate") > 0) & (pl.col("gate") != MISSED))
    reasons = np.array(GATES, dtype=object)[frame["gate"].to_numpy()].tolist()
    return _keyed(frame, made, ids).select(
        program=pl.lit(program(rules, 1)),
        campaign_key=pl.lit(rules.campaign_key),
        campaign_version=pl.lit(rules.campaign_version),
        step_number=pl.lit(1),
        occurrence_key="occurrence_key",
        person_key="person_key",
        email_hash="email_hash",
        reason_code=pl.Series(reasons, dtype=pl.String),
        first_at="gated",
        last_at=pl.min_horizontal(
            pl.col("left") + rules.delays[0] + rules.validity - 15 * MINUTE,
            pl.col("gated") + 12 * HOUR,
        ).clip(upper_bound=rules.last_hand_off),
    )


def ledger(
    episodes: pl.DataFrame, people: People, rules: Rules, *, sent: pl.DataFrame, ids: Sequence[str]
) -> Ledger:
    """The ledger's dumps. `sent` = `messages(...)`; `ids[n]` = id of episode n."""
    who = episodes.filter(pl.col("in_campaign") == 1)["person"].unique(maintain_order=True)
    made = hashes(people, rules, who.to_list())
    return Ledger(
        messages=sent,
        batches=_batches(sent, rules),
        claims=_claims(_keyed(sent, made, ids), rules),
        arms=_arms(episodes, made, ids, rules),
        gated=_gated(episodes, made, ids, rules),
    )
