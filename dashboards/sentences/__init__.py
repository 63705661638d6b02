"""Every sentence of the screens, Japanese and English side by side, one module per page.

A sentence and its translation stand on one line, and nothing else may speak: `text.Words` reads
them by their key.
"""

from collections.abc import Mapping
from typing import Final

from dashboards.sentences import (
    carts,
    cohorts,
    customers,
    experiments,
    exports,
    frame,
    goods,
    health,
    overview,
    people,
    retention,
    segments,
)

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    **frame.PAIRS,
    **overview.PAIRS,
    **carts.PAIRS,
    **cohorts.PAIRS,
    **experiments.PAIRS,
    **retention.PAIRS,
    **customers.PAIRS,
    **goods.PAIRS,
    **health.PAIRS,
    **exports.PAIRS,
    **segments.PAIRS,
    **people.PAIRS,
}

# Latin that a Japanese sentence may hold: what the trade itself writes so, and our own names.
LATIN_IN_JAPANESE: Final = frozenset(
    {"CSV", "PDF", "URL", "SKU", "RFM", "LTV", "F1", "F2", "F3", "F4", "F5", "A", "A4", "B"}
    | {"CTR", "CTOR", "LINE", "GA4", "Shopserve", "Okaeri", "okaeri"}
)
