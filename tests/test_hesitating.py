"""Who hesitates does so until `valid_until_at` and no longer, if nothing more happens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.compiled import marts_of
from tests.warehouse import Row

NOW = datetime(2026, 11, 10, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# Points and most per day, as definitions 8 has them.
WEIGHTS = {
    "product_view": (1, 5), "search": (1, 5), "three_pictures": (3, 3), "favourite": (5, 3),
    "add_to_cart": (8, 3), "checkout": (10, 3), "return_day": (5, 3), "sign_up": (5, 3),
}  # fmt: skip


def acts(person: str, event: str, *ago: float, product: str | None = None) -> Iterator[Row]:
    """Events of one browser, so many hours before now."""
    for hours in ago:
        at = NOW - timedelta(hours=hours)
        yield {
            "event_id": f"{person}-{event}-{product}-{hours}", "anonymous_id": person,
            "event_name": event, "occurred_at": at, "product_id": product,
            "cart_id": f"cart-{person}" if event == "Product Added" else None,
        }  # fmt: skip


EVENTS: list[Row] = [
    # looker: 3 favourites (15), 5 searches (5) and 4 views (4) today, 1 yesterday (1), a second day
    # (5): 30. Three looks at the bag: the third newest is 20 hours old, over in 4.
    *acts("looker", "Product Added to Wishlist", 5, product="cap"),
    *acts("looker", "Product Added to Wishlist", 5, product="bag"),
    *acts("looker", "Product Added to Wishlist", 5, product="hat"),
    *acts("looker", "Products Searched", 6, 6.1, 6.2, 6.3, 6.4),
    *acts("looker", "Product Viewed", 1, 2, 20, product="bag"),
    *acts("looker", "Product Viewed", 7, 8, product="cap"),
    # putter: a cart of six days ago (8), touched again five (8 and 5 for the day) and four days ago
    # (8 and 5): 34. Without the first 26 are left, without the second day 13: high for two days.
    *acts("putter", "Product Added", 6 * 24, 5 * 24, 4 * 24, product="bag"),
    # twice: two carts on one day (16), on the next a checkout (10) and its return (5): 31, and 23
    # without the first of the two carts.
    *acts("twice", "Product Added", 50, 46, product="cap"),
    *acts("twice", "Checkout Started", 30, product=None),
]
EXPECTED = {
    "looker": ("views", NOW + timedelta(hours=4)),
    "putter": ("cart", NOW + timedelta(days=2)),
    "twice": ("cart", NOW + timedelta(days=7) - timedelta(hours=50)),
}


def hesitating(folder: Path, as_of: datetime) -> dict[str, tuple[str, datetime]]:
    """Sign and end of everybody who hesitates at `as_of`, by browser."""
    rows = {
        "events": EVENTS,
        "products": [{"product_id": product} for product in ("bag", "cap", "hat")],
        "motivation_weights": [
            {"weight_key": key, "points": points, "daily_cap": most}
            for key, (points, most) in WEIGHTS.items()
        ],
    }
    warehouse = marts_of(rows, folder=folder, only=["fct_hesitating_persons"], as_of=as_of)
    found = warehouse.execute(
        "select person_id, hesitation_kind, valid_until_at from marts.fct_hesitating_persons"
    ).fetchall()
    return {person: (kind, until.replace(tzinfo=UTC)) for person, kind, until in found}


def test_the_end_of_a_hesitation_is_foretold(tmp_path: Path) -> None:
    assert hesitating(tmp_path, NOW) == EXPECTED


@pytest.mark.parametrize("person", EXPECTED)
def test_a_hesitation_lasts_as_long_as_was_foretold(tmp_path: Path, person: str) -> None:
    foretold = EXPECTED[person]

    before = hesitating(tmp_path / "before", foretold[1] - SECOND)
    after = hesitating(tmp_path / "after", foretold[1] + SECOND)

    assert before[person] == foretold
    assert person not in after
