"""Who is one person: accounts, guests and browsers joined as definitions, section 2, say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

LINKING = {"Signed In", "Signed Up", "Checkout Started", "Order Completed"}

Row = Mapping[str, object]


@dataclass
class People:
    """The map from every key to its person, named by the smallest key of the component."""

    person_of: dict[str, str] = field(default_factory=dict)
    # A shared browser's anonymous events stop counting from this instant on.
    shared_from: dict[str, datetime] = field(default_factory=dict)

    def of_event(self, event: Row) -> str | None:
        """Person of an event, or None for an anonymous event of a browser already shared."""
        if event["customer_id"] is not None:
            return self.person_of[f"customer:{event['customer_id']}"]
        browser = event["anonymous_id"]
        if browser is None:
            return None
        cut = self.shared_from.get(str(browser))
        if cut is not None and event["occurred_at"] >= cut:
            return None
        return self.person_of[f"browser:{browser}"]

    def of_order(self, order: Row) -> str | None:
        """Person of an order."""
        if order["customer_id"] is None:
            return None
        return self.person_of[f"customer:{order['customer_id']}"]


def people(
    customers: Iterable[Row],
    orders: Iterable[Row],
    events: Iterable[Row],
    *,
    most_accounts: int = 10,
) -> People:
    """Everybody of one shop."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            key = parent[key]
        return key

    def join(one: str, other: str) -> None:
        first, second = sorted((root(one), root(other)))
        parent[second] = first

    by_address: dict[object, set[str]] = defaultdict(set)
    for customer in customers:
        key = f"customer:{customer['customer_id']}"
        root(key)
        if customer["email_hash"] is not None:
            by_address[customer["email_hash"]].add(key)
    for order in orders:
        if order["customer_id"] is not None:
            root(f"customer:{order['customer_id']}")
    for keys in by_address.values():
        if len(keys) <= most_accounts:
            first, *others = sorted(keys)
            for other in others:
                join(first, other)

    # Two log-ins at one instant: the smaller account id was there first.
    events = sorted(events, key=lambda row: (row["occurred_at"], row["customer_id"] or ""))
    for event in events:
        if event["customer_id"] is not None:
            root(f"customer:{event['customer_id']}")
        if event["anonymous_id"] is not None:
            root(f"browser:{event['anonymous_id']}")

    found = People()
    owner: dict[str, str] = {}
    for event in events:
        browser, customer = event["anonymous_id"], event["customer_id"]
        if browser is None or customer is None or event["event_name"] not in LINKING:
            continue
        person = root(f"customer:{customer}")
        known = owner.setdefault(str(browser), person)
        if known != person:
            found.shared_from.setdefault(str(browser), event["occurred_at"])
    for browser, person in owner.items():
        join(f"browser:{browser}", person)
    found.person_of = {key: root(key) for key in list(parent)}
    return found
