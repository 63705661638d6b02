"""Lists that are due by the calendar: asked for once per tick, in the shop's zone.

What leaves by itself is asked for as a hand-off; the rest is planned, and waits for a person who
looks at it and releases it.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pipelines import requests
from pipelines.actors import SCHEDULE
from pipelines.exports.errors import ExportRefused
from pipelines.exports.operations import request
from pipelines.exports.rules import Rules
from pipelines.settings import Home
from pipelines.shop import Campaign, Shop

log = logging.getLogger("okaeri")

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A tick missed for longer, because nothing ran, is not made up for.
_CATCH_UP: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Due:
    """One list whose time has come. `slot` names the tick, so that it is asked for once."""

    segment: str
    destination: str
    slot: str
    is_automatic: bool


def due_lists(shop: Shop, *, now: datetime) -> tuple[Due, ...]:
    """Lists of running campaigns whose newest tick lies within the last day, by segment.

    Campaigns of one segment leave together: by themselves only where all of them do.
    """
    found: dict[tuple[str, str, str], Due] = {}
    for campaign, slot in _ticked(shop, now=now):
        to = campaign.destination or shop.destinations[0].key
        beside = [c for c in shop.campaigns if c.is_active and c.segment == campaign.segment]
        place = (campaign.segment, to, slot)
        found[place] = Due(*place, is_automatic=all(c.is_automatic for c in beside))
    return tuple(found[place] for place in sorted(found))


def ask_due(home: Home, shop: Shop, *, clock: datetime | None = None) -> list[str]:
    """Ids of the requests newly made. A list that cannot be asked for is logged with its reason."""
    now = Rules.of(shop, home).now(clock)
    due = due_lists(shop, now=now)
    if not due:
        return []
    asked = {(r.segment, r.destination, r.slot) for r in requests.all_of(home, shop.id)}
    made = []
    for one in due:
        if (one.segment, one.destination, one.slot) in asked:
            continue
        try:
            made.append(
                request(
                    home,
                    shop,
                    one.segment,
                    one.destination,
                    send=one.is_automatic,
                    requested_by=SCHEDULE,
                    slot=one.slot,
                    clock=now,
                )
            )
        except (ExportRefused, requests.BadRequest) as refusal:
            log.warning("%s to %s: %s", one.segment, one.destination, refusal)
    return made


def _ticked(shop: Shop, *, now: datetime) -> Iterator[tuple[Campaign, str]]:
    for campaign in _running(shop.campaigns, now=now):
        if campaign.cadence is None or not shop.destinations:
            continue
        tick = newest_tick(campaign.cadence, now=now, zone=ZoneInfo(shop.timezone))
        if now - tick < _CATCH_UP:
            yield campaign, f"{tick:%Y%m%dt%H%M}"


def _running(campaigns: Sequence[Campaign], *, now: datetime) -> Iterator[Campaign]:
    for campaign in campaigns:
        begun = campaign.starts_at is None or campaign.starts_at <= now
        if campaign.is_active and begun and (campaign.ends_at is None or now < campaign.ends_at):
            yield campaign


def newest_tick(cadence: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The newest instant of a cadence that is not after `now`, in the shop's zone."""
    *days, clock = cadence.split()
    wanted = _WEEKDAYS.index(days[1]) if days[0] == "weekly" else None
    local = now.astimezone(zone)
    day = local.date()
    while True:
        tick = datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
        if tick <= local and wanted in (None, day.weekday()):
            return tick
        day -= timedelta(days=1)
