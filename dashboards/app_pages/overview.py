"""概況: is all well, what do I do today, how was the month?"""

from dashboards import access, filters, layout, overview_report, overview_today
from dashboards.page import Page


def show(page: Page) -> None:
    """Sentence, three lines, numbers; below them today and the month."""
    has_carts = page.snapshot.has(overview_today.CART_DAYS)
    overview_today.sentence(page, has_carts=has_carts)
    overview_today.lines(page)
    overview_today.numbers(page, has_carts=has_carts)
    views = {
        "today": lambda: overview_today.today(page),
        "report": lambda: overview_report.show(page),
    }
    filters.tabs(page, "view", views)


viewer = access.guard()
show(layout.open_page("overview", viewer))
