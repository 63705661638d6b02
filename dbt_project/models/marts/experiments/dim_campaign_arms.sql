with

arms as (

    select * from {{ ref('int_campaign_arms__cumulated') }}

),

chosen as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        template_ref,
        coupon_pool,
        is_holdout,
        arm_order,
        share_bp,
        cast(from_bp as bigint) as from_bp,
        cast(to_bp as bigint) as to_bp,
        delay_minutes
    from arms

)

select * from chosen
