"""Smaller things a generated shop holds: fields in error, carts the shop mailed, a mailer's table."""

import random
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle import draw_carts
from tests.oracle.draw_people import statement
from tests.oracle.known import day_start
from tests.oracle.shops import AS_OF, Shop

Account = dict[str, object]
FIELDS = ("email", "postal_code", None)
# Counts a mailer's table may print wrong, each below the one before it.
COUNTS = ("sent_count", "delivered_count", "open_count", "click_count", "order_count")
DENOMINATORS = {
    "printed_open_rate": ("open_count", ("sent_count", "delivered_count")),
    "printed_click_rate": ("click_count", ("open_count", "sent_count", "delivered_count")),
    "printed_order_rate": ("orderer_count", ("click_count", "sent_count", "open_count")),
}


def signs(made: Shop, draw: random.Random, accounts: list[Account]) -> None:
    """All of them, each in some shops."""
    # Days are known from the year before on, as of any shop with a history.
    day = date(2025, 3, 1)
    made.add(
        "shop_days", day_on=day, starts_at=day_start(made.zone, day),
        ends_at=day_start(made.zone, day + timedelta(days=1)),
    )  # fmt: skip
    if draw.random() < 0.15:
        _running(made, draw, str(draw.choice(accounts)["customer_id"]))
    for event in made.tables["events"]:
        if event["event_name"] == "Form Error":
            event["field_name"] = draw.choice(FIELDS)
    for cart in made.tables["carts"]:
        cart["source_mail_state"] = draw.choice(("SENT", "unsent", None))
    if draw.random() < 0.15:
        _due(made, draw, draw.choice(accounts))
    if draw.random() < 0.12:
        _audited(made, draw)
    if draw.random() < 0.1:
        _sources(made, draw)


def _running(made: Shop, draw: random.Random, customer: str) -> None:
    """Somebody is at the checkout just now, and mistypes."""
    at = AS_OF - timedelta(minutes=draw.choice((5, 40, 59)))
    for name, goods in (("Product Added", "p:2"), ("Checkout Started", None), ("Form Error", None)):
        draw_carts.event(made, at, "b:now", customer, name, product_id=goods)
        at += timedelta(minutes=1)


def _due(made: Shop, draw: random.Random, account: Account) -> None:
    """A cart of the last hours, known by one id or two, which the shop itself may have mailed."""
    if account["email_hash"] is None:
        return
    created = AS_OF - timedelta(minutes=draw.choice((61, 90, 300, 1000)))
    statement(made, draw, account, "granted", created - timedelta(days=9), channel=None)
    for number in range(draw.choice((1, 2))):
        at = created + timedelta(minutes=number)
        made.add(
            "carts", cart_id=f"recent:{number}", customer_id=account["customer_id"],
            email_hash=account["email_hash"], cart_kind="cart", created_at=at, last_activity_at=at,
            last_activity_precision="instant", items_count=1, total_amount=Decimal(2000),
            source_mail_state=draw.choice(("sent", "scheduled", None)) if number == 0 else None,
        )  # fmt: skip
        made.add(
            "cart_items", cart_id=f"recent:{number}", observed_at=at, line_no=1,
            product_id=f"p:{number + 1}", quantity=Decimal(1), unit_amount=Decimal(2000),
        )  # fmt: skip


def _sources(made: Shop, draw: random.Random) -> None:
    """What a till could give, and the files that came of it and of the program itself."""
    made.features["till"] += 1
    for entity in ("orders", "refunds"):
        made.add(
            "capabilities", source_key="till", entity=entity, support=draw.choice(("full", "none")),
            latest_data_at=AS_OF - timedelta(days=2) if draw.random() < 0.3 else None,
        )  # fmt: skip
    for number in range(draw.randint(1, 4)):
        made.add(
            "source_batches", landed_batch_id=f"file:{number}", rows_read=9, rows_landed=9 - number,
            rows_rejected=number, rows_duplicate=0, source_key=draw.choice(("till", "ledger")),
            entity=draw.choice(("orders", "orders", "events")),
            window_to_at=AS_OF - timedelta(days=number) if draw.random() < 0.8 else None,
        )  # fmt: skip


def _audited(made: Shop, draw: random.Random) -> None:
    """A table of a mailing's steps and their total, some of whose cells contradict each other."""
    at = datetime(2026, 5, 2, 3) - timedelta(days=draw.choice((0, 40)))
    digits = draw.choice((3, 4))
    steps = [_line(draw) for _ in range(2)]
    whole: dict[str, object] = {
        name: None
        if any(step[name] is None for step in steps)
        else sum(step[name] for step in steps)
        for name in steps[0]
    }
    if draw.random() < 0.4:
        name = draw.choice(("sent_count", "order_count", "recovered_amount", "orderer_count"))
        whole[name] = None if draw.random() < 0.3 else (whole[name] or 0) + 7
    for number, counts in enumerate((whole, *steps)):
        made.add(
            "mail_results_summary", provider="table", provider_campaign_id=f"old-{number}",
            as_of_at=at, campaign_key="old", step_number=number, summary_basis="file",
            label=f"Step {number}" if draw.random() < 0.5 else None,
            period_starts_on=at.date() - timedelta(days=30) if draw.random() < 0.9 else None,
            period_ends_on=at.date(), **counts, **_printed(draw, counts, digits),
        )  # fmt: skip


def _line(draw: random.Random) -> dict[str, object]:
    """Counts of a step: each within the one before, unless printed wrong."""
    counts: dict[str, object] = {}
    left = draw.randint(300, 900)
    for name in COUNTS:
        counts[name] = left + (500 if draw.random() < 0.03 else 0)
        left = draw.randint(left // 4, left)
    counts["orderer_count"] = max(int(str(counts["order_count"])) - draw.choice((0, 1, -2)), 0)
    counts["bounce_count"] = draw.choice((None, 0, 5))
    counts["recovered_amount"] = Decimal(draw.randint(1, 90) * 500)
    if draw.random() < 0.2:
        counts[draw.choice(COUNTS)] = None
    return counts


def _printed(draw: random.Random, counts: dict[str, object], digits: int) -> dict[str, object]:
    """Rates as printed, by whatever denominator, with a slip now and then."""
    unit = Decimal(1).scaleb(-digits)
    found: dict[str, object] = {}
    for name, (part, wholes) in DENOMINATORS.items():
        whole = counts[draw.choices(wholes, (8, 1, 1)[: len(wholes)])[0]]
        if counts[part] is None or not whole or draw.random() < 0.2:
            continue
        share = Decimal(str(counts[part])) / Decimal(str(whole))
        slip = unit * 40 if draw.random() < 0.1 else 0
        found[name] = share.quantize(unit, ROUND_HALF_UP) + slip
    if counts["orderer_count"] and counts["recovered_amount"]:
        mean = Decimal(str(counts["recovered_amount"])) / Decimal(str(counts["orderer_count"]))
        found["printed_spend_per_orderer"] = mean.quantize(Decimal(1), ROUND_HALF_UP)
    return found
