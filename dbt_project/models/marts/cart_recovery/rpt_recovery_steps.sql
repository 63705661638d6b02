with

campaign_steps as (

    select * from {{ ref('rpt_campaign_steps') }}

),

-- A mailer's totals that name no campaign of ours are those of a cart report; single messages of none
-- were written to somebody else than a cart's owner.
of_cart_campaigns as (

    select
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        step_number,
        arm_key,
        is_mature,
        report_grain,
        channel,
        sent_basis,
        currency,
        sent_count,
        delivered_count,
        bounced_count,
        opener_count,
        opener_with_unknown_count,
        clicker_count,
        clicker_with_unknown_count,
        orderer_count,
        orderer_with_unknown_count,
        order_count,
        recovered_amount,
        recovered_with_unknown_amount,
        unsubscribe_count,
        complaint_count,
        open_rate,
        open_per_delivered_rate,
        click_to_open_rate,
        click_through_rate,
        order_rate,
        order_per_sent_rate,
        unsubscribe_rate,
        complaint_rate,
        spend_per_orderer_amount,
        median_spend_amount,
        spend_without_outliers_amount,
        top_order_share,
        shop_aov_amount
    from campaign_steps
    where
        segment_key = 'cart_recovery'
        or (segment_key is null and report_grain = 'totals')

)

select * from of_cart_campaigns
