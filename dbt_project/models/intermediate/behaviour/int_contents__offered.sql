{# Long for its three sources of content, each found in its own way. #}

with

episodes as (

    select * from {{ ref('int_cart_episodes') }}
    where
        close_reason is null
        and person_id is not null

),

cart_items as (

    select * from {{ ref('int_cart_episode_items__shelved') }}
    where
        held_when = 'last'
        and quantity > 0
        and is_purchasable

),

signals as (

    select * from {{ ref('int_products__signals') }}

),

favourites as (

    select * from {{ ref('int_favourites__identified') }}
    where is_standing

),

owned as (

    select * from {{ ref('int_products__owned') }}

),

shelves as (

    select * from {{ ref('int_goods__shelved') }}
    where
        variant_id = ''
        and is_purchasable

),

products as (

    select * from {{ ref('stg_products') }}
    where url is not null

),

wanted as (

    select
        shop_id,
        person_id,
        product_id,
        'viewed' as content_source,
        max(signal_on) as signal_on,
        max(last_signal_at) as signal_at
    from signals
    where signal_kind = 'view'
    group by
        shop_id,
        person_id,
        product_id

    union all

    select
        shop_id,
        person_id,
        product_id,
        'favourite' as content_source,
        max(favoured_on) as signal_on,
        max(favoured_at) as signal_at
    from favourites
    group by
        shop_id,
        person_id,
        product_id

),

-- What was bought on the day of the look or later is wanted no more.
still_wanted as (

    select wanted.*
    from wanted
    left join owned
        on
            wanted.shop_id = owned.shop_id
            and wanted.person_id = owned.person_id
            and wanted.product_id = owned.product_id
            and wanted.signal_on <= owned.last_ordered_on
    where owned.product_id is null

),

shown as (

    select
        episodes.shop_id,
        episodes.person_id,
        'cart' as content_source,
        1 as source_order,
        cart_items.item_key,
        cart_items.product_id,
        cart_items.stock_band,
        cart_items.price_now_amount as price_amount,
        cart_items.image_url,
        coalesce(cart_items.added_at, episodes.last_activity_at) as signal_at
    from episodes
    inner join cart_items
        on
            episodes.shop_id = cart_items.shop_id
            and episodes.episode_id = cart_items.episode_id

    union all

    select
        still_wanted.shop_id,
        still_wanted.person_id,
        still_wanted.content_source,
        case when still_wanted.content_source = 'favourite' then 2 else 3 end as source_order,
        still_wanted.product_id as item_key,
        still_wanted.product_id,
        shelves.stock_band,
        shelves.price_amount,
        shelves.image_url,
        still_wanted.signal_at
    from still_wanted
    inner join shelves
        on
            still_wanted.shop_id = shelves.shop_id
            and still_wanted.product_id = shelves.product_id

),

named as (

    select
        shown.*,
        products.product_name,
        products.url,
        min(shown.source_order) over (partition by shown.shop_id, shown.person_id) as first_source
    from shown
    inner join products
        on
            shown.shop_id = products.shop_id
            and shown.product_id = products.product_id
    where shown.image_url is not null

),

numbered as (

    select
        shop_id,
        person_id,
        content_source,
        row_number() over (
            partition by shop_id, person_id, content_source
            order by
                signal_at desc,
                item_key asc
        ) as offer_no,
        product_id,
        product_name,
        stock_band,
        image_url,
        url,
        source_order = first_source as is_chosen,
        price_amount,
        signal_at
    from named

)

select * from numbered
