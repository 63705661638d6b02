"""Members of a segment − gates − ledger → who is handed over, and one reason for everybody else.

A pure function: the same look at the same members gives the same plan, in the same order. It is
made once for a dry run, and again inside the transaction that claims, where its word is final.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from pipelines.exports.facts import naive
from pipelines.exports.gates import BEFORE_OTHERS
from pipelines.exports.looks import Look
from pipelines.exports.rules import Program, Rules

HANDED_OVER: Final = "handed_over"
HELD_OUT: Final = "held_out"
CLAIMED: Final = (HANDED_OVER, HELD_OUT)
_KEPT: Final = (
    "row", "person_id", "occurrence_key", "dedupe_key", "qualified_at", "due_at",
    "valid_until_at", "content_source", "email", "email_hash", "person_key", "arm", "outcome",
    "coupon",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Every due member of one program, decided, in the order of the file.

    `decisions`: the members with `outcome` (`handed_over`, `held_out` or a gate's reason), `arm`
    and `coupon`, the code taken in the transaction that claims. `keys`, `stops`: as in the look.
    """

    program: Program
    decisions: pl.DataFrame
    keys: pl.DataFrame
    stops: pl.DataFrame
    not_due: int

    @property
    def counts(self) -> Mapping[str, int]:
        """Members per outcome; they sum to the due members."""
        found = self.decisions.group_by("outcome").len().sort("outcome")
        return dict(found.iter_rows())

    @property
    def handed_over(self) -> int:
        """Rows the file would have."""
        return self.counts.get(HANDED_OVER, 0)

    @property
    def claimed(self) -> pl.DataFrame:
        """Who takes a row in the ledger with guards: handed over or held out."""
        return self.decisions.filter(pl.col("outcome").is_in(CLAIMED))


def programs_of(members: pl.DataFrame, *, fallback: Program) -> tuple[Program, ...]:
    """The programs of a segment in order; the fallback's alone for an empty one."""
    names = ("campaign_key", "campaign_version", "step_number", "channel")
    found = [Program(*row) for row in members.select(names).unique().iter_rows()]
    found.sort(key=lambda p: (p.campaign_key, p.step_number, p.channel, p.campaign_version))
    return tuple(found) or (fallback,)


def members_of(members: pl.DataFrame, program: Program) -> pl.DataFrame:
    """Members of the program, due or waiting for their arm's delay."""
    return members.filter(
        campaign_key=program.campaign_key, campaign_version=program.campaign_version,
        step_number=program.step_number, channel=program.channel,
    )  # fmt: skip


def due_members(members: pl.DataFrame, *, now: datetime) -> tuple[pl.DataFrame, int]:
    """Members of a program whose time has come, and how many still wait.

    Shape: newest occurrence first, so that of two carts of a person the later one is mailed.
    """
    due = members.filter(pl.col("due_at") <= naive(now)).sort(
        "qualified_at", "dedupe_key", "person_id", "row", descending=[True, False, False, False]
    )
    return due, members.height - due.height


def plan(look: Look, *, rules: Rules, not_due: int = 0) -> Plan:
    """Decide every due member. Invariant: each gets exactly one outcome, by the first gate hit.

    The recorded arm beats the one drawn in the segment.
    """
    program = look.at.program
    decided = look.people.with_columns(pl.coalesce("recorded", "arm_key").alias("arm"))
    arms = {
        (arm, drawn): rules.is_holdout(program, arm, otherwise=drawn)
        for arm in decided["arm"].unique()
        for drawn in (True, False)
    }
    otherwise = pl.col("is_held_out") & (pl.col("arm") == pl.col("arm_key"))
    held = pl.any_horizontal(
        pl.lit(value=False),
        *(
            (pl.col("arm") == arm) & (otherwise == drawn)
            for (arm, drawn), is_ in arms.items()
            if is_
        ),
    )
    decided = decided.with_columns(_among_each_other(decided, look.keys).alias("hit"))
    outcome = pl.coalesce("hit", pl.when(held).then(pl.lit(HELD_OUT)), pl.lit(HANDED_OVER))
    decisions = decided.with_columns(
        outcome.alias("outcome"), pl.lit(None, pl.String).alias("coupon")
    ).select(_KEPT)
    return Plan(program, decisions, look.keys, look.stops, not_due)


def _among_each_other(decided: pl.DataFrame, keys: pl.DataFrame) -> pl.Series:
    """The hit of each, with what members do to each other: one place per person and address.

    Only members who share a key with another one can stand in each other's way.
    """
    shared = keys.filter(pl.col("key").is_duplicated())
    if shared.is_empty():
        return decided["hit"]
    hits = decided["hit"].to_list()
    asked = decided.select("row", "occurrence_key").with_row_index("n")
    groups = asked.join(shared.group_by("row").agg("key"), on="row", maintain_order="left")
    taken: dict[str, set[str]] = {}
    for n, occurrence, mine in groups.select("n", "occurrence_key", "key").iter_rows():
        if hits[n] in BEFORE_OTHERS:
            continue
        others: set[str] = set().union(*(taken.get(key, ()) for key in mine))
        if others:
            hits[n] = "already_handed_over" if occurrence in others else "superseded"
        elif hits[n] is None:
            for key in mine:
                taken.setdefault(key, set()).add(occurrence)
    return pl.Series("hit", hits, pl.String)


def expires_at(claimed: pl.DataFrame, *, now: datetime, catch_up_days: int) -> datetime:
    """The instant after which no row of the batch may leave any more."""
    latest = claimed["valid_until_at"].max()
    if isinstance(latest, datetime):
        return latest.replace(tzinfo=now.tzinfo)
    return now + timedelta(days=catch_up_days)
