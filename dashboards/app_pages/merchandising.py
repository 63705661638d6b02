"""商品: what is left behind, what sells in a category, what goes together, what people lean to."""

from collections.abc import Callable
from functools import partial
from typing import Any

from dashboards import access, cart_rates, filters, goods, layout, parts, tendencies
from dashboards.cart_rates import PRODUCTS, PRODUCTS_SHOWN
from dashboards.goods import PAIRS, RANKING
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.tendencies import TENDENCIES
from dashboards.text import Cell

LINES = "fct_order_lines"


def left_sizes(page: Page) -> dict[str, int]:
    """Carts of the product left behind most, by trailing period, shortest first."""
    found = {key: most_carts(page, key, most=1) for key in filters.PERIODS}
    return {key: int(rows[0]["cart_count"]) for key, rows in found.items() if rows}


def most_carts(page: Page, period: str, *, most: int) -> list[dict[str, Any]]:
    """The products left behind most in a period."""
    order = ("-cart_count", "product_key")
    return page.snapshot.read(
        PRODUCTS, {"period_key": period}, order_by=order, most=most
    ).to_dicts()


def left_period(page: Page) -> str:
    """The shortest period in which enough carts held what is left behind most, else the longest."""
    sizes = left_sizes(page)
    enough = [key for key, carts in sizes.items() if carts >= page.words.small_n]
    return enough[0] if enough else list(sizes)[-1]


def most_left(page: Page) -> dict[str, Any] | None:
    """The product left behind most, None where there is none this reader may know the count of."""
    if not page.snapshot.has(PRODUCTS):
        return None
    rows = most_carts(page, left_period(page), most=PRODUCTS_SHOWN)
    return next((row for row in rows if not page.hides(row)), None)


def numbers(page: Page) -> None:
    """The product left behind most, the one most people bought, the pair ordered most."""
    words = page.words
    cards = []
    top = most_left(page)
    if top is not None:
        period = str(top["period_key"])
        name = top["product_name"] or top["product_key"]
        count = words.count(top["cart_count"], "cart")
        bought = words.rate(page.snapshot.rate(PRODUCTS, "bought_in_window_rate", top), "cart").text
        shown = words.period(period)
        days = int(page.snapshot.settings["recovery_window_days"])
        told = {"name": name, "period": shown, "carts": count, "bought": bought}
        parts.answer(words("goods.sentence", days=days, **told))
        cards.append(Card(words("goods.card.left", period=shown), Cell(count), name))
    else:
        key = "few" if page.snapshot.has(PRODUCTS) else "sold"
        parts.answer(words(f"goods.sentence.{key}"))
    cards += goods.leaders(page)
    parts.cards(cards)
    metric = Metric(words("products.bought"), PRODUCTS, "bought_in_window_rate")
    parts.receipt(page, "numbers", [metric] if page.snapshot.has(PRODUCTS) else [])


def has_lines(page: Page) -> bool:
    """Whether order lines came, and none of them says which product it is of."""
    return page.snapshot.has(LINES) and not page.snapshot.total(
        LINES, {}, column="product_id", distinct=True
    )


def show(page: Page) -> None:
    """Sentence, leaders, then left behind, ranking, pairs and tendencies, empty ones saying so."""
    tables = {"left": PRODUCTS, "ranking": RANKING, "pairs": PAIRS, "tendencies": TENDENCIES}
    if not any(page.snapshot.has(table) for table in tables.values()):
        parts.answer(page.words("goods.sentence.none"))
        parts.empty(page.words, "empty.goodsid" if has_lines(page) else "empty.goods")
        return
    numbers(page)
    views: dict[str, Callable[[Page], None]] = {
        "left": left,
        "ranking": goods.ranking,
        "pairs": goods.pairs,
        "tendencies": tendencies.show,
    }
    # Without cart history nothing can be said of what is left behind; the rest says what it lacks.
    shown = {
        name: partial(view, page)
        for name, view in views.items()
        if tables[name] in page.snapshot.columns and (name != "left" or page.snapshot.has(PRODUCTS))
    }
    filters.tabs(page, "view", shown)


def left(page: Page) -> None:
    """Goods left behind in a period the reader chooses."""
    cart_rates.product_table(page, filters.choose_period(page, left_sizes(page)))


viewer = access.guard()
show(layout.open_page("merchandising", viewer))
