"""Trials of a generated shop: enough persons in an arm, what a site showed, plans that are full."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle import draw_carts
from tests.oracle.arms import OLDER
from tests.oracle.draw_people import statement, suppression
from tests.oracle.shops import AS_OF, Shop
from tests.oracle.snapshots import hashed

Account = dict[str, object]
IDLE = timedelta(minutes=60)
WINDOW = timedelta(days=7)
SECOND = timedelta(seconds=1)
# Chance of an order in the arms that are written to, and among those held out.
EFFECTS = ((0.8, 0.1), (0.8, 0.1), (0.1, 0.8), (0.1, 0.8), (0.5, 0.3), (0.35, 0.3), (0.0, 0.0))
AFTER = (timedelta(0), timedelta(hours=3), timedelta(days=3), WINDOW - SECOND, WINDOW)
EXPERIMENTS = (("welcome", ("shown", "Hidden")), ("badge", ("a", "b", "control")))


def trials(made: Shop, draw: random.Random, accounts: list[Account]) -> None:
    """Thresholds, what the site showed, and in some shops a crowd."""
    has_crowd = draw.random() < 0.25
    if has_crowd or draw.random() < 0.5:
        _thresholds(made, draw, least=(4, 8) if has_crowd else (1, 1, 2))
    if draw.random() < 0.3:
        _shown(made, draw, [str(account["customer_id"]) for account in accounts])
    if draw.random() < 0.15:
        _older_arms(made, draw)
    if has_crowd:
        _crowd(made, draw)


def _thresholds(made: Shop, draw: random.Random, *, least: tuple[int, ...]) -> None:
    for key, value in (
        ("small_n", draw.choice(least)),
        ("planned_persons_per_arm", draw.choice((0, 0, 1, 3))),
        ("smallest_effect_bp", draw.choice((100, 1500, 4500, 8000))),
    ):
        made.add("shop_thresholds", threshold_key=key, threshold_value=value)


def _shown(made: Shop, draw: random.Random, accounts: list[str]) -> None:
    """Exposures of the browsers there are, and of some that only look."""
    events = [row for row in made.tables["events"] if row["anonymous_id"] is not None]
    key, arms = draw.choice(EXPERIMENTS)
    for event in draw.sample(events, min(len(events), 6)):
        at, browser = event["occurred_at"], str(event["anonymous_id"])
        _viewed(made, draw, (key, draw.choice(arms)), at, browser)
        if draw.random() < 0.2:
            _viewed(made, draw, (key, draw.choice(arms)), at + timedelta(hours=1), browser)
        if draw.random() < 0.3:
            gap = draw.choice((timedelta(days=-1), *AFTER))
            draw_carts.event(made, at + gap, browser, draw.choice(accounts), "Signed Up")


def _viewed(
    made: Shop, draw: random.Random, shown: tuple[str, str], at: datetime, browser: str
) -> None:
    draw_carts.event(
        made, at, browser, None, "Experiment Viewed",
        experiment_key=shown[0], arm_key=None if draw.random() < 0.05 else shown[1],
    )  # fmt: skip


def _older_arms(made: Shop, draw: random.Random) -> None:
    """An older shop file named another arm, or gave one of today's another share."""
    rows = made.tables["campaign_arms"]
    if not rows:
        return
    row = draw.choice(rows)
    older = {**row, "batch_id": OLDER, "loaded_at": AS_OF - timedelta(days=9)}
    if draw.random() < 0.5:
        older |= {"arm_key": "gone", "arm_order": 9, "is_holdout": draw.random() < 0.5}
        made.features["arm_of_older_file"] += 1
    else:
        older["share_bp"] = int(str(row["share_bp"])) // 2
        made.features["share_changed"] += 1
    # What was landed first stands first.
    rows.insert(0, older)


def _crowd(made: Shop, draw: random.Random) -> None:
    """A trial of many, each with a cart, all of them alike."""
    made.features["crowd"] += 1
    size = draw.choices((16, 30, 48, 120), (6, 4, 3, 2))[0]
    start = AS_OF - timedelta(days=draw.choice((70, 40, 12)))
    kind = draw.choices(("cart_recovery", "winback", "site"), (6, 3, 2))[0]
    effect, has_ended = draw.choice(EFFECTS), draw.random() < 0.3
    arms = [("mail", 5000, False), ("none", 5000, True)]
    if draw.random() < 0.3:
        arms = [("fast", 4000, False), ("slow", 4000, False), ("none", 2000, True)]
    if kind != "site":
        _campaign(made, draw, kind, arms, ends_at=AS_OF - timedelta(days=8) if has_ended else None)
    # Shares that nobody keeps to are what the sample ratio is for.
    weights = [share if draw.random() < 0.7 else share // 9 for _, share, _ in arms]
    for number in range(size):
        arm, _, is_held = draw.choices(arms, weights)[0]
        at = start + timedelta(minutes=17 * number)
        account = _member(made, draw, number, start)
        if kind == "site":
            _exposed(made, draw, account, arm, at, draw.random() < effect[is_held])
            continue
        _recorded(made, draw, account, kind, arm, at)
        if draw.random() < effect[is_held]:
            draw_carts.order(
                made, draw, str(account["customer_id"]), at + IDLE + draw.choice(AFTER), []
            )
        _spoke(made, draw, account, at + IDLE + draw.choice(AFTER))


def _campaign(
    made: Shop, draw: random.Random, segment: str, arms: list[tuple[str, int, bool]], *,
    ends_at: datetime | None,
) -> None:  # fmt: skip
    made.add(
        "campaigns", campaign_key="trial", campaign_version=1, segment_key=segment,
        channel="email", purpose="cart_reminder", is_active=draw.random() < 0.9, ends_at=ends_at,
        salt="trial", recovery_window_days=7, eligibility_hours=24,
    )  # fmt: skip
    made.add(
        "campaign_steps", campaign_key="trial", campaign_version=1, step_number=1,
        delay_minutes=60, validity_hours=24, measured_from="last_activity", cool_down_hours=24,
    )  # fmt: skip
    for order, (arm, share, is_holdout) in enumerate(arms, 1):
        made.add(
            "campaign_arms", campaign_key="trial", campaign_version=1, arm_key=arm,
            arm_order=order, share_bp=share, is_holdout=is_holdout,
        )  # fmt: skip


def _member(made: Shop, draw: random.Random, number: int, start: datetime) -> Account:
    """Somebody with an address and, mostly, consent."""
    address = f"crowd{number}"
    account = made.add(
        "customers", customer_id=f"crowd:{number:03d}", is_member=True, is_derived=False,
        member_state="active", email_hash=address, email=f"{address}@shop.example",
        registered_at=start - timedelta(days=30) if draw.random() < 0.7 else None,
        person_key=f"k:{made.shop_id}:crowd:{number:03d}",
    )  # fmt: skip
    if draw.random() < 0.9:
        made.add(
            "consents", consent_id=f"c:{made.number('consents'):03d}",
            customer_id=account["customer_id"], email_hash=address, channel="email",
            purpose="marketing", consent_state="granted", basis="form",
            occurred_at=start - timedelta(days=20),
        )  # fmt: skip
    return account


def _recorded(
    made: Shop, draw: random.Random, account: Account, kind: str, arm: str, at: datetime
) -> None:
    """A cart left at `at` and the record of its arm; of a winback the record alone."""
    event_id = f"e:{made.number('events'):04d}"
    draw_carts.event(
        made, at, f"b:{account['customer_id']}", str(account["customer_id"]), "Product Added",
        product_id="p:1", quantity=Decimal(1), price_amount=Decimal(draw.choice((900, 3500, 7000))),
    )  # fmt: skip
    is_cart = kind == "cart_recovery"
    made.add(
        "arm_records", campaign_key="trial", campaign_version=1,
        occurrence_key=hashed(made.shop_id, event_id) if is_cart else "2026-06",
        person_key=account["person_key"], email_hash=account["email_hash"], arm_key=arm,
        eligible_at=at + IDLE if is_cart else at - timedelta(days=90), recorded_at=at + IDLE,
    )  # fmt: skip


def _exposed(
    made: Shop, draw: random.Random, account: Account, arm: str, at: datetime, has_joined: bool
) -> None:
    browser = f"b:{account['customer_id']}"
    _viewed(made, draw, ("crowded", arm), at, browser)
    if has_joined:
        if draw.random() < 0.8:
            account["registered_at"] = None
        customer = str(account["customer_id"])
        draw_carts.event(made, at + draw.choice(AFTER), browser, customer, "Signed Up")


def _spoke(made: Shop, draw: random.Random, account: Account, at: datetime) -> None:
    """Some refuse or complain in the window or at its ends."""
    chance = draw.random()
    if chance < 0.12:
        statement(made, draw, account, "denied", at, channel="email")
    elif chance < 0.16:
        suppression(made, draw, account, at)
