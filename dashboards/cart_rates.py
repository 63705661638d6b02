"""Abandonment rates: by month, and by value, membership, device, product, weekday and hour."""

from typing import Any, Final

from dashboards import charts, filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric
from dashboards.tables import HeatCell, HeatRow
from dashboards.text import Cell

ABANDONMENT: Final = "rpt_cart_abandonment"
DIMENSIONS: Final = ("value_band", "member", "device", "weekday_hour")
PRODUCTS: Final = "rpt_cart_products"
PRODUCTS_SHOWN: Final = 15
NEWEST_MONTHS: Final = 24
# Rate column → the word over it.
RATES: Final = {
    "abandonment_rate": "cart.rate.abandoned",
    "not_ordered_rate": "cart.rate.not_ordered",
}

Row = dict[str, Any]


def show(page: Page, period: str) -> None:
    """Abandonment by month, and by what the reader chooses."""
    words = page.words
    rows = page.snapshot.read(
        ABANDONMENT, {"dimension": "all"}, order_by=("period_key",), rates=tuple(RATES)
    ).to_dicts()
    months = [row for row in rows if row["period_key"][:2].isdigit()][-NEWEST_MONTHS:]
    parts.title(words("cart.rate.chart"))
    names = {column: words(key) for column, key in RATES.items()}
    points = [
        {
            "x": words.period(row["period_key"]),
            "series": names[column],
            "value": row[column],
            "low": row[f"{column}_low"],
            "high": row[f"{column}_high"],
            "tip": f"{words.period(row['period_key'])} {names[column]} {told.text}",
            "cell": told,
        }
        for row in months
        for column in RATES
        if is_drawn(page, row, column)
        and (told := words.rate(page.snapshot.rate(ABANDONMENT, column, row), "cart"))
    ]
    if points:
        drawn = charts.rate_lines(points, series=list(names.values()))
        parts.chart(page, "rates", drawn, about=words("cart.rate.chart"))
        parts.note(words("cart.rate.note"))
    else:
        parts.note(words("cart.rate.few", n=words.small_n))
    breakdown(page, period)


def is_drawn(page: Page, row: Row, column: str) -> bool:
    """Whether a month carries its point: enough carts, and for the last rate all of them closed.

    Those that close early are those that ordered.
    """
    if row[column] is None or (row["settled_count"] or 0) < page.words.small_n:
        return False
    return column != "not_ordered_rate" or bool(row["is_not_ordered_mature"])


def breakdown(page: Page, period: str) -> None:
    """The rates of a period by one dimension."""
    words = page.words
    rows = page.snapshot.read(ABANDONMENT, {"period_key": period, "dimension": DIMENSIONS})
    options = [d for d in DIMENSIONS if d in set(rows["dimension"].to_list())]
    if page.snapshot.has(PRODUCTS):
        options.append("product")
    if not options:
        return
    chosen = filters.choose(page, "by", options, word=lambda key: words(f"dimension.{key}"))
    if chosen == "product":
        product_table(page, period)
        return
    parts.title(words("cart.rate.table", period=words.period(period)))
    where = {"period_key": period, "dimension": chosen}
    found = page.snapshot.read(ABANDONMENT, where, order_by=("dimension_value",)).to_dicts()
    if chosen == "weekday_hour":
        metric = Metric(words(RATES["abandonment_rate"]), ABANDONMENT, "abandonment_rate")
        parts.heat(page, "week", *week(page, found), metrics=[metric])
        parts.note(words("week.note", n=words.small_n))
    else:
        dimension_table(page, chosen, found)


def dimension_table(page: Page, dimension: str, rows: list[Row]) -> None:
    """One row per value: carts, both rates, the money left behind."""
    words, snapshot = page.words, page.snapshot
    body: list[tables.Row] = [
        [
            words.of_dimension(dimension, str(row["dimension_value"])),
            words.number(row["opened_count"]),
            *(words.rate(snapshot.rate(ABANDONMENT, column, row), "cart") for column in RATES),
            words.number(row["abandoned_value_amount"]),
        ]
        for row in rows
    ]
    names = ("opened", "abandoned", "not_ordered", "value")
    head = [words(f"dimension.{dimension}"), *(words(f"cart.rate.{n}") for n in names)]
    metrics = [Metric(words(key), ABANDONMENT, column) for column, key in RATES.items()]
    parts.table(page, "rates", head, body, metrics=metrics)


def product_table(page: Page, period: str) -> None:
    """What is left behind most, whether it was bought later, and whether it can be bought today."""
    words, snapshot = page.words, page.snapshot
    rows = snapshot.read(
        PRODUCTS,
        {"period_key": period},
        order_by=("-cart_count", "product_key"),
        most=PRODUCTS_SHOWN,
    ).to_dicts()
    names = ("name", "carts", "bought", "value", "stock")
    body = [product_line(page, row) for row in rows]
    parts.title(words("products.title", period=words.period(period)))
    metrics = [Metric(words("products.bought"), PRODUCTS, "bought_in_window_rate")]
    parts.table(
        page, "products", [words(f"products.{name}") for name in names], body, metrics=metrics
    )
    parts.note(words("products.note", n=PRODUCTS_SHOWN))


def product_line(page: Page, row: Row) -> tables.Row:
    """One product; whoever may not know of few people sees what it is, and not how often."""
    words = page.words
    name = Cell(row["product_name"] or row["product_key"], words.plain(row["category_name"]))
    stock = words(f"stock.{row['stock_band']}")
    if page.hides(row):
        return [name, "—", "—", "—", stock]
    return [
        name,
        words.count(row["cart_count"], "cart"),
        words.rate(page.snapshot.rate(PRODUCTS, "bought_in_window_rate", row), "cart"),
        words.number(row["value_amount"]),
        stock,
    ]


def week(page: Page, rows: list[Row]) -> tuple[list[str], list[HeatRow]]:
    """Hours down, weekdays across: the abandonment rate where enough carts stand behind it."""
    words = page.words
    by_place = {row["dimension_value"]: row for row in rows}
    deepest = max((row["abandonment_rate"] or 0.0 for row in rows), default=0.0)
    found = []
    for hour in range(24):
        squares = tuple(
            week_square(page, by_place.get(f"{day}-{hour:02d}"), deepest=deepest)
            for day in range(1, 8)
        )
        found.append(HeatRow(words("week.hour", hour=hour), "", squares))
    return [words("week.head"), "", *words("week.days").split()], found


def week_square(page: Page, row: Row | None, *, deepest: float) -> HeatCell:
    """Rate and n of one hour of the week; counts alone, without colour, where they are few."""
    if row is None or row["abandonment_rate"] is None:
        return HeatCell(Cell(""))
    words = page.words
    rate = page.snapshot.rate(ABANDONMENT, "abandonment_rate", row)
    if (rate.denominator or 0) < words.small_n:
        counts = words("week.few", k=f"{rate.numerator:,}", n=f"{rate.denominator:,}")
        return HeatCell(Cell(counts, is_small=True))
    shade = row["abandonment_rate"] / deepest if deepest else 0.0
    return HeatCell(Cell(words.percent(rate.value), f"n={rate.denominator:,}"), shade)
