-- A row is a message and order that a rule calls recovered and a wider one does not: link only within a
-- click of 7 days, that within a click of 30 days. The rules would not be those they are named after.
with

ruled as (

    select * from {{ ref('int_recovery__rule_orders') }}

),

nested as (

    select
        1 as narrow_rule,
        3 as wide_rule
    union all
    select
        3 as narrow_rule,
        4 as wide_rule

),

narrow as (

    select
        nested.narrow_rule,
        nested.wide_rule,
        ruled.shop_id,
        ruled.message_id,
        ruled.order_id
    from ruled
    inner join nested
        on ruled.rule_number = nested.narrow_rule

),

wide as (

    select * from ruled

)

select narrow.*
from narrow
left join wide
    on
        narrow.shop_id = wide.shop_id
        and narrow.message_id = wide.message_id
        and narrow.order_id = wide.order_id
        and narrow.wide_rule = wide.rule_number
where wide.order_id is null
