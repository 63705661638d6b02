"""Chi-square test of the persons an arm got against its share, one row per campaign version.

Source: Fabijan and others 2019, KDD, on sample ratio mismatch and its alarm at p < 0.001.
"""

from math import fsum

import pyarrow as pa
from scipy.special import chdtrc

SCHEMA = pa.schema(
    [
        ("shop_id", pa.string()),
        ("campaign_key", pa.string()),
        ("campaign_version", pa.int64()),
        ("arm_count", pa.int64()),
        ("recorded_person_count", pa.int64()),
        ("has_one_share", pa.bool_()),
        ("least_expected_count", pa.float64()),
        ("chi_square", pa.float64()),
        ("p_value", pa.float64()),
    ]
)


def model(dbt, session):  # noqa: ARG001
    """One row per shop and campaign version: the statistic and how rarely chance exceeds it."""
    dbt.config(materialized="table")
    shares = dbt.ref("int_experiments__arm_shares")
    trials = {}
    for shop, campaign, version, _, *arm in sorted(
        shares.project(
            "shop_id, campaign_key, campaign_version, arm_key, share_bp, recorded_person_count,"
            " has_one_share"
        ).fetchall()
    ):
        trials.setdefault((shop, campaign, version), []).append(arm)
    rows = [(*trial, *tested(arms)) for trial, arms in trials.items()]
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table([pa.array(c, t.type) for c, t in zip(columns, SCHEMA, strict=True)], SCHEMA)


def tested(arms):
    """Arms, persons, whether shares never changed, least expected count, statistic and p.

    An arm without a share is left out while nobody is in it. Empty statistic: with fewer than two
    arms there is nothing to compare, and somebody in an arm of share 0 makes it endless.
    """
    drawn = [(share, persons) for share, persons, _ in arms if share or persons]
    has_one_share = all(one_share for *_, one_share in arms)
    persons = sum(count for _, count in drawn)
    shares = sum(share for share, _ in drawn)
    expected = [persons * share / shares if shares else 0.0 for share, _ in drawn]
    least = min(expected, default=0.0)
    if len(drawn) < 2 or not least:
        return len(drawn), persons, has_one_share, least, None, None
    statistic = fsum(
        (count - mean) ** 2 / mean for (_, count), mean in zip(drawn, expected, strict=True)
    )
    p_value = float(chdtrc(len(drawn) - 1, statistic))
    return len(drawn), persons, has_one_share, least, statistic, p_value
