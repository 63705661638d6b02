"""Everybody as the customer's page shows them: what they are, bought, asked, and when last seen."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tests.oracle.behaviour import once
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.persons import LOGINS, Account, account_of
from tests.oracle.reports import total
from tests.oracle.sales import Order, sales_of_persons
from tests.oracle.world import World

# Of two sights at one instant the first of these names it.
BASES = ("login", "event", "cart", "favourite", "order")


@dataclass
class Sights:
    """Every instant at which a person was there, by what showed it; `None` shows a row alone."""

    found: list[tuple[datetime, str | None]] = field(default_factory=list)

    @property
    def first_at(self) -> datetime | None:
        """First trace of any kind."""
        return min((at for at, _ in self.found), default=None)

    def last(self, *bases: str) -> datetime | None:
        """Last sight by one of these bases."""
        return max((at for at, basis in self.found if basis in bases), default=None)

    @property
    def last_basis(self) -> str | None:
        """What the very last sight was."""
        last = self.last(*BASES)
        return next((basis for basis in BASES if (last, basis) in self.found), None)


@once
def sights(world: World) -> dict[str, Sights]:
    """Everybody's traces before now."""
    found: dict[str, Sights] = {person: Sights() for person in world.people.persons()}
    for person, at, basis in _traces(world):
        if person is not None and at is not None and at < world.shop.as_of:
            found[person].found.append((at, basis))
    return found


def _traces(world: World) -> Iterator[tuple[str | None, datetime | None, str | None]]:
    shop, people = world.shop, world.people
    for row in shop["customers"]:
        person = people.of_account(str(row["customer_id"]))
        yield person, row["registered_at"], None
        yield person, row["last_login_at"], "login"
    for event in shop["events"]:
        if not event["is_bot"]:
            basis = "login" if event["event_name"] in LOGINS else "event"
            yield people.of_event(event), event["occurred_at"], basis
    for order in shop["orders"]:
        yield people.of_order(order), order["ordered_at"], "order"
    for cart in shop["carts"]:
        yield _owner(world, cart, "last_activity_at"), cart["last_activity_at"], "cart"
    for look in shop["cart_observations"]:
        # A snapshot shows that somebody has a cart, not that they were there.
        yield _owner(world, look, "observed_at"), look["observed_at"], None
    for row in shop["favourites"]:
        yield _owner(world, row, "added_at"), row["added_at"], "favourite"
    for table, dated_by in (("inquiries", "opened_at"), ("product_reviews", "reviewed_at")):
        for row in shop[table]:
            if row["customer_id"] is not None:
                yield people.of_account(str(row["customer_id"])), row[dated_by], None


def _owner(world: World, row: Row, dated_by: str) -> str | None:
    """Whose a row is that may name an account, an address or a browser alone."""
    return world.people.of_event(
        Row(
            customer_id=account_of(row),
            anonymous_id=row["anonymous_id"],
            occurred_at=row[dated_by],
        )
    )


def accounts_of_persons(world: World) -> dict[str, list[Account]]:
    """The accounts and guest names of everybody."""
    found: dict[str, list[Account]] = defaultdict(list)
    for account in world.people.accounts.values():
        person = world.people.of_account(account.customer_id)
        if person is not None:
            found[person].append(account)
    return found


def registered_at(world: World) -> dict[str, datetime]:
    """First dated registration of everybody's member accounts."""
    dated = {str(r["customer_id"]): r["registered_at"] for r in world.shop["customers"]}
    found: dict[str, datetime] = {}
    for person, accounts in accounts_of_persons(world).items():
        known = [dated[a.customer_id] for a in accounts if a.has_joined and dated[a.customer_id]]
        if known:
            found[person] = min(known)
    return found


def dim_persons(world: World) -> list[Fact]:
    """Everybody."""
    traces, accounts = sights(world), accounts_of_persons(world)
    browsers = Counter(b.person for b in world.people.browsers.values() if not b.is_excluded)
    sales, asked = sales_of_persons(world.orders), _inquiries(world)
    registered = registered_at(world)
    rows = []
    for person in world.people.persons():
        own = accounts.get(person, [])
        members = sum(account.has_joined for account in own)
        seen = traces[person]
        last_seen_at = seen.last(*BASES)
        rows.append(
            {
                "person_id": person,
                "person_kind": "member" if members else "guest" if own else "browser",
                "is_member": members > 0,
                "account_count": len(own),
                "member_count": members,
                "browser_count": browsers[person],
                "registered_at": registered.get(person),
                "first_seen_at": seen.first_at,
                "first_seen_on": _on(world, seen.first_at),
                "last_login_at": seen.last("login"),
                "last_login_on": _on(world, seen.last("login")),
                "last_visit_at": seen.last("login", "event"),
                "last_visit_on": _on(world, seen.last("login", "event")),
                "last_seen_at": last_seen_at,
                "last_seen_on": _on(world, last_seen_at),
                "last_seen_basis": seen.last_basis,
                "inquiry_count": len(asked[person]),
                "open_inquiry_count": sum(
                    row["closed_at"] is None or row["closed_at"] >= world.shop.as_of
                    for row in asked[person]
                ),
                **_bought(world, sales.get(person, [])),
            }
        )
    return rows


def _on(world: World, instant: datetime | None) -> date | None:
    return None if instant is None else world.shop.on(instant)


def _bought(world: World, sales: list[Order]) -> Fact:
    known = [order.revenue for order in sales if order.revenue is not None]
    last = sales[-1] if sales else None
    return {
        "top_category_id": _top_category(world, sales),
        "is_repeat": len(sales) > 1,
        "order_count": len(sales),
        "revenue_amount": total(known) if sales else Decimal(0),
        "average_order_amount": float(sum(known) / len(known)) if known else None,
        "order_without_amount_count": len(sales) - len(known),
        "days_since_last_order": (world.shop.as_of_on - last.ordered_on).days if last else None,
        "first_ordered_at": sales[0].ordered_at if sales else None,
        "first_ordered_on": sales[0].ordered_on if sales else None,
        "last_ordered_at": last.ordered_at if last else None,
        "last_ordered_on": last.ordered_on if last else None,
    }


def _top_category(world: World, sales: list[Order]) -> str | None:
    """Category in most of the orders; of equal ones the smaller id."""
    category_of = {r["product_id"]: r["primary_category_id"] for r in world.shop["products"]}
    counts: Counter[str] = Counter()
    mine = {order.order_id: set[str]() for order in sales}
    for line in world.shop["order_items"]:
        category = line["category_id"] or category_of.get(line["product_id"])
        if category is not None and line["order_id"] in mine:
            mine[line["order_id"]].add(category)
    for categories in mine.values():
        counts.update(categories)
    return min(counts, key=lambda one: (-counts[one], one), default=None)


def _inquiries(world: World) -> dict[str | None, list[Row]]:
    """What everybody asked; of an inquiry that names only an order, its buyer did."""
    buyers = {order.order_id: order.person for order in world.orders}
    found: dict[str | None, list[Row]] = defaultdict(list)
    for row in world.shop["inquiries"]:
        person = None
        if row["customer_id"] is not None:
            person = world.people.of_account(str(row["customer_id"]))
        found[person or buyers.get(str(row["order_id"]))].append(row)
    return found
