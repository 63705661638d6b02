"""Members of a segment − gates − ledger → who is handed over, and one reason for everybody else.

A pure function: the same members, facts and ledger give the same plan, in the same order. It is
made once for a dry run, and again inside the transaction that claims, where its word is final.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipelines.exports.gates import REACH, Situation, first_hit
from pipelines.exports.rules import Program, Rules
from pipelines.exports.snapshot import Member

HANDED_OVER: Final = "handed_over"
HELD_OUT: Final = "held_out"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one member. `outcome` is `handed_over`, `held_out` or a gate's reason."""

    member: Member
    outcome: str
    arm_key: str
    person_key: str
    email: str | None
    email_hash: str | None
    keys: frozenset[str]
    # Code of the arm's pool, taken in the transaction that claims.
    coupon: str | None = None

    @property
    def is_claimed(self) -> bool:
        """Whether it takes a row in the ledger with guards: handed over or held out."""
        return self.outcome in (HANDED_OVER, HELD_OUT)


@dataclass(frozen=True)
class Plan:
    """Every due member of one program, decided, in the order of the file."""

    program: Program
    decisions: tuple[Decision, ...]
    not_due: int

    @property
    def counts(self) -> Mapping[str, int]:
        """Members per outcome; they sum to the due members."""
        return dict(sorted(Counter(d.outcome for d in self.decisions).items()))

    @property
    def handed_over(self) -> int:
        """Rows the file would have."""
        return sum(d.outcome == HANDED_OVER for d in self.decisions)


def programs_of(members: Sequence[Member], *, fallback: Program) -> tuple[Program, ...]:
    """The programs of a segment in order; the fallback's alone for an empty one."""
    found = {Program(m.campaign_key, m.campaign_version, m.step_number, m.channel) for m in members}
    order = sorted(
        found, key=lambda p: (p.campaign_key, p.step_number, p.channel, p.campaign_version)
    )
    return tuple(order) or (fallback,)


def members_of(members: Sequence[Member], program: Program) -> tuple[Member, ...]:
    """Members of the program, due or waiting for their arm's delay."""
    return tuple(
        m
        for m in members
        if (m.campaign_key, m.campaign_version, m.step_number, m.channel)
        == (program.campaign_key, program.campaign_version, program.step_number, program.channel)
    )


def due_members(
    members: Sequence[Member], program: Program, *, now: datetime
) -> tuple[tuple[Member, ...], int]:
    """Members of the program whose time has come, and how many still wait.

    Shape: newest occurrence first, so that of two carts of a person the later one is mailed.
    """
    mine = members_of(members, program)
    due = [m for m in mine if m.due_at <= now]
    due.sort(key=lambda m: (m.dedupe_key, m.person_id))
    due.sort(key=lambda m: m.qualified_at, reverse=True)
    return tuple(due), len(mine) - len(due)


def plan(members: Sequence[Member], at: Situation, *, rules: Rules, not_due: int = 0) -> Plan:
    """Decide every due member. Invariant: each gets exactly one outcome, by the first gate hit."""
    decisions = []
    for member in members:
        decision = decide(member, at, rules=rules)
        if decision.is_claimed:
            _take(decision, at)
        decisions.append(decision)
    return Plan(at.program, tuple(decisions), not_due)


def decide(member: Member, at: Situation, *, rules: Rules) -> Decision:
    """One member's decision; the recorded arm beats the one drawn in the segment."""
    keys = at.keys(member)
    arm = recorded_arm(member, at) or member.arm_key
    outcome = first_hit(member, at)
    if outcome is None:
        otherwise = member.is_held_out and arm == member.arm_key
        held_out = rules.is_holdout(at.program, arm, otherwise=otherwise)
        outcome = HELD_OUT if held_out else HANDED_OVER
    return Decision(
        member=member,
        outcome=outcome,
        arm_key=arm,
        person_key=keys.person_key,
        email=at.email(member),
        email_hash=at.email_hash(member),
        keys=keys.all,
    )


def recorded_arm(member: Member, at: Situation) -> str | None:
    """Arm on record for the member under any key of the person, None if there is none."""
    return at.ledger.arms.of(at.keys(member).all, member.occurrence_key)


def eligible(members: Sequence[Member], at: Situation) -> tuple[Member, ...]:
    """Members whose arm is recorded: everybody who could have been written to, in any arm."""
    return tuple(m for m in members if first_hit(m, at, among=REACH) is None)


def _take(decision: Decision, at: Situation) -> None:
    occurrence = decision.member.occurrence_key
    at.taken.persons.update(decision.keys)
    at.taken.guards.update((occurrence, key) for key in decision.keys)
    if decision.outcome == HANDED_OVER:
        for key in decision.keys:
            at.taken.today[key] = at.taken.today.get(key, 0) + 1


def expires_at(decisions: Sequence[Decision], *, now: datetime, catch_up_days: int) -> datetime:
    """The instant after which no row of the batch may leave any more."""
    ends = [d.member.valid_until_at for d in decisions if d.member.valid_until_at is not None]
    return max(ends, default=now + timedelta(days=catch_up_days))
