with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

inquiries as (

    select * from {{ ref('stg_inquiries') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

keys as (

    select * from {{ ref('int_persons__keys') }}

),

-- An inquiry that names only an order is its buyer's.
of_persons as (

    select
        inquiries.shop_id,
        coalesce(keys.person_id, sales.person_id) as person_id,
        inquiries.inquiry_id,
        inquiries.topic,
        inquiries.opened_at,
        inquiries.opened_on,
        coalesce(inquiries.closed_at >= as_of.as_of_at, true) as is_open
    from inquiries
    inner join as_of
        on inquiries.shop_id = as_of.shop_id
    left join keys
        on
            inquiries.shop_id = keys.shop_id
            and inquiries.customer_id = keys.key_value
            and keys.key_type = 'customer'
    left join sales
        on
            inquiries.shop_id = sales.shop_id
            and inquiries.order_id = sales.order_id

),

numbered as (

    select
        *,
        row_number() over (
            partition by shop_id, person_id
            order by
                opened_at desc,
                inquiry_id desc
        ) as newest_no
    from of_persons
    where person_id is not null

),

counted as (

    select
        shop_id,
        person_id,
        max(case when newest_no = 1 then topic end) as last_inquiry_topic,
        count(*) as inquiry_count,
        count(case when is_open then 1 end) as open_inquiry_count,
        min(case when is_open then opened_at end) as open_since_at,
        max(opened_at) as last_inquired_at,
        max(opened_on) as last_inquired_on
    from numbered
    group by
        shop_id,
        person_id

)

select * from counted
