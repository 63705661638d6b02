"""顧客: who the customers are, who moved on last month, and whether the score can be believed."""

from typing import Any

from dashboards import access, customer_groups, customer_three, filters, layout, one_person, parts
from dashboards.customer_groups import CALIBRATION, GROUPS, MOVES
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.text import Cell

PHASES = "dim_person_phases"
# The numbers on top: how often people with an account have ordered.
SHOWN = ("first_buyer", "second_buyer", "repeat", "loyal")
MEMBERS = ("member_no_order", *SHOWN)

Row = dict[str, Any]


def has_members(page: Page) -> bool:
    """Whether anybody is known to have an account: without them nobody is in a member's phase."""
    return bool(page.snapshot.total(PHASES, {"is_current": True, "phase": MEMBERS}))


def answer(page: Page) -> None:
    """How many of the one-time buyers went on in the newest whole month."""
    words = page.words
    if not has_members(page):
        guests = page.snapshot.total(PHASES, {"is_current": True, "phase": "guest_buyer"})
        people = parts.people_or_few(page, int(guests or 0))
        parts.answer(words("customers.sentence.guests", people=people))
        return
    rows = page.snapshot.read(
        MOVES,
        {"is_complete": True, "from_phase": "first_buyer", "to_phase": "second_buyer"},
        order_by=("-transition_month",),
    ).to_dicts()
    if not rows:
        parts.answer(words("customers.sentence.young"))
        return
    rate = page.snapshot.rate(MOVES, "transition_rate", rows[0])
    month = words.month(rows[0]["transition_month"])
    told = words.rate(rate, "person").text
    if parts.is_few(page, rate.numerator):
        told = parts.people_or_few(page, rate.numerator)
    parts.answer(words("customers.sentence", month=month, rate=told))


def numbers(page: Page) -> None:
    """People in each phase now."""
    words = page.words
    entries = []
    loyal = int(page.snapshot.settings["loyal_order_count"])
    for phase in SHOWN:
        count = page.snapshot.total(PHASES, {"is_current": True, "phase": phase})
        people = parts.people_or_few(page, int(count or 0))
        note = words(f"phase.{phase}.note", n=loyal)
        if not has_members(page):
            people, note = "—", words("customers.members.none")
        entries.append(Card(words(f"phase.{phase}"), Cell(people), note))
    parts.cards(entries)
    label = words("customers.moves.rate")
    parts.receipt(page, "numbers", [Metric(label, MOVES, "transition_rate")])


def show(page: Page) -> None:
    """Sentence, numbers, then groups, moves and the score."""
    if not page.snapshot.has(GROUPS):
        parts.answer(page.words("customers.sentence.young"))
        parts.empty(page.words, "empty.customers")
        return
    answer(page)
    numbers(page)
    views = {"groups": lambda: customer_three.show(page)}
    if page.snapshot.has(MOVES):
        views["moves"] = lambda: customer_groups.moves(page)
    if page.snapshot.has(CALIBRATION):
        views["score"] = lambda: customer_groups.score(page)
    filters.tabs(page, "view", views)
    one_person.show(page)


viewer = access.guard()
show(layout.open_page("customers", viewer))
