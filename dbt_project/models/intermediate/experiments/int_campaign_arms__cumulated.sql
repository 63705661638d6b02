with

arms as (

    select * from {{ ref('stg_campaign_arms') }}

),

cumulated as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        arm_order,
        share_bp,
        is_holdout,
        delay_minutes,
        template_ref,
        coupon_pool,
        sum(share_bp) over (
            partition by shop_id, campaign_key, campaign_version
            order by
                arm_order,
                arm_key
            rows between unbounded preceding and current row
        ) - share_bp as from_bp,
        sum(share_bp) over (
            partition by shop_id, campaign_key, campaign_version
            order by
                arm_order,
                arm_key
            rows between unbounded preceding and current row
        ) as to_bp
    from arms

)

select * from cumulated
