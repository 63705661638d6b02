"""One request and everything read from outside the ledger: what a plan is made of."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain

import polars as pl

from pipelines.exports.ahead import ahead
from pipelines.exports.cells import NO_BATCH, NO_TOKEN, Scribe, deliverables
from pipelines.exports.errors import ShopNotReady
from pipelines.exports.facts import Facts
from pipelines.exports.frames import parts
from pipelines.exports.gates import Situation
from pipelines.exports.looks import WRITTEN, People, at_once, said
from pipelines.exports.plan import due_members, members_of, programs_of
from pipelines.exports.profile import Profile
from pipelines.exports.refusals import reason_of
from pipelines.exports.render import Layout
from pipelines.exports.rules import Program, Rules
from pipelines.exports.snapshot import Segment, Snapshot
from pipelines.requests import Request
from pipelines.shop import Destination


@dataclass(frozen=True)
class Job:
    """Shape: one request. `refused`: (`row`, `refused`), rows the profile cannot write, and why."""

    request: Request
    segment: Segment
    snapshot_id: str
    facts: Facts
    destination: Destination
    rules: Rules
    profile: Profile
    layout: Mapping[str, object]
    scribe: Scribe
    refused: pl.DataFrame
    now: datetime
    _known: dict[Program, tuple[People, People]] = field(default_factory=dict)

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

    def known(self, program: Program) -> tuple[People, People]:
        """Who of the program is due, in the order of the file, and who still waits."""
        if program not in self._known:
            members = members_of(self.segment.members, program)
            at = self.situation(program)
            due, waiting = due_members(members, now=self.now)
            self._known[program] = People(self.facts, at, due), People(self.facts, at, waiting)
        return self._known[program]

    def forget(self, program: Program) -> None:
        """Nobody of the program is looked at any more: what is known of them need not be held."""
        self._known.pop(program, None)
        self.facts.rest()

    def situation(self, program: Program) -> Situation:
        """What the gates see besides the members."""
        return Situation(
            program=program,
            cool=self.rules.step(program),
            now=self.now,
            today=self.today,
            caps=self.rules.caps(program.channel),
            is_quiet=self.rules.quiet_until(self.now) is not None,
            stops_on_order=self.segment.stops_on_order,
            is_behavioural=_is_behavioural(self.segment, self.profile),
            needs_content=self.segment.needs_content,
        )

    def records(self, program: Program, claimed: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """What claimed people are to be written: `email` as it leaves, `coupon_code` if any.

        Shape: of `WRITTEN` people at a time.
        """
        every = _records(self.segment, self.facts, claimed, self.scribe, program=program)
        for some, found in zip(parts(claimed, WRITTEN), every, strict=True):
            codes = [some["coupon"].cast(pl.String)]
            if "coupon_code" in found.columns:
                # The code a segment itself gives.
                codes.append(found["coupon_code"].cast(pl.String))
            yield found.with_columns(pl.coalesce(*codes).alias("coupon_code"))

    def cells(self, records: pl.DataFrame, *, tokens: pl.Series, batch_id: str) -> pl.DataFrame:
        """The finished cells of people who are handed over."""
        place = tokens.alias("recipient_token"), pl.lit(batch_id).alias("batch_id")
        return self.scribe.lines(records.with_columns(*place)).cells


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
    refused, changes = _tried(segment, facts, scribe)
    facts.rest()
    return Job(
        request=request, segment=segment, snapshot_id=snapshot.snapshot_id, facts=facts,
        destination=destination, rules=rules, profile=profile, scribe=scribe,
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
        refused=refused, now=now,
    )  # fmt: skip


def _is_behavioural(segment: Segment, profile: Profile) -> bool:
    # What a page shows of a visitor rests on what they did, whatever the segment rests on.
    return segment.is_behavioural or profile.reach == "onsite"


def _refuse_reach(segment: Segment, profile: Profile, destination: Destination) -> None:
    letters = {channel == "post" for channel in segment.members["channel"].unique()}
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


def _records(
    segment: Segment,
    facts: Facts,
    members: pl.DataFrame,
    scribe: Scribe,
    *,
    program: Program | None = None,
) -> Iterator[pl.DataFrame]:
    """What the people are to be written: contacts, content over them, of which campaign."""
    wanted = [column.source for column in scribe.columns if column.source is not None]
    every = facts.contacts_of(members, wanted=wanted, size=WRITTEN)
    contents = segment.table.content_of(members["row"], size=WRITTEN)
    names = ("campaign_key", "step_number")
    for some, contacts, content in zip(parts(members, WRITTEN), every, contents, strict=True):
        whose: list[pl.Series | pl.Expr] = []
        if program is None:
            whose += said(some.select(names)).get_columns()
        else:
            whose += [pl.lit(getattr(program, name)).alias(name) for name in names]
        yield contacts.with_columns(*content, deliverables(contacts["email"]), *whose)


def _tried(
    segment: Segment, facts: Facts, scribe: Scribe
) -> tuple[pl.DataFrame, Mapping[str, int]]:
    # Before anything is claimed: a row that cannot be written must not hold a guard.
    refused = [pl.DataFrame(schema={"row": pl.Int64, "refused": pl.String})]
    changes: Counter[str] = Counter()
    needs_email = any(column.type == "email" for column in scribe.profile.columns)
    place = pl.lit(NO_TOKEN).alias("recipient_token"), pl.lit(NO_BATCH).alias("batch_id")
    known = (
        zip(parts(every, WRITTEN), _records(segment, facts, every, scribe), strict=True)
        for every in at_once(segment.members)
    )
    for members, found in ahead(chain.from_iterable(known)):
        records, tried = found.with_columns(*place), members
        if needs_email:
            # A gate of its own says that there is no address.
            has_one = records["email"].is_not_null() | (members["channel"] != "email")
            records, tried = records.filter(has_one), members.filter(has_one)
        lines = scribe.lines(records)
        changes.update(lines.changes)
        whys = pl.DataFrame({"row": tried["row"], "refused": lines.refused}).drop_nulls()
        for why, count in whys["refused"].value_counts().iter_rows():
            changes[f"refused:{why}"] += count
        reasons = pl.Series("refused", map(reason_of, whys["refused"]), pl.String)
        refused.append(whys.with_columns(reasons))
    return pl.concat(refused), dict(sorted(changes.items()))
