"""The walk of every person from one left cart to the next."""

import numpy as np
import polars as pl

from pipelines.demo.carts import (
    Round,
    State,
    aftermath,
    attention,
    carry_on,
    deliver,
    first_hand_off,
    judge,
    open_cart,
    own_will,
    second_hand_off,
)
from pipelines.demo.draw import (
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    Ints,
    at_shop_hours,
    between,
    stream,
)
from pipelines.demo.people import MEMBER, VISITOR, People
from pipelines.demo.rules import Rules

MOST_ROUNDS = 14
REPEAT_SPAN = 90 * DAY
# Whose interest is fresh leaves a cart within days; after that somebody comes back years apart.
# Without the drift every arrival would add to a stock of people who leave carts for ever, and the
# abandonment rate would climb from month to month.
FRESH_DAYS, DRIFTED_DAYS = 3.0, 2_600.0
FRESH_MEMBER, FRESH_VISITOR, FRESH_AGAIN = 0.52, 0.42, 0.25


def linked_at(people: People, rules: Rules) -> Ints:
    """When a member's own browser says who it is: at sign-up, else at the first visit seen."""
    seen = np.where(people.registered >= rules.span.starts, people.registered, people.arrived)
    return np.asarray(np.where(people.kind == MEMBER, seen, people.arrived))


def _episode(
    rng: np.random.Generator, who: Ints, opened: Ints, *, people: People, state: State, rules: Rules
) -> Round:
    c = open_cart(rng, who, opened, people, rules)
    judge(c, people, state, rules)
    own_will(rng, c, people, rules)
    first_hand_off(rng, c, state, rules)
    deliver(rng, c, rules)
    second_hand_off(rng, c, rules)
    attention(rng, c)
    aftermath(rng, c, state, rules)
    carry_on(rng, c, state)
    return c


def _next_opening(
    rng: np.random.Generator, who: Ints, *, people: People, state: State, is_first: bool
) -> Ints:
    """When each person next puts something in: never within 90 days of the first order.

    Invariant: inside those days only the planned second order happens, so that the share of
    people who come back is exactly the planted one.
    """
    size, member = len(who), people.kind[who] == MEMBER
    share = np.where(member, FRESH_MEMBER, FRESH_VISITOR) if is_first else FRESH_AGAIN
    fresh = rng.random(size) < share
    mean = np.where(fresh, FRESH_DAYS, DRIFTED_DAYS / people.liveliness[who])
    # A member's browser is known from the day before; a visitor puts something in on arrival.
    gap = member + rng.exponential(mean)
    opened = at_shop_hours(rng, state.free_at[who] + (gap * DAY).astype(np.int64))
    first = state.first_order[who]
    inside = (opened > first - DAY) & (opened < first + REPEAT_SPAN)
    after = first + REPEAT_SPAN + between(rng, 1, 60, size) * DAY
    return np.asarray(np.where(inside, at_shop_hours(rng, after + DAY), opened))


def left_carts(
    people: People, rules: Rules, *, seed: int, first_order: Ints
) -> tuple[pl.DataFrame, State]:
    """Every cart that was left for an hour or more, and what became of it.

    Shape: one row per episode, by person and opening; instants in seconds, NEVER = not.
    `first_order` is the planned first order without a left cart; the state returned holds the one
    that came true.
    """
    rng = stream(seed, "carts")
    arms = rules.arm_of([people.customer_id(person) for person in range(people.size)])
    known = linked_at(people, rules)
    pool = people.web & np.isin(people.kind, [MEMBER, VISITOR])
    state = State(
        free_at=np.where(pool, known, NEVER),
        first_order=first_order.copy(),
        resting=np.zeros(people.size, dtype=bool),
        suppressed_at=people.suppressed_at.copy(),
        suppressed_why=people.suppressed_why.copy(),
        handed=np.full(people.size, -NEVER),
        arm_held=np.array([arm == rules.holdout for arm in arms]),
    )
    rounds: list[Round] = []
    latest = rules.span.clock - 31 * HOUR
    for number in range(MOST_ROUNDS):
        who = np.flatnonzero(state.free_at < latest)
        opened = _next_opening(rng, who, people=people, state=state, is_first=number == 0)
        going = opened < latest
        state.free_at[who[~going]] = NEVER
        state.resting[who[~going]] = True
        rounds.append(
            _episode(rng, who[going], opened[going], people=people, state=state, rules=rules)
        )
    rounds.append(_last_night(rng, people=people, state=state, rules=rules))
    frame = pl.concat([pl.DataFrame(c) for c in rounds])
    return frame.sort("person", "opened").with_row_index("episode"), state


def _last_night(rng: np.random.Generator, *, people: People, state: State, rules: Rules) -> Round:
    """Carts of the last 31 hours, as many as on other days, mostly of members a mail may reach.

    They lie in the two nights more than by day: so the first run of the morning has work to do.
    """
    reachable = (state.suppressed_at == NEVER) & people.has_email
    reachable &= (people.granted_at < NEVER) | (rng.random(people.size) < 0.15)
    resting = state.resting & (people.kind == MEMBER) & reachable
    first = state.first_order
    quiet = (first < rules.span.clock - REPEAT_SPAN - 3 * DAY) | (first > rules.span.clock + DAY)
    who = rng.permutation(np.flatnonzero(resting & quiet))[: max(12, people.size // 600)]
    night_before = rules.span.clock - between(rng, 26 * HOUR, 31 * HOUR, len(who))
    day = rules.span.clock - between(rng, 9 * HOUR, 26 * HOUR, len(who))
    night = rules.span.clock - between(rng, 100 * MINUTE, 9 * HOUR, len(who))
    # A few are still at it when the clock stops: two hours later these carts are abandoned, too.
    busy = rules.span.clock - between(rng, 38 * MINUTE, 52 * MINUTE, len(who))
    turn = np.arange(len(who)) % 8
    opened = np.select([turn == 0, turn < 3, turn < 5], [busy, night_before, day], night)
    opened = np.minimum(opened, rules.span.clock - 38 * MINUTE)
    return _episode(rng, who, opened, people=people, state=state, rules=rules)
