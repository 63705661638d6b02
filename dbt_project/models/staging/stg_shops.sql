with

landed as (

    select * from {{ source('landing', 'shops') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id
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
        shop_name,
        timezone,
        currency,
        locale,
        revenue_measure,
        week_start,
        base_url,
        cart_url,
        sender_name,
        sender_address,
        stop_url,
        complaint_contact,
        ships_within_hours,
        warranty_months,
        shipping_fee_amount,
        free_shipping_from_amount,
        history_from_on,
        is_demo,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
