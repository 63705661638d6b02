"""A shop whose every report can be counted on two hands. Who did what stands beside each person."""

from datetime import datetime, timedelta

from pipelines import keys
from tests.golden.rows import Book, minutes, utc
from tests.warehouse import PEPPER

SINCE = utc(2026, 1, 1)
PEOPLE = ("ann", "bob", "cay", "dan", "eve", "fay", "gus", "hal", "ida", "jon")


def shop() -> Book:
    """Ten members, six carts, five mails, three visits that only looked."""
    book = Book("street")
    book.campaign()
    book.campaign("news", segment="newsletter", steps=(0,))
    for product, stock in (("p1", 5), ("p2", 0)):
        book.put("products", product_id=product, product_name=f"Bag {product}",
                 product_state="published", stock_policy="tracked", stock_quantity=stock,
                 price_amount=5000, primary_category_id="bags")  # fmt: skip
    book.put("categories", category_id="bags", category_name="Bags")
    for who in PEOPLE:
        book.member(who, since=SINCE)
    _recovered(book)
    _newsletter(book)
    _visits(book)
    _checkouts(book)
    return book


def _mail(book: Book, who: str, left_at: datetime, sent_at: datetime, *, product: str) -> str:
    """A cart left with one piece, and its mail, due an hour after it was left."""
    token = book.mail(who, book.add(who, left_at, product=product), sent_at)
    book.rows["export_claims"][-1]["due_at"] = left_at + minutes(60)
    return token


def _recovered(book: Book) -> None:
    # Left in September, mailed a day late in October, bought two hours later; ¥1,000 given back.
    sent_at = utc(2026, 10, 1, 2)
    ann = _mail(book, "ann", utc(2026, 9, 30, 1), sent_at, product="p1")
    book.result(ann, "click", sent_at + minutes(60), is_machine=False)
    order_id = book.order("ann", sent_at + minutes(120), amount=6000)
    book.put("refunds", refund_id="ann", order_id=order_id, refunded_at=utc(2026, 10, 5),
             refund_amount=1000, goods_amount=1000)  # fmt: skip
    # Left and mailed in September, bought something else in October.
    sent_at = utc(2026, 9, 29, 2, 10)
    bob = _mail(book, "bob", utc(2026, 9, 29, 1), sent_at, product="p2")
    book.result(bob, "click", sent_at + minutes(30), is_machine=False)
    book.order("bob", utc(2026, 10, 2, 1), amount=8000, product="another")
    # Mailed in August, bought 20 days after the click: one of seven rules says recovered.
    sent_at = utc(2026, 8, 10, 2, 10)
    cay = _mail(book, "cay", utc(2026, 8, 10, 1), sent_at, product="p1")
    book.result(cay, "click", sent_at + minutes(30), is_machine=False)
    book.order("cay", sent_at + timedelta(days=20, minutes=30), amount=2000, product="another")


def _newsletter(book: Book) -> None:
    at = utc(2026, 10, 10, 1)
    # Follows the link, says the mailer, and nothing of with what: perhaps a person.
    gus = book.mail("gus", "issue-1", at, campaign="news")
    book.result(gus, "click", at + minutes(5))
    book.order("gus", at + minutes(15), amount=4000, product="another")
    book.mail("jon", "issue-1", at, campaign="news")
    dan = book.mail("dan", "issue-1", at, campaign="news")
    book.result(dan, "unsubscribe", at + minutes(5), email_hash=_hash("dan"))
    eve = book.mail("eve", "issue-1", at, campaign="news")
    book.result(eve, "click", at + minutes(5), is_machine=False)
    book.order("eve", at + minutes(15), amount=3000, product="another")
    book.result(eve, "complaint", at + minutes(30), email_hash=_hash("eve"))


def _hash(who: str) -> str:
    return keys.email_hash(f"{who}@example.jp", pepper=PEPPER)


def _visits(book: Book) -> None:
    # Looks twice and orders three days later, without a cart that anybody saw.
    for minute in (0, 5):
        book.event(f"fay-{minute}", "Product Viewed", utc(2026, 10, 5, 1, minute),
                   customer_id="fay", product_id="p1")  # fmt: skip
    book.order("fay", utc(2026, 10, 8, 1), amount=1000, product="another")
    book.event("gus", "Product Added to Wishlist", utc(2026, 10, 6, 1), customer_id="gus",
               product_id="p2")  # fmt: skip
    # Looks twice and puts something in: a cart, not a browse abandonment.
    for minute in (0, 5):
        book.event(f"hal-{minute}", "Product Viewed", utc(2026, 10, 7, 0, 30 + minute),
                   customer_id="hal", product_id="p1")  # fmt: skip
    book.add("hal", utc(2026, 10, 7, 1))


def _checkouts(book: Book) -> None:
    at = utc(2026, 10, 12, 1)
    for who, steps in (
        ("ida", ("Checkout Started", "Form Error", "Checkout Step Completed")),
        ("jon", ("Checkout Started", "Payment Info Entered")),
    ):
        book.add(who, at)
        for minute, name in enumerate(steps, start=1):
            field = "tel" if name == "Form Error" else None
            book.event(f"{who}-{minute}", name, at + minutes(minute), customer_id=who,
                       field_name=field)  # fmt: skip
    book.order("jon", at + minutes(10))
