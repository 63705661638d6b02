"""The bugs, as data: which model, what it says, what it would say, and what would be wrong then."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Bug:
    """One change of one model's compiled SQL. `old` stands in it exactly once."""

    model: str
    old: str
    new: str
    sentence: str


# The first five are found by the golden shops alone: they run with every test run.
BUGS: Final = (
    Bug(
        "int_cart_episodes",
        "abandoned_days.day_on as abandoned_on",
        "cast(described.abandoned_at as date) as abandoned_on",
        "an abandonment is dated by UTC, not by the shop's clock",
    ),
    Bug(
        "int_recovery__credited",
        "message_orders.message_id desc",
        "message_orders.message_id asc",
        "of two messages touched at one instant the smaller id is credited",
    ),
    Bug(
        "int_orders__sales",
        "left join refunded",
        "inner join refunded",
        "an order without a refund is lost",
    ),
    Bug(
        "int_cart_activities__spaced",
        "idle_at <= coalesce(",
        "idle_at < coalesce(",
        "a cart left alone for exactly its idle minutes is not abandoned",
    ),
    Bug(
        "int_recovery__message_orders",
        "messages.window_ends_at > orders.ordered_by_at",
        "messages.window_ends_at >= orders.ordered_by_at",
        "an order at the end of a message's window lies inside it",
    ),
    Bug(
        "int_experiments__observed",
        "started.window_ends_at > orders.ordered_by_at",
        "started.window_ends_at >= orders.ordered_by_at",
        "an order at the end of the trial's window lies inside it",
    ),
    Bug(
        "rpt_repeat_rate",
        "left join aged as later",
        "inner join aged as later",
        "who never came back is left out of the repeat rate",
    ),
    Bug(
        "rpt_repeat_rate",
        "pairs.gap_days < spans.within_days",
        "pairs.gap_days <= spans.within_days",
        "an order on the thirtieth day came within thirty days",
    ),
    Bug(
        "int_orders__sales",
        "gross_amount - taken_back_amount",
        "gross_amount + taken_back_amount",
        "a refund is added to revenue",
    ),
    Bug(
        "int_recovery__credited",
        "message_orders.ordered_by_at >= touches.touched_at",
        "message_orders.ordered_by_at is not null",
        "a click after the order recovers it",
    ),
    Bug(
        "int_orders__sales",
        "is_sale_status and not is_cancelled and not is_refunded_in_full as is_sale",
        "not is_cancelled and not is_refunded_in_full as is_sale",
        "an order of a cancelled status is a sale",
    ),
    Bug(
        "int_orders__sales",
        "and not is_refunded_in_full as is_sale",
        "as is_sale",
        "an order refunded in full is a sale",
    ),
    Bug(
        "int_cart_activities__spaced",
        "coalesce(next_activity_at, closed_at, as_of_at)",
        "coalesce(next_activity_at, closed_at)",
        "a cart nobody touches again is never abandoned: only a new event would tell",
    ),
    Bug(
        "int_arms__started",
        "where assigned.eligible_no = 1",
        "where assigned.eligible_no >= 1",
        "every episode counts in the trial, not each person's first",
    ),
    Bug(
        "int_experiments__counted",
        "count(case when is_mature then 1 end) as person_count",
        "count(*) as person_count",
        "persons whose window is still open count as not having ordered",
    ),
    Bug(
        "int_messages__reported",
        "windowed.window_ends_at <= windowed.as_of_at as is_mature",
        "true as is_mature",
        "messages whose window is still open count as settled",
    ),
    Bug(
        "int_persons__merged",
        "where at_address.account_no <> address_heads.head_no",
        """where at_address.account_no <> address_heads.head_no

    union

    select
        one.shop_id,
        one_account.account_no as from_no,
        other_account.account_no as to_no
    from memory.intermediate.int_persons__traces as one
    inner join memory.intermediate.int_persons__traces as other
        on
            one.shop_id = other.shop_id
            and one.anonymous_id = other.anonymous_id
            and one.anonymous_id <> ''
    inner join ranked as one_account
        on
            one.shop_id = one_account.shop_id
            and one.customer_id = one_account.customer_id
    inner join ranked as other_account
        on
            other.shop_id = other_account.shop_id
            and other.customer_id = other_account.customer_id""",
        "two who logged in on one browser become one person",
    ),
    Bug(
        "int_persons__browsers",
        "max(person_rank) > 1 as is_shared",
        "false as is_shared",
        "a browser two persons logged in on counts as one person's",
    ),
    Bug(
        "int_events__identified",
        "or events.occurred_at < browsers.shared_from_at",
        "or browsers.person_id is not null",
        "what the second person does on a shared browser is the first one's doing",
    ),
    Bug(
        "int_recovery__credited",
        "where ranked.credit_rank = 1",
        "where ranked.credit_rank >= 1",
        "an order is credited to every message that could have led to it",
    ),
    Bug(
        "int_messages__touched",
        "and mail_events.event_class = 'human'",
        "and mail_events.event_class <> 'none'",
        "a scanner's click is a touch",
    ),
    Bug(
        "int_messages__touched",
        "and mail_events.occurred_at < messages.window_ends_at",
        "and mail_events.occurred_at is not null",
        "a click after the window is a touch",
    ),
    Bug(
        "int_cart_episodes__cut",
        "when expiry_at <= as_of_at then 'expired'",
        "when false then 'expired'",
        "a cart nobody comes back to never expires",
    ),
    Bug(
        "int_cart_episodes__cut",
        "and total_quantity = 0",
        "and total_quantity <= 1",
        "a cart with one piece left counts as emptied",
    ),
    Bug(
        "int_recovery__step_spending",
        "count(case when order_count > 0 then 1 end) as orderer_count",
        "cast(sum(order_count) as bigint) as orderer_count",
        "orders are counted as persons",
    ),
    Bug(
        "int_orders__sales",
        "coalesce(orders.customer_id, 'guest:' || orders.email_hash) = merged.customer_id",
        "orders.customer_id = merged.customer_id",
        "a guest known by address alone is nobody",
    ),
    Bug(
        "rpt_recovery_waterfall",
        "and by_month.abandoned_month <= periods.last_month",
        "and by_month.abandoned_month < periods.last_month",
        "the last month of a period is not in it",
    ),
    Bug(
        "rpt_recovery_waterfall",
        "case when campaign_key is null then 'none' else channel end as channel",
        "channel",
        "a cart no campaign was for counts as one a mail could have gone to",
    ),
    Bug(
        "rpt_campaign_steps",
        "campaign_segments.channel,",
        "'email' as channel,",
        "totals of letters, or of no campaign of ours, are called mail",
    ),
    Bug(
        "stg_orders",
        "loaded_at desc,",
        "loaded_at asc,",
        "the first version of an order wins over its correction",
    ),
    Bug(
        "int_orders__aged",
        "coalesce(seen.first_seen_on < settings.history_from_on, false) as is_before_history",
        "false as is_before_history",
        "who was known before the history begins counts as new",
    ),
    Bug(
        "rpt_cart_days",
        "and shop_days.day_on >= first_days.first_on",
        "and first_days.first_on is not null",
        "days before the first cart count as days without one",
    ),
    Bug(
        "rpt_form_errors",
        "where not is_running",
        "where not is_running or is_running",
        "form errors of carts that still run are counted",
    ),
    Bug(
        "int_persons__mailable_days",
        "count(case when not dated.is_mailable then 1 end) as lost_count",
        "0 as lost_count",
        "who unsubscribes stays mailable",
    ),
    Bug(
        "int_recovery__steps_due",
        "coalesce(assigned_arms.delay_minutes, steps.delay_minutes)",
        "steps.delay_minutes",
        "an arm's own delay is forgotten",
    ),
    Bug(
        "int_recovery__steps_due",
        "or done_steps.done_at is not null",
        "or previous_steps.step_number is not null",
        "the second mail does not wait for the first",
    ),
    Bug(
        "rpt_incrementality",
        "least(person_count, baseline_person_count) < planned_person_count",
        "greatest(person_count, baseline_person_count) < planned_person_count",
        "a verdict waits for the larger side alone",
    ),
    Bug(
        "int_experiments__stratified",
        "round(sum(weight * (order_rate - baseline_rate)), 12)",
        "round(avg(order_rate - baseline_rate), 12)",
        "a band of two persons weighs as much as one of twenty",
    ),
    Bug(
        "int_experiments__volumes",
        "when bases.base_person_count >= settings.small_n then bases.basis_no",
        "when bases.base_person_count >= 0 then bases.basis_no",
        "a plan rests on a handful held out",
    ),
    Bug(
        "rpt_experiment_checks",
        "- coalesce(cast(held_out.unsubscriber_count as double)",
        "- 0 * coalesce(cast(held_out.unsubscriber_count as double)",
        "unsubscribes from other mail are blamed on the trial",
    ),
    Bug(
        "int_experiments__revenue_bootstrapped",
        '"low": 0.025, "high": 0.975',
        '"low": 0.10, "high": 0.90',
        "the interval of the revenue is one of 80 %",
    ),
    Bug(
        "rpt_report_audit",
        "when abs(printed_value - per_delivered_value) <= tolerance then 'delivered'",
        "when abs(printed_value - per_delivered_value) <= 1 then 'delivered'",
        "the audit lets every rate pass as one of what was delivered",
    ),
)
