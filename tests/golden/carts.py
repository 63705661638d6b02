"""Hard carts, one shop per zone or kind of source. Expected values stand in test_carts.py."""

from datetime import datetime

from tests.golden.rows import Book, utc


def tokyo() -> Book:
    """Two carts at once, a merge, an emptied, an expired, a midnight and a day-precision cart."""
    book = Book("tokyo", timezone="Asia/Tokyo")
    since = utc(2026, 1, 1)
    for who in (
        "two", "emptied", "expired", "midnight", "daily", "viewer", "changer", "declined", "other",
    ):  # fmt: skip
        book.member(who, since=since)
    # Two browsers of one member, the second opened while the first still held something.
    book.event("two-a", "Product Added", utc(2026, 10, 1, 1), customer_id="two",
               anonymous_id="phone", product_id="p1", quantity=1, price_amount=1000)  # fmt: skip
    book.event("two-b", "Product Added", utc(2026, 10, 1, 1, 30), customer_id="two",
               anonymous_id="desk", product_id="p2", quantity=2, price_amount=500)  # fmt: skip
    _merged_guest(book)
    book.add("emptied", utc(2026, 10, 3, 1), product="p1")
    book.add("emptied", utc(2026, 10, 3, 1, 5), product="p2")
    book.remove("emptied", utc(2026, 10, 3, 1, 10), product="p1")
    book.remove("emptied", utc(2026, 10, 3, 1, 15), product="p2")
    # What is not there cannot be taken out, and opens nothing.
    book.remove("emptied", utc(2026, 10, 3, 1, 20), product="p2")
    book.add("expired", utc(2026, 9, 1, 1))
    # Exactly 30 days later: the first cart has expired, this is another.
    book.add("expired", utc(2026, 10, 1, 1))
    # 23:30 in Tokyo: abandoned at half past midnight, on the next date.
    book.add("midnight", utc(2026, 10, 10, 14, 30))
    # The source knows the date of the order alone: 2026-10-12, midnight in Tokyo.
    book.add("daily", utc(2026, 10, 12, 3))
    book.order("daily", utc(2026, 10, 11, 15), ordered_precision="day")
    _views(book)
    _void_orders(book)
    return book


def _void_orders(book: Book) -> None:
    for who in ("changer", "declined", "other"):
        book.add(who, utc(2026, 10, 15, 1))
    # Ordered what lay in the cart and cancelled it; a payment that failed; another thing cancelled.
    book.order("changer", utc(2026, 10, 15, 1, 30), source_status="cancelled")
    book.order("declined", utc(2026, 10, 15, 1, 30), source_status="failed")
    book.order("other", utc(2026, 10, 15, 1, 30), source_status="cancelled", product="p9")


def _merged_guest(book: Book) -> None:
    book.event("guest-add", "Product Added", utc(2026, 10, 2, 1), anonymous_id="tablet",
               product_id="p1", quantity=1, price_amount=1000)  # fmt: skip
    book.member("late", since=utc(2026, 10, 2, 5))
    book.event("guest-login", "Signed In", utc(2026, 10, 2, 5), anonymous_id="tablet",
               customer_id="late")  # fmt: skip


def _views(book: Book) -> None:
    book.add("viewer", utc(2026, 10, 20, 1))
    # Shows what is known: no activity. Then two pieces where one was: a change.
    for at, quantity in ((utc(2026, 10, 20, 1, 30), 1), (utc(2026, 10, 20, 1, 40), 2)):
        book.event(f"view-{at:%H%M}", "Cart Viewed", at, customer_id="viewer", product_id="p1",
                   quantity=quantity, price_amount=5000)  # fmt: skip


def new_york() -> Book:
    """The night clocks go forward: 01:30 EST, an hour later it is 03:30 EDT."""
    book = Book("new_york", timezone="America/New_York")
    book.member("sleepless", since=utc(2026, 1, 1))
    book.add("sleepless", utc(2026, 3, 8, 6, 30))
    return book


def snapshots() -> Book:
    """Carts seen every quarter of an hour, and checkouts as a list shows them."""
    book = Book("snapshots")
    since = utc(2026, 1, 1)
    for who in ("gone", "bought", "kept", "listed", "nobody"):
        book.member(who, since=since)
    day = utc(2026, 10, 5)
    _seen(book, "gone", [
        (day.replace(hour=1), "a", [("p1", 1)]),
        (day.replace(hour=1, minute=15), "a", [("p1", 1)]),
        (day.replace(hour=1, minute=30), "b", [("p1", 1), ("p2", 2)]),
        (day.replace(hour=4), "-", []),
    ])  # fmt: skip
    # The order is written ten minutes after the cart was seen to be gone.
    _seen(book, "bought", [
        (day.replace(hour=1), "a", [("p1", 1)]),
        (day.replace(hour=1, minute=15), "-", []),
    ])  # fmt: skip
    book.order("bought", day.replace(hour=1, minute=25), product="p1", cart_id="cart-bought")
    # The cart names nobody; the order that names it does.
    _seen(book, "nobody", [(day.replace(hour=1), "a", [("p1", 1)])], is_owned=False)
    book.order("nobody", day.replace(hour=1, minute=40), product="p1", cart_id="cart-nobody")
    _seen(book, "kept", [(day.replace(hour=1), "a", [("p1", 3)])])
    book.put("carts", cart_id="checkout-1", customer_id="listed", cart_kind="checkout",
             created_at=day.replace(hour=1), last_activity_at=day.replace(hour=2),
             last_activity_precision="instant", items_count=1)  # fmt: skip
    book.put("cart_items", cart_id="checkout-1", observed_at=day.replace(hour=6), line_no=1,
             product_id="p9", quantity=2, unit_amount=700)  # fmt: skip
    return book


def _seen(
    book: Book, who: str, sights: list[tuple[datetime, str, list[tuple[str, int]]]],
    *, is_owned: bool = True,
) -> None:  # fmt: skip
    cart_id, owner = f"cart-{who}", who if is_owned else None
    book.put("carts", cart_id=cart_id, customer_id=owner, last_activity_at=sights[0][0],
             last_activity_precision="snapshot")  # fmt: skip
    for at, items_hash, items in sights:
        book.put("cart_observations", cart_id=cart_id, customer_id=owner, observed_at=at,
                 items_hash=items_hash, items_count=sum(n for _, n in items),
                 cart_state="present" if items else "gone")  # fmt: skip
        for line, (product, quantity) in enumerate(items, start=1):
            book.put("cart_items", cart_id=cart_id, observed_at=at, line_no=line,
                     product_id=product, quantity=quantity, unit_amount=1000)  # fmt: skip
