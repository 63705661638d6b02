"""Who takes part in which trial, and what they did in its window (definitions, section 6)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.arms import Assignment, known_arms
from tests.oracle.campaigns import Version, version_of
from tests.oracle.known import Row
from tests.oracle.reports import value_band
from tests.oracle.sales import Order
from tests.oracle.world import World

# What the script of a site calls showing nothing.
NOTHING_SHOWN = {"control", "hidden", "holdout", "none", "off"}


@dataclass
class Person:
    """A person of a trial, from the first eligible episode or the first exposure on."""

    person: str
    arm: str
    is_holdout: bool
    is_contaminated: bool
    band: str
    eligible_at: datetime
    ends_at: datetime
    is_mature: bool
    orders: list[Order]
    later: int = 0
    registered_at: datetime | None = None

    @property
    def has_registered(self) -> bool:
        """Got an account in the window."""
        return (
            self.registered_at is not None and self.eligible_at <= self.registered_at < self.ends_at
        )

    @property
    def was_registered(self) -> bool:
        """Had an account before."""
        return self.registered_at is not None and self.registered_at < self.eligible_at


@dataclass
class Trial:
    """One campaign version, or one experiment of the site, whose version is 0."""

    version: Version
    kind: str
    persons: list[Person]
    # Arms in the order of the shop's file; a site has none.
    order: dict[str, int]
    # Campaign of a version the shop knows.
    campaign: Row


def trials(world: World) -> list[Trial]:
    """Every trial that anybody takes part in."""
    return [*_of_campaigns(world), *_of_site(world)]


def _of_campaigns(world: World) -> list[Trial]:
    campaigns = {version_of(row): row for row in world.shop["campaigns"]}
    arms = known_arms(world.shop)
    carts = {cart.episode_id: cart for cart in world.carts}
    later: dict[tuple[Version, str], int] = defaultdict(int)
    recorded = [given for given in world.assignments if given.basis == "recorded"]
    for given in recorded:
        later[given.version, given.person] += given.eligible_no > 1
    found: dict[Version, list[Person]] = defaultdict(list)
    for given in recorded:
        if given.eligible_no == 1:
            campaign = campaigns.get(given.version, Row())
            cart = carts.get(given.occurrence)
            person = _observed(
                world, given.person, given.arm, _started(given, campaign),
                campaign["recovery_window_days"],
            )  # fmt: skip
            person.is_holdout = bool(arms[given.version].get(given.arm, Row())["is_holdout"])
            person.is_contaminated = given.is_contaminated
            person.later = later[given.version, given.person]
            if cart is not None:
                person.band = value_band(cart.value_amount(), world.shop.currency)
            found[given.version].append(person)
    return [
        Trial(
            version, "campaign", persons,
            {arm: int(str(row["arm_order"])) for arm, row in arms[version].items()},
            campaigns.get(version, Row()),
        )
        for version, persons in found.items()
    ]  # fmt: skip


def _started(given: Assignment, campaign: Row) -> datetime:
    """Whoever is due by the calendar qualified long before: there the draw starts the clock."""
    if campaign["segment_key"] in {None, "cart_recovery"}:
        return given.eligible_at
    assert given.recorded_at is not None
    return given.recorded_at


def _of_site(world: World) -> list[Trial]:
    seen: dict[str, dict[str, list[tuple[datetime, str, str]]]] = defaultdict(dict)
    signed_up: dict[str, datetime] = {}
    for event in world.shop["events"]:
        person = world.people.of_event(event)
        if event["is_bot"] or person is None:
            continue
        at = event["occurred_at"]
        if event["event_name"] == "Signed Up":
            signed_up[person] = min(signed_up.get(person, at), at)
        is_exposed = event["experiment_key"] is not None and event["arm_key"] is not None
        if event["event_name"] == "Experiment Viewed" and is_exposed:
            views = seen[str(event["experiment_key"])].setdefault(person, [])
            views.append((at, str(event["event_id"]), str(event["arm_key"])))
    listed = _registrations(world)
    found = []
    for key, exposed in seen.items():
        persons = []
        for who, views in exposed.items():
            at, _, arm = min(views)
            person = _observed(world, who, arm, at, None)
            person.is_holdout = arm.lower() in NOTHING_SHOWN
            person.is_contaminated = len({shown for *_, shown in views}) > 1
            person.registered_at = signed_up.get(who, listed.get(who))
            persons.append(person)
        found.append(Trial((key, 0), "site", persons, {}, Row()))
    return found


def _registrations(world: World) -> dict[str, datetime]:
    """When the shop's list of members says that a person registered."""
    found: dict[str, datetime] = {}
    for row in world.shop["customers"]:
        person = world.people.of_account(str(row["customer_id"]))
        at = row["registered_at"]
        if person is not None and at is not None and row["is_member"]:
            found[person] = min(found.get(person, at), at)
    return found


def _observed(world: World, person: str, arm: str, at: datetime, days: object) -> Person:
    window = int(str(days or world.shop.settings["recovery_window_days"]))
    ends_at = at + timedelta(days=window)
    orders = [order for order in world.sales.get(person, ()) if at <= order.ordered_by_at < ends_at]
    return Person(
        person, arm, is_holdout=False, is_contaminated=False, band="unknown",
        eligible_at=at, ends_at=ends_at, is_mature=ends_at <= world.shop.as_of, orders=orders,
    )  # fmt: skip
