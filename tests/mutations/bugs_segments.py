"""Bugs of the segments and feeds: whom one would write to, or show what, by mistake."""

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
    Bug(
        "seg_winback",
        "to_months(cast(shops.winback_months as integer))",
        "to_days(cast(shops.winback_months * 30 as integer))",
        "a month is thirty days to whoever is won back",
    ),
    Bug(
        "seg_winback",
        "or done_steps.done_at is not null",
        "or armed.step_number > 1",
        "a second mail does not wait for the first",
    ),
    Bug(
        "seg_browse_recovery",
        "kept_arms.record_no = coalesce(own_arms.record_no, 1)",
        "kept_arms.record_no = 1",
        "a merged person's past occurrence changes its arm",
    ),
    Bug(
        "seg_birthday",
        "recorded_at,\n                eligible_at,",
        "eligible_at,\n                recorded_at,",
        "a merged person goes on in the arm that was eligible first",
    ),
    Bug(
        "seg_second_purchase",
        "armed.delay_minutes - previous_steps.delay_minutes",
        "armed.delay_minutes - previous_steps.step_delay_minutes",
        "a step keeps its distance from another arm's delay",
    ),
    Bug(
        "seg_birthday",
        "coalesce(campaign_arms.delay_minutes, campaign_steps.delay_minutes)",
        "campaign_arms.delay_minutes",
        "who waits for a slow arm is put on record later than the others",
    ),
    Bug(
        "seg_winback",
        "where stepped.campaign_version = stepped.newest_version",
        "where stepped.campaign_version <= stepped.newest_version",
        "two versions of a campaign write side by side",
    ),
    Bug(
        "seg_birthday",
        "and day_after = 1",
        "and day_after = 0",
        "who was born on 29 February has a birthday in leap years alone",
    ),
    Bug(
        "seg_spend_tier",
        "to_days(cast(365 as integer))",
        "to_days(cast(366 as integer))",
        "a rolling year has 366 days",
    ),
    Bug(
        "seg_spend_tier",
        "order by\n                ordered_at,\n                order_id\n        ) as crossing_no",
        (
            "order by\n                ordered_at desc,\n                order_id\n        "
            ") as crossing_no"
        ),
        "a tier is reached by the last order instead of the first",
    ),
    Bug(
        "seg_second_purchase",
        "intervals.version_month",
        "intervals.version_month - interval 1 month",
        "the median of last month still counts",
    ),
    Bug(
        "seg_high_motivation",
        "cast(validity_hours as bigint))), hesitates_until_at)",
        "cast(validity_hours as bigint))), timestamp '2999-01-01')",
        "who has stopped hesitating is written to",
    ),
    Bug(
        "seg_browse_recovery",
        "where content_source <> 'ranking'",
        "where content_source <> 'none'",
        "a bestseller is shown as what a visitor looked at",
    ),
    Bug(
        "seg_review_request",
        "goods.ordered_at desc",
        "goods.ordered_at asc",
        "the oldest order's goods are asked about first",
    ),
    Bug(
        "fct_review_orders",
        "and dated.basis_at < dated.as_of_at",
        "and dated.basis_at is not null",
        "what will be delivered later today counts as delivered",
    ),
    Bug(
        "fct_review_orders",
        "due_orders.occurrence_key <> asked_orders.occurrence_key",
        "asked_orders.occurrence_key is null",
        "an order is asked about again on another day",
    ),
    Bug(
        "fct_review_orders",
        "due_orders.campaign_key <> asked_orders.campaign_key",
        "asked_orders.campaign_key is null",
        "an order is asked about again by another campaign",
    ),
    Bug(
        "fct_reviewable_goods",
        "coalesce(lines.refunded_quantity, 0) < lines.quantity",
        "lines.quantity > 0",
        "who gave a thing back is asked to review it",
    ),
    Bug(
        "seg_newsletter",
        "where segment_key = 'newsletter'\n\n)",
        "where segment_key = 'newsletter' and is_active\n\n)",
        "a newsletter that was stopped goes out as the plain one",
    ),
    Bug(
        "seg_cart_recovery",
        "when shelves.sold_out_count = shelves.item_count then",
        "when shelves.sold_out_count > 0 then",
        "a cart of which one thing is sold out is given up",
    ),
    Bug(
        "seg_cart_recovery",
        "when steps_due.is_mailed_by_shop then 'shop_mailed'",
        "when not steps_due.is_mailed_by_shop then 'shop_mailed'",
        "whom the shop has reminded itself is reminded again",
    ),
    Bug(
        "dim_visitors",
        "where objections.person_id is null",
        "where objections.person_id is null or objections.person_id is not null",
        "who objects to profiling meets a page of their own",
    ),
    Bug(
        "dim_visitors",
        "not is_shared\n",
        "is_shared is not null\n",
        "a browser of two people shows what the first one likes",
    ),
    Bug(
        "feed_onsite_welcome",
        "and session_count <= 1",
        "and session_count <= 2",
        "who comes a second time is greeted as new",
    ),
    Bug(
        "feed_onsite_ranking",
        "window_days = 30",
        "window_days = 7",
        "the ranking of a week is shown for that of a month",
    ),
    Bug(
        "feed_onsite_top",
        "and tendency_rank <= 3",
        "and tendency_rank <= 2",
        "the third taste of a person is forgotten",
    ),
    Bug(
        "feed_onsite_coordinate",
        "where recommendation_reason = 'pair'",
        "where recommendation_reason <> 'ranking'",
        "what others viewed is said to go with an order",
    ),
    Bug(
        "rpt_segment_days",
        "count(distinct done.person_id)",
        "count(done.person_id)",
        "who got two steps on one day counts as two people of the segment",
    ),
)
