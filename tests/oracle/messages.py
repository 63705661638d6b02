"""Messages with what their mailer reports and what their readers did (definitions, section 5)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.oracle.known import Known, Row
from tests.oracle.mail import HandedOver, MailEvent, handed_over, mail_events
from tests.oracle.persons import People

# The worst says why: a hard bounce before a block before what was dropped or soft.
BOUNCES = ("soft_bounce", "dropped", "block", "hard_bounce")
REACTIONS = {"open", "click"}


@dataclass
class Message:
    """One message, with its window."""

    handed: HandedOver
    events: list[MailEvent]
    sent_at: datetime
    sent_basis: str
    is_delivery_reported: bool
    is_sent: bool
    arrived: bool
    bounce_reason: str | None
    delivered_at: datetime | None
    window_ends_at: datetime
    is_mature: bool
    # Instant and rank of evidence: coupon 0, link 1, click 2.
    touches: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def message_id(self) -> str:
        """Its key."""
        return self.handed.message_id

    @property
    def person(self) -> str | None:
        """Whom it went to."""
        return self.handed.person

    @property
    def campaign(self) -> tuple[object, object]:
        """Campaign and version."""
        return self.handed.batch["campaign_key"], self.handed.batch["campaign_version"]

    @property
    def occurrence(self) -> str:
        """What it was about: of a cart mail the episode."""
        return str(self.handed.claim["occurrence_key"])

    @property
    def step(self) -> int:
        """Step of the sequence."""
        return int(str(self.handed.batch["step_number"]))

    @property
    def is_touched(self) -> bool:
        """A human click, a visit by its link, or its coupon."""
        return bool(self.touches)

    @property
    def is_delivered(self) -> bool:
        """Confirmed, or reacted to."""
        return self.arrived or self.is_touched

    @property
    def is_bounced(self) -> bool:
        """Came back and was never reacted to."""
        return self.bounce_reason is not None and not self.is_delivered

    @property
    def is_lost(self) -> bool:
        """Bounced, or never left a mailer that reports sending."""
        return not self.is_touched and (self.is_bounced or not self.is_sent)

    def in_window(self, instant: datetime) -> bool:
        """Never past the window: a figure that has settled stays what it was."""
        return self.sent_at <= instant < self.window_ends_at

    def has(self, kinds: set[str], readers: set[str]) -> bool:
        """A reaction of such a kind by such a reader within the window."""
        return any(
            e.kind in kinds and e.reader in readers and self.in_window(e.at) for e in self.events
        )

    def happened(self, kind: str) -> bool:
        """Such an event, whenever."""
        return any(e.kind == kind for e in self.events)


def messages(shop: Known, found: People) -> list[Message]:
    """Every message handed over, without the touches that need orders."""
    handed = handed_over(shop, found)
    events = mail_events(shop, handed)
    of_batch: dict[object, set[str]] = defaultdict(set)
    for given in handed:
        of_batch[given.batch["export_batch_id"]] |= {e.kind for e in events[given.message_id]}
    campaigns = {(r["campaign_key"], r["campaign_version"]): r for r in shop["campaigns"]}
    visits: dict[object, list[datetime]] = defaultdict(list)
    for event in shop["events"]:
        if event["export_token"] is not None and not event["is_bot"] and found.of_event(event):
            visits[event["export_token"]].append(event["occurred_at"])
    made = []
    for given in handed:
        campaign = campaigns.get((given.batch["campaign_key"], given.batch["campaign_version"]))
        kinds = of_batch[given.batch["export_batch_id"]]
        message = _message(shop, given, events[given.message_id], kinds, campaign)
        if message.is_sent:
            message.touches += [
                (e.at, 2)
                for e in message.events
                if e.kind == "click" and e.reader == "human" and message.in_window(e.at)
            ]
            token = given.claim["recipient_token"]
            message.touches += [
                (at, 1) for at in visits.get(token, ()) if token and message.in_window(at)
            ]
        made.append(message)
    return made


def _message(
    shop: Known, given: HandedOver, events: list[MailEvent], kinds: set[str], campaign: Row | None
) -> Message:
    def first(*wanted: str) -> datetime | None:
        return min((e.at for e in events if e.kind in wanted), default=None)

    sent, delivered, reacted = first("sent"), first("delivered"), first(*REACTIONS)
    arrived = delivered is not None or reacted is not None
    bounces = [e.kind for e in events if e.kind in BOUNCES]
    days = 1
    if given.batch["channel"] in {"email", "post"}:
        own = None if campaign is None else campaign["recovery_window_days"]
        days = int(str(own)) if own is not None else shop.settings["recovery_window_days"]
    sent_at = sent or given.handed_over_at
    ends_at = sent_at + timedelta(days=days)
    return Message(
        given, events, sent_at,
        sent_basis="mailer" if "sent" in kinds else "handoff",
        is_delivery_reported="delivered" in kinds,
        is_sent="sent" not in kinds or sent is not None or arrived,
        arrived=arrived,
        bounce_reason=max(bounces, key=BOUNCES.index, default=None),
        delivered_at=delivered,
        window_ends_at=ends_at,
        is_mature=ends_at <= shop.as_of,
    )  # fmt: skip
