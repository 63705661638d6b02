"""What is handed over, what the mailer says of it, and the orders that follow."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle import draw_carts
from tests.oracle.shops import AS_OF, PRODUCTS, Shop, instant

Account = dict[str, object]
# Minutes after sending: at once, around the short channels' day, around the windows.
REACTIONS = (0, 0.05, 0.15, 1, 60, 1440 - 1, 1440, 3 * 1440, 7 * 1440 - 1, 7 * 1440, 9 * 1440, -5)
AGENTS = (None, "Mozilla/5.0", "Mozilla/5.0 (iPhone)", "GoogleImageProxy", "ProofPoint scanner")
LINKS = ("https://shop.example/cart", "https://shop.example/top")
BAD = ("hard_bounce", "soft_bounce", "block", "dropped")


def claim(
    made: Shop, draw: random.Random, occurrence: str, version: tuple[str, int], step: int,
    account: Account, arm: str, at: datetime, *, is_held: bool = False,
) -> None:  # fmt: skip
    """A row of the ledger in a batch of its own or an open one, and what follows from it."""
    channel = next(
        (row["channel"] for row in made.tables["campaigns"]
         if (row["campaign_key"], row["campaign_version"]) == version), "email"
    )  # fmt: skip
    state = draw.choices(("delivered", "acked", "void", "hold"), (8, 8, 1, 1))[0]
    earlier = [
        row for row in made.tables["export_batches"]
        if (row["campaign_key"], row["campaign_version"]) == version
        and row["step_number"] == step
    ]  # fmt: skip
    if earlier and draw.random() < 0.2:
        batch = draw.choice(earlier)
    else:
        batch = made.add(
            "export_batches", export_batch_id=f"x{made.number('export_batches'):03d}",
            program="cart_recovery", campaign_key=version[0], campaign_version=version[1],
            step_number=step, channel=channel, batch_state=state, created_at=at,
            slot="slot", destination=("mailer", "other")[step % 2],
            handed_over_at=None if state in {"void", "hold"} else at,
        )  # fmt: skip
    number = made.number("export_claims")
    row = made.add(
        "export_claims", export_batch_id=batch["export_batch_id"], claim_no=number,
        occurrence_key=occurrence, person_key=account["person_key"],
        email_hash=account["email_hash"], arm_key=arm, recipient_token=f"{made.shop_id}-t{number}",
        dedupe_key=f"{version[0]}/{step}/{channel}/{occurrence}",
        coupon_code=f"OK_{number}" if draw.random() < 0.4 else None,
        claim_state="held_out" if is_held else draw.choices(("claimed", "released"), (15, 1))[0],
        claimed_at=at, due_at=at,
    )  # fmt: skip
    sent_at = batch["handed_over_at"] or at
    if row["claim_state"] == "claimed" and batch["handed_over_at"] is not None:
        sent_at = _reported(made, draw, batch, row, account)
    if draw.random() < 0.45:
        _ordered(made, draw, row, account, sent_at)


def _mail_event(
    made: Shop, draw: random.Random, batch: dict[str, object], row: dict[str, object], kind: str,
    at: datetime, **given: object,
) -> None:  # fmt: skip
    """One event, known by our token, by the mailer's own id, or by campaign and address."""
    address = row["email_hash"]
    named = draw.choices(("token", "both", "id", "campaign"), (5, 3, 1, 1))[0]
    if address is None:
        named = "token"
    by_campaign = named == "campaign"
    made.add(
        "mail_events",
        provider="mailer",
        event_key=f"m{made.number('mail_events'):04d}",
        event_type=kind,
        occurred_at=at,
        recipient_token=row["recipient_token"] if named in {"token", "both"} else None,
        message_id=f"id-{row['recipient_token']}" if named in {"both", "id"} else None,
        email_hash=address if named != "token" else None,
        campaign_key=batch["campaign_key"] if by_campaign else None,
        step_number=batch["step_number"] if by_campaign and draw.random() < 0.5 else None,
        **given,
    )


def _reported(
    made: Shop, draw: random.Random, batch: dict[str, object], row: dict[str, object],
    account: Account,
) -> datetime:  # fmt: skip
    """Events of one message; returns when it was sent."""
    sent_at = at = batch["handed_over_at"]
    if draw.random() < 0.5:
        sent_at = at + timedelta(minutes=draw.choice((0, 2, 15)))
        _mail_event(made, draw, batch, row, "sent", sent_at)
    chance = draw.random()
    if chance < 0.25:
        for kind in draw.sample(BAD, draw.choice((1, 1, 2))):
            _mail_event(made, draw, batch, row, kind, sent_at + timedelta(minutes=1))
        if draw.random() < 0.8:
            return sent_at
    elif chance < 0.7:
        _mail_event(made, draw, batch, row, "delivered", sent_at + timedelta(seconds=30))
    for kind in ("open", "click", "click", "unsubscribe", "complaint"):
        if draw.random() > {"open": 0.6, "click": 0.45}.get(kind, 0.06):
            continue
        given: dict[str, object] = {}
        if kind in {"open", "click"}:
            given = {
                "is_machine": draw.choices((None, False, True), (4, 5, 2))[0],
                "user_agent": draw.choices(AGENTS, (3, 1, 5, 1, 1))[0],
                "link_url": draw.choice(LINKS) if kind == "click" else None,
            }
        minutes = draw.choice(REACTIONS)
        _mail_event(
            made, draw, batch, row, kind, sent_at + timedelta(seconds=int(minutes * 60)), **given
        )
    if draw.random() < 0.15:
        token = row["recipient_token"]
        at = sent_at + timedelta(minutes=draw.choice((1, 30, 1440, 7 * 1440)))
        draw_carts.event(
            made, at, draw.choice(("b:0", "b:new")),
            account["customer_id"] if draw.random() < 0.5 else None, "Page Viewed",
            export_token=token,
        )  # fmt: skip
    return sent_at


def _ordered(
    made: Shop, draw: random.Random, row: dict[str, object], account: Account, sent_at: datetime
) -> None:
    """An order after the message, on either side of the windows' ends."""
    at = sent_at + timedelta(
        seconds=draw.choice((0, 60, 3600, 86399, 86400, 3 * 86400, 7 * 86400 - 1, 7 * 86400))
    )
    if at >= AS_OF:
        return
    chance = draw.random()
    draw_carts.order(
        made, draw, str(account["customer_id"]), at, draw.sample(PRODUCTS, draw.choice((0, 1, 2))),
        coupon_codes=f"OTHER, {row['coupon_code']}" if chance < 0.2 and row["coupon_code"] else None,
        export_token=row["recipient_token"] if chance > 0.9 else None,
    )  # fmt: skip


def newsletter(made: Shop, draw: random.Random, accounts: list[Account]) -> None:
    """Messages of a campaign that writes about no cart, which may still take an order's credit."""
    made.features["other_campaign"] += 1
    # An issue written by hand has no campaign in the shop file; a bumped one has a newer version there.
    version = random.Random(f"issue of {made.shop_id}").choice((1, 1, None, 2))
    made.features["campaign_not_in_file"] += version != 1
    if version is not None:
        made.add(
            "campaigns", campaign_key="news", campaign_version=version, segment_key="newsletter",
            channel="email", purpose="marketing", is_active=True, salt="news",
            recovery_window_days=7, eligibility_hours=24,
        )  # fmt: skip
    for account in draw.sample(accounts, min(2, len(accounts))):
        claim(made, draw, "issue-1", ("news", 1), 1, account, "all-of-it", instant(draw))


def totals(made: Shop, draw: random.Random) -> None:
    """A mailer's own totals, of a campaign without single messages or of one with them."""
    made.features["mailer_totals"] += 1
    key = draw.choice(("old_mailer", "old_mailer", "cart_a"))
    for step in draw.choice(((1, 2), (1,), (None,))):
        at = datetime(2026, 5, 31) if draw.random() < 0.5 else instant(draw)
        at = at.replace(microsecond=0)
        made.add(
            "mail_results_summary", provider="mailer", provider_campaign_id=f"{key}-{step}",
            as_of_at=at, campaign_key=key, step_number=step, sent_count=100,
            open_count=draw.choice((40, None)), click_count=12, orderer_count=3, order_count=4,
            recovered_amount=Decimal(9000) if draw.random() < 0.8 else None,
            summary_basis="file",
        )  # fmt: skip
