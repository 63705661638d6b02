with

landed as (

    select * from {{ source('landing', 'campaign_arms') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version, arm_key
            order by
                source_updated_at desc nulls last,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from landed

),

newest_version as (

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
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
