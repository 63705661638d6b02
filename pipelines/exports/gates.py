"""Why somebody in a segment is not written to: every gate, in the one order that counts.

Each gate is an expression over the columns of a look at the members: what the snapshot and the
ledger know of each. The first that is true is the recorded reason. Source: definitions, section 10.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from pipelines.exports.frames import naive
from pipelines.exports.refusals import REASONS as REFUSALS
from pipelines.exports.rules import Cool, Program

# How a suppression's own reason is called at the gate.
GATE_OF_SUPPRESSION: Final = {
    "unsubscribe": "unsubscribed", "complaint": "complaint", "hard_bounce": "hard_bounce",
    "soft_bounce_repeated": "hard_bounce", "manual": "manual_block", "legal": "manual_block",
    "withdrawn_member": "unsubscribed", "erased": "erased",
}  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """What a gate may look at besides the members. Units: `now` UTC, `today` shop's date."""

    program: Program
    cool: Cool
    now: datetime
    today: date
    caps: Mapping[int, int] = field(default_factory=dict)
    is_quiet: bool = False
    stops_on_order: bool = True
    is_behavioural: bool = True
    needs_content: bool = False


Gate = Callable[[Situation], pl.Expr]

_REASON: Final = pl.col("reason_code")


def _blocked(reason: str) -> pl.Expr:
    # By a suppression of the ledger, or by the build's own verdict.
    by_build = (~pl.col("is_contactable") & (_verdict() == reason)).fill_null(value=False)
    return pl.col("stops").list.contains(reason).fill_null(value=False) | by_build


def _verdict() -> pl.Expr:
    given = pl.when(pl.col("block_reason") != "").then("block_reason")
    return given.replace(GATE_OF_SUPPRESSION)


def _no_address(at: Situation) -> pl.Expr:
    lacks = pl.col("email_hash").is_null() if at.program.channel == "email" else pl.lit(value=False)
    return lacks | _blocked("no_address")


def _no_consent(_at: Situation) -> pl.Expr:
    # Consent is given for an address: a newer one has none until its owner says so.
    # Whom the build stops for a reason with a gate of its own, that gate stops.
    unsaid = ~pl.col("is_contactable") & ~_verdict().is_in(ORDER).fill_null(value=False)
    nobody = ~pl.col("has_consent")
    return nobody | _blocked("no_consent") | pl.col("is_of_another") | unsaid


def _profiling_opt_out(at: Situation) -> pl.Expr:
    said = _blocked("profiling_opt_out") | pl.col("has_profiling_opt_out")
    return pl.lit(at.is_behavioural) & said


def _ordered_since(at: Situation) -> pl.Expr:
    later = (pl.col("last_sale_at") > pl.col("qualified_at")).fill_null(value=False)
    return (pl.col("close_reason") == "ordered").fill_null(value=False) | (
        pl.lit(at.stops_on_order) & later
    )


def _no_content(at: Situation) -> pl.Expr:
    is_empty = pl.col("content_source").fill_null("none") == "none"
    return (_REASON == "no_content").fill_null(value=False) | (pl.lit(at.needs_content) & is_empty)


def _cool_down(at: Situation) -> pl.Expr:
    since = at.now - timedelta(hours=at.cool.cool_down_hours)
    return pl.col("last_at") > naive(since)


def _refused(reason: str) -> Gate:
    return lambda _at: pl.col("refused") == reason


GATES: Final[Mapping[str, Gate]] = {
    "erased": lambda _at: _blocked("erased"),
    "no_address": _no_address,
    "no_consent": _no_consent,
    "profiling_opt_out": _profiling_opt_out,
    "unsubscribed": lambda _at: _blocked("unsubscribed"),
    "complaint": lambda _at: _blocked("complaint"),
    "hard_bounce": lambda _at: _blocked("hard_bounce"),
    "manual_block": lambda _at: _blocked("manual_block"),
    "open_inquiry": lambda at: pl.lit(at.cool.holds_open_inquiry) & pl.col("has_open_inquiry"),
    "ordered_since": _ordered_since,
    "cart_emptied": lambda _at: pl.col("close_reason") == "emptied",
    "goods_gone": lambda _at: _REASON == "goods_gone",
    "no_content": _no_content,
    "shop_mailed": lambda _at: _REASON == "shop_mailed",
    # These two also hold between the members of one plan: see there.
    "superseded": lambda _at: _REASON == "superseded",
    "already_handed_over": lambda _at: pl.col("is_guarded"),
    "cool_down": _cool_down,
    "frequency_cap": lambda _at: pl.col("is_capped"),
    "quiet_hours": lambda at: pl.lit(at.is_quiet),
    "stale": lambda at: pl.col("valid_until_at") <= naive(at.now),
    **{reason: _refused(reason) for reason in REFUSALS},
}
ORDER: Final = (*GATES, "held_out")
# Whoever one of these stops could not have been written to in any arm: no arm is recorded.
REACH: Final = (
    "erased", "no_address", "no_consent", "profiling_opt_out", "unsubscribed", "complaint",
    "hard_bounce", "manual_block",
)  # fmt: skip
# Looked at again when a claimed batch is sealed and just before it leaves.
LATE: Final = (
    "erased", "no_consent", "profiling_opt_out", "unsubscribed", "complaint", "hard_bounce",
    "manual_block", "open_inquiry", "ordered_since", "cart_emptied", "stale",
)  # fmt: skip
# What stops members in the same order, before one of them can stand in another's way.
BEFORE_OTHERS: Final = ORDER[: ORDER.index("superseded") + 1]


def first_hit(at: Situation, *, among: tuple[str, ...] = tuple(GATES)) -> pl.Expr:
    """The first reason, in order, why a member is not written to; null if there is none."""
    hits = (pl.when(GATES[name](at)).then(pl.lit(name)) for name in among)
    return pl.coalesce(pl.lit(None, pl.String), *hits)
