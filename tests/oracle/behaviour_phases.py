"""Phases and how people move between them (definitions, section 8)."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.behaviour import once
from tests.oracle.behaviour_persons import registered_at, sights
from tests.oracle.cohorts import months_between, months_later
from tests.oracle.facts import Fact
from tests.oracle.known import SALES
from tests.oracle.periods import periods
from tests.oracle.reports import rate
from tests.oracle.sales import Order
from tests.oracle.world import World

# Ends of orders that were sales before. A draft or a failed payment never was one, and a status
# nobody has mapped is never silently taken for one.
ENDED = {"cancelled", "returned", "refunded"}
SHOWN_MONTHS = 12


@dataclass
class Stay:
    """A person's stay in one phase."""

    phase: str
    order_count: int
    from_at: datetime
    to_at: datetime | None = None


def dim_person_phases(world: World) -> list[Fact]:
    """Everybody's stays."""
    return [
        {
            "person_id": person,
            "phase_no": number,
            "phase": stay.phase,
            "previous_phase": given[number - 2].phase if number > 1 else None,
            "is_current": stay.to_at is None,
            "order_count": stay.order_count,
            "valid_from_at": stay.from_at,
            "valid_to_at": stay.to_at,
        }
        for person, given in stays(world).items()
        for number, stay in enumerate(given, 1)
    ]


@once
def stays(world: World) -> dict[str, list[Stay]]:
    """Everybody's stays in their order."""
    found = {}
    for person, changes in _changes(world).items():
        orders, is_member, given = 0, False, list[Stay]()
        for at in sorted({at for at, *_ in changes}):
            orders += sum(change for when, change, _ in changes if when == at)
            is_member |= any(joins for when, _, joins in changes if when == at)
            phase = phase_of(world, orders, is_member=is_member)
            if given and given[-1].phase == phase:
                continue
            if given:
                given[-1].to_at = at
            given.append(Stay(phase, orders, at))
        found[person] = given
    return found


def phase_of(world: World, orders: int, *, is_member: bool) -> str:
    """Name of the phase of somebody with so many orders."""
    if not is_member:
        return "guest_buyer" if orders else "anonymous"
    if orders >= world.shop.settings["loyal_order_count"]:
        return "loyal"
    return ("member_no_order", "first_buyer", "second_buyer", "repeat")[min(orders, 3)]


def _changes(world: World) -> dict[str, list[tuple[datetime, int, bool]]]:
    """When what of a phase changed: orders more or fewer, an account from then on."""
    found: dict[str, list[tuple[datetime, int, bool]]] = defaultdict(list)
    registered, members = registered_at(world), world.people.members()
    for person, traces in sights(world).items():
        first_at = traces.first_at
        if first_at is not None:
            found[person].append((first_at, 0, False))
        joined_at = registered.get(person, first_at)
        if person in members and joined_at is not None:
            found[person].append((joined_at, 0, True))
    for order in world.orders:
        if order.person is None:
            continue
        void_at = voided_at(world, order)
        if order.is_sale or (void_at is not None and void_at > order.ordered_at):
            found[order.person].append((order.ordered_at, 1, False))
            if void_at is not None and not order.is_sale:
                found[order.person].append((void_at, -1, False))
    as_of = world.shop.as_of
    return {
        person: [change for change in given if change[0] < as_of]
        for person, given in found.items()
        if any(change[0] < as_of for change in given)
    }


def voided_at(world: World, order: Order) -> datetime | None:
    """When an order ended that was one: cancelled or given back in full, whichever came first."""
    if order.is_sale or order.row["source_status"] not in SALES | ENDED:
        return None
    ends = [order.row["cancelled_at"]] if order.row["cancelled_at"] is not None else []
    refunds = [r["refunded_at"] for r in world.shop["refunds"] if r["order_id"] == order.order_id]
    if order.is_given_back and refunds:
        ends.append(max(refunds))
    return min((end for end in ends if end < world.shop.as_of), default=None)


def rpt_phase_transitions(world: World) -> list[Fact]:
    """Who was in which phase when a month began and when it ended."""
    shop, everybody = world.shop, stays(world)
    rows = []
    for period in periods(shop):
        month = period.first
        is_month = period.key == f"{month:%Y-%m}"
        if not is_month or months_between(month, shop.as_of_on) >= SHOWN_MONTHS:
            continue
        starts_at, next_at = shop.day_start(month), shop.day_start(months_later(month, 1))
        moves: Counter[tuple[str, str]] = Counter()
        for given in everybody.values():
            to_phase = _phase_before(given, min(next_at, shop.as_of))
            if to_phase is not None:
                moves[_phase_before(given, starts_at) or "unseen", to_phase] += 1
        for (from_phase, to_phase), count in moves.items():
            whole = sum(n for (one, _), n in moves.items() if one == from_phase)
            rows.append(
                {
                    "transition_month": month,
                    "from_phase": from_phase,
                    "to_phase": to_phase,
                    "is_complete": next_at <= shop.as_of,
                    "has_moved": from_phase != to_phase,
                    "person_count": count,
                    "from_person_count": whole,
                    "transition_rate": rate(count, whole),
                }
            )
    return rows


def _phase_before(given: list[Stay], instant: datetime) -> str | None:
    """The phase that lasted up to an instant; what begins at it comes after."""
    for stay in given:
        if stay.from_at < instant and (stay.to_at is None or stay.to_at >= instant):
            return stay.phase
    return None
