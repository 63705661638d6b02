"""The segments and feeds of definitions, section 10: their keys, and what says their rows."""

from collections.abc import Mapping

from tests.oracle import feeds, reviews, segments, segments_of_goods
from tests.oracle.facts import Mart

MEMBER = ("dedupe_key", "person_id")
VISITOR = ("visitor_kind", "visitor_id")

MARTS: Mapping[str, Mart] = {
    "fct_reviewable_goods": (("order_id", "product_id"), reviews.fct_reviewable_goods),
    "fct_review_orders": (("order_id", "campaign_key"), reviews.fct_review_orders),
    "seg_birthday": (MEMBER, segments.seg_birthday),
    "seg_newsletter": (MEMBER, segments.seg_newsletter),
    "seg_second_purchase": (MEMBER, segments.seg_second_purchase),
    "seg_spend_tier": (MEMBER, segments.seg_spend_tier),
    "seg_welcome": (MEMBER, segments.seg_welcome),
    "seg_winback": (MEMBER, segments.seg_winback),
    "seg_review_request": (MEMBER, reviews.seg_review_request),
    "seg_browse_recovery": (MEMBER, segments_of_goods.seg_browse_recovery),
    "seg_cart_recovery": (MEMBER, segments_of_goods.seg_cart_recovery),
    "seg_high_motivation": (MEMBER, segments_of_goods.seg_high_motivation),
    "seg_new_arrival": (MEMBER, segments_of_goods.seg_new_arrival),
    "dim_visitors": (VISITOR, feeds.dim_visitors),
    "feed_onsite_welcome": (VISITOR, feeds.feed_onsite_welcome),
    "feed_onsite_ranking": ((*VISITOR, "item_rank"), feeds.feed_onsite_ranking),
    "feed_onsite_top": (VISITOR, feeds.feed_onsite_top),
    "feed_onsite_coordinate": ((*VISITOR, "item_rank"), feeds.feed_onsite_coordinate),
}
