"""Who is due on 1 November 2026, midnight UTC: 09:00 in Tokyo."""

from datetime import timedelta

from tests.golden.rows import Book, minutes, utc

NOW = utc(2026, 11, 1)


def shop() -> Book:
    """A cart series, and a campaign each for six other segments."""
    book = Book("due", ships_within_hours=48, free_shipping_from_amount=8000)
    book.put("shop_thresholds", threshold_key="second_purchase_days", threshold_value=30)
    book.campaign(arms=(("mail", 5000, False), ("control", 5000, True)))
    book.campaign("second", segment="second_purchase", steps=(0,))
    book.campaign("back", segment="winback", steps=(0,))
    book.campaign("bday", segment="birthday", steps=(0,), lead_days=0)
    book.campaign("hello", segment="welcome", steps=(1440,))
    book.campaign("review", segment="review_request", steps=(4320,))
    book.campaign("gold", segment="spend_tier", steps=(0,), from_amount=50_000,
                  amount_basis="lifetime")  # fmt: skip
    for product, stock in (("p1", 10), ("p2", 2), ("sold_out", 0)):
        book.put("products", product_id=product, product_name=f"Bag {product}",
                 product_state="published", stock_policy="tracked", stock_quantity=stock,
                 price_amount=3000, url=f"https://shop/{product}",
                 image_url=f"https://shop/{product}.jpg")  # fmt: skip
    _carts(book)
    _reminded(book)
    _second_purchases(book)
    _dormant(book)
    _birthdays(book)
    _registered(book)
    _reviewers(book)
    _spenders(book)
    return book


def _carts(book: Book) -> None:
    since = utc(2026, 10, 20)
    for who in (
        "first",
        "second",
        "soon",
        "busy",
        "bought",
        "stale",
        "held",
        "empty_shelf",
        "reminded",
    ):
        book.member(who, since=since)
    first = book.add("first", NOW - minutes(62), price=2500)
    book.add("first", NOW - minutes(61), product="p2")
    book.arm_record("first", first, "mail", NOW - minutes(1))
    # Mail 1 went 5 hours late: mail 2 keeps its distance of 23 hours from it.
    for who, handed in (("second", 24 * 60), ("soon", 22 * 60)):
        episode = book.add(who, NOW - minutes(30 * 60))
        book.arm_record(who, episode, "mail", NOW - minutes(29 * 60))
        book.mail(who, episode, NOW - minutes(handed))
    book.add("busy", NOW - minutes(59))
    book.add("bought", NOW - minutes(120))
    book.order("bought", NOW - minutes(30))
    book.add("stale", NOW - timedelta(hours=25, minutes=1))
    held = book.add("held", NOW - minutes(90))
    book.arm_record("held", held, "control", NOW - minutes(30))
    episode = book.add("empty_shelf", NOW - minutes(90), product="sold_out")
    book.arm_record("empty_shelf", episode, "mail", NOW - minutes(30))


def _reminded(book: Book) -> None:
    """A checkout the shop system has written about itself."""
    book.put("carts", cart_id="checkout", customer_id="reminded", cart_kind="checkout",
             created_at=NOW - minutes(95), last_activity_at=NOW - minutes(90),
             last_activity_precision="instant", items_count=1, source_mail_state="SENT")  # fmt: skip
    book.put("cart_items", cart_id="checkout", observed_at=NOW - minutes(5), line_no=1,
             product_id="p1", quantity=1, unit_amount=3000)  # fmt: skip


def _second_purchases(book: Book) -> None:
    since = utc(2026, 9, 1)
    # 30 days before today in Tokyo is 2 October; three days are made up for; the fourth is not.
    for who, day in (("today", 2), ("caught_up", 30), ("missed", 29), ("not_yet", 3)):
        book.member(who, since=since)
        month = 10 if day < 10 else 9
        book.order(who, utc(2026, month, day, 3))
    book.member("twice", since=since)
    book.order("twice", utc(2026, 10, 2, 3))
    book.order("twice", utc(2026, 10, 5, 3))


def _dormant(book: Book) -> None:
    # Last seen on 1 August: due today. On 31 July: due yesterday (31 October), still valid.
    for who, at in (
        ("dormant", utc(2026, 8, 1, 3)),
        ("dormant_longer", utc(2026, 7, 31, 3)),
        ("long_gone", utc(2026, 7, 20, 3)),
    ):
        book.member(who, since=utc(2026, 2, 1), last_login_at=at)
    book.put("customers", customer_id="never_seen", is_member=True, email="never@example.jp")


def _birthdays(book: Book) -> None:
    # Today is 1 November in Tokyo; a mail of 30 October is valid until today's end, one of the 29th
    # until its beginning.
    for who, month, day in (
        ("born_today", 11, 1),
        ("born_on_the_30th", 10, 30),
        ("born_on_the_29th", 10, 29),
        ("born_tomorrow", 11, 2),
        ("born_in_november", 11, None),
        ("born_in_october", 10, None),
    ):
        book.member(who, since=utc(2026, 2, 1), birth_month=month, birth_day=day)


def _registered(book: Book) -> None:
    # The welcome is due a day after registration and valid for three.
    for who, at in (
        ("new", NOW - timedelta(days=2)),
        ("newer", NOW - timedelta(hours=23)),
        ("new_and_buying", NOW - timedelta(days=2)),
        ("not_so_new", NOW - timedelta(days=4, minutes=1)),
    ):
        book.member(who, since=at)
    book.order("new_and_buying", NOW - timedelta(days=1))


def _reviewers(book: Book) -> None:
    # 29 October + 3 days is today; the 28th's is made up for; the 30th's is due tomorrow.
    for who in ("pleased", "pleased_twice", "reviewed", "not_yet_asked"):
        book.member(who, since=utc(2026, 9, 1))
    book.order("pleased", utc(2026, 10, 29, 3))
    book.order("pleased_twice", utc(2026, 10, 28, 3))
    book.order("pleased_twice", utc(2026, 10, 28, 5), product="p2")
    book.order("reviewed", utc(2026, 10, 29, 3))
    book.put("product_reviews", review_id="r1", product_id="p1", customer_id="reviewed",
             reviewed_at=utc(2026, 10, 30))  # fmt: skip
    book.order("not_yet_asked", utc(2026, 10, 30, 3))


def _spenders(book: Book) -> None:
    # 30,000 + 20,000 is just enough; 30,000 + 25,000 less a refund of 6,000 is not.
    for who, last in (("spender", 20_000), ("refunded", 25_000)):
        book.member(who, since=utc(2026, 9, 1))
        book.order(who, utc(2026, 10, 1, 3), amount=30_000)
        order = book.order(who, utc(2026, 10, 31, 3), amount=last)
    book.put("refunds", refund_id="spent", order_id=order, refund_amount=6_000, goods_amount=6_000,
             refunded_at=NOW - minutes(60))  # fmt: skip
