{#
    CTEs that say how many of each item a cart holds after each action, all quantities starting at 0
    at the first row of `carts` (columns that name one cart). Ends with the CTE `held`, which adds
      held_before, held_quantity   of the row's item, never below 0
      total_before, total_quantity of all items
      is_cart_activity             false for a remove of what is not there and a view that shows
                                   nothing new
    A running sum that may not fall below 0 is the sum less the lowest it has been (reflection); a
    stated quantity (`quantity_set`) starts the sum anew.
#}
{% macro cart_holdings(actions, carts) -%}

numbered_by_statement as (

    select
        *,
        sum(case when quantity_set is null then 0 else 1 end) over (
            partition by {{ carts }}, item_key
            order by position
            rows between unbounded preceding and current row
        ) as statement_no
    from {{ actions }}

),

summed as (

    select
        *,
        sum(coalesce(quantity_set, quantity_delta, 0)) over (
            partition by {{ carts }}, item_key, statement_no
            order by position
            rows between unbounded preceding and current row
        ) as quantity_sum
    from numbered_by_statement

),

floored as (

    select
        *,
        quantity_sum - least(
            min(quantity_sum) over (
                partition by {{ carts }}, item_key, statement_no
                order by position
                rows between unbounded preceding and current row
            ),
            0
        ) as held_quantity
    from summed

),

compared_to_previous as (

    select
        *,
        coalesce(
            lag(held_quantity) over (
                partition by {{ carts }}, item_key
                order by position
            ),
            0
        ) as held_before
    from floored

),

totalled as (

    select
        *,
        sum(held_quantity - held_before) over (
            partition by {{ carts }}
            order by position
            rows between unbounded preceding and current row
        ) as total_quantity
    from compared_to_previous

),

held as (

    select
        *,
        total_quantity - held_quantity + held_before as total_before,
        action_kind in ('add', 'checkout', 'payment')
        or (action_kind = 'change' and (quantity_set is null or held_quantity <> held_before))
        or (action_kind = 'remove' and held_before > 0) as is_cart_activity
    from totalled

)
{%- endmacro %}
