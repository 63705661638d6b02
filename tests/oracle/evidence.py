"""What people said about being written to, whose it is and how long its proof is kept."""

from datetime import date

from tests.oracle.cohorts import month_day_later
from tests.oracle.contact import EXPLICIT
from tests.oracle.facts import Fact, Mart
from tests.oracle.known import Row
from tests.oracle.world import World

# Three years after the last message.
KEPT_MONTHS = 36


def fct_consents(world: World) -> list[Fact]:
    """Every statement of the consent log."""
    last: dict[tuple[str, object], date] = {}
    for message in world.messages:
        if message.is_sent and message.person is not None:
            place = (message.person, message.handed.batch["channel"])
            day = world.shop.on(message.sent_at)
            last[place] = max(last.get(place, day), day)
    rows = []
    for row in world.shop["consents"]:
        persons = _persons(world, row)
        sent = [last[p, row["channel"]] for p in persons if (p, row["channel"]) in last]
        sent_on = max(sent, default=None)
        ends = [row["retain_until_on"], sent_on and month_day_later(sent_on, KEPT_MONTHS)]
        rows.append(
            {
                "consent_id": row["consent_id"],
                "person_id": next(iter(persons)) if len(persons) == 1 else None,
                "channel": row["channel"],
                "purpose": row["purpose"],
                "consent_state": row["consent_state"],
                "basis": row["basis"],
                "is_explicit": row["basis"] in EXPLICIT,
                "has_evidence": None not in {row["wording_version"], row["evidence_ref"]},
                "person_count": len(persons),
                "occurred_at": row["occurred_at"],
                "occurred_on": world.shop.on(row["occurred_at"]),
                "last_sent_on": sent_on,
                "retain_until_on": max((day for day in ends if day is not None), default=None),
            }
        )
    return rows


def _persons(world: World, row: Row) -> set[str]:
    """What was said of an address binds whoever uses it; of an account, its person."""
    people = world.people
    users = {str(row["customer_id"])} | {
        account.customer_id
        for account in people.accounts.values()
        if row["email_hash"] is not None and account.email_hash == row["email_hash"]
    }
    return {person for user in users if (person := people.of_account(user)) is not None}


MARTS: dict[str, Mart] = {"fct_consents": (("consent_id",), fct_consents)}
