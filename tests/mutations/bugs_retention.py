"""Bugs of cohorts, means, waits, limits and returning customers."""

from typing import Final

from tests.mutations.bugs import Bug

RETENTION_BUGS: Final = (
    Bug(
        "int_orders__cohort_members",
        "not coalesce(seen.first_seen_on < settings.history_from_on, false)",
        "first_events.began_at is not null",
        "who was known before the shop's history is new in it",
    ),
    Bug(
        "int_orders__cohort_members",
        "cohort_grain = 'month' or complete_weeks < 52",
        "cohort_grain = 'month' or complete_weeks <= 52",
        "a cohort by week stays for a week too long",
    ),
    Bug(
        "int_orders__cohort_periods",
        "members.began_on <= sales.ordered_on",
        "members.began_at <= sales.ordered_at",
        "who registers at the checkout has not ordered",
    ),
    Bug(
        "int_orders__cohort_periods",
        "when age_days < 30 then 1",
        "when age_days <= 30 then 1",
        "an order exactly 30 days later lies in the bracket before",
    ),
    Bug(
        "int_orders__cohort_cells",
        "alike.complete_count > grid.period_number",
        "alike.complete_count >= grid.period_number",
        "who is still living through a period counts as watched",
    ),
    Bug(
        "rpt_cohort_retention",
        "cohort_basis = 'first_order' and period_number = 0 as holds_everybody",
        "period_number = 0 as holds_everybody",
        "every first visit is an order",
    ),
    Bug(
        "rpt_cohort_means",
        "avg(case when is_mature then retention_rate end)",
        "avg(retention_rate)",
        "three early persons weigh as much as a month of three hundred",
    ),
    Bug(
        "rpt_returning_customers",
        "person_months.cohort_month < periods.first_month",
        "person_months.cohort_month < person_months.ordered_month",
        "a customer won within the period is a returning one of it",
    ),
    Bug(
        "rpt_next_order_survival",
        "1 - exp(log_waiting * exp(-half_width))",
        "1 - exp(log_waiting) - half_width",
        "the interval of a share that came back falls below 0",
    ),
    Bug(
        "int_orders__intervals",
        "returned_share >= 0.75 * horizon_share",
        "returned_share >= 0.75",
        "three quarters of everybody must come back, not of those who do",
    ),
    Bug(
        "int_orders__gaps",
        "and order_days.ordered_on < versions.version_month",
        "and order_days.ordered_on <= versions.version_month",
        "a month's limits know the orders of its first day",
    ),
    Bug(
        "int_persons__status_limits",
        "when own.gap_count >= 100 and own.q90_days is not null then 'band'",
        "when own.q90_days is not null then 'band'",
        "a handful of gaps sets the limits of a band",
    ),
    Bug(
        "rpt_customer_groups",
        "when order_band = '1' then 'new'",
        "when order_band <= '2' then 'new'",
        "who has ordered twice is still a new customer",
    ),
)
