"""A holdout whose effect is known: 40 written to, 10 order; 20 held out, 2 order."""

from datetime import datetime, timedelta

from tests.golden.rows import Book, minutes, utc

LEFT_AT = utc(2026, 9, 10, 1)
ELIGIBLE_AT = LEFT_AT + minutes(60)
MAILED, MAILED_ORDERERS = 40, 10
HELD_OUT, HELD_OUT_ORDERERS = 20, 2


def shop() -> Book:
    """Three of the ten order in the ten minutes before their mail: they count in their arm."""
    book = Book("trial")
    book.campaign(arms=(("mail", 6667, False), ("control", 3333, True)))
    for number in range(MAILED):
        who = f"m{number:02d}"
        _recorded(book, who, "mail")
        if number < 3:
            book.order(who, ELIGIBLE_AT + minutes(5))
        elif number < MAILED_ORDERERS:
            book.order(who, ELIGIBLE_AT + timedelta(days=6))
        elif number == MAILED_ORDERERS:
            # At the end of the window, which is not in it.
            book.order(who, ELIGIBLE_AT + timedelta(days=7))
    for number in range(HELD_OUT):
        who = f"h{number:02d}"
        _recorded(book, who, "control")
        if number < HELD_OUT_ORDERERS:
            book.order(who, ELIGIBLE_AT + timedelta(days=1))
    # Carts left in June, before the campaign wrote to anybody, are on no record: whoever left one
    # stays in the trial with the first cart that is.
    for who in ("m05", "m20", "h00", "h15"):
        book.add(who, utc(2026, 6, 10, 1))
    # A second episode of a person depends on the arm: the first alone is compared.
    again = book.add("h10", utc(2026, 10, 20, 1))
    book.arm_record("h10", again, "control", utc(2026, 10, 20, 2))
    book.order("h10", utc(2026, 10, 20, 3))
    # Recorded three days ago: not mature.
    _recorded(book, "young", "mail", at=utc(2026, 10, 28, 1))
    return book


def _recorded(book: Book, who: str, arm: str, *, at: datetime = LEFT_AT) -> None:
    book.member(who, since=utc(2026, 1, 1))
    book.arm_record(who, book.add(who, at), arm, at + minutes(60))
