"""Events of a mailer: which message they belong to, and whether a person did them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.known import Known, Row
from tests.oracle.persons import People
from tests.oracle.snapshots import hashed

MATCH = timedelta(days=30)
BURST = timedelta(seconds=10)
SCANNERS = (
    "bot", "crawler", "spider", "barracuda", "mimecast", "proofpoint", "safelinks",
    "headlesschrome", "python-requests", "go-http-client", "curl/", "prefetch", "scanner",
)  # fmt: skip
PROXIES = ("GoogleImageProxy", "YahooMailProxy")
# What gives a machine away, by the mart's word for it.
PREFETCH_BASES = {"flag": "provider", "agent": "ua", "burst": "all_links"}


@dataclass
class HandedOver:
    """A claim of a batch that left us."""

    message_id: str
    claim: Row
    batch: Row
    person: str | None

    @property
    def handed_over_at(self) -> datetime:
        """Instant of the hand-off."""
        return self.batch["handed_over_at"]


@dataclass
class MailEvent:
    """An event; `reader` is human, unknown or machine for opens and clicks, on what evidence."""

    row: Row
    message_id: str | None = None
    basis: str = "none"
    reader: str = "none"
    evidence: str | None = None

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.row["occurred_at"]

    @property
    def kind(self) -> str:
        """What happened."""
        return str(self.row["event_type"])


def handed_over(shop: Known, found: People) -> list[HandedOver]:
    """Every message that left us before the run."""
    batches = {
        row["export_batch_id"]: row
        for row in shop["export_batches"]
        if row["batch_state"] in {"delivered", "acked"}
        and row["handed_over_at"] is not None
        and row["handed_over_at"] < shop.as_of
    }
    return [
        HandedOver(
            hashed(claim["export_batch_id"], claim["claim_no"]),
            claim, batches[claim["export_batch_id"]], found.of_claim(claim),
        )
        for claim in shop["export_claims"]
        if claim["claim_state"] == "claimed" and claim["export_batch_id"] in batches
    ]  # fmt: skip


def mail_events(shop: Known, messages: list[HandedOver]) -> dict[str, list[MailEvent]]:
    """Events by message, classed."""
    of_message: dict[str, list[MailEvent]] = defaultdict(list)
    for event in _classed(shop, messages):
        if event.message_id is not None:
            of_message[event.message_id].append(event)
    return of_message


def events_of_mailers(shop: Known, found: People) -> list[MailEvent]:
    """Every event, also those of no message of ours."""
    return _classed(shop, handed_over(shop, found))


def _classed(shop: Known, messages: list[HandedOver]) -> list[MailEvent]:
    events = [
        MailEvent(row, message and message.message_id, basis)
        for row, message, basis in _matched(shop["mail_events"], messages)
    ]
    of_message: dict[str | None, list[MailEvent]] = defaultdict(list)
    for event in events:
        of_message[event.message_id].append(event)
    links: dict[object, set[object]] = defaultdict(set)
    bursts: dict[str | None, datetime | None] = {None: None}
    for message in messages:
        links[message.batch["export_batch_id"]] |= _links(of_message[message.message_id])
    for message in messages:
        own = links[message.batch["export_batch_id"]]
        bursts[message.message_id] = _burst(of_message[message.message_id], own)
    for event in events:
        if event.kind in {"open", "click"}:
            event.reader, event.evidence = _reader(event, bursts[event.message_id])
    return events


def _matched(
    rows: list[Row], messages: list[HandedOver]
) -> Iterator[tuple[Row, HandedOver | None, str]]:
    """By our token, else the mailer's id and address, else campaign and address in 30 days."""
    by_token = {
        m.claim["recipient_token"]: m for m in messages if m.claim["recipient_token"] is not None
    }
    by_id: dict[tuple[object, ...], HandedOver] = {}
    for row in rows:
        message = by_token.get(row["recipient_token"])
        if message is None or row["message_id"] is None or row["email_hash"] is None:
            continue
        key = (row["provider"], row["message_id"], row["email_hash"])
        if key not in by_id or message.message_id < by_id[key].message_id:
            by_id[key] = message
    for row in rows:
        message, basis = by_token.get(row["recipient_token"]), "token"
        if message is None and row["message_id"] is not None and row["email_hash"] is not None:
            message = by_id.get((row["provider"], row["message_id"], row["email_hash"]))
            basis = "message"
        if message is None and row["email_hash"] is not None and row["campaign_key"] is not None:
            message, basis = _last_before(row, messages), "campaign"
        yield row, message, basis if message else "none"


def _last_before(row: Row, messages: list[HandedOver]) -> HandedOver | None:
    return max(
        (
            m
            for m in messages
            if m.batch["campaign_key"] == row["campaign_key"]
            and m.claim["email_hash"] == row["email_hash"]
            and row["step_number"] in {None, m.batch["step_number"]}
            and m.handed_over_at <= row["occurred_at"] < m.handed_over_at + MATCH
        ),
        key=lambda m: (m.handed_over_at, m.message_id),
        default=None,
    )


def _links(events: list[MailEvent]) -> set[object]:
    return {e.row["link_url"] for e in events if e.kind == "click"} - {None}


def _burst(events: list[MailEvent], links: set[object]) -> datetime | None:
    """Start of the seconds in which every link of the message was followed: a scanner."""
    start = min((e.at for e in events if e.kind == "delivered"), default=None) or min(
        (e.at for e in events if e.kind == "click"), default=None
    )
    if start is None:
        return None
    followed = _links([e for e in events if start <= e.at < start + BURST])
    # One link alone says nothing: a person follows it just as a scanner does.
    return start if len(followed) >= 2 and followed == links else None


def _reader(event: MailEvent, burst: datetime | None) -> tuple[str, str | None]:
    agent = event.row["user_agent"]
    if event.row["is_machine"]:
        return "machine", "flag"
    if agent is not None and (
        agent == "Mozilla/5.0" or any(word in str(agent).lower() for word in SCANNERS)
    ):
        return "machine", "agent"
    if burst is not None and burst <= event.at < burst + BURST:
        return "machine", "burst"
    if event.row["is_machine"] is False:
        return "human", None
    if agent is None or any(word in str(agent) for word in PROXIES):
        return "unknown", None
    return "human", None
