"""The article's ten months, message by message: 1,020 first mails, 614 second ones, 33 orderers.

What the article prints, and nothing else, is fixed here; who it was is made up. A person is a
number: 0..28 order after mail 1, 29..108 click it without ordering, 109..597 only open it. Mail 2
goes to 100..713; 300..303 order after it, 304..324 click it, the next open it.
"""

from datetime import datetime, timedelta

from tests.golden.rows import Book, utc

SENT = (1020, 614)
OPENED = (598, 307)
CLICKED = (109, 25)
# 28 × 15,003 + 15,012 = 435,096
FIRST_AMOUNTS = [15_003] * 28 + [15_012]
# 3 × 15,800 + 420,293 = 467,693
SECOND_AMOUNTS = [15_800] * 3 + [420_293]
SECOND_FROM = 100
SECOND_ORDERERS = range(300, 304)
# Mail 2 was clicked by these and by its four orderers.
SECOND_CLICKERS = range(300, 325)
SECOND_OPENERS = range(300, 607)


def _left_at(number: int) -> datetime:
    """Ten months, one moment in each, so that ten batches hand over each step."""
    return utc(2026, 1 + number % 10, 5, 1, 0)


def message_shop() -> Book:
    """The report's shop with every message of its own."""
    book = Book("article")
    book.campaign()
    for month in range(10):
        left_at = _left_at(month)
        book.batch(f"1-{month}", left_at + timedelta(hours=1), step=1)
        book.batch(f"2-{month}", left_at + timedelta(hours=25), step=2)
    for number in range(SENT[0]):
        _recipient(book, number)
    # The rest of the shop: 201 orders from 1,000 to 17,000, mean 9,000, so that Q3 + 3·IQR = 37,000.
    for number in range(201):
        book.order(f"other{number}", utc(2026, 6, 1 + number % 28, 3), amount=1000 + 80 * number)
    return book


def _recipient(book: Book, number: int) -> None:
    who, left_at, batch = f"c{number:04d}", _left_at(number), number % 10
    book.member(who, since=utc(2025, 6, 1))
    episode = book.add(who, left_at)
    first = book.claim(f"1-{batch}", who, episode, left_at + timedelta(hours=1))
    if number < OPENED[0]:
        book.result(first, "open", left_at + timedelta(hours=2), is_machine=False)
    if number < CLICKED[0]:
        book.result(first, "click", left_at + timedelta(hours=2, minutes=5), is_machine=False)
    if number < len(FIRST_AMOUNTS):
        book.order(who, left_at + timedelta(hours=3), amount=FIRST_AMOUNTS[number])
    if not SECOND_FROM <= number < SECOND_FROM + SENT[1]:
        return
    second = book.claim(f"2-{batch}", who, episode, left_at + timedelta(hours=25), step=2)
    if number in SECOND_OPENERS:
        book.result(second, "open", left_at + timedelta(hours=26), is_machine=False)
    if number in SECOND_CLICKERS:
        book.result(second, "click", left_at + timedelta(hours=27), is_machine=False)
    if number in SECOND_ORDERERS:
        amount = SECOND_AMOUNTS[SECOND_ORDERERS.index(number)]
        book.order(who, left_at + timedelta(hours=28), amount=amount)


def report_shop() -> Book:
    """The same report as a mailer's file gives it, with the rates the article prints."""
    book = Book("report")
    printed = (
        (1, 1020, 598, 109, 29, 435_096, "0.5980", "0.1823", "0.2661", 15_003),
        (2, 614, 307, 25, 4, 467_693, "0.5000", "0.0814", "0.1600", 116_923),
    )
    for step, sent, opens, clicks, orderers, amount, opened, clicked, ordered, spend in printed:
        book.put(
            "mail_results_summary", provider="shopserve", provider_campaign_id=f"mail{step}",
            campaign_key="cart", step_number=step, label=f"mail {step}",
            as_of_at=utc(2026, 10, 20), period_starts_on="2026-01-05",
            period_ends_on="2026-10-10", sent_count=sent, open_count=opens, click_count=clicks,
            orderer_count=orderers, recovered_amount=amount, printed_open_rate=opened,
            printed_click_rate=clicked, printed_order_rate=ordered, printed_spend_per_orderer=spend,
        )  # fmt: skip
    return book
