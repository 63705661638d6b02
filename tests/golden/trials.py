"""Experiments whose figures are known: the pop-up of article B, an A/B of delays, verdicts, A/A."""

import random
from datetime import datetime, timedelta

from pipelines import keys
from tests.golden.rows import Book, minutes, utc
from tests.warehouse import PEPPER

ELIGIBLE_AT = utc(2026, 9, 10, 2)
HIDDEN, HIDDEN_REGISTERED = 250, 25
SHOWN, SHOWN_REGISTERED = 250, 34
DELAYED = 40
# What the verdict must be of (arm's orderers, holdout's orderers) among 40 persons each.
VERDICTS = {
    "better": (20, 4),
    "worse": (4, 20),
    "likely-better": (13, 7),
    "no-difference": (8, 8),
    "cannot-be-measured": (8, 9),
    "collecting": (20, 4),
}
AA_TRIALS, AA_PERSONS = 200, 150


def popup() -> Book:
    """The welcome pop-up: 10.0 % of those it was hidden from registered, 13.6 % of the others."""
    book = Book("popup")
    at = utc(2026, 9, 1, 3)
    for arm, persons, registered in (
        ("hidden", HIDDEN, HIDDEN_REGISTERED),
        ("shown", SHOWN, SHOWN_REGISTERED),
    ):
        for number in range(persons):
            who = f"{arm}{number:03d}"
            _exposed(book, who, arm, at)
            if number < registered:
                _signs_up(book, who, at + timedelta(days=6, hours=23))
            elif number == registered:
                # At the end of the window, which is not in it.
                _signs_up(book, who, at + timedelta(days=7))
    # A member of June sees it signed in: nothing left to register, but an order counts.
    book.member("old", since=utc(2026, 6, 1))
    book.event("view-old", "Experiment Viewed", at, customer_id="old",
               experiment_key="welcome", arm_key="shown")  # fmt: skip
    book.order("old", at + minutes(5))
    # A crawler sees everything.
    book.event("view-bot", "Experiment Viewed", at, anonymous_id="bot", is_bot=True,
               experiment_key="welcome", arm_key="shown")  # fmt: skip
    # Exposed yesterday: not mature.
    _exposed(book, "young", "shown", utc(2026, 10, 31))
    # Another experiment: one browser saw both of its arms and stays in the first.
    _exposed(book, "both", "off", at, key="badge")
    _exposed(book, "both", "new", at + minutes(1), key="badge")
    return book


def _exposed(book: Book, browser: str, arm: str, at: datetime, *, key: str = "welcome") -> None:
    book.event(f"view-{key}-{arm}-{browser}", "Experiment Viewed", at, anonymous_id=browser,
               experiment_key=key, arm_key=arm)  # fmt: skip


def _signs_up(book: Book, browser: str, at: datetime) -> None:
    # The member list knows the day alone, and that in Tokyo: its midnight lies before the event.
    book.member(f"c-{browser}", since=utc(at.year, at.month, at.day) - timedelta(hours=9))
    book.event(f"signup-{browser}", "Signed Up", at, anonymous_id=browser,
               customer_id=f"c-{browser}")  # fmt: skip


def delays() -> Book:
    """One hour against one day, nobody held out: 12 of 40 and 14 of 40 order.

    Of the day's 14, 6 order before their mail is due: dropped from that arm alone, they would
    leave 8 of 34.
    """
    book = Book("delays")
    book.campaign(arms=(("hour", 5000, False), ("day", 5000, False)))
    for arm, orderers, early in (("hour", 12, 0), ("day", 14, 6)):
        for number in range(DELAYED):
            who = f"{arm}{number:02d}"
            book.member(who, since=utc(2026, 1, 1))
            episode = book.add(who, ELIGIBLE_AT - minutes(60))
            book.arm_record(who, episode, arm, ELIGIBLE_AT)
            if number < early:
                book.order(who, ELIGIBLE_AT + timedelta(hours=10))
            elif number < orderers:
                book.order(who, ELIGIBLE_AT + timedelta(days=3))
    return book


def verdict(name: str) -> Book:
    """A trial of 40 against 40 that must get this verdict."""
    book = Book(name)
    _threshold(book, "planned_persons_per_arm", 41 if name == "collecting" else 40)
    if name == "no-difference":
        # ± 20 points: 8/40 − 8/40 lies within ± 17.5.
        _threshold(book, "smallest_effect_bp", 2000)
    book.campaign(arms=(("mail", 5000, False), ("control", 5000, True)))
    for arm, orderers in zip(("mail", "control"), VERDICTS[name], strict=True):
        for number in range(40):
            _recorded(book, f"{arm}{number:02d}", arm, has_ordered=number < orderers)
    return book


def crossed() -> Book:
    """What must not happen and what must not move anybody: mail to the holdout, merges, lost arms.

    `one` was drawn into control, `two` into mail; they turn out to share an address. `quiet` was a
    holdout once and stands in the shop file no more. `held` is held out and was written to.
    """
    book = Book("crossed")
    book.campaign(arms=(("mail", 8000, False), ("control", 2000, True)))
    book.put("campaign_arms", campaign_key="cart", campaign_version=1, arm_key="quiet",
             arm_order=3, share_bp=1000, is_holdout=True, batch_id="of an older file")  # fmt: skip
    for number in range(60):
        _recorded(book, f"m{number}", "mail", has_ordered=False)
    _recorded(book, "h0", "control", has_ordered=False)
    _recorded(book, "q0", "quiet", has_ordered=True)
    for who, arm, hours in (("one", "control", 0), ("two", "mail", 1)):
        book.put("customers", customer_id=who, is_member=True, member_state="active",
                 registered_at=utc(2026, 1, 1), email="same@example.jp")  # fmt: skip
        episode = book.add(who, ELIGIBLE_AT + timedelta(days=hours))
        book.arm_record(who, episode, arm, ELIGIBLE_AT + timedelta(days=hours, hours=2))
    _recorded(book, "held", "control", has_ordered=False)
    book.mail("held", "e-held", ELIGIBLE_AT + minutes(60))
    return book


def same_twice() -> Book:
    """200 trials of the same 150 persons, each drawn anew: there is nothing to find in any."""
    book = Book("aa")
    lots = random.Random(20261101)
    people = [f"p{number:03d}" for number in range(AA_PERSONS)]
    for who in people:
        book.member(who, since=utc(2026, 1, 1))
        if lots.random() < 0.3:
            amount = round(lots.lognormvariate(8.5, 0.8))
            book.order(who, ELIGIBLE_AT + timedelta(days=1), amount=amount)
    for version in range(1, AA_TRIALS + 1):
        trial = {"campaign_key": "aa", "campaign_version": version}
        for order, (arm, is_holdout) in enumerate((("mail", False), ("control", True)), start=1):
            book.put("campaign_arms", **trial, arm_key=arm, arm_order=order, share_bp=5000,
                     is_holdout=is_holdout)  # fmt: skip
        for who in people:
            book.put("arm_records", **trial, occurrence_key=f"e-{who}",
                     person_key=keys.person_key(who, pepper=PEPPER),
                     arm_key=lots.choice(("mail", "control")), eligible_at=ELIGIBLE_AT,
                     recorded_at=ELIGIBLE_AT)  # fmt: skip
    return book


def _threshold(book: Book, key: str, value: int) -> None:
    book.put("shop_thresholds", threshold_key=key, threshold_value=value)


def _recorded(book: Book, who: str, arm: str, *, has_ordered: bool) -> None:
    book.member(who, since=utc(2026, 1, 1))
    book.arm_record(who, f"e-{who}", arm, ELIGIBLE_AT)
    if has_ordered:
        book.order(who, ELIGIBLE_AT + timedelta(days=1))
