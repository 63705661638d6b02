"""Visits that looked and took nothing (definitions, section 4)."""

from collections import defaultdict
from datetime import datetime, timedelta

from tests.oracle.actions import actions
from tests.oracle.facts import Fact, month_of
from tests.oracle.periods import periods
from tests.oracle.reports import rate
from tests.oracle.sales import sales_of_persons
from tests.oracle.sessions import Session
from tests.oracle.world import World

QUIET = timedelta(hours=24)
LEAST_VIEWS = 2


def fct_browse_abandonments(world: World) -> list[Fact]:
    """Visits with views or a favourite, no cart action and no order till a day after."""
    return [_fact(world, session, kind) for session, kind, is_left in _settled(world) if is_left]


def rpt_browse_abandonment(world: World) -> list[Fact]:
    """Visits that looked, and of these the abandoned ones."""
    left = {str(fact["session_id"]): fact for fact in fct_browse_abandonments(world)}
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for session, kind, _ in _settled(world):
        month = month_of(world.shop.on(session.started_at))
        for period in periods(world.shop):
            if period.holds(month):
                for one in ("all", kind):
                    groups[period.key, one].append(session.session_id)
    rows = []
    for (period_key, kind), held in groups.items():
        found = [left[one] for one in held if one in left]
        mature = [fact for fact in found if fact["is_mature"]]
        ordered = sum(bool(fact["has_ordered_in_window"]) for fact in mature)
        rows.append(
            {
                "period_key": period_key,
                "abandonment_kind": kind,
                "visit_count": len(held),
                "abandoned_count": len(found),
                "abandoned_person_count": len({fact["person_id"] for fact in found}),
                "identified_count": sum(bool(fact["is_identified"]) for fact in found),
                "mature_count": len(mature),
                "ordered_in_window_count": ordered,
                "abandonment_rate": rate(len(found), len(held)),
                "ordered_in_window_rate": rate(ordered, len(mature)),
            }
        )
    return rows


def _settled(world: World) -> list[tuple[Session, str, bool]]:
    """Visits that looked and ended a day ago, with what they looked by and whether they left."""
    spans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for person, given in actions(world.shop, world.people, world.orders).items():
        for action in given:
            span = (action.at, action.at)
            # Known by its date alone, it may have happened at any hour of it.
            if action.precision == "day":
                day = world.shop.on(action.order.ordered_at if action.order else action.at)
                span = (world.shop.day_start(day), world.shop.day_end(day))
            spans[person].append(span)
    found = []
    for session in world.sessions:
        is_browse = session.count("Product Viewed") >= LEAST_VIEWS
        if not is_browse and not session.count("Product Added to Wishlist"):
            continue
        quiet_until = session.ended_at + QUIET
        if quiet_until > world.shop.as_of:
            continue
        is_undone = any(
            session.started_at <= until and since < quiet_until
            for since, until in spans[session.person]
        )
        found.append((session, "browse" if is_browse else "favourite", not is_undone))
    return found


def _fact(world: World, session: Session, kind: str) -> Fact:
    ends_at = session.ended_at + timedelta(days=world.shop.settings["recovery_window_days"])
    sales = sales_of_persons(world.orders).get(session.person, ())
    devices = [str(e["device"]) for e in session.events if e["device"] is not None]
    return {
        "session_id": session.session_id,
        "person_id": session.person,
        "abandonment_kind": kind,
        "device": max(devices, default="unknown"),
        "is_identified": bool(session.known_since),
        "has_ordered_in_window": any(
            session.ended_at <= order.ordered_by_at < ends_at for order in sales
        ),
        "is_mature": ends_at <= world.shop.as_of,
        "product_view_count": session.count("Product Viewed"),
        "favourite_count": session.count("Product Added to Wishlist"),
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "abandoned_at": session.ended_at + QUIET,
    }
