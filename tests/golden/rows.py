"""Landed rows in a few words: a shop, its people, their carts, orders, mails and ledger."""

import hashlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from pipelines import keys
from tests.warehouse import PEPPER

Rows = dict[str, list[dict[str, object]]]


def episode_of(shop_id: str, opening_event: str) -> str:
    """Id of the episode an event opens, as dbt's `hash_key` of shop and action makes it."""
    return hashlib.md5(f"{shop_id}|{opening_event}".encode(), usedforsecurity=False).hexdigest()


class Book:
    """Rows of one shop by canonical table."""

    def __init__(self, shop_id: str, **shop: object) -> None:
        self.shop_id = shop_id
        self.rows: Rows = defaultdict(list)
        if shop:
            self.put("shops", shop_name=shop_id, week_start=1, **shop)

    def put(self, table: str, **row: object) -> None:
        """One row as it is."""
        self.rows[table].append({"shop_id": self.shop_id, **row})

    def campaign(
        self,
        key: str = "cart",
        *,
        segment: str = "cart_recovery",
        steps: tuple[int, ...] = (60, 1440),
        arms: tuple[tuple[str, int, bool], ...] = (),
        starts_at: datetime | None = None,
        **row: object,
    ) -> None:
        """Version 1 of a campaign. `steps`: delays in minutes; `arms`: key, share, holdout."""
        self.put(
            "campaigns", campaign_key=key, campaign_version=1, segment_key=segment,
            channel="email", purpose="cart_reminder" if segment == "cart_recovery" else "marketing",
            is_active=True, starts_at=starts_at, recovery_window_days=7, eligibility_hours=24,
            salt="salt", **row,
        )  # fmt: skip
        for number, delay in enumerate(steps, start=1):
            self.put(
                "campaign_steps", campaign_key=key, campaign_version=1, step_number=number,
                delay_minutes=delay, cool_down_hours=24,
                validity_hours=24 if segment == "cart_recovery" else 72,
            )  # fmt: skip
        for order, (arm, share, is_holdout) in enumerate(arms, start=1):
            self.put(
                "campaign_arms", campaign_key=key, campaign_version=1, arm_key=arm,
                arm_order=order, share_bp=share, is_holdout=is_holdout,
            )  # fmt: skip

    def member(
        self,
        name: str,
        *,
        since: datetime,
        has_email: bool = True,
        consents: bool = True,
        **row: object,
    ) -> str:
        """An account, with an address and consent unless told otherwise. Its customer id."""
        email = f"{name}@example.jp" if has_email else None
        self.put("customers", customer_id=name, is_member=True, member_state="active",
                 registered_at=since, email=email, **row)  # fmt: skip
        if has_email and consents:
            self.put("consents", consent_id=name, customer_id=name, email=email, channel="email",
                     purpose="marketing", consent_state="granted", occurred_at=since,
                     basis="form")  # fmt: skip
        return name

    def event(self, event_id: str, name: str, at: datetime, **row: object) -> str:
        """One behaviour event."""
        self.put("events", event_id=event_id, event_name=name, occurred_at=at, **row)
        return event_id

    def add(self, who: str, at: datetime, *, product: str = "p1", price: int = 5000) -> str:
        """A member puts one piece into the cart. Id of the episode it opens, if it opens one."""
        event_id = f"{who}-{product}-{at:%Y%m%d%H%M}"
        self.event(event_id, "Product Added", at, customer_id=who, product_id=product,
                   quantity=1, price_amount=price)  # fmt: skip
        return episode_of(self.shop_id, event_id)

    def remove(self, who: str, at: datetime, *, product: str = "p1") -> None:
        """A member takes one piece out."""
        self.event(f"{who}-gone-{product}-{at:%Y%m%d%H%M}", "Product Removed", at,
                   customer_id=who, product_id=product, quantity=1)  # fmt: skip

    def order(
        self, who: str, at: datetime, *, amount: int = 5000, product: str = "p1", **row: object
    ) -> str:
        """A paid order of one line."""
        order_id = f"o-{who}-{at:%Y%m%d%H%M}"
        self.put("orders", order_id=order_id, customer_id=who, ordered_at=at, goods_amount=amount,
                 total_amount=amount, ordered_precision=row.pop("ordered_precision", "instant"),
                 **row)  # fmt: skip
        self.put("order_items", order_item_id=order_id, order_id=order_id, line_no=1,
                 product_id=product, quantity=1, line_amount=amount)  # fmt: skip
        return order_id

    def batch(self, batch_id: str, at: datetime, *, step: int = 1, campaign: str = "cart") -> None:
        """A batch handed over at that instant."""
        self.put("export_batches", export_batch_id=batch_id, program=f"{campaign}/{step}/email",
                 campaign_key=campaign, campaign_version=1, step_number=step, channel="email",
                 batch_state="delivered", created_at=at, handed_over_at=at)  # fmt: skip

    def claim(
        self, batch_id: str, who: str, occurrence: str, at: datetime, *,
        state: str = "claimed", coupon: str | None = None, step: int = 1, campaign: str = "cart",
    ) -> str:  # fmt: skip
        """One line of a batch. Its recipient token."""
        token = f"t-{batch_id}-{who}"
        number = 1 + sum(row["export_batch_id"] == batch_id for row in self.rows["export_claims"])
        self.put("export_claims", export_batch_id=batch_id, claim_no=number,
                 occurrence_key=occurrence, dedupe_key=f"{campaign}/{step}/email/{occurrence}",
                 person_key=keys.person_key(who, pepper=PEPPER), recipient_token=token,
                 claim_state=state, coupon_code=coupon, claimed_at=at)  # fmt: skip
        return token

    def mail(
        self, who: str, occurrence: str, at: datetime, *, step: int = 1, campaign: str = "cart",
        coupon: str | None = None,
    ) -> str:  # fmt: skip
        """A message handed over in a batch of its own. Its recipient token."""
        batch_id = f"{campaign}-{step}-{who}-{at:%Y%m%d%H%M}"
        self.batch(batch_id, at, step=step, campaign=campaign)
        return self.claim(batch_id, who, occurrence, at, coupon=coupon, step=step,
                          campaign=campaign)  # fmt: skip

    def result(self, token: str, kind: str, at: datetime, **row: object) -> None:
        """What the mailer reports of one message."""
        count = len(self.rows["mail_events"])
        self.put("mail_events", provider="mailer", event_key=f"{token}-{kind}-{count}",
                 event_type=kind, occurred_at=at, recipient_token=token, **row)  # fmt: skip

    def arm_record(self, who: str, occurrence: str, arm: str, at: datetime) -> None:
        """The ledger's record of a draw."""
        self.put("arm_records", campaign_key="cart", campaign_version=1, occurrence_key=occurrence,
                 person_key=keys.person_key(who, pepper=PEPPER), arm_key=arm, eligible_at=at,
                 recorded_at=at)  # fmt: skip

    def gated(self, who: str, occurrence: str, reason: str, at: datetime) -> None:
        """The ledger's reason why step 1 was left out."""
        self.put("export_gated", program="cart/1/email", campaign_key="cart", campaign_version=1,
                 step_number=1, occurrence_key=occurrence, reason_code=reason,
                 person_key=keys.person_key(who, pepper=PEPPER), first_at=at, last_at=at)  # fmt: skip


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant as the warehouse stores it: UTC without a zone."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC).replace(tzinfo=None)


def minutes(count: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


def together(*books: Book) -> Rows:
    """All rows of all shops."""
    rows: Rows = defaultdict(list)
    for book in books:
        for table, given in book.rows.items():
            rows[table] += given
    return rows
