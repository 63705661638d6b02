{%- set threshold_keys = [
    'cart_idle_minutes',
    'cart_expiry_days',
    'session_gap_minutes',
    'recovery_window_days',
    'eligibility_hours',
    'browse_min_views',
    'max_accounts_per_email',
    'loyal_order_count',
    'interval_horizon_days',
    'coupon_gap_days',
    'catch_up_days',
    'winback_months',
    'second_purchase_days',
    'new_days',
    'motivation_low',
    'motivation_high',
    'hesitating_below_order_count',
    'look_back_months',
    'small_n',
    'hide_below',
    'smallest_effect_bp',
    'planned_persons_per_arm',
    'status_is_fixed',
    'status_slowing_days',
    'status_at_risk_days',
    'status_dormant_days',
] -%}

with

shops as (

    select * from {{ ref('stg_shops') }}

),

thresholds as (

    select * from {{ ref('stg_shop_thresholds') }}

),

pivoted as (

    select
        shop_id,
        {%- for threshold_key in threshold_keys %}
        max(case when threshold_key = '{{ threshold_key }}' then threshold_value end)
            as {{ threshold_key }}{{ ',' if not loop.last }}
        {%- endfor %}
    from thresholds
    group by shop_id

),

joined_to_shops as (

    select
        shops.shop_id,
        shops.timezone,
        shops.currency,
        shops.locale,
        shops.revenue_measure,
        shops.week_start,
        shops.base_url,
        shops.cart_url,
        shops.ships_within_hours,
        shops.warranty_months,
        shops.shipping_fee_amount,
        shops.free_shipping_from_amount,
        shops.history_from_on,
        shops.is_demo,
        {%- for threshold_key in threshold_keys %}
        pivoted.{{ threshold_key }}{{ ',' if not loop.last }}
        {%- endfor %}
    from shops
    inner join pivoted
        on shops.shop_id = pivoted.shop_id

)

select * from joined_to_shops
