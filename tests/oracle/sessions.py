"""Visits: runs of one browser's events (definitions, section 3)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.oracle.known import Known, Row
from tests.oracle.persons import People
from tests.oracle.snapshots import hashed


@dataclass
class Session:
    """One visit, up to the gap that ends it."""

    session_id: str
    events: list[Row]
    gap: timedelta
    persons: set[str] = field(default_factory=set)
    known_since: list[datetime] = field(default_factory=list)

    @property
    def token(self) -> object:
        """Token of the link it began with."""
        return self.events[0]["export_token"]

    @property
    def started_at(self) -> datetime:
        """First event."""
        return self.events[0]["occurred_at"]

    @property
    def ended_at(self) -> datetime:
        """Last event."""
        return self.events[-1]["occurred_at"]

    @property
    def gap_ends_at(self) -> datetime:
        """An event from this instant on begins the next one."""
        return self.ended_at + self.gap

    @property
    def person(self) -> str:
        """Whose visit it was: of several that logged in, the greater text."""
        return max(self.persons)

    def count(self, name: str) -> int:
        """How many events of a name."""
        return sum(event["event_name"] == name for event in self.events)


def sessions(shop: Known, found: People) -> list[Session]:
    """Every visit of one shop."""
    gap = timedelta(minutes=shop.settings["session_gap_minutes"])
    runs: dict[str, list[Row]] = defaultdict(list)
    for event in shop["events"]:
        person = found.of_event(event)
        if not event["is_bot"] and person is not None:
            browser = event["anonymous_id"]
            runs[f"b:{browser}" if browser is not None else f"p:{person}"].append(event)
    made: list[Session] = []
    for events in runs.values():
        events.sort(key=lambda e: (e["occurred_at"], e["event_id"]))
        last: datetime | None = None
        for event in events:
            if last is None or event["occurred_at"] >= last + gap:
                made.append(Session(hashed(shop.shop_id, event["event_id"]), [], gap))
            last = event["occurred_at"]
            made[-1].events.append(event)
            made[-1].persons.add(str(found.of_event(event)))
            since = found.identified_at(event)
            made[-1].known_since += [] if since is None else [since]
    return made
