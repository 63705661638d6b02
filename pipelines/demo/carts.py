"""Carts that were left: who left them, who was written to, who came back. One person at a time.

A person's episodes follow one another: the next opens only after the one before is closed. So the
truth needs no arbitration between carts, and the warehouse must find the same episodes.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.demo.draw import (
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    Bools,
    Ints,
    at_shop_hours,
    between,
)
from pipelines.demo.people import MEMBER, VISITOR, People
from pipelines.demo.rules import PLANTED, Rules

Round = dict[str, Ints]

# Browser of an episode: known by a login; never known; known within a day; known days later.
KNOWN, UNKNOWN, SOON, LATE = 0, 1, 2, 3
BLOCKED = ("", "not_identified", "no_address", "no_consent", "suppressed")
SUPPRESSED = ("manual", "complaint", "hard_bounce", "unsubscribe")
GATES = ("", "open_inquiry", "goods_gone", "frequency_cap", "no_content", "cool_down", "missed")
BOUNCES = ("", "hard_bounce", "soft_bounce", "block", "dropped")
# Share of people with neither order nor emptied cart, to whom the planted effect is given.
RECEPTIVE = 1 - 0.9 * PLANTED.base_rate - 0.8 * 0.09


@dataclass
class State:
    """What changes for a person from one episode to the next. Instants in seconds, NEVER = no."""

    free_at: Ints
    first_order: Ints
    resting: Bools
    suppressed_at: Ints
    suppressed_why: Ints
    handed: Ints
    arm_held: Bools


def _mix(rng: np.random.Generator, size: int, latest: int) -> Ints:
    """Time until somebody comes back: some at once, some the same day, some within days."""
    kind = rng.random(size)
    soon = between(rng, 240, 14 * MINUTE, size)
    same_day = between(rng, 20 * MINUTE, 12 * HOUR, size)
    later = between(rng, 12 * HOUR, latest, size)
    chosen = np.where(kind < 0.1, soon, np.where(kind < 0.42, same_day, later))
    # Never on the instant of a run: there is no rule to test in an accident of equal times.
    return np.asarray(chosen // 60 * 60 + 17)


def open_cart(
    rng: np.random.Generator, who: Ints, opened: Ints, people: People, rules: Rules
) -> Round:
    """Carts opened by `who` at `opened`: browser, stage, lines and when they were left."""
    size = len(who)
    member = people.kind[who] == MEMBER
    draw = rng.random(size)
    browser = np.where(draw < 0.8, KNOWN, np.where(draw < 0.92, UNKNOWN, SOON))
    browser = np.where(draw >= 0.97, LATE, browser)
    stage = rng.choice(3, size, p=[0.62, 0.26, 0.12])
    lines = rng.choice([1, 2, 3], size, p=[0.6, 0.28, 0.12])
    # One thing put in and nothing after it: the cart was last touched when it was opened.
    stays = between(rng, 2 * MINUTE, 36 * MINUTE, size)
    left = opened + np.where((stage == 0) & (lines == 1), 0, stays)
    abandoned = left + rules.idle
    soon = abandoned + between(rng, 2 * HOUR, 20 * HOUR, size)
    late = abandoned + between(rng, 3 * DAY, 6 * DAY, size)
    browser = np.where(member, browser, UNKNOWN)
    told = np.select(
        [browser == KNOWN, browser == SOON, browser == LATE], [opened, soon, late], NEVER
    )
    return {
        "person": who,
        "browser_kind": browser,
        "opened": opened,
        "left": left,
        "abandoned": abandoned,
        "identified": told,
        "stage": stage,
        "lines": lines,
    }


def judge(c: Round, people: People, state: State, rules: Rules) -> None:
    """Adds `eligible` (instant) and `blocked` (code): the same rule in every arm."""
    who = c["person"]
    told = np.maximum(c["identified"], c["abandoned"])
    # A login after the clock has not happened: nobody knows whose cart it is.
    in_time = np.minimum(c["abandoned"] + rules.eligibility, rules.span.clock)
    known = (told < in_time) | (c["identified"] <= c["opened"])
    address = people.has_email[who]
    consent = people.granted_at[who] <= told
    clean = state.suppressed_at[who] > told
    c["blocked"] = np.select([~known, ~address, ~consent, ~clean], [1, 2, 3, 4], 0)
    c["suppressed_why"] = np.where(c["blocked"] == 4, state.suppressed_why[who], -1)
    c["eligible"] = np.where(c["blocked"] == 0, told, NEVER)
    c["in_campaign"] = ((c["blocked"] == 0) & (c["abandoned"] >= rules.campaign_starts)).astype(
        np.int64
    )


def own_will(rng: np.random.Generator, c: Round, people: People, rules: Rules) -> None:
    """Adds what the person would do without any mail: `own_order` and `emptied`, or NEVER."""
    size = len(c["person"])
    visitor = people.kind[c["person"]] == VISITOR
    rate = np.where(visitor, 0.035, np.where(c["blocked"] == 0, PLANTED.base_rate, 0.05))
    told = np.minimum(np.maximum(c["identified"], c["abandoned"]), c["abandoned"] + rules.window)
    unknown = c["browser_kind"] == UNKNOWN
    since = np.where(unknown, c["abandoned"] + rules.eligibility, told)
    orders = (rng.random(size) < rate) & (c["browser_kind"] != LATE)
    # Six and a half days: inside the window whichever of the two starts it is counted from.
    own = since + np.minimum(_mix(rng, size, 156 * HOUR), rules.window - 30 * HOUR)
    c["own_order"] = np.where(orders, own, NEVER)
    empties = ~orders & (rng.random(size) < 0.09) & (c["browser_kind"] != LATE)
    c["emptied"] = np.where(empties, told + _mix(rng, size, 6 * DAY), NEVER)


def first_hand_off(rng: np.random.Generator, c: Round, state: State, rules: Rules) -> None:
    """Adds `step_1` (hand-off or held-out instant), `gate` with `gated`, and `held`."""
    size, who = len(c["person"]), c["person"]
    due = c["left"] + rules.delays[0]
    slot = rules.hand_off_at(np.maximum(due, np.minimum(c["eligible"], rules.span.clock)))
    running = (c["in_campaign"] == 1) & (np.minimum(c["own_order"], c["emptied"]) > slot)
    draw = rng.random(size)
    gate = np.select([draw < 0.012, draw < 0.024, draw < 0.032, draw < 0.036], [1, 2, 3, 4], 0)
    gate = np.where(slot < state.handed[who] + rules.cool_down, 5, gate)
    gate = np.where(slot > due + rules.validity, 6, gate)
    happened = running & (slot <= rules.last_hand_off)
    c["gate"] = np.where(happened, gate, 0)
    c["gated"] = np.where(c["gate"] > 0, slot, NEVER)
    c["step_1"] = np.where(happened & (gate == 0), slot, NEVER)
    c["held"] = (state.arm_held[who] & (c["in_campaign"] == 1)).astype(np.int64)


def deliver(rng: np.random.Generator, c: Round, rules: Rules) -> None:
    """Adds `bounce_1`, `delivered_1`, the final `order` with `by_effect`, and `receptive`."""
    size = len(c["person"])
    mailed = (c["step_1"] < NEVER) & (c["held"] == 0)
    draw = rng.random(size)
    bounce = np.select([draw < 0.010, draw < 0.022, draw < 0.026, draw < 0.029], [1, 2, 3, 4], 0)
    c["bounce_1"] = np.where(mailed, bounce, 0)
    arrived = mailed & (bounce == 0)
    c["delivered_1"] = np.where(arrived, c["step_1"] + between(rng, 20, 240, size), NEVER)
    receptive = arrived & (c["own_order"] == NEVER) & (c["emptied"] == NEVER)
    moved = receptive & (rng.random(size) < PLANTED.effect / RECEPTIVE)
    lag = 20 * MINUTE + (rng.exponential(11 * HOUR, size)).astype(np.int64)
    answer = c["delivered_1"] + np.minimum(lag, rules.window - 30 * HOUR)
    c["receptive"] = receptive.astype(np.int64)
    c["by_effect"] = moved.astype(np.int64)
    c["order"] = np.where(moved, answer // 60 * 60 + 23, c["own_order"])


def second_hand_off(rng: np.random.Generator, c: Round, rules: Rules) -> None:
    """Adds `step_2`, `delivered_2`: whoever still has the cart a day later."""
    due = np.maximum(c["left"] + rules.delays[1], c["step_1"] + rules.delays[1] - rules.delays[0])
    started = (c["step_1"] < NEVER) & np.isin(c["bounce_1"], [0, 2])
    slot = rules.hand_off_at(np.where(started, due, rules.span.clock))
    still = np.minimum(c["order"], c["emptied"]) > slot
    valid = slot <= c["left"] + rules.delays[1] + rules.validity
    sent = started & still & valid & (slot <= rules.last_hand_off)
    c["step_2"] = np.where(sent, slot, NEVER)
    arrives = sent & (c["held"] == 0)
    c["delivered_2"] = np.where(arrives, slot + between(rng, 20, 240, len(slot)), NEVER)


def attention(rng: np.random.Generator, c: Round) -> None:
    """Adds human `open_n` and `click_n` of both steps, and whether an order was `touched`."""
    size = len(c["person"])
    last_before = np.where(c["delivered_2"] < c["order"] - 12 * MINUTE, 2, 1)
    follows = (c["order"] < NEVER) & (c["order"] > c["delivered_1"] + 15 * MINUTE)
    # Who comes on their own rarely takes the link, and that of a second mail hardly ever.
    unmoved = np.where(last_before == 1, 0.16, 0.04)
    by_link = follows & (rng.random(size) < np.where(c["by_effect"] == 1, 0.72, unmoved))
    lead = between(rng, 4 * MINUTE, 11 * MINUTE, size)
    for step, (opens, clicks) in enumerate(((0.62, 0.135), (0.525, 0.068)), start=1):
        delivered = c[f"delivered_{step}"]
        opened = delivered + 90 + (rng.exponential(5 * HOUR, size)).astype(np.int64)
        opened = np.where((delivered < NEVER) & (rng.random(size) < opens), opened, NEVER)
        clicked = np.where(rng.random(size) < clicks, opened + between(rng, 5, 90, size), NEVER)
        clicked = np.where(opened < NEVER, clicked, NEVER)
        led = by_link & (last_before == step) & (delivered < c["order"] - lead)
        clicked = np.where(led, c["order"] - lead, clicked)
        c[f"click_{step}"] = clicked
        c[f"open_{step}"] = np.where(led, np.minimum(opened, clicked - 20), opened)
    touched = np.minimum(c["click_1"], c["click_2"]) < c["order"]
    c["touched"] = (touched & (c["order"] < NEVER)).astype(np.int64)


def aftermath(rng: np.random.Generator, c: Round, state: State, rules: Rules) -> None:
    """Adds `returned`, `stopped` and `closed`; carries suppressions over to later episodes."""
    size, who = len(c["person"]), c["person"]
    quiet = (c["order"] == NEVER) & (c["emptied"] == NEVER)
    settled = (c["step_1"] < NEVER) | ((c["blocked"] > 0) & (c["browser_kind"] != LATE))
    again = quiet & settled & (rng.random(size) < 0.06)
    c["returned"] = np.where(again, c["left"] + between(rng, 64 * HOUR, 12 * DAY, size), NEVER)
    read = np.minimum(c["open_1"], c["open_2"])
    stop = (read < NEVER) & (rng.random(size) < 0.015)
    # A day after the cart was left at the earliest: by then nobody doubts who was eligible.
    last = np.where(c["step_2"] < NEVER, c["step_2"], c["step_1"])
    stopped = np.maximum(np.maximum(read + 40, c["step_1"] + 26 * HOUR), last + HOUR)
    complaint = rng.random(size) < 0.12
    c["stopped"] = np.where(stop, stopped, NEVER)
    c["complained"] = (stop & complaint).astype(np.int64)
    ends = np.minimum(c["order"], c["emptied"])
    resting = np.where(again, c["returned"], c["left"]) + rules.expiry
    c["closed"] = np.minimum(ends, resting)
    # The list of dead addresses is taken over the night after.
    barred = np.where(c["bounce_1"] == 1, c["step_1"] + 26 * HOUR, c["stopped"])
    why = np.where(c["bounce_1"] == 1, 2, np.where(c["complained"] == 1, 1, 3))
    newer = barred < state.suppressed_at[who]
    state.suppressed_why[who] = np.where(newer, why, state.suppressed_why[who])
    state.suppressed_at[who] = np.minimum(barred, state.suppressed_at[who])


def carry_on(rng: np.random.Generator, c: Round, state: State) -> None:
    """Moves the person's state past this episode; a planned first order never falls into it."""
    who, size = c["person"], len(c["person"])
    state.handed[who] = np.where(c["step_1"] < NEVER, c["step_1"], state.handed[who])
    ordered = c["order"] < NEVER
    until = np.maximum(c["closed"], c["abandoned"] + 9 * DAY)
    first = state.first_order[who]
    in_between = ~ordered & (first >= c["opened"]) & (first < until + DAY)
    moved = at_shop_hours(rng, until + between(rng, 2, 5, size) * DAY)
    first = np.where(in_between, moved, first)
    earlier = ordered & (first > c["opened"])
    state.first_order[who] = np.where(earlier, c["order"], first)
    # An order out of the next cart would be credited to an emptied one inside its window.
    state.free_at[who] = np.where(ordered, c["order"], until) + DAY
    visitor_bought = ordered & (c["browser_kind"] == UNKNOWN)
    # A guest who bought has said enough: the demo follows such a browser no further.
    state.free_at[who[visitor_bought]] = NEVER
