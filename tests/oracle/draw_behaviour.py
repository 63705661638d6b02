"""What people look at, like and buy again: visitors with a first week, and crowds of customers."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.oracle.draw_carts import event, order
from tests.oracle.shops import AS_OF, PRODUCTS, Shop, instant

Account = dict[str, object]
# Beside the goods of the carts: some with variants, one nobody can buy any more.
MORE_PRODUCTS = ("p:5", "p:6", "p:7", "p:8")
WORDS = ("linen", " Linen ", "tops", "bag", "", None)
# A category's name, part of one, holding one, and no name at all.
WORDS_OF_CROWDS = (" C:Shirts", "shoes", "red c:tops", "wool", "x")
CATEGORIES = {"c:all": None, "c:tops": "c:all", "c:shirts": "c:tops", "c:shoes": "c:all"}
WEIGHTS = {
    "product_view": (1, 5), "three_pictures": (3, 3), "search": (1, 5), "favourite": (5, 3),
    "add_to_cart": (8, 3), "checkout": (10, 3), "return_day": (5, 3), "sign_up": (5, 3),
}  # fmt: skip
DAY, WEEK, YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=365)
SECOND = timedelta(seconds=1)
# Steps of a visitor: within the visit, later that day, on another day.
STEPS = (
    timedelta(0), timedelta(seconds=20), timedelta(minutes=5), timedelta(minutes=30),
    timedelta(hours=7), DAY, 3 * DAY,
)  # fmt: skip
ACTS = (
    "Product Viewed", "Product Image Viewed", "Products Searched", "Product Added to Wishlist",
    "favourite", "Product Added", "Checkout Started", "Product Removed from Wishlist",
)  # fmt: skip


def behaviour(made: Shop, number: int) -> None:
    """Adds the catalogue's order and more people to a shop; what it had stays as it was."""
    draw = random.Random(f"behaviour {number}")
    _catalogue(made, draw)
    for key, (points, cap) in WEIGHTS.items():
        if draw.random() < 0.97:
            made.add("motivation_weights", weight_key=key, points=points, daily_cap=cap)
    for visitor in range(draw.choice((1, 1, 2, 3))):
        _visitor(made, draw, visitor, instant(draw))
    if draw.random() < 0.3:
        _visitor(made, draw, 9, AS_OF - timedelta(hours=draw.choice((2, 20, 30, 100))))
    if number % 5 == 0:
        _crowd(made, draw, number // 5)
    if number % 9 == 4:
        _wrongly_weighed(made, draw)
    if draw.random() < 0.06:
        _long_ago(made, draw)
    if draw.random() < 0.4:
        _trained(made, draw)
    _spoken(made, draw)


def _catalogue(made: Shop, draw: random.Random) -> None:
    for category, parent in CATEGORIES.items():
        guide = random.Random(f"guide {made.shop_id} {category}").choice(
            (None, f"guide/{category}")
        )
        made.add(
            "categories", category_id=category, category_name=category, parent_id=parent,
            guide_url=guide,
        )  # fmt: skip
    for product in MORE_PRODUCTS:
        made.add(
            "products", product_id=product, product_name=product, price_amount=Decimal(2000),
            product_state="hidden" if product == "p:8" else "published", stock_policy="tracked",
            stock_quantity=draw.choice((None, Decimal(0), Decimal(2), Decimal(5))),
            deleted_at=AS_OF - DAY if draw.random() < 0.05 else None,
        )  # fmt: skip
    for row in made.tables["products"]:
        row["primary_category_id"] = draw.choice((*CATEGORIES, "c:shirts", "c:shirts", None))
        row["brand"] = draw.choice(("brand:1", "brand:2", None))
        if draw.random() < 0.92:
            row["url"] = f"https://shop.example/{row['product_id']}"
        if draw.random() < 0.92:
            row["image_url"] = f"https://shop.example/{row['product_id']}.jpg"
        today = made.on(AS_OF)
        row["first_published_on"] = draw.choice(
            (None, None, today, today - 13 * DAY, today - 14 * DAY, today + DAY)
        )
        row["created_at"] = draw.choice((None, AS_OF - 14 * DAY, AS_OF - 3 * DAY))
        _put_on_sale(made, row)
        other = random.Random(f"beside {made.shop_id} {row['product_id']}").choice(
            (None, None, None, *CATEGORIES)
        )
        if other is not None:
            made.add("product_categories", product_id=row["product_id"], category_id=other)
        for tag in draw.sample(("linen", "spring", "red"), draw.choice((0, 1, 2))):
            made.add("product_tags", product_id=row["product_id"], tag=tag)
    for variant in range(draw.choice((0, 1, 2))):
        made.add(
            "product_variants", variant_id=f"p:7-{variant}", product_id="p:7",
            variant_state=draw.choice(("published", "published", "hidden")),
            stock_policy=draw.choice(("tracked", "unlimited", "unknown")),
            stock_quantity=draw.choice((None, Decimal(0), Decimal(2))),
        )  # fmt: skip
    for _ in range(draw.choice((0, 0, 1, 3))):
        one, other = draw.sample((*PRODUCTS, *MORE_PRODUCTS, "p:gone"), 2)
        made.add(
            "product_relations", product_id=one, related_id=other,
            relation_kind=draw.choices(("coordinate", "similar", "accessory"), (4, 1, 1))[0],
            relation_rank=draw.choice((1, 2, None)),
        )  # fmt: skip


def _put_on_sale(made: Shop, row: dict[str, object]) -> None:
    """Where products have no date, those of a later load are known to be new."""
    draw = random.Random(f"on sale {made.shop_id} {row['product_id']}")
    if random.Random(f"catalogue of {made.shop_id}").random() < 0.3:
        row["first_published_on"] = row["created_at"] = None
        first = random.Random(f"first load {made.shop_id}").choice((40 * DAY, 5 * DAY))
        ages = (14 * DAY, 13 * DAY, DAY, timedelta(0))
        later = [age for age in ages if age < first]
        row["loaded_at"] = AS_OF - draw.choice((first, first, first, *later))
    elif row["first_published_on"] is None and row["created_at"] is None:
        row["loaded_at"] = AS_OF - 40 * DAY


def _account(made: Shop, draw: random.Random, name: str, registered_at: datetime | None) -> str:
    """A member of an address of their own, or a guest."""
    is_member = draw.random() < 0.75
    # Some have the address of the first visitor: two accounts of one person.
    address = "hash-v0" if is_member and draw.random() < 0.05 else f"hash-{name}"
    customer_id = f"shop:{name}" if is_member else f"guest:{address}"
    login = None
    if is_member and draw.random() < 0.3:
        # A run that looks back finds a login of later.
        login = AS_OF + draw.choice((-20 * DAY, -SECOND, timedelta(0), DAY))
    made.add(
        "customers", customer_id=customer_id, is_member=is_member, is_derived=False,
        member_state="active" if is_member else "guest", email_hash=address,
        registered_at=registered_at if is_member and draw.random() < 0.8 else None,
        last_login_at=login, person_key=f"k:{made.shop_id}:{customer_id}",
        deleted_at=AS_OF - DAY if draw.random() < 0.03 else None,
        **_said(draw),
    )  # fmt: skip
    return customer_id


def _said(draw: random.Random) -> dict[str, object]:
    """What an account says of its owner; of two accounts of one person only one may speak."""
    return {
        "birth_year": draw.choice((None, 1980)),
        "birth_month": (month := draw.choice((None, 2, 12))),
        "birth_day": month and draw.choice((None, 28, 29)),
        "sex": draw.choice((None, "female", "no_answer")),
        "prefecture": draw.choice((None, "13", "27")),
        "customer_rank": draw.choice((None, "gold")),
        "points_balance": draw.choice((None, Decimal(0), Decimal(120))),
        "points_expire_on": draw.choice((None, date(2026, 12, 31))),
        "locale": draw.choice((None, "ja")),
    }


def _visitor(made: Shop, draw: random.Random, visitor: int, at: datetime) -> None:
    """Somebody's first days, and what they order then."""
    started, browser = at, f"b:v{visitor}"
    customer = _account(made, draw, f"v{visitor}", at + draw.choice((-5 * DAY, timedelta(0), DAY)))
    logged_in: str | None = None
    for _ in range(draw.randint(3, 22)):
        if logged_in is None and draw.random() < 0.15:
            logged_in = customer
            name = draw.choice(("Signed In", "Signed Up"))
            event(made, at, browser, customer, name)
        else:
            _act(made, draw, at, browser, logged_in)
        at += draw.choices(STEPS, (4, 10, 4, 2, 2, 2, 1))[0]
        if draw.random() < 0.04:
            # The last second of the first week, or the first after it.
            at = max(at, started + WEEK - draw.choice((SECOND, timedelta(0))))
        if at >= AS_OF:
            break
    if draw.random() < 0.15:
        # Somebody else's log-in: what the browser does then is nobody's.
        event(made, at, browser, _account(made, draw, f"w{visitor}", None), "Signed In")
        _act(made, draw, at + timedelta(minutes=1), browser, None)
        _favourite(made, draw, started + SECOND, browser, None)
        _favourite(made, draw, at + timedelta(minutes=2), browser, None)
    _orders(made, draw, customer, started)


def _act(made: Shop, draw: random.Random, at: datetime, browser: str, customer: str | None) -> None:
    act, product = draw.choices(ACTS, (16, 12, 6, 2, 2, 2, 2, 1))[0], draw.choice(PRODUCTS[:3])
    if draw.random() < 0.3:
        product = draw.choice(MORE_PRODUCTS[:3])
    if act == "favourite":
        _favourite(made, draw, at, browser, customer, product)
        return
    if act == "Product Added":
        product = draw.choice(PRODUCTS[:3])
    is_many = act in {"Product Image Viewed", "Products Searched", "Product Viewed"}
    for number in range(draw.choice((1, 1, 3, 7)) if is_many else 1):
        event(
            made, at + number * SECOND, browser, customer, act,
            product_id=product if act.startswith("Product ") else None,
            query=draw.choice(WORDS) if act == "Products Searched" else None,
            quantity=Decimal(1) if act == "Product Added" else None,
            is_bot=draw.random() < 0.02,
        )  # fmt: skip


def _favourite(
    made: Shop, draw: random.Random, at: datetime, browser: str, customer: str | None,
    product: str = "p:1",
) -> None:  # fmt: skip
    """A row of the favourites, which an event may tell a second time."""
    if draw.random() < 0.4:
        event(made, at, browser, customer, "Product Added to Wishlist", product_id=product)
    made.add(
        "favourites", favourite_id=f"f:{made.number('favourites'):03d}", customer_id=customer,
        anonymous_id=browser, product_id=product, added_at=at + 2 * SECOND,
        removed_at=at + DAY if draw.random() < 0.2 else None, basis="source",
    )  # fmt: skip


def _orders(made: Shop, draw: random.Random, customer: str, started: datetime) -> None:
    """None, some or many orders, of which some are taken back."""
    at = started + draw.choice((timedelta(hours=1), 2 * DAY, WEEK, 20 * DAY, 37 * DAY))
    for _ in range(draw.choice((0, 0, 1, 1, 2, 3, 7))):
        goods = draw.sample((*PRODUCTS[:3], *MORE_PRODUCTS), draw.choice((1, 2, 3)))
        bought = order(made, draw, customer, at, goods)
        if draw.random() < 0.05:
            bought["source_status"] = draw.choice(("failed", "odd"))
        if draw.random() < 0.25:
            bought["cancelled_at"] = at + draw.choice((timedelta(0), DAY, 40 * DAY))
            if draw.random() < 0.3:
                made.add(
                    "refunds", refund_id=f"r:{bought['order_id']}", order_id=bought["order_id"],
                    refunded_at=at + 3 * DAY, refund_amount=bought["total_amount"],
                )  # fmt: skip
        if draw.random() < 0.2:
            _given(made, draw, bought)
        at += draw.choice((timedelta(0), timedelta(hours=2), 5 * DAY, 30 * DAY))


def _given(made: Shop, draw: random.Random, bought: dict[str, object]) -> None:
    """A free gift, or another size of what the order holds, as one more line."""
    lines = [row for row in made.tables["order_items"] if row["order_id"] == bought["order_id"]]
    is_free = draw.random() < 0.5
    made.add(
        "order_items", order_item_id=f"{bought['order_id']}-more", order_id=bought["order_id"],
        line_no=len(lines) + 1, product_id="p:6" if is_free else lines[0]["product_id"],
        product_name="more", quantity=Decimal(1), is_free=is_free, line_amount=Decimal(0),
    )  # fmt: skip


def _crowd(made: Shop, draw: random.Random, kind: int) -> None:
    """Enough customers for a ranking and for pairs, around the ends of both windows."""
    ages = (DAY, 6 * DAY, WEEK, WEEK + SECOND, 29 * DAY, 30 * DAY, 30 * DAY + SECOND)
    pair = draw.sample((*PRODUCTS[:3], "p:5", "p:7"), 2)
    # Some buy sets of three, some go from the search to the goods.
    is_set, is_looking, word = kind % 4 < 2, kind % 2, WORDS_OF_CROWDS[kind % 5]
    for row in made.tables["products"]:
        if row["product_id"] in pair and (kind % 3 == 0 or draw.random() < 0.8):
            row["primary_category_id"] = "c:shirts"
    for number in range(draw.randint(5, 8)):
        at = AS_OF - draw.choices(ages, (8, 4, 1, 1, 4, 1, 1))[0]
        customer = _account(made, draw, f"c{number}", at - 40 * DAY)
        browser = f"b:c{number}"
        if is_looking:
            for act, given in (("Products Searched", {"query": "coat"}),
                               ("Product Viewed", {"product_id": "p:1"})):  # fmt: skip
                event(made, at - timedelta(minutes=10), browser, customer, act, **given)
        if draw.random() < 0.95:
            event(made, at - timedelta(minutes=9), browser, customer, "Products Searched",
                  query=word)  # fmt: skip
        for product in (*pair, *draw.sample(PRODUCTS[:3], 1)) if is_looking else ():
            event(made, at - timedelta(minutes=9), browser, customer, "Product Viewed",
                  product_id=product)  # fmt: skip
        if kind % 3 and draw.random() < 0.5:
            event(made, at - timedelta(minutes=8), browser, customer, "Product Added",
                  product_id=draw.choice(PRODUCTS[:3]), quantity=Decimal(1))  # fmt: skip
        if draw.random() < 0.3:
            # At the same time on another screen: another session.
            event(made, at - timedelta(minutes=10), f"b:d{number}", customer, "Product Viewed",
                  product_id="p:6")  # fmt: skip
            event(made, at - timedelta(minutes=7), f"b:d{number}", customer, "Product Viewed",
                  product_id="p:6")  # fmt: skip
        if draw.random() < 0.3:
            order(made, draw, customer, at - 100 * DAY, ["p:8"], source_status="paid")
        goods = [*pair, "p:6"] if is_set or draw.random() < 0.3 else pair
        # Two orders of one day are one basket.
        for part in [goods] if draw.random() < 0.7 else [[one] for one in goods]:
            bought = order(made, draw, customer, at, part, source_status="paid")
            if draw.random() < 0.15:
                _given(made, draw, bought)
    if draw.random() < 0.5:
        made.add(
            "product_relations", product_id=pair[0], related_id=draw.choice(("p:5", "p:6", "p:8")),
            relation_kind="coordinate", relation_rank=3,
        )  # fmt: skip
    fan, looker = (_account(made, draw, name, AS_OF - 9 * DAY) for name in ("fan", "looker"))
    event(made, AS_OF - DAY, "b:looker", looker, "Product Viewed", product_id=pair[0])
    for product in (*PRODUCTS, *MORE_PRODUCTS):
        _favourite(made, draw, AS_OF - draw.choice((2, 3)) * DAY, "b:fan", fan, product)
    for _ in range(draw.choice((0, 2, 5))):
        order(made, draw, None, AS_OF - 50 * DAY, pair, source_status="paid")


def _wrongly_weighed(made: Shop, draw: random.Random) -> None:
    """Those who hardly looked bought, and those who did everything did not."""
    for number in range(14):
        at = datetime(2026, 2, 10) + timedelta(hours=5 * number)
        event(made, at, f"b:x{number}", None, "Product Viewed", product_id="p:1")
        if number % 2:
            for act in ("Product Added to Wishlist", "Checkout Started", "Product Added"):
                event(made, at + DAY, f"b:x{number}", None, act, product_id="p:2")
        else:
            customer = _account(made, draw, f"x{number}", None)
            event(made, at + 9 * DAY, f"b:x{number}", customer, "Signed In")
            order(made, draw, customer, at + 10 * DAY, ["p:1"], source_status="paid")


def _trained(made: Shop, draw: random.Random) -> None:
    """Somebody uses a coupon of ours and leaves two more carts soon after, or not quite so soon."""
    owners = {row["person_key"]: str(row["customer_id"]) for row in made.tables["customers"]}
    claims = [
        row for row in made.tables["export_claims"]
        if row["coupon_code"] is not None and row["claim_state"] == "claimed"
        and row["claimed_at"] < AS_OF - 9 * DAY and row["person_key"] in owners
    ]  # fmt: skip
    if not claims:
        return
    claim = draw.choice(claims)
    customer, at = owners[claim["person_key"]], claim["claimed_at"] + DAY
    order(made, draw, customer, at, ["p:other"], source_status="paid",
          coupon_codes=f"OTHER, {claim['coupon_code']}")  # fmt: skip
    for later in (2 * DAY, draw.choice((5 * DAY, 7 * DAY, 30 * DAY - timedelta(hours=1)))):
        for act, hours in (("Product Added", 0), ("Product Removed", 3)):
            event(
                made, at + later + timedelta(hours=hours), "b:trained", customer, act,
                product_id="p:2", quantity=Decimal(1),
            )  # fmt: skip


def _long_ago(made: Shop, draw: random.Random) -> None:
    """What is a year old says nothing any more, and what is half a year old says less."""
    customer = _account(made, draw, "old", AS_OF - YEAR - DAY)
    for at in (AS_OF - YEAR - SECOND, AS_OF - YEAR, AS_OF - 181 * DAY, AS_OF - 90 * DAY):
        for product in draw.sample(PRODUCTS[:3], 2):
            event(made, at, "b:old", customer, "Product Viewed", product_id=product)
    order(made, draw, customer, AS_OF - 91 * DAY, ["p:1", "p:2"], source_status="paid")
    order(made, draw, customer, AS_OF - YEAR - SECOND, ["p:1", "p:3"], source_status="paid")


def _spoken(made: Shop, draw: random.Random) -> None:
    """Inquiries and reviews, by account, by order or by nobody."""
    buyers = [row["order_id"] for row in made.tables["orders"]]
    customers = [row["customer_id"] for row in made.tables["customers"]]
    for number in range(draw.choice((0, 0, 1, 2))):
        at = instant(draw)
        made.add(
            "inquiries", inquiry_id=f"i:{number}", channel="form", opened_at=at,
            customer_id=draw.choice((*customers, None)),
            order_id=draw.choice((*buyers, None)),
            closed_at=draw.choice((None, at + DAY, AS_OF, AS_OF + DAY)),
        )  # fmt: skip
    if draw.random() < 0.2:
        made.add(
            "product_reviews", review_id="review", product_id="p:1",
            customer_id=draw.choice(customers), reviewed_at=instant(draw),
        )  # fmt: skip
    if draw.random() < 0.1:
        made.add("shop_thresholds", threshold_key="loyal_order_count", threshold_value=3)
        made.add("shop_thresholds", threshold_key="motivation_high", threshold_value=15)
    fewest = random.Random(f"hesitating {made.shop_id}").choice((None, None, 1, 3, 5, 9))
    if fewest is not None:
        made.add(
            "shop_thresholds", threshold_key="hesitating_below_order_count", threshold_value=fewest
        )
