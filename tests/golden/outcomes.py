"""One abandoned cart for every way it can end. Person → terminal state and reason."""

from datetime import datetime, timedelta

from pipelines import keys
from tests.golden.rows import Book, minutes, utc
from tests.warehouse import PEPPER

# Left at 10:00 Tokyo time on 1 October; abandoned an hour later; now is 1 November.
LEFT_AT = utc(2026, 10, 1, 1)
STEP_1_AT = LEFT_AT + minutes(70)
SINCE = utc(2026, 1, 1)
EXPECTED = {
    "browser": ("not_identified", ""),
    "addressless": ("no_address", ""),
    "silent": ("no_consent", ""),
    "refuser": ("suppressed", "unsubscribed"),
    "early": ("no_campaign", ""),
    "quick": ("self_ordered_before_step_1", ""),
    "tidy": ("emptied_before_step_1", ""),
    "asking": ("gated", "open_inquiry"),
    "forgotten": ("gated", "missed"),
    "control": ("held_out", ""),
    "bounced": ("not_delivered", "hard_bounce"),
    "clicker": ("recovered", "click"),
    "visitor": ("recovered", "link"),
    "saver": ("recovered", "coupon"),
    "returned": ("recovered", "coupon"),
    "stopper": ("recovered", "click"),
    "forgotten_since": ("recovered", "click"),
    "scanned": ("self_ordered_later", ""),
    "prefetched": ("self_ordered_later", ""),
    "opener": ("self_ordered_later", ""),
    "reader": ("self_ordered_later", ""),
    "waiting": ("open", ""),
    "leaver": ("emptied_later", ""),
    "gone": ("lost", ""),
    "latecomer": ("lost", ""),
}


def shop() -> Book:
    """The shop of all ends, with a campaign that started in September."""
    book = Book("outcomes")
    book.campaign(arms=(("mail", 9000, False), ("control", 1000, True)),
                  starts_at=utc(2026, 9, 1))  # fmt: skip
    book.campaign("news", segment="newsletter", steps=(0,))
    _never_reached(book)
    _before_step_1(book)
    _written_to(book)
    _ordered_by_themselves(book)
    _erased_since(book)
    return book


def _erased_since(book: Book) -> None:
    # Erased three weeks after the order: of the address the hash alone is left.
    email = "forgotten_since@example.jp"
    book.put("customers", customer_id="forgotten_since", is_member=True, email_key=None,
             email_hash=keys.email_hash(email, pepper=PEPPER), registered_at=SINCE,
             deleted_at=utc(2026, 10, 25))  # fmt: skip
    book.put("consents", consent_id="forgotten_since", customer_id="forgotten_since", email=email,
             channel="email", purpose="marketing", consent_state="granted", occurred_at=SINCE,
             basis="form")  # fmt: skip
    token = book.mail("forgotten_since", book.add("forgotten_since", LEFT_AT), STEP_1_AT)
    book.result(token, "click", STEP_1_AT + minutes(5), is_machine=False)
    book.order("forgotten_since", STEP_1_AT + minutes(60))


def _left(book: Book, who: str, *, at: datetime = LEFT_AT, **member: bool) -> str:
    book.member(who, since=SINCE, **member)
    return book.add(who, at)


def _never_reached(book: Book) -> None:
    book.event("browser", "Product Added", LEFT_AT, anonymous_id="browser", product_id="p1",
               quantity=1, price_amount=5000)  # fmt: skip
    _left(book, "addressless", has_email=False)
    _left(book, "silent", consents=False)
    _left(book, "refuser")
    book.put("suppressions", suppression_id="refuser", email="refuser@example.jp",
             channel="email", reason="unsubscribe", started_at=utc(2026, 5, 1))  # fmt: skip
    _left(book, "early", at=utc(2026, 8, 1, 1))


def _before_step_1(book: Book) -> None:
    _left(book, "quick")
    book.order("quick", LEFT_AT + minutes(65))
    _left(book, "tidy")
    book.remove("tidy", LEFT_AT + minutes(65))
    book.gated("asking", _left(book, "asking"), "open_inquiry", STEP_1_AT)
    _left(book, "forgotten")
    episode = _left(book, "control")
    book.arm_record("control", episode, "control", LEFT_AT + minutes(60))
    book.batch("held", STEP_1_AT)
    book.claim("held", "control", episode, STEP_1_AT, state="held_out")
    # Bought all the same: held out first, whatever came after.
    book.order("control", LEFT_AT + timedelta(days=2))


def _written_to(book: Book) -> None:
    bounced = book.mail("bounced", _left(book, "bounced"), STEP_1_AT)
    book.result(bounced, "hard_bounce", STEP_1_AT + minutes(1))
    clicker = book.mail("clicker", _left(book, "clicker"), STEP_1_AT)
    book.result(clicker, "click", STEP_1_AT + minutes(30), is_machine=False)
    book.order("clicker", STEP_1_AT + minutes(60), amount=7000, product="another")
    visitor = book.mail("visitor", _left(book, "visitor"), STEP_1_AT)
    book.event("visit", "Page Viewed", STEP_1_AT + minutes(30), customer_id="visitor",
               export_token=visitor)  # fmt: skip
    book.order("visitor", STEP_1_AT + minutes(40))
    book.mail("saver", _left(book, "saver"), STEP_1_AT, coupon="SAVE-1")
    book.order("saver", STEP_1_AT + minutes(40), coupon_codes="WELCOME,SAVE-1")
    # Reported as bounced, with a coupon nobody else was given used all the same.
    returned = book.mail("returned", _left(book, "returned"), STEP_1_AT, coupon="SAVE-2")
    book.result(returned, "soft_bounce", STEP_1_AT + minutes(1))
    book.order("returned", STEP_1_AT + minutes(40), coupon_codes="SAVE-2")
    # Stops further mail within the eligibility hours: was reachable all the same.
    stopper = book.mail("stopper", _left(book, "stopper"), STEP_1_AT)
    book.result(stopper, "click", STEP_1_AT + minutes(5), is_machine=False)
    book.order("stopper", STEP_1_AT + minutes(20))
    book.result(stopper, "unsubscribe", STEP_1_AT + minutes(30))
    recent = utc(2026, 10, 30, 1)
    book.mail("waiting", _left(book, "waiting", at=recent), recent + minutes(70))
    book.mail("leaver", _left(book, "leaver"), STEP_1_AT)
    book.remove("leaver", LEFT_AT + timedelta(days=3))
    book.mail("gone", _left(book, "gone"), STEP_1_AT)
    # Clicks on the eighth day, orders then: beyond the window nothing counts.
    late = f"t-cart-1-gone-{STEP_1_AT:%Y%m%d%H%M}"
    book.result(late, "click", STEP_1_AT + timedelta(days=7), is_machine=False)
    book.order("gone", STEP_1_AT + timedelta(days=7, minutes=5), product="another")
    # Buys what lay in the cart on the twentieth day: the month has settled.
    book.mail("latecomer", _left(book, "latecomer"), STEP_1_AT)
    book.order("latecomer", STEP_1_AT + timedelta(days=20))


def _ordered_by_themselves(book: Book) -> None:
    # A scanner follows both links of the message in the second of its delivery.
    scanned = book.mail("scanned", _left(book, "scanned"), STEP_1_AT)
    book.result(scanned, "delivered", STEP_1_AT + minutes(1))
    for link in ("https://shop/a", "https://shop/b"):
        book.result(scanned, "click", STEP_1_AT + minutes(1), link_url=link, user_agent="Firefox")
    book.order("scanned", STEP_1_AT + minutes(60))
    prefetched = book.mail("prefetched", _left(book, "prefetched"), STEP_1_AT)
    book.result(prefetched, "click", STEP_1_AT + minutes(5), user_agent="Mozilla/5.0")
    book.order("prefetched", STEP_1_AT + minutes(60))
    # An open is no touch.
    opener = book.mail("opener", _left(book, "opener"), STEP_1_AT)
    book.result(opener, "open", STEP_1_AT + minutes(5), is_machine=False)
    book.order("opener", STEP_1_AT + minutes(60))
    # Clicked both, the newsletter last: the order is the newsletter's, once.
    reader = book.mail("reader", _left(book, "reader"), STEP_1_AT)
    book.result(reader, "click", STEP_1_AT + minutes(5), is_machine=False)
    news = book.mail("reader", "issue-1", STEP_1_AT + minutes(10), campaign="news")
    book.result(news, "click", STEP_1_AT + minutes(15), is_machine=False)
    book.order("reader", STEP_1_AT + minutes(60), amount=9000)
