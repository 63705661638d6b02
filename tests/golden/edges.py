"""What lies exactly on an edge: a window's end, two touches at once, a part given back."""

from datetime import timedelta

from tests.golden.rows import Book, minutes, utc

LEFT_AT = utc(2026, 9, 10, 1)
MAILED_AT = LEFT_AT + minutes(70)
WINDOW_ENDS_AT = MAILED_AT + timedelta(days=7)
SINCE = utc(2026, 1, 1)


def shop() -> Book:
    """Everybody leaves a cart on 10 September and is written to; history begins in February."""
    book = Book("edges", history_from_on=utc(2026, 2, 1).date())
    book.campaign()
    _at_the_end_of_the_window(book)
    _touched(book)
    _ordered(book)
    return book


def _mailed(book: Book, who: str, *, steps: tuple[int, ...] = (1,)) -> list[str]:
    book.member(who, since=SINCE)
    episode = book.add(who, LEFT_AT)
    return [book.mail(who, episode, MAILED_AT + timedelta(days=step - 1), step=step)
            for step in steps]  # fmt: skip


def _at_the_end_of_the_window(book: Book) -> None:
    (punctual,) = _mailed(book, "punctual")
    book.result(punctual, "click", MAILED_AT + minutes(5), is_machine=False)
    book.order("punctual", WINDOW_ENDS_AT - minutes(1))
    (late,) = _mailed(book, "late")
    book.result(late, "click", MAILED_AT + minutes(5), is_machine=False)
    book.order("late", WINDOW_ENDS_AT)
    (late_click,) = _mailed(book, "late_click")
    book.result(late_click, "click", WINDOW_ENDS_AT, is_machine=False)
    # Written to a week before 1 November, to the minute, and a minute after that.
    for who, later in (("just_settled", 0), ("nearly_settled", 1)):
        book.member(who, since=SINCE)
        sent_at = utc(2026, 10, 25) + minutes(later)
        book.mail(who, book.add(who, sent_at - minutes(70)), sent_at)


def _touched(book: Book) -> None:
    (hasty,) = _mailed(book, "hasty")
    book.order("hasty", MAILED_AT + minutes(30))
    book.result(hasty, "click", MAILED_AT + minutes(31), is_machine=False)
    # Both mails clicked at one instant, the day after the second.
    for token in _mailed(book, "torn", steps=(1, 2)):
        book.result(token, "click", MAILED_AT + timedelta(days=2), is_machine=False)
    book.order("torn", MAILED_AT + timedelta(days=2, hours=1))
    (regular,) = _mailed(book, "regular")
    book.result(regular, "click", MAILED_AT + minutes(5), is_machine=False)
    for hour in (1, 2):
        book.order("regular", MAILED_AT + timedelta(hours=hour))


def _ordered(book: Book) -> None:
    book.member("picky", since=utc(2026, 3, 1))
    order = book.order("picky", utc(2026, 5, 1), amount=5000)
    book.put("refunds", refund_id="part", order_id=order, refund_amount=2000,
             refunded_at=utc(2026, 5, 9))  # fmt: skip
    # A file of May said 5,000, one of June corrects it to 4,000.
    book.member("corrected", since=utc(2026, 3, 1))
    corrected = {"order_id": "corrected", "customer_id": "corrected",
                 "ordered_at": utc(2026, 5, 2), "ordered_precision": "instant"}  # fmt: skip
    book.put("orders", **corrected, total_amount=5000, goods_amount=5000,
             loaded_at=utc(2026, 5, 3))  # fmt: skip
    book.put("orders", **corrected, total_amount=4000, goods_amount=4000,
             loaded_at=utc(2026, 6, 3))  # fmt: skip
    book.put("orders", order_id="nameless", email_hash="hash of a guest", is_guest=True,
             ordered_at=utc(2026, 5, 4), ordered_precision="instant", total_amount=700)  # fmt: skip
    # Known before the history begins: no new buyer, however new the order.
    book.member("old", since=utc(2025, 12, 1))
    book.event("old-login", "Signed In", utc(2026, 1, 5), customer_id="old")
    book.order("old", utc(2026, 5, 5))
    # The first of a family logs in and looks around, then the second on the same browser.
    for number, who in enumerate(("mother", "child")):
        book.member(who, since=utc(2026, 4, 1))
        at = utc(2026, 4, 2 + number)
        book.event(f"{who}-login", "Signed In", at, customer_id=who, anonymous_id="family")
    for day, view in ((2, "before"), (9, "after")):
        book.event(view, "Product Viewed", utc(2026, 4, day, 12), anonymous_id="family",
                   product_id="p1")  # fmt: skip
