"""Codes of a campaign: imported once, given to one person each, for ever.

Taken inside the transaction that claims, so that two exports never give one code twice. A code
stays its person's also where the batch was given up: whoever is claimed again gets the same one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import polars as pl
import sqlalchemy as sa

from pipelines import state
from pipelines.exports.errors import CouponsShort
from pipelines.exports.job import Job
from pipelines.exports.looks import in_hex
from pipelines.exports.plan import HANDED_OVER, Plan
from pipelines.exports.rules import Program
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import claim, coupon

_CHUNK: Final = 900
# A batch that never left gives its people up; their codes wait for them.
_NOT_GIVEN: Final = ("released", "suppressed")


@dataclass(frozen=True)
class Pool:
    """One pool as it stands. `left`: codes free and still valid."""

    pool: str
    left: int
    given: int
    expired: int


@dataclass(frozen=True)
class Share:
    """Which row of a plan gets which code. `withheld`: due for one, and not to have one now."""

    pool: str
    codes: Mapping[int, str]
    needed: int
    withheld: int


def pools(home: Home, shop: Shop, *, now: datetime) -> list[Pool]:
    """Every pool an arm names, by name, empty ones included."""
    named = {arm.coupon_pool for c in shop.campaigns for arm in c.arms if arm.coupon_pool}
    found = []
    with state.reading(state.ledger_engine(home)) as connection:
        for name in sorted(named):
            mine = coupon.c.pool == name
            given = _count(connection, mine, coupon.c.taken_at.is_not(None))
            left = _count(connection, mine, *_free(now))
            every = _count(connection, mine)
            found.append(Pool(name, left=left, given=given, expired=every - given - left))
    return found


def with_coupons(connection: sa.Connection, job: Job, found: Plan) -> Plan:
    """The plan with a code beside everybody who is to have one.

    Raises: CouponsShort where the pool is, unless the campaign says `without_code`.
    """
    campaign = job.rules.campaign(found.program)
    codes: dict[int, str] = {}
    for name in sorted(_wanted(job, found)):
        share = share_of(connection, job, found, pool=name)
        if campaign is not None and campaign.when_no_coupon != "without_code":
            _refuse_short(connection, job, found.program, share)
        codes |= share.codes
    if not codes:
        return found
    given = pl.DataFrame(
        list(codes.items()), schema={"row": found.decisions.schema["row"], "coupon": pl.String},
        orient="row",
    )  # fmt: skip
    decisions = found.decisions.drop("coupon").join(
        given, on="row", how="left", maintain_order="left"
    )
    return replace(found, decisions=decisions)


def share_of(connection: sa.Connection, job: Job, found: Plan, *, pool: str) -> Share:
    """Who would get which code of a pool, in the order of the file."""
    due = _wanted(job, found)[pool]
    mine = job.facts.keys_of(in_hex(due))
    spaced, waiting = _history(connection, mine["key"].unique().to_list(), pool=pool, job=job)
    blocked = job.facts.waiting_for_coupons(job.now)
    keys = dict(mine.group_by("row").agg(pl.col("key").sort()).iter_rows())
    may = [
        n for n, person in due.select("row", "person_id").iter_rows()
        if spaced.isdisjoint(keys[n]) and person not in blocked
    ]  # fmt: skip
    codes: dict[int, str] = {}
    for n in may:
        own = next((waiting[key] for key in keys[n] if key in waiting), None)
        if own is not None:
            codes[n] = own
    without = [n for n in may if n not in codes]
    fresh = _free_codes(connection, pool, len(without), now=job.now)
    codes |= dict(zip(without, fresh, strict=False))
    return Share(pool, codes, needed=len(may), withheld=due.height - len(may))


def outlook(connection: sa.Connection, job: Job, found: Plan) -> Mapping[str, object] | None:
    """What a plan would take of its pool, for a screen; None for a campaign without coupons."""
    wanted = sorted(_wanted(job, found))
    if not wanted:
        return None
    shares = [share_of(connection, job, found, pool=name) for name in wanted]
    left = sum(_count(connection, coupon.c.pool == name, *_free(job.now)) for name in wanted)
    return {
        "pool": ", ".join(wanted), "needed": sum(share.needed for share in shares), "left": left,
        "withheld": sum(share.withheld for share in shares),
    }  # fmt: skip


def take(connection: sa.Connection, claimed: pl.DataFrame, *, batch_id: str, now: datetime) -> None:
    """Write down whose each code is. Invariant: same transaction as the claims.

    Raises: RuntimeError if two of a plan were given one code.
    """
    rows = [
        {**row, "batch_id": batch_id, "taken_at": now}
        for row in in_hex(claimed.filter(pl.col("coupon").is_not_null()))
        .select(pl.col("coupon").alias("of_code"), "ord", "person_key", "email_hash")
        .iter_rows(named=True)
    ]
    if not rows:
        return
    connection.execute(coupon.update().where(coupon.c.code == sa.bindparam("of_code")), rows)
    if _count(connection, coupon.c.batch_id == batch_id) != len(rows):
        raise RuntimeError(f"two people of {batch_id} were given one coupon: nothing was claimed")


def _chunks(values: Iterable[str]) -> Iterable[list[str]]:
    every = sorted(values)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))


def _free(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    still = coupon.c.expires_at.is_(None) | (coupon.c.expires_at > now)
    return coupon.c.taken_at.is_(None), still


def _count(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(coupon).where(*where)
    return int(connection.execute(query).scalar_one())


def _free_codes(connection: sa.Connection, pool: str, count: int, *, now: datetime) -> list[str]:
    # What ends first goes first; by code after that, which says nothing about the person.
    order = (coupon.c.expires_at.is_(None), coupon.c.expires_at, coupon.c.code)
    query = sa.select(coupon.c.code).where(coupon.c.pool == pool, *_free(now)).order_by(*order)
    return list(connection.execute(query.limit(count)).scalars())


def _history(
    connection: sa.Connection, keys: Sequence[str], *, pool: str, job: Job
) -> tuple[set[str], dict[str, str]]:
    """Keys given a code within the gap, and key → code of the pool that waits for it."""
    since = job.now - timedelta(days=job.rules.shop.thresholds.coupon_gap_days)
    is_its_claim = (claim.c.batch_id == coupon.c.batch_id) & (claim.c.ord == coupon.c.ord)
    query = sa.select(coupon, claim.c.st).select_from(coupon.outerjoin(claim, is_its_claim))
    spaced: set[str] = set()
    waiting: dict[str, str] = {}
    for part in _chunks(keys):
        mine = coupon.c.person_key.in_(part) | coupon.c.email_hash.in_(part)
        for row in connection.execute(query.where(mine).order_by(coupon.c.code)):
            own = {key for key in (row.person_key, row.email_hash) if key is not None}
            if row.st not in _NOT_GIVEN:
                spaced |= own if row.taken_at > since else set()
            elif row.pool == pool and (row.expires_at is None or row.expires_at > job.now):
                waiting |= dict.fromkeys(own, row.code)
    return spaced, waiting


def _wanted(job: Job, found: Plan) -> dict[str, pl.DataFrame]:
    is_sent = pl.col("outcome") == HANDED_OVER
    arms = found.decisions.select(pl.col("arm").filter(is_sent).unique()).to_series()
    of_arm = {arm: job.rules.coupon_pool(found.program, arm) for arm in arms}
    pools_of = {pool for pool in of_arm.values() if pool is not None}
    return {
        pool: found.decisions.filter(
            is_sent & pl.col("arm").is_in([a for a, name in of_arm.items() if name == pool])
        )
        for pool in pools_of
    }


def _refuse_short(connection: sa.Connection, job: Job, program: Program, share: Share) -> None:
    missing = share.needed - len(share.codes)
    if missing <= 0:
        return
    left = _count(connection, coupon.c.pool == share.pool, *_free(job.now))
    campaign = job.rules.campaign(program)
    waits = campaign is not None and campaign.when_no_coupon == "wait"
    raise CouponsShort(
        f"pool {share.pool} has {left} codes left and {program.key} needs {missing} more: okaeri "
        f"coupons import FILE --campaign {program.campaign_key} --pool {share.pool}, or set "
        "when_no_coupon: without_code on the campaign"
        + ("; until then the request waits" if waits else ""),
        waits=waits,
    )
