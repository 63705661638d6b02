with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

{{ newest_versions('cart_observations', ['cart_id', 'observed_at']) }},

newest_version as (

    select
        shop_id,
        cart_id,
        customer_id,
        anonymous_id,
        observed_at,
        observed_on,
        items_hash,
        items_count,
        total_amount,
        cart_state,
        source as source_key,
        batch_id,
        loaded_at
    from stacked
    where
        version_rank = 1
        and observed_at < as_of_at

)

select * from newest_version
