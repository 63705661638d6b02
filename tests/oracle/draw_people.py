"""Who a generated shop knows: members, guests, merged and test accounts, and what they agreed to."""

import random
from collections import Counter
from datetime import datetime, timedelta

from tests.oracle.shops import Shop, instant

CONSENT_BASES = ("form", "checkout", "import", "observed", "double_opt_in")


def people(made: Shop, draw: random.Random) -> list[dict[str, object]]:
    """Account rows; addresses are few, so that some are shared."""
    addresses = [f"hash{n}" for n in range(4)]
    accounts: dict[str, dict[str, object]] = {}
    for number in range(draw.randint(2, 5)):
        is_member = draw.random() < 0.75
        address = draw.choice([*addresses, None])
        customer_id = f"shop:{number}" if is_member or address is None else f"guest:{address}"
        if customer_id in accounts:
            continue
        registered_at = None
        if is_member and draw.random() < 0.8:
            registered_at = min(instant(draw), datetime(2026, 6, 1))
        is_erased = draw.random() < 0.04
        made.features["erased_account"] += is_erased
        accounts[customer_id] = made.add(
            "customers",
            customer_id=customer_id,
            is_member=is_member,
            is_derived=False,
            member_state="active" if is_member else "guest",
            registered_at=registered_at,
            email_hash=address,
            email=f"{address}@shop.example"
            if address and draw.random() < 0.9 and not is_erased
            else None,
            phone_raw="0312345678" if draw.random() < 0.5 and not is_erased else None,
            # Erasure clears what can be read and keeps the hash.
            deleted_at=instant(draw) if is_erased else None,
            person_key=f"k:{made.shop_id}:{customer_id}",
        )
    users = Counter(a["email_hash"] for a in accounts.values() if a["email_hash"] is not None)
    made.features["merge"] += any(count > 1 for count in users.values())
    if draw.random() < 0.08:
        made.add("shop_thresholds", threshold_key="max_accounts_per_email", threshold_value=1)
        made.features["address_on_too_many"] += any(count > 1 for count in users.values())
    if draw.random() < 0.08 and len(accounts) > 1:
        one, other = draw.sample(sorted(accounts), 2)
        made.add(
            "customer_identifiers", id_type="customer_id", id_value=other, customer_id=one,
            link_basis="import",
        )  # fmt: skip
        made.features["mapped_account"] += 1
    if draw.random() < 0.06:
        made.add("excluded_addresses", address_kind="email_hash", address_value="hash3")
        made.features["test_account"] += users["hash3"] > 0
    for customer_id in accounts:
        _agreed(made, draw, accounts[customer_id])
    return list(accounts.values())


def _agreed(made: Shop, draw: random.Random, account: dict[str, object]) -> None:
    """What an account said long ago; later words are drawn beside its carts."""
    if draw.random() < 0.85:
        statement(
            made, draw, account, "granted", datetime(2026, 1, 1) + timedelta(hours=len(account)),
            channel=None,
        )  # fmt: skip


def statement(
    made: Shop, draw: random.Random, account: dict[str, object], state: str, at: datetime, *,
    channel: str | None,
) -> None:  # fmt: skip
    """A consent or refusal, of the account, its address or both, for one channel or two."""
    for one in ("email", "sms") if channel is None else (channel,):
        named = draw.choice(("both", "customer", "address"))
        has_address = account["email_hash"] is not None
        basis = draw.choice(CONSENT_BASES)
        if state == "denied" and draw.random() < 0.3:
            basis = "one_click_unsubscribe"
        made.add(
            "consents",
            consent_id=f"c:{made.number('consents'):03d}",
            customer_id=None if named == "address" and has_address else account["customer_id"],
            email_hash=None if named == "customer" else account["email_hash"],
            channel=one,
            purpose=draw.choices(("marketing", "cart_reminder", "profiling"), (6, 3, 1))[0],
            consent_state=state,
            occurred_at=at,
            basis=basis,
        )


def suppression(made: Shop, draw: random.Random, account: dict[str, object], at: datetime) -> None:
    """A stop from outside the consent log, some of which end."""
    made.add(
        "suppressions",
        suppression_id=f"x:{made.number('suppressions'):03d}",
        customer_id=account["customer_id"],
        email_hash=account["email_hash"],
        channel=draw.choices(("email", "sms"), (4, 1))[0],
        reason=draw.choice(
            ("hard_bounce", "complaint", "unsubscribe", "manual", "withdrawn_member", "erased",
             "soft_bounce_repeated", "legal")
        ),
        scope=draw.choices(("global", "other"), (9, 1))[0],
        started_at=at,
        ended_at=at + timedelta(hours=draw.choice((1, 5, 24, 200))) if draw.random() < 0.4 else None,
    )  # fmt: skip
