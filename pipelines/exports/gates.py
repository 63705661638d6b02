"""Why somebody in a segment is not written to: every gate, in the one order that counts.

Each gate is a pure question about one member. The first that says yes is the recorded reason.
Source: definitions, section 10.

Long: what every gate may look at and every gate stand in one file, so that their order can be read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from pipelines import keys
from pipelines.exports.cells import deliverable
from pipelines.exports.facts import Consent, Facts, PersonKeys, keys_of
from pipelines.exports.refusals import REASONS as REFUSALS
from pipelines.exports.rules import Cool, Program
from pipelines.exports.snapshot import Member

# How a suppression's own reason is called at the gate.
GATE_OF_SUPPRESSION: Final = {
    "unsubscribe": "unsubscribed", "complaint": "complaint", "hard_bounce": "hard_bounce",
    "soft_bounce_repeated": "hard_bounce", "manual": "manual_block", "legal": "manual_block",
    "withdrawn_member": "unsubscribed", "erased": "erased",
}  # fmt: skip


# The domain's normal form costs a tenth of a millisecond, and every gate asks again.
@lru_cache(maxsize=1 << 18)
def _hash_of(address: str | None, pepper: bytes) -> str | None:
    return keys.email_hash(address, pepper=pepper)


@dataclass(frozen=True)
class Arms:
    """Records of one campaign version, each an instant and an arm.

    `first`: person key → its earliest; `own`: (occurrence, person key) → that occurrence's.
    """

    first: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    own: Mapping[tuple[str, str], tuple[datetime, str]] = field(default_factory=dict)

    def of(self, keys: Iterable[str], occurrence: str) -> str | None:
        """Arm an occurrence is on record with; else the earliest of its person, if there is one.

        Persons of two arms who turn out to be one keep what each cart was recorded with.
        """
        all_of = list(keys)
        found = [self.own[occurrence, key] for key in all_of if (occurrence, key) in self.own]
        found = found or [self.first[key] for key in all_of if key in self.first]
        return min(found)[1] if found else None


@dataclass(frozen=True)
class Taken:
    """What the batch being planned has already given out; grows while the plan is made."""

    # Person and address keys that have a place in this program of this plan.
    persons: set[str] = field(default_factory=set)
    # (occurrence, key) pairs that will be guarded.
    guards: set[tuple[str, str]] = field(default_factory=set)
    # Messages added today per key; other programs of the request are in the ledger already.
    today: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LedgerView:
    """What the ledger knows about the keys at hand, read inside the transaction that claims."""

    erased: frozenset[str] = frozenset()
    # Key → gate reason → since when, of the suppressions in force for this channel and scope.
    stopped: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    # (occurrence, key) guarded in this program.
    guarded: frozenset[tuple[str, str]] = frozenset()
    # Key → newest hand-off or held-out row of this program.
    last_at: Mapping[str, datetime] = field(default_factory=dict)
    # Key → message (batch, number) → its day, over all programs of the channel.
    messages: Mapping[str, Mapping[tuple[str, int], date]] = field(default_factory=dict)
    # What is on record of them in this campaign version.
    arms: Arms = field(default_factory=Arms)


@dataclass(frozen=True)
class Situation:
    """Everything a gate may look at besides the member. Units: `now` UTC, `today` shop's date."""

    program: Program
    cool: Cool
    facts: Facts
    ledger: LedgerView
    now: datetime
    today: date
    pepper: bytes
    caps: Mapping[int, int] = field(default_factory=dict)
    is_quiet: bool = False
    stops_on_order: bool = True
    is_behavioural: bool = True
    needs_content: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    taken: Taken = field(default_factory=Taken)
    # Every gate asks for the keys again; hashing an address once a person is enough.
    known: dict[str, PersonKeys] = field(default_factory=dict)
    # Likewise what stops a person; a new view of the ledger begins a new one.
    blocked: dict[str, set[str]] = field(default_factory=dict)

    def keys(self, member: Member) -> PersonKeys:
        """Keys of the member's person, the present address's included."""
        found = self.known.get(member.person_id)
        if found is None:
            found = self.facts.person_keys.get(member.person_id)
            if found is None:
                found = keys_of(member.person_id, frozenset(), pepper=self.pepper)
            hash_ = self.email_hash(member)
            if hash_ is not None:
                found = PersonKeys(found.person_key, found.all | {hash_})
            self.known[member.person_id] = found
        return found

    def email(self, member: Member) -> str | None:
        """The address as it would leave, None if there is none a mailer could take."""
        return deliverable(self.facts.contacts.get(member.person_id, {}).get("email"))

    def email_hash(self, member: Member) -> str | None:
        """Keyed hash of that address."""
        return _hash_of(self.email(member), self.pepper)

    def consent(self, member: Member) -> Consent | None:
        """What the build knows of this channel and purpose."""
        key = (member.person_id, self.program.channel, self.cool.purpose)
        return self.facts.consents.get(key)

    def blocks(self, member: Member) -> set[str]:
        """Gate reasons of the build's own verdict and of the ledger's suppressions."""
        if member.person_id in self.blocked:
            return self.blocked[member.person_id]
        consent = self.consent(member)
        found: set[str] = set()
        for key in self.keys(member).all:
            for reason, since in self.ledger.stopped.get(key, {}).items():
                if not (reason == "unsubscribed" and self._has_returned(member, consent, since)):
                    found.add(reason)
        if consent is not None and not consent.is_contactable and consent.block_reason:
            reason = consent.block_reason
            found.add(GATE_OF_SUPPRESSION.get(reason, reason))
        self.blocked[member.person_id] = found
        return found

    def _has_returned(self, member: Member, consent: Consent | None, since: datetime) -> bool:
        # A yes to another address, or a flag that was merely imported, brings nobody back.
        granted = None if consent is None else consent.explicit_grant_at
        return (
            granted is not None and granted > since
            and consent is not None and consent.email_hash == self.email_hash(member)
        )  # fmt: skip


Gate = Callable[[Member, Situation], bool]


def _erased(member: Member, at: Situation) -> bool:
    return "erased" in at.blocks(member) or any(
        key in at.ledger.erased for key in at.keys(member).all
    )


def _no_address(member: Member, at: Situation) -> bool:
    if at.program.channel == "email" and at.email(member) is None:
        return True
    return "no_address" in at.blocks(member)


def _no_consent(member: Member, at: Situation) -> bool:
    consent = at.consent(member)
    if consent is None or "no_consent" in at.blocks(member):
        return True
    # Consent is given for an address: a newer one has none until its owner says so.
    hash_ = at.email_hash(member)
    if consent.email_hash is not None and hash_ is not None and consent.email_hash != hash_:
        return True
    known = consent.block_reason and GATE_OF_SUPPRESSION.get(
        consent.block_reason, consent.block_reason
    )
    return not consent.is_contactable and known not in ORDER


def _profiling_opt_out(member: Member, at: Situation) -> bool:
    if not at.is_behavioural:
        return False
    consent = at.consent(member)
    return "profiling_opt_out" in at.blocks(member) or (
        consent is not None and consent.has_profiling_opt_out
    )


def _blocked(reason: str) -> Gate:
    return lambda member, at: reason in at.blocks(member)


def _open_inquiry(member: Member, at: Situation) -> bool:
    return at.cool.holds_open_inquiry and member.person_id in at.facts.open_inquiries


def _ordered_since(member: Member, at: Situation) -> bool:
    if at.facts.closed.get(member.occurrence_key) == "ordered":
        return True
    last = at.facts.last_sale_at.get(member.person_id)
    return at.stops_on_order and last is not None and last > member.qualified_at


def _cart_emptied(member: Member, at: Situation) -> bool:
    return at.facts.closed.get(member.occurrence_key) == "emptied"


def _no_content(member: Member, at: Situation) -> bool:
    is_empty = member.content.get("content_source") in (None, "none")
    return member.reason_code == "no_content" or (at.needs_content and is_empty)


def _said_by_segment(reason: str) -> Gate:
    return lambda member, _at: member.reason_code == reason


def _superseded(member: Member, at: Situation) -> bool:
    if member.reason_code == "superseded":
        return True
    mine = at.keys(member).all
    same = any((member.occurrence_key, key) in at.taken.guards for key in mine)
    return not same and not mine.isdisjoint(at.taken.persons)


def _already_handed_over(member: Member, at: Situation) -> bool:
    return any(
        (member.occurrence_key, key) in at.ledger.guarded
        or (member.occurrence_key, key) in at.taken.guards
        for key in at.keys(member).all
    )


def _cool_down(member: Member, at: Situation) -> bool:
    since = at.now - timedelta(hours=at.cool.cool_down_hours)
    return any(
        at.ledger.last_at[key] > since for key in at.keys(member).all if key in at.ledger.last_at
    )


def _frequency_cap(member: Member, at: Situation) -> bool:
    mine = at.keys(member).all
    sent: dict[tuple[str, int], date] = {}
    for key in mine:
        sent |= at.ledger.messages.get(key, {})
    if at.program.channel == "email":
        # The shop system's own cart mails lie in the same mailbox.
        mails = at.facts.shop_mails.get(member.person_id, {})
        sent |= {(f"shop:{episode}", 0): day for episode, day in mails.items()}
    planned = max((at.taken.today.get(key, 0) for key in mine), default=0)
    for days, allowed in at.caps.items():
        since = at.today - timedelta(days=days)
        if sum(day > since for day in sent.values()) + planned >= allowed:
            return True
    return False


def _stale(member: Member, at: Situation) -> bool:
    return member.valid_until_at is not None and member.valid_until_at <= at.now


def _refused(reason: str) -> Gate:
    return lambda member, at: at.refused.get(f"{member.dedupe_key}|{member.person_id}") == reason


GATES: Final[Mapping[str, Gate]] = {
    "erased": _erased,
    "no_address": _no_address,
    "no_consent": _no_consent,
    "profiling_opt_out": _profiling_opt_out,
    "unsubscribed": _blocked("unsubscribed"),
    "complaint": _blocked("complaint"),
    "hard_bounce": _blocked("hard_bounce"),
    "manual_block": _blocked("manual_block"),
    "open_inquiry": _open_inquiry,
    "ordered_since": _ordered_since,
    "cart_emptied": _cart_emptied,
    "goods_gone": _said_by_segment("goods_gone"),
    "no_content": _no_content,
    "shop_mailed": _said_by_segment("shop_mailed"),
    "superseded": _superseded,
    "already_handed_over": _already_handed_over,
    "cool_down": _cool_down,
    "frequency_cap": _frequency_cap,
    "quiet_hours": lambda _member, at: at.is_quiet,
    "stale": _stale,
    **{reason: _refused(reason) for reason in REFUSALS},
}
ORDER: Final = (*GATES, "held_out")
# Whoever one of these stops could not have been written to in any arm: no arm is recorded.
REACH: Final = (
    "erased", "no_address", "no_consent", "profiling_opt_out", "unsubscribed", "complaint",
    "hard_bounce", "manual_block",
)  # fmt: skip
# Looked at again when a claimed batch is sealed and just before it leaves.
LATE: Final = (
    "erased", "no_consent", "profiling_opt_out", "unsubscribed", "complaint", "hard_bounce",
    "manual_block", "open_inquiry", "ordered_since", "cart_emptied", "stale",
)  # fmt: skip


def first_hit(
    member: Member, at: Situation, *, among: tuple[str, ...] = tuple(GATES)
) -> str | None:
    """The first reason, in order, why the member is not written to; None if there is none."""
    for reason, gate in _named(among):
        if gate(member, at):
            return reason
    return None


@lru_cache(maxsize=8)
def _named(among: tuple[str, ...]) -> tuple[tuple[str, Gate], ...]:
    return tuple((reason, GATES[reason]) for reason in among)
