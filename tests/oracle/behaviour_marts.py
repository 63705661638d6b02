"""The marts of definitions, section 8: their keys, and the functions that say their rows."""

from collections.abc import Mapping

from tests.oracle import (
    behaviour_customers,
    behaviour_now,
    behaviour_offers,
    behaviour_phases,
    behaviour_products,
    behaviour_scores,
    behaviour_searches,
    behaviour_tastes,
)
from tests.oracle.facts import Mart

MARTS: Mapping[str, Mart] = {
    "dim_persons": (("person_id",), behaviour_customers.dim_persons),
    "dim_person_phases": (("person_id", "phase_no"), behaviour_phases.dim_person_phases),
    "rpt_phase_transitions": (
        ("transition_month", "from_phase", "to_phase"),
        behaviour_phases.rpt_phase_transitions,
    ),
    "fct_motivation_scores": (("person_id",), behaviour_scores.fct_motivation_scores),
    "rpt_motivation_calibration": (("week_band",), behaviour_scores.rpt_motivation_calibration),
    "fct_person_tendencies": (
        ("person_id", "dimension", "dimension_value"),
        behaviour_products.fct_person_tendencies,
    ),
    "rpt_person_tendencies": (
        ("dimension", "dimension_value"),
        behaviour_tastes.rpt_person_tendencies,
    ),
    "rpt_category_ranking": (
        ("category_id", "window_days", "category_rank"),
        behaviour_products.rpt_category_ranking,
    ),
    "rpt_item_pairs": (
        ("pair_kind", "product_id", "pair_rank"),
        behaviour_products.rpt_item_pairs,
    ),
    "fct_hesitating_persons": (("person_id",), behaviour_now.fct_hesitating_persons),
    "fct_new_arrival_matches": (
        ("person_id", "product_id"),
        behaviour_now.fct_new_arrival_matches,
    ),
    "fct_person_content": (("person_id",), behaviour_offers.fct_person_content),
    "fct_person_recommendations": (
        ("person_id", "recommendation_rank"),
        behaviour_offers.fct_person_recommendations,
    ),
    "rpt_search_words": (("search_word",), behaviour_searches.rpt_search_words),
}
