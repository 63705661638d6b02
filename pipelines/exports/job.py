"""One request and everything read from outside the ledger: what a plan is made of."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

from pipelines.exports import cells
from pipelines.exports.cells import NO_BATCH, NO_TOKEN, Line, Scribe, placed
from pipelines.exports.errors import ShopNotReady
from pipelines.exports.facts import Facts, PersonKeys
from pipelines.exports.gates import LedgerView, Situation
from pipelines.exports.plan import Decision, programs_of
from pipelines.exports.profile import Profile
from pipelines.exports.refusals import reason_of
from pipelines.exports.render import Layout
from pipelines.exports.rules import Program, Rules
from pipelines.exports.snapshot import Member, Segment, Snapshot
from pipelines.requests import Request
from pipelines.shop import Destination

# A member, the batch id and token it would carry → its finished line.
LineOf = Callable[[Member, str, str], Line]


@dataclass(frozen=True)
class Job:
    """Shape: one request. `refused`: row (`dedupe_key|person_id`) → why the profile refuses it.

    `tried`: the line of every other row by that name, without its batch and token.
    """

    request: Request
    segment: Segment
    snapshot_id: str
    facts: Facts
    destination: Destination
    rules: Rules
    profile: Profile
    layout: Mapping[str, object]
    line_of: LineOf
    refused: Mapping[str, str]
    tried: Mapping[str, Line]
    now: datetime
    # Person → keys: worked out once for every look at them.
    known: dict[str, PersonKeys] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The shop's date."""
        return self.now.astimezone(self.rules.zone).date()

    @property
    def input_digest(self) -> str:
        """Digest of what was asked for; a retry of the same wish has the same one."""
        wish = (
            self.request.shop_id, self.segment.key, self.destination.key, self.profile.profile,
            self.request.as_of, self.request.max_rows,
            *(() if self.segment.version is None else (self.segment.version, self.request.issue)),
        )  # fmt: skip
        return hashlib.sha256(json.dumps(wish).encode()).hexdigest()

    def situation(self, program: Program) -> Situation:
        """What the gates see, before the ledger is read."""
        return Situation(
            program=program,
            cool=self.rules.step(program),
            facts=self.facts,
            ledger=LedgerView(),
            now=self.now,
            today=self.today,
            pepper=self.rules.pepper,
            caps=self.rules.caps(program.channel),
            is_quiet=self.rules.quiet_until(self.now) is not None,
            stops_on_order=self.segment.stops_on_order,
            is_behavioural=_is_behavioural(self.segment, self.profile),
            needs_content=self.segment.needs_content,
            refused=self.refused,
            known=self.known,
        )

    def line(self, decision: Decision, *, batch_id: str, token: str) -> Line:
        """The finished line of one person who is handed over, their code in it."""
        member = decision.member
        if decision.coupon is not None:
            content = {**member.content, "coupon_code": decision.coupon}
            return self.line_of(replace(member, content=content), batch_id, token)
        return placed(self.tried[_place(member)], batch_id=batch_id, token=token)


def job_of(
    request: Request,
    snapshot: Snapshot,
    segment: Segment,
    *,
    destination: Destination,
    rules: Rules,
    now: datetime,
    facts: Facts | None = None,
) -> Job:
    """Read what is known of a segment's people, and try every line against the profile.

    `facts`: the snapshot's, where they are read already.
    Raises: SnapshotMissing, ShopNotReady, Unencodable (where the profile says to fail).
    """
    facts = facts or snapshot.facts(rules.pepper)
    profile = rules.profile(destination)
    _refuse_reach(segment, profile, destination)
    scribe = Scribe.of(profile, _content(segment, rules), rules.zone)
    line_of = partial(_line, facts=facts, scribe=scribe)
    refused, tried, changes = _tried(segment, facts, line_of, profile=profile)
    return Job(
        request=request, segment=segment, snapshot_id=snapshot.snapshot_id, facts=facts,
        destination=destination, rules=rules, profile=profile, line_of=line_of,
        layout={
            "file": Layout.of(profile, scribe.columns).to_json(), "changes": changes,
            "stops_on_order": segment.stops_on_order, "reach": profile.reach,
            "ascii_addresses": profile.ascii_addresses,
            "is_behavioural": _is_behavioural(segment, profile),
            # On which grounds it leaves, as they stand now: shop.yml may say otherwise later.
            "disclosure": {
                "country": destination.country, "contract": destination.contract,
                "basis": destination.basis, "purpose": _purposes(segment, rules),
                "columns": [column.label for column in scribe.columns],
            },
            **_saved(request, segment),
        },
        refused=refused, tried=tried, now=now,
    )  # fmt: skip


def _is_behavioural(segment: Segment, profile: Profile) -> bool:
    # What a page shows of a visitor rests on what they did, whatever the segment rests on.
    return segment.is_behavioural or profile.reach == "onsite"


def _refuse_reach(segment: Segment, profile: Profile, destination: Destination) -> None:
    letters = {member.channel == "post" for member in segment.members}
    if letters and letters != {profile.reach == "post"}:
        raise ShopNotReady(
            f"segment {segment.key!r} and destination {destination.key!r} do not go together: "
            "a campaign of the channel post goes to the profile postal_dm, and nothing else does"
        )


def _content(segment: Segment, rules: Rules) -> tuple[str, ...]:
    # The code is given at the claim, not in the build: the segment need not have the column.
    has_column = "coupon_code" in segment.content
    if has_column or not rules.has_coupons(segment.part_of or segment.key):
        return segment.content
    return (*segment.content, "coupon_code")


def _purposes(segment: Segment, rules: Rules) -> str:
    programs = programs_of(segment.members, fallback=rules.fallback(segment.part_of or segment.key))
    return ", ".join(sorted({rules.step(program).purpose for program in programs}))


def _saved(request: Request, segment: Segment) -> Mapping[str, object]:
    # What a hand-over was made of stands in the ledger and in the manifest beside the file.
    if segment.version is None:
        return {}
    made_of = {"version": segment.version, "digest": segment.digest, "issue": request.issue}
    return {"saved_segment": made_of}


def _line(
    member: Member,
    batch_id: str,
    token: str,
    *,
    facts: Facts,
    scribe: Scribe,
) -> Line:
    contact = facts.contacts.get(member.person_id, {})
    record = {
        **contact,
        **member.content,
        "email": cells.deliverable(contact.get("email")),
        "campaign_key": member.campaign_key,
        "step_number": member.step_number,
        "recipient_token": token,
        "batch_id": batch_id,
    }
    return scribe.line(record)


def _tried(
    segment: Segment, facts: Facts, line_of: LineOf, *, profile: Profile
) -> tuple[dict[str, str], dict[str, Line], dict[str, int]]:
    # Before anything is claimed: a row that cannot be written must not hold a guard.
    refused: dict[str, str] = {}
    tried: dict[str, Line] = {}
    changes: Counter[str] = Counter()
    needs_email = any(column.type == "email" for column in profile.columns)
    for member in segment.members:
        contact = facts.contacts.get(member.person_id, {})
        has_no_address = cells.deliverable(contact.get("email")) is None
        if needs_email and has_no_address and member.channel == "email":
            # A gate of its own says so.
            continue
        line = line_of(member, NO_BATCH, NO_TOKEN)
        if line.refused is None:
            tried[_place(member)] = line
        else:
            refused[_place(member)] = reason_of(line.refused)
            changes[f"refused:{line.refused}"] += 1
        if line.changes:
            changes.update(f"{change.label}:{change.what}" for change in line.changes)
    return refused, tried, dict(sorted(changes.items()))


def _place(member: Member) -> str:
    return f"{member.dedupe_key}|{member.person_id}"
