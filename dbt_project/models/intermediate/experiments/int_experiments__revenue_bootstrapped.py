"""Bootstrap intervals of the difference of capped revenue per person, one row per compared pair.

A resample of n persons is one multinomial draw over the amounts they hold, so an arm costs its
distinct amounts, not its persons, and the order of rows cannot matter. Each arm draws from a
generator seeded by its own key, and sums are whole numbers: a rebuild gives the same bits.
Source: Efron and Tibshirani 1993, chapter 13, the percentile interval.
"""

import hashlib

import numpy as np
import pyarrow as pa

RESAMPLES = 2_000
# Counts held at once: 2,000 resamples of an arm with 2,000 amounts are 32 MB.
CELLS = 4_000_000
# Amounts are exact to four decimals; as whole numbers their sums do not depend on the order.
UNITS = 10_000
ENDS = {"low": 0.025, "high": 0.975, "80_low": 0.10, "80_high": 0.90}
SCHEMA = pa.schema(
    [
        ("shop_id", pa.string()),
        ("campaign_key", pa.string()),
        ("campaign_version", pa.int64()),
        ("comparison_key", pa.string()),
        ("arm_key", pa.string()),
        ("is_holdout", pa.bool_()),
        *((f"revenue_difference_{end}", pa.float64()) for end in ENDS),
    ]
)


def model(dbt, session):  # noqa: ARG001
    """One row per shop, experiment, comparison and arm whose both sides have a mature person."""
    dbt.config(materialized="table")
    values = dbt.ref("int_experiments__revenue_values")
    pairs = dbt.ref("int_experiments__paired")
    arms = arms_of(values)
    return intervals(arms, pairs)


def arms_of(values):
    """Amounts (ten-thousandths) and how many persons hold each, by arm; amounts ascending."""
    rows = values.project(
        "shop_id, campaign_key, campaign_version, arm_key, is_holdout,"
        f" cast(capped_revenue_amount * {UNITS} as bigint), person_count"
    ).fetchall()
    arms = {}
    for *arm, amount, persons in sorted(rows):
        arms.setdefault(tuple(arm), []).append((amount, persons))
    return {arm: np.array(held, dtype=np.int64) for arm, held in arms.items()}


def intervals(arms, pairs):
    """The table: percentiles of an arm's resampled means less those it is held against."""
    rows = sorted(
        pairs.filter("metric_key = 'order' and baseline_arm_key is not null")
        .project(
            "shop_id, campaign_key, campaign_version, comparison_key, arm_key, is_holdout,"
            " case when is_baseline_holdout then 'all' else baseline_arm_key end,"
            " is_baseline_holdout"
        )
        .fetchall()
    )
    seeds = seeds_of(arms)
    resampled = {}
    found = []
    for shop, campaign, version, comparison, arm_key, is_holdout, base_key, is_base_holdout in rows:
        arm = (shop, campaign, version, arm_key, is_holdout)
        base = (shop, campaign, version, base_key, is_base_holdout)
        if arm not in arms or base not in arms:
            continue
        for key in (arm, base):
            if seeds[key] not in resampled:
                resampled[seeds[key]] = resampled_means(arms[key], seeds[key])
        difference = resampled[seeds[arm]] - resampled[seeds[base]]
        ends = np.quantile(difference, list(ENDS.values()))
        found.append((shop, campaign, version, comparison, arm_key, is_holdout, *ends.tolist()))
    columns = list(zip(*found, strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(c, t.type) for c, t in zip(columns, SCHEMA, strict=True)], SCHEMA)


def seeds_of(arms):
    """What each arm's generator is seeded by: its key, and for `all` of a single arm that arm's.

    The same persons under two names would else have two intervals.
    """
    single = {}
    for shop, campaign, version, arm_key, is_holdout in arms:
        if arm_key != "all":
            single.setdefault((shop, campaign, version, is_holdout), []).append(arm_key)
    seeds = {}
    for arm in arms:
        *trial, arm_key, is_holdout = arm
        named = single.get((*trial, is_holdout), [])
        own = named[0] if arm_key == "all" and len(named) == 1 else arm_key
        seeds[arm] = "|".join(map(str, (*trial, own, is_holdout)))
    return seeds


def resampled_means(held, seed):
    """Mean amount per person of each resample, in the currency's main unit."""
    amounts, persons = held[:, 0], held[:, 1]
    total = int(persons.sum())
    if len(amounts) == 1:
        return np.full(RESAMPLES, amounts[0] / UNITS)
    digest = hashlib.sha256(seed.encode()).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    at_once = max(1, min(RESAMPLES, CELLS // len(amounts)))
    sums = []
    for first in range(0, RESAMPLES, at_once):
        size = min(at_once, RESAMPLES - first)
        counts = generator.multinomial(total, persons / total, size=size)
        sums.append(counts @ amounts)
    return np.concatenate(sums) / (total * UNITS)
