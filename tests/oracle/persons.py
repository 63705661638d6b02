"""Who is one person: accounts, guests and browsers joined as definitions, section 2, say."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from tests.oracle.known import Known, Row

LOGINS = {"Signed In", "Signed Up"}
CHECKOUTS = {
    "Checkout Started",
    "Checkout Step Completed",
    "Payment Info Entered",
    "Payment Failed",
    "Order Completed",
}


# Rows that show an account, and the first two a browser.
SHOWN = (
    ("cart_observations", "observed_at"),
    ("favourites", "added_at"),
    ("inquiries", "opened_at"),
    ("product_reviews", "reviewed_at"),
)


@dataclass
class Account:
    """A member account or a guest, as everything known shows it."""

    customer_id: str
    is_member: bool = False
    # Looked back at, an account of later is none yet.
    has_joined: bool = False
    email_hash: str | None = None
    has_email: bool = False
    has_phone: bool = False
    person_key: str | None = None
    erased_at: datetime | None = None
    first_seen_at: datetime | None = None


@dataclass
class Browser:
    """Whose a browser is, since when, and until when if somebody else logged in."""

    person: str
    first_seen_at: datetime
    linked_at: datetime | None = None
    shared_from_at: datetime | None = None
    is_excluded: bool = False


@dataclass
class People:
    """Every key of one shop and the person it leads to."""

    accounts: dict[str, Account] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    person_of_account: dict[str, str] = field(default_factory=dict)
    # Addresses that join: nobody is found by an address on too many accounts.
    person_of_address: dict[str, str] = field(default_factory=dict)
    person_of_key: dict[str, str] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)

    def persons(self) -> set[str]:
        """Everybody but the shop's own test accounts."""
        named = set(self.person_of_account.values()) - self.excluded
        return named | {b.person for b in self.browsers.values() if not b.is_excluded}

    def of_event(self, event: Row) -> str | None:
        """Person of an event, or None: a shared browser speaks for nobody unless logged in."""
        if event["customer_id"] is not None:
            return self.of_account(str(event["customer_id"]))
        browser = self.browsers.get(str(event["anonymous_id"]))
        if browser is None or browser.is_excluded:
            return None
        if browser.shared_from_at is not None and event["occurred_at"] >= browser.shared_from_at:
            return None
        return browser.person

    def identified_at(self, event: Row) -> datetime | None:
        """Since when the event's person is known by an account."""
        if event["customer_id"] is not None:
            return event["occurred_at"]
        browser = self.browsers.get(str(event["anonymous_id"]))
        return None if browser is None else browser.linked_at

    def of_account(self, customer_id: str) -> str | None:
        """Person of an account, unless it is a test account."""
        person = self.person_of_account.get(customer_id)
        return None if person in self.excluded else person

    def of_order(self, order: Row) -> str | None:
        """Person of an order."""
        buyer = account_of(order)
        return None if buyer is None else self.of_account(buyer)

    def is_test_order(self, order: Row) -> bool:
        """True for an order of the shop's own test accounts."""
        return self.person_of_account.get(account_of(order) or "") in self.excluded

    def of_claim(self, claim: Row) -> str | None:
        """Person a ledger row speaks of: by its key, else by its address."""
        by_key = self.person_of_key.get(str(claim["person_key"]))
        return by_key or self.person_of_address.get(str(claim["email_hash"]))

    def members(self) -> set[str]:
        """Persons with a member account by now."""
        return {
            self.person_of_account[a.customer_id] for a in self.accounts.values() if a.has_joined
        }


def account_of(row: Row) -> str | None:
    """Account of an order or cart: its own, else the guest of its address."""
    if row["customer_id"] is not None:
        return str(row["customer_id"])
    return None if row["email_hash"] is None else f"guest:{row['email_hash']}"


def people(shop: Known) -> People:
    """Everybody of one shop."""
    found = People(accounts=_accounts(shop))
    addresses: dict[str, list[str]] = defaultdict(list)
    for account in found.accounts.values():
        if account.email_hash is not None:
            addresses[account.email_hash].append(account.customer_id)
    most = shop.settings["max_accounts_per_email"]
    joining = {
        address: users
        for address, users in addresses.items()
        if sum(found.accounts[user].is_member for user in users) <= most
    }
    parent = {customer_id: customer_id for customer_id in found.accounts}

    def root(key: str) -> str:
        while parent[key] != key:
            key = parent[key]
        return key

    pairs = [(users[0], user) for users in joining.values() for user in users]
    pairs += [
        (str(row["customer_id"]), str(row["id_value"]))
        for row in shop["customer_identifiers"]
        if row["id_type"] == "customer_id"
    ]
    for one, other in pairs:
        if one in parent and other in parent:
            parent[root(one)] = root(other)
    _name(found, {customer_id: root(customer_id) for customer_id in parent}, shop)
    for address, users in joining.items():
        if found.person_of_account[users[0]] not in found.excluded:
            found.person_of_address[address] = found.person_of_account[users[0]]
    for account in found.accounts.values():
        person = found.of_account(account.customer_id)
        if person is not None and account.person_key is not None:
            found.person_of_key[account.person_key] = person
    _browsers(found, shop)
    return found


def _accounts(shop: Known) -> dict[str, Account]:
    """Every account seen before the run, by its id."""
    seen: dict[str, list[datetime]] = defaultdict(list)
    described: dict[str, Row] = {}
    addresses: dict[str, list[str]] = defaultdict(list)
    undated = set()
    for row in shop["customers"]:
        described[str(row["customer_id"])] = row
        if row["last_login_at"] is not None:
            seen[str(row["customer_id"])].append(row["last_login_at"])
        if row["registered_at"] is None:
            undated.add(str(row["customer_id"]))
        else:
            seen[str(row["customer_id"])].append(row["registered_at"])
    for row in shop["events"]:
        if not row["is_bot"] and row["customer_id"] is not None:
            seen[str(row["customer_id"])].append(row["occurred_at"])
    for table, dated_by in (("orders", "ordered_at"), ("carts", "last_activity_at")):
        for row in shop[table]:
            if (buyer := account_of(row)) is not None:
                seen[buyer].append(row[dated_by])
                if table == "orders" and row["email_hash"] is not None:
                    addresses[buyer].append(str(row["email_hash"]))
    for table, dated_by in SHOWN:
        for row in shop[table]:
            if row["customer_id"] is not None:
                seen[str(row["customer_id"])].append(row[dated_by])
    accounts = {}
    for customer_id in sorted({*seen, *undated}):
        known = [instant for instant in seen.get(customer_id, ()) if instant < shop.as_of]
        if not known and customer_id not in undated:
            continue
        row = described.get(customer_id, Row())
        guest = customer_id.removeprefix("guest:") if customer_id.startswith("guest:") else None
        address = row["email_hash"] or min(addresses.get(customer_id, ()), default=guest)
        accounts[customer_id] = Account(
            customer_id,
            is_member=bool(row["is_member"]),
            has_joined=bool(row["is_member"])
            and (row["registered_at"] is None or row["registered_at"] < shop.as_of),
            email_hash=None if address is None else str(address),
            has_email=row["email"] is not None and row["email_hash"] is not None,
            has_phone=row["phone_raw"] is not None,
            person_key=None if row["person_key"] is None else str(row["person_key"]),
            erased_at=_before(row["deleted_at"], shop),
            first_seen_at=min(known, default=None),
        )
    return accounts


def _before(instant: datetime | None, shop: Known) -> datetime | None:
    """An instant that is known at the run."""
    return None if instant is None or instant >= shop.as_of else instant


def _name(found: People, root_of: dict[str, str], shop: Known) -> None:
    """A person bears one of its own keys: accounts, then guests; earliest; smallest."""
    components: dict[str, list[Account]] = defaultdict(list)
    for customer_id, root in root_of.items():
        components[root].append(found.accounts[customer_id])
    tested = {
        str(row["address_value"])
        for row in shop["excluded_addresses"]
        if row["address_kind"] == "email_hash"
    }
    for accounts in components.values():
        head = min(
            accounts,
            key=lambda a: (
                not a.is_member,
                a.first_seen_at is None,
                a.first_seen_at or shop.as_of,
                a.customer_id,
            ),
        )
        for account in accounts:
            found.person_of_account[account.customer_id] = head.customer_id
        if any(account.email_hash in tested for account in accounts):
            found.excluded.add(head.customer_id)


def _signs(shop: Known) -> list[tuple[str, str, datetime]]:
    """Browser, account, instant: every way a browser shows whose it is."""
    buyers = {row["order_id"]: account_of(row) for row in shop["orders"]}
    signs = []
    for event in shop["events"]:
        browser, customer = event["anonymous_id"], event["customer_id"]
        if browser is None or event["is_bot"]:
            continue
        if customer is not None and event["event_name"] in LOGINS | CHECKOUTS:
            signs.append((str(browser), str(customer), event["occurred_at"]))
        if event["event_name"] == "Order Completed" and buyers.get(event["order_id"]) is not None:
            signs.append((str(browser), buyers[event["order_id"]], event["occurred_at"]))
    signs += [
        (str(cart["anonymous_id"]), buyer, cart["last_activity_at"])
        for cart in shop["carts"]
        if cart["anonymous_id"] is not None and (buyer := account_of(cart)) is not None
    ]
    return signs


def _browsers(found: People, shop: Known) -> None:
    """It joins the first person it shows and never a second one."""
    seen: dict[str, list[datetime]] = defaultdict(list)
    for event in shop["events"]:
        if event["anonymous_id"] is not None and not event["is_bot"]:
            seen[str(event["anonymous_id"])].append(event["occurred_at"])
    for table, dated_by in (("carts", "last_activity_at"), *SHOWN[:2]):
        for row in shop[table]:
            if row["anonymous_id"] is not None:
                seen[str(row["anonymous_id"])].append(row[dated_by])
    first: dict[str, dict[str, tuple[datetime, str]]] = defaultdict(dict)
    for browser, customer, at in _signs(shop):
        person = found.person_of_account.get(customer)
        if person is not None:
            earlier = first[browser].get(person, (at, customer))
            # Two log-ins at one instant: the smaller account id was there first.
            first[browser][person] = min(earlier, (at, customer))
    for browser, instants in seen.items():
        owners = sorted(first[browser].items(), key=lambda given: given[1])
        found.browsers[browser] = Browser(browser, min(instants))
        if owners:
            person, (linked_at, _) = owners[0]
            found.browsers[browser] = Browser(
                person, min(instants), linked_at,
                owners[1][1][0] if len(owners) > 1 else None, person in found.excluded,
            )  # fmt: skip
