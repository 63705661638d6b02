"""商品: what is left behind, what sells in a category, what goes together, what people lean to."""

from collections.abc import Callable
from functools import partial

from dashboards import access, cart_rates, filters, goods, layout, parts, tendencies
from dashboards.cart_rates import PRODUCTS
from dashboards.goods import PAIRS, RANKING
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.tendencies import TENDENCIES
from dashboards.text import Cell


def left_period(page: Page) -> str:
    """The shortest trailing period in which anything was left behind, as keys of the mart."""
    known = set(page.snapshot.read(PRODUCTS, {})["period_key"].to_list())
    return next(key for key in filters.PERIODS if key in known)


def numbers(page: Page) -> None:
    """The product left behind most, the one most people bought, the pair ordered most."""
    words = page.words
    cards = []
    if page.snapshot.has(PRODUCTS):
        period = left_period(page)
        order = ("-cart_count", "product_key")
        top = page.snapshot.read(PRODUCTS, {"period_key": period}, order_by=order).to_dicts()[0]
        name = top["product_name"] or top["product_key"]
        count = words.count(top["cart_count"], "cart")
        bought = words.rate(page.snapshot.rate(PRODUCTS, "bought_in_window_rate", top), "cart").text
        shown = words.period(period)
        days = int(page.snapshot.settings["recovery_window_days"])
        told = {"name": name, "period": shown, "carts": count, "bought": bought}
        parts.answer(words("goods.sentence", days=days, **told))
        cards.append(Card(words("goods.card.left", period=shown), Cell(count), name))
    else:
        parts.answer(words("goods.sentence.sold"))
    cards += goods.leaders(page)
    parts.cards(cards)
    metric = Metric(words("products.bought"), PRODUCTS, "bought_in_window_rate")
    parts.receipt(page, "numbers", [metric] if page.snapshot.has(PRODUCTS) else [])


def show(page: Page) -> None:
    """Sentence, leaders, then left behind, ranking, pairs and tendencies, empty ones saying so."""
    tables = {"left": PRODUCTS, "ranking": RANKING, "pairs": PAIRS, "tendencies": TENDENCIES}
    if not any(page.snapshot.has(table) for table in tables.values()):
        parts.answer(page.words("goods.sentence.none"))
        parts.empty(page.words, "empty.goods")
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
    words = page.words
    known = set(page.snapshot.read(PRODUCTS, {})["period_key"].to_list())
    options = [key for key in filters.PERIODS if key in known]
    period = filters.choose(page, "period", options, word=words.period)
    cart_rates.product_table(page, period)


viewer = access.guard()
show(layout.open_page("merchandising", viewer))
