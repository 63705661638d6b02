"""Carts of a generated shop that are only seen as they stand: cart tables and lists of checkouts."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.draw_carts import order
from tests.oracle.shops import AS_OF, PRODUCTS, Shop, instant


def snapshots(made: Shop, draw: random.Random, accounts: list[dict[str, object]]) -> None:
    """Some carts of either kind."""
    ids = [str(account["customer_id"]) for account in accounts]
    for number in range(draw.choice((0, 0, 1, 2))):
        _seen_cart(made, draw, f"seen:{number}", ids)
    if draw.random() < 0.2:
        _listed_cart(made, draw, "listed:0", accounts)


def _seen_cart(made: Shop, draw: random.Random, cart_id: str, accounts: list[str]) -> None:
    """A cart table looked at every 15 minutes."""
    made.features["snapshot"] += 1
    owner = draw.choice([*accounts, None])
    browser = f"seen-by:{cart_id}" if owner is None and draw.random() < 0.5 else None
    at = instant(draw)
    at = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    held: dict[str, int] = {}
    state = "present"
    for look in range(draw.randint(2, 7)):
        if draw.random() < 0.6 or look == 0:
            held = {p: draw.randint(1, 2) for p in draw.sample(PRODUCTS, draw.randint(1, 2))}
        state = draw.choices(("present", "checkout", "payment", "gone"), (6, 1, 1, 2))[0]
        is_listed = draw.random() < 0.85
        made.add(
            "cart_observations", cart_id=cart_id, customer_id=owner, anonymous_id=browser,
            observed_at=at, items_hash=repr((sorted(held.items()), is_listed)),
            items_count=len(held), total_amount=Decimal(1000 * sum(held.values())),
            cart_state=state,
        )  # fmt: skip
        for line, (product, count) in enumerate(sorted(held.items()), 1):
            if state == "gone" or not is_listed:
                continue
            made.add(
                "cart_items", cart_id=cart_id, observed_at=at, line_no=line,
                product_id=None if product == "p:4" else product,
                sku=f"sku-{product}" if product == "p:4" else None,
                quantity=Decimal(count), unit_amount=Decimal(1000) if draw.random() < 0.9 else None,
            )  # fmt: skip
        if state == "gone" and draw.random() < 0.6:
            _left_for(made, draw, cart_id, owner, at, sorted(held))
        at += draw.choice((timedelta(minutes=15), timedelta(minutes=60), timedelta(hours=26)))
        if at >= AS_OF:
            break


def _left_for(
    made: Shop, draw: random.Random, cart_id: str, owner: str | None, at: datetime,
    goods: list[str],
) -> None:  # fmt: skip
    """The order a vanished cart may have become: just before, soon after, or a day later."""
    gap = draw.choice((timedelta(minutes=-5), timedelta(0), timedelta(hours=3), timedelta(days=1)))
    names_cart = draw.random() < 0.7
    if owner is None and not names_cart:
        return
    order(made, draw, owner, at + gap, goods, cart_id=cart_id if names_cart else None)


def _listed_cart(
    made: Shop, draw: random.Random, cart_id: str, accounts: list[dict[str, object]]
) -> None:
    """A checkout shown once, with clocks of its own."""
    made.features["listed_cart"] += 1
    owner = draw.choice(accounts)
    created = instant(draw)
    last = created + draw.choice((timedelta(0), timedelta(minutes=30), timedelta(hours=5)))
    by_address = draw.random() < 0.4 and owner["email_hash"] is not None
    has_lines = draw.random() < 0.7
    made.add(
        "carts", cart_id=cart_id, customer_id=None if by_address else owner["customer_id"],
        email_hash=owner["email_hash"], cart_kind=draw.choice(("cart", "checkout")),
        created_at=created, last_activity_at=last,
        last_activity_precision=draw.choice(("instant", "day")),
        checkout_started_at=created + timedelta(minutes=10) if draw.random() < 0.5 else None,
        disappeared_at=last + timedelta(hours=4) if draw.random() < 0.3 else None,
        items_count=2, total_amount=Decimal(3000),
    )  # fmt: skip
    if has_lines:
        made.add(
            "cart_items", cart_id=cart_id, observed_at=last, line_no=1, product_id="p:2",
            quantity=Decimal(2), unit_amount=Decimal(1500),
        )  # fmt: skip
