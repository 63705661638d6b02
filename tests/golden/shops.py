"""Every golden shop in one landing."""

from tests.golden import article, carts, due, edges, outcomes, street, trial
from tests.golden.rows import Rows, together


def landing() -> Rows:
    """Rows of all golden shops, as of 1 November 2026."""
    return together(
        article.message_shop(),
        article.report_shop(),
        carts.tokyo(),
        carts.new_york(),
        carts.snapshots(),
        outcomes.shop(),
        trial.shop(),
        due.shop(),
        street.shop(),
        edges.shop(),
    )
