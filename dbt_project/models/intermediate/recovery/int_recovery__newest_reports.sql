with

summaries as (

    select * from {{ ref('stg_mail_results_summary') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, provider, provider_campaign_id
            order by as_of_at desc
        ) as report_rank
    from summaries

),

newest as (

    select
        shop_id,
        provider,
        provider_campaign_id,
        coalesce(campaign_key, provider_campaign_id) as campaign_key,
        step_number,
        label,
        summary_basis,
        sent_count,
        delivered_count,
        open_count,
        click_count,
        bounce_count,
        complaint_count,
        unsubscribe_count,
        orderer_count,
        order_count,
        recovered_amount,
        printed_open_rate,
        printed_click_rate,
        printed_order_rate,
        printed_spend_per_orderer,
        coalesce(period_starts_on, as_of_on) as period_starts_on,
        coalesce(period_ends_on, as_of_on) as period_ends_on,
        as_of_at,
        as_of_on
    from ranked
    where report_rank = 1

)

select * from newest
