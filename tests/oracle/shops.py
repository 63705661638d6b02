"""Generated shops, small and nasty: boundaries hit exactly, ties, shared browsers, merged accounts."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.known import Known, known

AS_OF = datetime(2026, 6, 20, 3, 0)
ZONES = ("Asia/Tokyo", "America/New_York", "Europe/London")
PRODUCTS = ("p:1", "p:2", "p:3", "p:4")
# Clusters around the hour before and after clocks change, around midnight, and just before now.
ANCHORS = (
    datetime(2026, 3, 8, 6, 30),
    datetime(2026, 3, 29, 0, 30),
    datetime(2026, 2, 28, 14, 59),
    datetime(2026, 5, 31, 15, 0),
)


@dataclass
class Shop:
    """One shop's landed rows by table, and how often each hard case was put into it."""

    shop_id: str
    zone: str
    currency: str = "JPY"
    revenue_measure: str = "goods"
    known_at: datetime = AS_OF
    week_start: int = 1
    history_from_on: date | None = None
    # What its mails may say of delivery and guarantees.
    facts: dict[str, object] = field(default_factory=dict)
    tables: dict[str, list[dict[str, object]]] = field(default_factory=lambda: defaultdict(list))
    features: Counter[str] = field(default_factory=Counter)

    def add(self, table: str, **row: object) -> dict[str, object]:
        """One more landed row."""
        made = {"shop_id": self.shop_id, **row}
        self.tables[table].append(made)
        return made

    def number(self, table: str) -> int:
        """How many rows a table has: a running number for the next one."""
        return len(self.tables[table])

    def on(self, instant: datetime) -> date:
        """Calendar date of an instant in the shop's zone."""
        return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).date()

    @property
    def settings(self) -> dict[str, object]:
        """The shop's own row."""
        return {
            "shop_id": self.shop_id,
            "timezone": self.zone,
            "currency": self.currency,
            "revenue_measure": self.revenue_measure,
            "week_start": self.week_start,
            "history_from_on": self.history_from_on,
            **self.facts,
        }

    def known(self) -> Known:
        """The shop as its run knows it."""
        return known(
            self.settings, self.tables, as_of=AS_OF, known_at=self.known_at, loaded_at=AS_OF
        )


def shop(number: int) -> Shop:
    """The shop of that number: always the same one."""
    # Imported late: what is drawn for the ledger depends on the episodes found in the shop.
    from tests.oracle import (
        draw_behaviour,
        draw_carts,
        draw_ledger,
        draw_people,
        draw_segments,
        draw_signs,
        draw_snapshots,
        draw_trials,
    )

    draw = random.Random(f"shop {number}")
    made = Shop(
        f"s{number:04d}",
        draw.choice(ZONES),
        currency="USD" if draw.random() < 0.1 else "JPY",
        revenue_measure=draw.choices(("goods", "total", "paid"), (8, 1, 1))[0],
    )
    made.features["daylight_saving"] += made.zone != "Asia/Tokyo"
    if draw.random() < 0.2:
        made.known_at = AS_OF + timedelta(days=2)
        made.features["known_later"] += 1
    made.add("shops", **made.settings)
    made.add("runs", run_id="run", as_of_at=AS_OF, as_of_on=made.on(AS_OF), known_at=made.known_at)
    accounts = draw_people.people(made, draw)
    draw_carts.carts(made, draw, accounts)
    draw_snapshots.snapshots(made, draw, accounts)
    draw_ledger.ledger(made, draw, accounts)
    # Dice of their own: what is added here leaves the rest of the shop as it is.
    draw_signs.signs(made, random.Random(f"signs {number}"), accounts)
    draw_trials.trials(made, random.Random(f"trials {number}"), accounts)
    _late(made, draw)
    draw_behaviour.behaviour(made, number)
    draw_segments.segments(made, random.Random(f"segments {number}"))
    return made


def landing(made: Iterable[Shop]) -> dict[str, list[dict[str, object]]]:
    """Rows of several shops by table, as one landing."""
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    for one in made:
        for table, given in one.tables.items():
            rows[table] += given
    return rows


def instant(draw: random.Random) -> datetime:
    """Some instant of the half year before the run, often near a change of clocks or the run."""
    chance = draw.random()
    if chance < 0.2:
        return draw.choice(ANCHORS) + timedelta(minutes=draw.randint(-90, 90))
    if chance < 0.45:
        return AS_OF - timedelta(minutes=draw.randint(1, 6 * 1440))
    return datetime(2026, 1, 5) + timedelta(seconds=draw.randint(0, 166 * 86400))


def _late(made: Shop, draw: random.Random) -> None:
    """Some rows come in after the run, which `known_at` may still let in; some come twice."""
    for table in ("orders", "events", "refunds", "mail_events", "consents", "customers"):
        rows = made.tables[table]
        for row in list(rows):
            chance = draw.random()
            if chance < 0.01:
                row["loaded_at"] = AS_OF + timedelta(days=draw.choice((1, 3)))
                made.features["late_row"] += row["loaded_at"] > made.known_at
            elif table == "orders" and chance < 0.05:
                later = draw.choice((0, 1, 3))
                made.add(table, **{**row, "source_status": "cancelled",
                                   "loaded_at": AS_OF + timedelta(days=later)})  # fmt: skip
                made.features["second_version"] += 1
