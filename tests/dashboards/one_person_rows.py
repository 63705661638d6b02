"""What happened to two people of the pages' shop: one who stopped, and one of the same member id."""

import datetime as dt
from decimal import Decimal

# Member 101 of two shop systems; the second has ordered nothing.
STOPPED, OTHER = "p1", "p2"
ORDER_NUMBER = "R-2026-77"
# All of one morning, UTC; Tokyo is nine hours ahead.
DAY = dt.datetime(2026, 11, 2)


def _entry(
    person: str, kind: str, key: str, state: str, at: str, **more: object
) -> dict[str, object]:
    hour, minute = at.split(":")
    empty = dict.fromkeys(
        ("reference", "campaign_key", "channel", "destination", "purpose", "basis", "told_via")
    )
    return {
        "person_id": person, "entry_kind": kind, "entry_key": key, "entry_state": state, **empty,
        "step_number": None, "currency": None, "amount": None, "ended_at": None,
        "happened_at": DAY + dt.timedelta(hours=int(hour), minutes=int(minute)), **more,
    }  # fmt: skip


def timeline() -> list[dict[str, object]]:
    """Agreed, left a cart, got a mail, stopped; one more was written before the stop came in."""
    mail = {"campaign_key": "winback", "channel": "email"}
    sent = {**mail, "destination": "mailer"}
    return [
        _entry(STOPPED, "account", "ec:101", "member", "00:00", reference="101"),
        _entry(OTHER, "account", "pos:101", "member", "00:00", reference="101"),
        _entry(OTHER, "account", "pos:102", "member", "00:10", reference="102"),
        _entry(
            STOPPED, "consent", "c1", "granted", "00:05", channel="email", purpose="marketing",
            basis="form", told_via="/join",
        ),
        _entry(
            STOPPED, "order", "ec:R77", "completed", "01:00", reference=ORDER_NUMBER,
            currency="JPY", amount=Decimal(5_400),
        ),
        _entry(
            STOPPED, "cart", "e1", "expired", "02:00", currency="JPY", amount=Decimal(9_800),
            ended_at=DAY + dt.timedelta(days=2),
        ),
        _entry(
            STOPPED, "cart_left", "e1", "checkout", "03:07", currency="JPY", amount=Decimal(9_800)
        ),
        _entry(
            STOPPED, "hand_off", "m1", "clicked", "04:00", step_number=1,
            ended_at=DAY + dt.timedelta(hours=4, minutes=3), **sent,
        ),
        _entry(STOPPED, "withheld", "g1", "cool_down", "05:00", step_number=2, **mail),
        _entry(
            STOPPED, "hand_off", "m2", "bounced", "05:58", step_number=2, basis="soft_bounce", **sent
        ),
        _entry(STOPPED, "stop", "s1", "unsubscribe", "06:02", channel="email"),
    ]  # fmt: skip
