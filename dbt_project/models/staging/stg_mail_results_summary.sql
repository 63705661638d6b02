with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'mail_results_summary') }}

),

known as (

    select
        landed.*,
        as_of.as_of_at as run_as_of_at
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where landed.loaded_at <= as_of.known_at

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, provider, provider_campaign_id, as_of_at
            order by
                source_updated_at desc nulls last,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from known

),

newest_version as (

    select
        shop_id,
        provider,
        provider_campaign_id,
        as_of_at,
        as_of_on,
        campaign_key,
        step_number,
        label,
        period_starts_on,
        period_ends_on,
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
        summary_basis,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where
        version_rank = 1
        and as_of_at <= run_as_of_at

)

select * from newest_version
