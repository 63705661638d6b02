"""Members of a segment − gates − ledger → who is handed over, and one reason for everybody else.

A pure function: the same look at the same members gives the same plan, in the same order. It is
made once for a dry run, and again inside the transaction that claims, where its word is final. Of a
million members all of it is held: nothing is in it that can be asked for again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from pipelines.exports.frames import naive
from pipelines.exports.gates import BEFORE_OTHERS
from pipelines.exports.looks import KEYS, Known, in_shares
from pipelines.exports.rules import Program, Rules

HANDED_OVER: Final = "handed_over"
HELD_OUT: Final = "held_out"
CLAIMED: Final = (HANDED_OVER, HELD_OUT)
_KEPT: Final = (
    "row", "person_id", "occurrence_key", "qualified_at", "due_at", "valid_until_at",
    "content_source", *KEYS,
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Every due member of one program, decided, in the order of the file.

    `decisions`: the members with `outcome` (`handed_over`, `held_out` or a gate's reason), `arm`,
    `coupon`, the code taken in the transaction that claims, and `ord`, the place among those who
    take a row in the ledger: handed over or held out; `person_key` and `email_hash` in bytes, texts
    of few values categorical. `stops`: whom the ledger stopped then.
    """

    program: Program
    decisions: pl.DataFrame
    stops: pl.DataFrame
    not_due: int

    @property
    def counts(self) -> Mapping[str, int]:
        """Members per outcome; they sum to the due members."""
        # Of the one column: grouped, the whole frame would be copied.
        return dict(sorted(self.decisions["outcome"].value_counts().iter_rows()))

    @property
    def handed_over(self) -> int:
        """Rows the file would have."""
        return self.counts.get(HANDED_OVER, 0)


def programs_of(members: pl.DataFrame, *, fallback: Program) -> tuple[Program, ...]:
    """The programs of a segment in order; the fallback's alone for an empty one."""
    names = ("campaign_key", "campaign_version", "step_number", "channel")
    found = [Program(*row) for row in members.select(names).unique().iter_rows()]
    found.sort(key=lambda p: (p.campaign_key, p.step_number, p.channel, p.campaign_version))
    return tuple(found) or (fallback,)


def members_of(members: pl.DataFrame, program: Program) -> pl.DataFrame:
    """Members of the program, due or waiting for their arm's delay."""
    mine = members.select(
        (pl.col("campaign_key") == program.campaign_key)
        & (pl.col("campaign_version") == program.campaign_version)
        & (pl.col("step_number") == program.step_number)
        & (pl.col("channel") == program.channel)
    )
    return _those(members, mine.to_series())


def due_members(members: pl.DataFrame, *, now: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members of a program whose time has come, and those who still wait."""
    is_due = members["due_at"] <= naive(now)
    return _those(members, is_due), members.filter(~is_due)


def _those(members: pl.DataFrame, are_meant: pl.Series) -> pl.DataFrame:
    # Of a million no second million is made.
    return members if are_meant.all() else members.filter(are_meant)


@dataclass(frozen=True)
class Share:
    """A share of the due members, judged by every gate.

    `verdicts`: `row`, `arm`, `hit` and `is_held`, in the order of the members. `marks`: (`row`,
    `mark`), one per key.
    """

    verdicts: pl.DataFrame
    marks: pl.DataFrame

    @classmethod
    def of(cls, judged: pl.DataFrame, seen: Known, *, program: Program, rules: Rules) -> "Share":
        """Who is in which arm: the recorded one beats the one drawn in the segment."""
        decided = judged.with_columns(pl.coalesce("recorded", "arm_key").alias("arm"))
        otherwise = pl.col("is_held_out") & (pl.col("arm") == pl.col("arm_key"))
        held = pl.any_horizontal(
            pl.lit(value=False),
            *(
                (pl.col("arm") == arm) & (otherwise == drawn)
                for arm in decided["arm"].unique()
                for drawn in (True, False)
                if rules.is_holdout(program, arm, otherwise=drawn)
            ),
        )
        verdicts = decided.select(
            "row", pl.col("arm", "hit").cast(pl.Categorical), held.alias("is_held")
        )
        return cls(verdicts, seen.keys.select("row", pl.col("key").hash().alias("mark")))


def plan(
    program: Program,
    due: pl.DataFrame,
    shares: Sequence[Share],
    *,
    stops: pl.DataFrame,
    not_due: int,
    keys_of: Callable[[pl.DataFrame], pl.DataFrame],
) -> Plan:
    """Decide every due member. Invariant: each gets exactly one outcome, by the first gate hit."""
    verdicts = pl.concat(share.verdicts for share in shares)
    if not verdicts["row"].equals(due["row"]):
        raise RuntimeError("members came back from the gates in another order: nobody is decided")
    marks = pl.concat(share.marks for share in shares)
    # Only members who share a key with another one can stand in each other's way.
    in_order = marks["mark"].sort()
    twice = in_order.filter(in_order == in_order.shift()).unique()
    among = marks.filter(pl.col("mark").is_in(twice.implode()))["row"].unique()
    decided = due.select(_KEPT).hstack(verdicts.drop("row"))
    mixed = decided.filter(pl.col("row").is_in(among.implode()))
    after = _among_each_other(mixed, keys_of(mixed)) if mixed.height else None
    decisions, count = [], 0
    for share in in_shares(decided):
        decisions.append(_placed(share, after, count=count))
        count += decisions[-1]["ord"].count()
    return Plan(program, pl.concat(decisions), stops, not_due)


def _placed(decided: pl.DataFrame, after: pl.DataFrame | None, *, count: int) -> pl.DataFrame:
    """The members with their outcome and place, of which so many are taken before them."""
    if after is not None:
        decided = decided.join(after, on="row", how="left", maintain_order="left").with_columns(
            pl.coalesce("after", "hit").alias("hit")
        )
    held_out, handed_over = (pl.lit(word, pl.Categorical) for word in (HELD_OUT, HANDED_OVER))
    outcome = pl.coalesce("hit", pl.when("is_held").then(held_out), handed_over)
    is_claimed = pl.col("outcome").is_in(CLAIMED)
    place = pl.when(is_claimed).then(is_claimed.cum_sum().cast(pl.Int64) + (count - 1))
    return decided.with_columns(
        outcome.alias("outcome"), pl.lit(None, pl.Categorical).alias("coupon")
    ).select(pl.exclude("hit", "is_held", "after"), place.alias("ord"))


def _among_each_other(mixed: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """(`row`, `after`): the hit of each, with what members do to each other.

    One place per person and address.
    """
    hits = mixed["hit"].to_list()
    asked = mixed.select("row", "occurrence_key").with_row_index("n")
    groups = asked.join(keys.group_by("row").agg("key"), on="row", maintain_order="left")
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
    return pl.DataFrame([mixed["row"], pl.Series("after", hits, pl.Categorical)])


def expires_at(found: Plan, *, now: datetime, catch_up_days: int) -> datetime:
    """The instant after which no row of the batch may leave any more."""
    is_claimed = pl.col("ord").is_not_null()
    latest = found.decisions.select(pl.col("valid_until_at").filter(is_claimed).max()).item()
    if isinstance(latest, datetime):
        return latest.replace(tzinfo=now.tzinfo)
    return now + timedelta(days=catch_up_days)
