"""Bugs of the segments: whom one would write to, or not, by mistake."""

from typing import Final

from tests.mutations.bugs import Bug

SEGMENT_BUGS: Final = (
    Bug(
        "seg_spend_tier",
        "where reached_amount >= from_amount",
        "where reached_amount > from_amount",
        "who reaches a tier exactly is not thanked",
    ),
    Bug(
        "seg_birthday",
        "coalesce(persons.birth_day, 1)",
        "persons.birth_day",
        "who gave the month of birth alone is never congratulated",
    ),
    Bug(
        "fct_reviewable_goods",
        "reviews.product_id is null",
        "true",
        "who has reviewed a product is asked to review it",
    ),
    Bug(
        "seg_welcome",
        "and order_count = 0",
        "and order_count >= 0",
        "a member who has ordered is greeted as new",
    ),
)
