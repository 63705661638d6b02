"""Campaigns of a generated shop and what its ledger holds: records, claims, gates, held-out rows."""

import random
from datetime import datetime, timedelta

from tests.oracle import draw_mail
from tests.oracle.arms import drawn_arm
from tests.oracle.campaigns import Version, cart_campaigns, running
from tests.oracle.draw_people import statement, suppression
from tests.oracle.episodes import Episode
from tests.oracle.known import Row
from tests.oracle.shops import AS_OF, Shop
from tests.oracle.world import World

Account = dict[str, object]
GATES = (
    "no_consent", "unsubscribed", "ordered_since", "cart_emptied", "goods_gone", "no_content",
    "shop_mailed", "superseded", "cool_down", "frequency_cap", "quiet_hours", "stale",
)  # fmt: skip
# From due: at once, late, the last instant of 24 hours, and past it.
OFFSETS = (
    timedelta(0), timedelta(minutes=7), timedelta(hours=3), timedelta(hours=23, minutes=59),
    timedelta(hours=24), timedelta(hours=30),
)  # fmt: skip
AROUND = (
    timedelta(days=-40), timedelta(days=-1), timedelta(0), timedelta(minutes=1),
    timedelta(hours=5), timedelta(hours=23, minutes=59, seconds=59), timedelta(hours=24),
    timedelta(days=5),
)  # fmt: skip
FATES = ("mailed", "nothing", "gated", "held_out", "recorded")


def ledger(made: Shop, draw: random.Random, accounts: list[Account]) -> None:
    """Campaigns, and a fate for every episode the shop has without any mail."""
    if draw.random() < 0.93:
        _campaigns(made, draw)
    world = World(made.known())
    by_id = {str(account["customer_id"]): account for account in accounts}
    versions = cart_campaigns(world.shop)
    for cart in world.carts:
        if cart.abandoned_at is None:
            continue
        own = [
            by_id[account.customer_id]
            for account in world.people.accounts.values()
            if account.customer_id in by_id
            and world.people.of_account(account.customer_id) == cart.person
        ]
        account = draw.choice(own) if own else None
        if account is not None and draw.random() < 0.35:
            at = cart.abandoned_at + draw.choice(AROUND)
            if draw.random() < 0.4:
                suppression(made, draw, account, at)
            else:
                state = draw.choice(("granted", "granted", "denied"))
                statement(made, draw, account, state, at, channel="email")
        version = running(versions, cart.abandoned_at)
        if versions and draw.random() < 0.05:
            # Another version than the one that ran took the episode up.
            version = draw.choice(sorted(versions))
        if version is not None:
            _fate(made, draw, cart, version, account or draw.choice(accounts))
    if draw.random() < 0.3:
        draw_mail.newsletter(made, draw, accounts)
    if draw.random() < 0.15:
        draw_mail.totals(made, draw)


def _campaigns(made: Shop, draw: random.Random) -> None:
    switch = AS_OF - timedelta(days=draw.choice((3, 40, 90)))
    channel = draw.choices(("email", "sms"), (5, 1))[0]
    made.features["sms"] += channel == "sms"
    spans: list[tuple[str, int, datetime | None, datetime | None]] = [("cart_a", 1, None, None)]
    if draw.random() < 0.35:
        spans = [("cart_a", 1, None, switch), ("cart_a", 2, switch, None)]
        made.features["two_versions"] += 1
    if draw.random() < 0.15:
        spans.append(("cart_b", 1, switch, None))
    if draw.random() < 0.1:
        spans = [("cart_a", 1, switch, None)]
    for key, version, starts_at, ends_at in spans:
        made.add(
            "campaigns", campaign_key=key, campaign_version=version, segment_key="cart_recovery",
            channel=channel, purpose="cart_reminder", is_active=draw.random() < 0.97,
            starts_at=starts_at, ends_at=ends_at, salt=f"salt-{key}-{version}",
            recovery_window_days=draw.choice((7, 7, 3)), eligibility_hours=draw.choice((24, 24, 6)),
        )  # fmt: skip
        _steps_and_arms(made, draw, key, version)


def _steps_and_arms(made: Shop, draw: random.Random, key: str, version: int) -> None:
    for step in range(1, draw.choice((1, 2, 2, 3)) + 1):
        made.add(
            "campaign_steps", campaign_key=key, campaign_version=version, step_number=step,
            delay_minutes=(60, 1440, draw.choice((4320, 14400)))[step - 1], validity_hours=24,
            measured_from="last_activity", cool_down_hours=24,
        )  # fmt: skip
    holdout = draw.choice((0, 1000, 3000, 5000))
    arms = [("mail", 10_000 - holdout, False, None), ("none", holdout, True, None)]
    if draw.random() < 0.3:
        half = (10_000 - holdout) // 2
        arms = [("fast", half, False, None), ("slow", 10_000 - holdout - half, False, 180), arms[1]]
    for number, (arm, share, is_holdout, delay) in enumerate(arms, 1):
        made.add(
            "campaign_arms", campaign_key=key, campaign_version=version, arm_key=arm,
            arm_order=number, share_bp=share, is_holdout=is_holdout, delay_minutes=delay,
        )  # fmt: skip


def _fate(
    made: Shop, draw: random.Random, cart: Episode, version: Version, account: Account
) -> None:
    fate = draw.choices(FATES, (9, 3, 3, 3, 1))[0]
    assert cart.abandoned_at is not None
    if fate == "nothing":
        return
    arms = [
        Row(row)
        for row in made.tables["campaign_arms"]
        if (row["campaign_key"], row["campaign_version"]) == version
    ]
    salt = next(
        row["salt"]
        for row in made.tables["campaigns"]
        if (row["campaign_key"], row["campaign_version"]) == version
    )
    arm = drawn_arm(arms, salt=salt, shop_id=made.shop_id, person=str(cart.person))
    if draw.random() < 0.2:
        # Recorded under shares that were others then, or under a person merged since.
        arm = draw.choice(["gone", *(str(row["arm_key"]) for row in arms)])
    started = cart.abandonments[-1] - cart.idle
    due_at = started + timedelta(minutes=60)
    if fate == "gated" or draw.random() < 0.05:
        _gated(made, draw, cart, version, account, due_at + draw.choice(OFFSETS))
        if fate == "gated":
            return
    if draw.random() < 0.9:
        _record(made, draw, cart, version, account, str(arm))
    if fate == "recorded":
        return
    at = due_at + draw.choices(OFFSETS, (6, 4, 3, 1, 1, 1))[0]
    is_held = fate == "held_out"
    draw_mail.claim(made, draw, cart.episode_id, version, 1, account, str(arm), at, is_held=is_held)
    steps = [row for row in made.tables["campaign_steps"]
             if (row["campaign_key"], row["campaign_version"]) == version]  # fmt: skip
    for step in range(2, len(steps) + 1):
        if draw.random() < 0.5:
            at += timedelta(hours=draw.choice((23, 30, 60)))
            draw_mail.claim(
                made, draw, cart.episode_id, version, step, account, str(arm), at, is_held=is_held
            )


def _record(
    made: Shop, draw: random.Random, cart: Episode, version: Version, account: Account, arm: str
) -> None:
    assert cart.abandoned_at is not None
    eligible_at = cart.abandoned_at + draw.choice((timedelta(0), timedelta(0), timedelta(hours=2)))
    made.add(
        "arm_records", campaign_key=version[0], campaign_version=version[1],
        occurrence_key=cart.episode_id, person_key=account["person_key"],
        email_hash=account["email_hash"], arm_key=arm, eligible_at=eligible_at,
        recorded_at=eligible_at + timedelta(minutes=draw.choice((0, 5))),
    )  # fmt: skip
    others = [
        row for row in made.tables["customers"]
        if row["email_hash"] == account["email_hash"] and row is not account
    ]  # fmt: skip
    if others and draw.random() < 0.3:
        # Two keys of one person, recorded before anybody knew that they are one.
        made.features["two_records"] += 1
        made.add(
            "arm_records", campaign_key=version[0], campaign_version=version[1],
            occurrence_key=cart.episode_id, person_key=others[0]["person_key"],
            email_hash=account["email_hash"], arm_key=draw.choice(("mail", "none")),
            eligible_at=eligible_at, recorded_at=eligible_at + timedelta(minutes=3),
        )  # fmt: skip


def _gated(
    made: Shop, draw: random.Random, cart: Episode, version: Version, account: Account, at: datetime
) -> None:
    made.add(
        "export_gated", program="cart_recovery", campaign_key=version[0],
        campaign_version=version[1], step_number=draw.choice((1, 1, 1, 2)),
        occurrence_key=cart.episode_id, person_key=account["person_key"],
        email_hash=account["email_hash"], reason_code=draw.choice(GATES), first_at=at,
        last_at=at + draw.choice((timedelta(0), timedelta(hours=1))),
    )  # fmt: skip
