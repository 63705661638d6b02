"""The people of the demo shop: members, guest buyers and visitors who never say who they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.demo.draw import (
    DAY,
    HOUR,
    NEVER,
    Bools,
    Floats,
    Ints,
    Span,
    at_shop_hours,
    between,
    stream,
    time_of_day,
    tokens,
)

MEMBER, GUEST, VISITOR = 0, 1, 2
# Members and guests so that orders come out near the 65 : 35 of a Shopserve-like shop.
_SHARES = (0.55, 0.17, 0.28)
# Mean days until a member of old is first seen in the history.
REGULARS_DAYS = 110.0


@dataclass(frozen=True)
class People:
    """One entry per person. Instants in seconds, UTC; NEVER = it did not happen.

    `customer_no` is the member number (0 for others), `granted_at` the instant from which mail is
    allowed, `web` whether the person's browsers are seen by the web log.
    """

    kind: Ints
    arrived: Ints
    registered: Ints
    customer_no: Ints
    email: list[str | None]
    surname: Ints
    given: Ints
    place: Ints
    device: Ints
    browser: list[str]
    web: Bools
    granted_at: Ints
    denied_at: Ints
    pending: Bools
    cart_only: Bools
    suppressed_at: Ints
    suppressed_why: Ints
    counter: Bools
    favourite_leaf: Ints
    liveliness: Floats

    @property
    def size(self) -> int:
        """Number of persons."""
        return len(self.kind)

    @property
    def has_email(self) -> Bools:
        """Whether the shop knows an address of the person."""
        return np.array([address is not None for address in self.email])

    def customer_id(self, person: int) -> str:
        """Canonical id of a member, as the mapping files write it."""
        return f"demo:{self.customer_no[person]}"


def _kinds(rng: np.random.Generator, persons: int) -> Ints:
    return rng.permutation(
        np.repeat([MEMBER, GUEST, VISITOR], np.diff(
            np.round(np.cumsum((0.0, *_SHARES)) * persons).astype(int)
        ))
    )  # fmt: skip


def _registered(rng: np.random.Generator, kind: Ints, arrived: Ints, span: Span) -> Ints:
    """Members sign up within weeks of their first visit; one in ten did so before the history."""
    size = len(kind)
    later = arrived + (rng.exponential(6.0, size) * DAY).astype(np.int64)
    same_visit = rng.random(size) < 0.7
    later = np.where(same_visit, arrived + between(rng, 120, 1200, size), later)
    later = np.minimum(later, span.clock - 2 * HOUR)
    before = span.starts - between(rng, 5, 2000, size) * DAY + time_of_day(rng, size)
    registered = np.where(rng.random(size) < 0.1, before, later)
    return np.asarray(np.where(kind == MEMBER, registered, NEVER))


def _numbers(registered: Ints, kind: Ints) -> Ints:
    """Member numbers in order of registration, from 10001."""
    numbers = np.zeros(len(kind), dtype=np.int64)
    members = np.flatnonzero(kind == MEMBER)
    order = members[np.argsort(registered[members], kind="stable")]
    numbers[order] = np.arange(len(order)) + 10_001
    return numbers


def _emails(
    rng: np.random.Generator, words: Mapping[str, Any], surname: Ints, given: Ints
) -> list[str]:
    """One address each; a few have the doubled dot Japanese carriers once allowed."""
    size = len(surname)
    domains = words["mail_domains"]
    domain = rng.integers(0, len(domains), size).tolist()
    legacy = (rng.random(size) < 0.004).tolist()
    families = [entry[2] for entry in words["surnames"]]
    firsts = [entry[2] for entry in words["given_names"]]
    return [
        f"{firsts[g]}{'..' if odd else '.'}{families[s]}{n}@{domains[d]}"
        for n, (s, g, d, odd) in enumerate(
            zip(surname.tolist(), given.tolist(), domain, legacy, strict=True)
        )
    ]


def _consents(
    rng: np.random.Generator, kind: Ints, registered: Ints
) -> tuple[Ints, Ints, Bools, Bools]:
    """When mail was allowed or refused: (granted_at, denied_at, pending, cart mails only)."""
    draw = rng.random(len(kind))
    member = kind == MEMBER
    granted = member & (draw < 0.72)
    pending = member & (draw >= 0.72) & (draw < 0.76)
    denied = member & (draw >= 0.76) & (draw < 0.88)
    return (
        np.where(granted, registered, NEVER),
        np.where(denied, registered, NEVER),
        pending,
        granted & (draw < 0.06),
    )


def people(words: Mapping[str, Any], *, seed: int, persons: int, span: Span) -> People:
    """Everybody who ever comes near the shop, for a seed. Shape: `persons` entries.

    Long because every attribute of a person is drawn here, in one order, from one stream.
    """
    rng = stream(seed, "people")
    kind = _kinds(rng, persons)
    arrived = span.instants(rng, persons)
    registered = _registered(rng, kind, arrived, span)
    # Whoever was a member before comes by early: the shop is not new when its history begins.
    early = (rng.exponential(REGULARS_DAYS, persons) * DAY).astype(np.int64)
    early = np.minimum(at_shop_hours(rng, span.starts + DAY + early), span.clock - DAY)
    arrived = np.where(registered < span.starts, early, arrived)
    surname = between(rng, 0, len(words["surnames"]), persons)
    given = between(rng, 0, len(words["given_names"]), persons)
    emails: list[str | None] = list(_emails(rng, words, surname, given))
    for person in np.flatnonzero((kind == MEMBER) & (rng.random(persons) < 0.02)).tolist():
        emails[person] = None
    granted, denied, pending, cart_only = _consents(rng, kind, registered)
    # A shop counter where staff put goods aside: its people use no browser and gave no consent.
    counter = (kind == MEMBER) & (granted == NEVER) & (rng.random(persons) < 0.10)
    blocked = (granted < NEVER) & (rng.random(persons) < 0.03)
    blocked_at = np.maximum(registered, arrived) + between(rng, 5, 200, persons) * DAY
    return People(
        kind=kind,
        arrived=arrived,
        registered=registered,
        customer_no=_numbers(registered, kind),
        email=emails,
        surname=surname,
        given=given,
        place=np.minimum(rng.geometric(0.13, persons) - 1, len(words["prefectures"]) - 1).astype(
            np.int64
        ),
        device=rng.choice(3, persons, p=[0.68, 0.27, 0.05]).astype(np.int64),
        browser=tokens(rng, persons, "b"),
        web=(rng.random(persons) < 0.75) & ~counter,
        granted_at=granted,
        denied_at=denied,
        pending=pending,
        cart_only=cart_only,
        suppressed_at=np.where(blocked, blocked_at, NEVER),
        suppressed_why=rng.choice(3, persons, p=[0.4, 0.2, 0.4]).astype(np.int64),
        counter=counter,
        favourite_leaf=between(rng, 0, len(words["categories"]), persons),
        liveliness=rng.gamma(2.0, 0.5, persons),
    )
