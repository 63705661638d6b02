{#
    The published rules, as rows. Sources: cart plug-ins that count their own recovery link (1); cart
    systems that take a click, or the same cart within a day (2); mailers' click windows of 7 and 30
    days (3, 4); mailers that count opens, 5 days (5); inferred by goods, on any device (6). Rule 2 has
    two rows, either of which will do.
#}
with

rules as (

    select
        cast(1 as bigint) as rule_number,
        'link' as rule_key,
        'link' as touch_kind,
        false as must_share_goods,
        cast(0 as bigint) as window_days,
        cast(7 as bigint) as maturity_days
    union all
    select
        2 as rule_number,
        'click_or_goods_1_day' as rule_key,
        'click' as touch_kind,
        false as must_share_goods,
        1 as window_days,
        8 as maturity_days
    union all
    select
        2 as rule_number,
        'click_or_goods_1_day' as rule_key,
        'mail' as touch_kind,
        true as must_share_goods,
        1 as window_days,
        8 as maturity_days
    union all
    select
        3 as rule_number,
        'click_7_days' as rule_key,
        'click' as touch_kind,
        false as must_share_goods,
        7 as window_days,
        14 as maturity_days
    union all
    select
        4 as rule_number,
        'click_30_days' as rule_key,
        'click' as touch_kind,
        false as must_share_goods,
        30 as window_days,
        37 as maturity_days
    union all
    select
        5 as rule_number,
        'open_or_click_5_days' as rule_key,
        'open' as touch_kind,
        false as must_share_goods,
        5 as window_days,
        12 as maturity_days
    union all
    select
        6 as rule_number,
        'goods_7_days' as rule_key,
        'mail' as touch_kind,
        true as must_share_goods,
        7 as window_days,
        7 as maturity_days

)

select * from rules
