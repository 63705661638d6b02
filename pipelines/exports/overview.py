"""Every published segment as it would be planned now: members, contactable, reasons.

Nothing is asked for and nothing is written: neither a request nor a row of the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines import state
from pipelines.exports import claims
from pipelines.exports.errors import ShopNotReady
from pipelines.exports.gates import REACH
from pipelines.exports.job import job_of
from pipelines.exports.plan import programs_of
from pipelines.exports.rules import Rules
from pipelines.exports.snapshot import open_snapshot, published_segments
from pipelines.requests import Request
from pipelines.settings import Home
from pipelines.shop import Shop


@dataclass(frozen=True)
class Overview:
    """One program of a segment, as for the shop's first destination.

    `members`: due now, each under one outcome of `counts`. `contactable`: of them those whom no
    address, consent or suppression stops, in whatever arm. `is_published` is False for a campaign
    whose segment nobody has written: it will never reach anybody.
    """

    segment: str
    program: str
    members: int
    contactable: int
    not_due: int
    counts: Mapping[str, int]
    is_published: bool = True


def overview(home: Home, shop: Shop, *, clock: datetime | None = None) -> tuple[Overview, ...]:
    """One row per published segment and program, in their order.

    Raises: SnapshotMissing; ShopNotReady for a shop without a destination.
    """
    if not shop.destinations:
        raise ShopNotReady("shop.yml has no destination: a plan is made for one. Add it")
    destination = shop.destinations[0]
    rules = Rules.of(shop, home)
    now = rules.now(clock)
    snapshot = open_snapshot(home, shop.id)
    # Addresses and keys are the largest part of a snapshot and the same for every segment.
    facts = snapshot.facts(rules.pepper)
    known = published_segments(home)
    found = []
    with state.reading(state.ledger_engine(home)) as connection:
        for key in known:
            job = job_of(
                _unasked(shop, key, destination.key, at=now), snapshot, snapshot.segment(key),
                destination=destination, rules=rules, now=now, facts=facts,
            )  # fmt: skip
            for program in programs_of(job.segment.members, fallback=rules.fallback(key)):
                plan = claims.planned(connection, job, program)
                due = plan.decisions.height
                counts = plan.counts
                reached = due - sum(counts.get(reason, 0) for reason in REACH)
                found.append(Overview(key, program.key, due, reached, plan.not_due, dict(counts)))
    lost = [c for c in shop.campaigns if c.is_active and c.segment not in known]
    return (*found, *(Overview(c.segment, c.key, 0, 0, 0, {}, is_published=False) for c in lost))


def _unasked(shop: Shop, segment: str, destination: str, *, at: datetime) -> Request:
    # A job is made of a request; this one stands in no table.
    return Request(
        request_id="overview", shop_id=shop.id, segment=segment, destination=destination,
        slot="overview", as_of=None, dry_run=True, max_rows=None, request_state="planned",
        reason=None, requested_by="overview", approved_by=None, requested_at=at, not_before=None,
        started_at=None, finished_at=None, attempt_count=0, outcome=None,
    )  # fmt: skip
