"""Facts of single lines and events: order lines, mail events, visits, and what was looked at."""

from tests.oracle.browse import fct_browse_abandonments
from tests.oracle.due import shelf_of
from tests.oracle.facts import Fact, Mart, month_of
from tests.oracle.mail import PREFETCH_BASES, events_of_mailers
from tests.oracle.world import World

LOOKED_AT = ("Product Viewed", "Product Added to Wishlist")


def fct_order_lines(world: World) -> list[Fact]:
    """Lines of every order but those of test accounts."""
    orders = {order.order_id: order for order in world.orders}
    return [
        {
            "order_item_id": line["order_item_id"],
            "order_id": line["order_id"],
            "person_id": order.person,
            "product_id": line["product_id"],
            "sku": line["sku"],
            "line_no": line["line_no"],
            "product_name": line["product_name"],
            "purchase_no": order.purchase_no,
            "currency": world.shop.currency,
            "is_sale": order.is_sale,
            "quantity": line["quantity"],
            "line_amount": line["line_amount"],
            "ordered_at": order.ordered_at,
            "ordered_on": order.ordered_on,
            "ordered_month": month_of(order.ordered_on),
        }
        for line in world.shop["order_items"]
        if (order := orders.get(str(line["order_id"]))) is not None
    ]


def fct_mail_events(world: World) -> list[Fact]:
    """Every event of a mailer, the message it is of, and who did it."""
    return [
        {
            "provider": event.row["provider"],
            "event_key": event.row["event_key"],
            "message_id": event.message_id,
            "match_basis": event.basis,
            "event_type": event.kind,
            "event_class": event.reader,
            "machine_basis": PREFETCH_BASES.get(event.evidence),
            "occurred_at": event.at,
            "occurred_on": world.shop.on(event.at),
        }
        for event in events_of_mailers(world.shop, world.people)
    ]


def fct_sessions(world: World) -> list[Fact]:
    """Every visit."""
    return [
        {
            "session_id": session.session_id,
            "person_id": session.person,
            "device": max(
                (str(e["device"]) for e in session.events if e["device"] is not None), default=None
            ),
            "event_count": len(session.events),
            "product_view_count": session.count("Product Viewed"),
            "started_at": session.started_at,
            "started_on": world.shop.on(session.started_at),
            "started_month": month_of(world.shop.on(session.started_at)),
            "ended_at": session.ended_at,
        }
        for session in world.sessions
    ]


def fct_browse_abandonment_items(world: World) -> list[Fact]:
    """Goods of visits without a cart: favourites first, then what was looked at last."""
    left = {fact["session_id"] for fact in fct_browse_abandonments(world)}
    rows = []
    for session in world.sessions:
        if session.session_id not in left:
            continue
        seen = [
            event
            for event in session.events
            if event["event_name"] in LOOKED_AT and event["product_id"] is not None
        ]
        found = []
        for product in sorted({str(event["product_id"]) for event in seen}):
            of_it = [event for event in seen if event["product_id"] == product]
            views = sum(event["event_name"] == LOOKED_AT[0] for event in of_it)
            shelf = shelf_of(world.shop, product)
            found.append(
                {
                    "session_id": session.session_id,
                    "product_id": product,
                    "stock_band": shelf["stock_band"],
                    "is_favourite": views < len(of_it),
                    "is_purchasable": shelf["is_purchasable"],
                    "view_count": views,
                    "last_seen_at": max(event["occurred_at"] for event in of_it),
                }
            )
        found.sort(key=lambda item: (item["is_favourite"], item["last_seen_at"]), reverse=True)
        rows += [item | {"item_no": number} for number, item in enumerate(found, 1)]
    return rows


MARTS: dict[str, Mart] = {
    "fct_order_lines": (("order_item_id",), fct_order_lines),
    "fct_mail_events": (("provider", "event_key"), fct_mail_events),
    "fct_sessions": (("session_id",), fct_sessions),
    "fct_browse_abandonment_items": (("session_id", "item_no"), fct_browse_abandonment_items),
}
