"""Bugs of phases, scores, tendencies, rankings, pairs and last sights."""

from typing import Final

from tests.mutations.bugs import Bug

BEHAVIOUR_BUGS: Final = (
    Bug(
        "int_persons__phase_changes",
        "-1 as order_change",
        "0 as order_change",
        "a cancelled order leaves its buyer in the phase it gave",
    ),
    Bug(
        "dim_person_phases",
        "when running.account_count = 0 then 'guest_buyer'",
        "when running.account_count = 0 and running.order_count = 1 then 'guest_buyer'",
        "a guest's second order makes a member of them",
    ),
    Bug(
        "rpt_phase_transitions",
        "left join at_start",
        "inner join at_start",
        "who first appeared in a month is left out",
    ),
    Bug(
        "fct_motivation_scores",
        "least(counted.week_count, weights.daily_cap)",
        "counted.week_count",
        "a hundred views of one day count a hundred times",
    ),
    Bug(
        "fct_motivation_scores",
        "and signals.signal_at < windows.week_counts_to_at",
        "and signals.signal_at < windows.week_to_at",
        "what somebody viewed after the first order led to it",
    ),
    Bug(
        "int_motivation__signals",
        "where picture_no = 3",
        "where picture_no >= 3",
        "a fourth picture of a product counts again",
    ),
    Bug(
        "rpt_motivation_calibration",
        "and not scores.has_ordered_in_week",
        "and scores.has_ordered_in_week is not null",
        "who bought within the week is expected to buy for the first time after it",
    ),
    Bug(
        "int_products__signals",
        "and not order_items.is_free",
        "and order_items.is_free is not null",
        "a free gift counts as chosen",
    ),
    Bug(
        "fct_person_tendencies",
        "when 'favourite' then 2.0",
        "when 'favourite' then 1.0",
        "a favourite weighs no more than a view",
    ),
    Bug(
        "rpt_category_ranking",
        "adder_count desc,",
        "adder_count asc,",
        "of products ordered equally often the one in fewer carts leads",
    ),
    Bug(
        "rpt_category_ranking",
        "and products.is_purchasable",
        "and products.is_purchasable is not null",
        "a sold-out product leads the ranking",
    ),
    Bug(
        "int_products__baskets",
        "= sessions.visitor_key",
        "is not null and events.person_id = sessions.person_id",
        "what was open on two screens at one time was viewed together",
    ),
    Bug(
        "rpt_item_pairs",
        "case when is_curated then 0 else 1 end asc",
        "case when is_curated then 1 else 0 end asc",
        "the shop's own pairs come after those of chance",
    ),
    Bug(
        "int_persons__seen",
        "and by_browser_alone.seen_at < browsers.shared_from_at",
        "and by_browser_alone.seen_at is not null",
        "what the second person did on a shared browser is the first one's last sight",
    ),
    Bug(
        "fct_hesitating_persons",
        "greatest(ranked.any_looks_until_at, carts.cart_until_at)",
        "greatest(ranked.any_looked_at, carts.cart_until_at)",
        "who hesitates is done with it at the last look, not a day after the third",
    ),
    Bug(
        "fct_new_arrival_matches",
        "< settings.new_days",
        "<= settings.new_days",
        "what is a day too old is new",
    ),
    Bug(
        "int_contents__offered",
        "and wanted.signal_on <= owned.last_ordered_on",
        "and wanted.signal_on < owned.last_ordered_on",
        "what was bought on the day it was looked at is shown again",
    ),
    Bug(
        "int_favourites__identified",
        "coalesce(last_lifted.removed_at < by_day.last_favoured_at, true)",
        "coalesce(last_lifted.removed_at is not null, true)",
        "a favourite that was lifted still stands",
    ),
    Bug(
        "fct_person_recommendations",
        "from last_viewed\n\n)",
        "from last_viewed\n    where product_id is null\n\n)",
        "what was viewed just now is recommended",
    ),
    Bug(
        "int_search_words__categorised",
        "and searches.search_no = looks.search_no",
        "and searches.search_no <= looks.search_no",
        "what the next search found was found by the one before it, too",
    ),
    Bug(
        "int_persons__coupon_trained",
        "and coupon_orders.ordered_by_at <= episodes.abandoned_at",
        "and coupon_orders.ordered_by_at is not null",
        "a cart left before the coupon was used waits for the next one",
    ),
    Bug(
        "int_persons__described",
        "case when birth_month is null then 1 else 0 end asc,",
        "case when birth_month is null then 0 else 1 end asc,",
        "of two accounts the one that gives no birthday speaks",
    ),
    Bug(
        "int_persons__described",
        "coalesce(customers.registered_at < as_of.as_of_at, true)",
        "true",
        "looked back at, who registers later is a member already",
    ),
    Bug(
        "fct_hesitating_persons",
        "phase_order_count < hesitating_below_order_count",
        "phase_order_count < 2",
        "whatever the shop says, nobody hesitates after a second order",
    ),
    Bug(
        "int_products__dated",
        "first_seen_on > source_first_seen_on",
        "first_seen_on >= source_first_seen_on",
        "a whole catalogue is new on the day it is first read",
    ),
    Bug(
        "int_categories__guided",
        "nested.distance asc",
        "nested.distance desc",
        "a mail links to the guide of the widest category",
    ),
    Bug(
        "rpt_campaign_steps",
        "coalesce(campaigns.segment_key, campaign_segments.segment_key)",
        "campaigns.segment_key",
        "mails of a version the shop file has dropped are nobody's",
    ),
    Bug(
        "rpt_recovery_steps",
        "segment_key is null and report_grain = 'totals'",
        "segment_key is null",
        "a newsletter sent by hand recovers carts",
    ),
    Bug(
        "rpt_person_tendencies",
        "where tendencies.is_taste",
        "where tendencies.is_taste is not null",
        "what most goods carry is counted as everybody's taste",
    ),
)
