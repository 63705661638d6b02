{#
    Long for one recursion, which cannot be cut.
    Where a cart ends decides where the next begins, so episodes are found one after the other: each
    pass takes the next episode of every block at once. Within a pass everything starts at 0, hence
    plain windows say what closes it: the first order that shares something put in since, the first
    remove that leaves nothing, the first pause as long as the expiry. Windows alone cannot do it: an
    order closes only what an earlier order has not closed already.
#}
with recursive

settings as (

    select * from {{ ref('int_run__settings') }}

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

actions as (

    select
        numbered.shop_id,
        numbered.actor_key,
        numbered.block_no,
        numbered.position,
        numbered.action_kind,
        numbered.item_key,
        numbered.quantity_delta,
        numbered.quantity_set,
        numbered.matched_position,
        numbered.acted_at,
        settings.cart_expiry_days,
        as_of.as_of_at
    from {{ ref('int_cart_actions__numbered') }} as numbered
    inner join settings
        on numbered.shop_id = settings.shop_id
    inner join as_of
        on numbered.shop_id = as_of.shop_id

),

first_adds as (

    select
        shop_id,
        actor_key,
        block_no,
        min(position) as next_position
    from actions
    where action_kind = 'add'
    group by
        shop_id,
        actor_key,
        block_no

),

cut as (

    select
        shop_id,
        actor_key,
        block_no,
        cast(null as bigint) as opened_position,
        cast(null as bigint) as closed_position,
        cast(null as string) as close_reason,
        cast(null as timestamp) as last_activity_at,
        cast(null as timestamp) as closed_at,
        cast(next_position as bigint) as next_position
    from first_adds

    union all

    select *
    from (

        with

        started as (

            select
                actions.*,
                cut.next_position as opened_position
            from cut
            inner join actions
                on
                    cut.shop_id = actions.shop_id
                    and cut.actor_key = actions.actor_key
                    and cut.block_no = actions.block_no
                    and cut.next_position <= actions.position

        ),

        {{ cart_holdings('started', 'shop_id, actor_key, block_no') }},

        timed as (

            select
                *,
                max(case when is_cart_activity then acted_at end) over (
                    partition by shop_id, actor_key, block_no
                    order by position
                    rows between unbounded preceding and 1 preceding
                ) as previous_activity_at
            from held

        ),

        judged as (

            select
                *,
                case
                    when
                        acted_at >= {{ add_days('previous_activity_at', 'cart_expiry_days') }}
                        then 'expired'
                    when
                        action_kind = 'order' and matched_position >= opened_position
                        then 'ordered'
                    when
                        action_kind = 'void_order' and matched_position >= opened_position
                        then 'emptied'
                    when
                        action_kind in ('change', 'remove')
                        and total_before > 0
                        and total_quantity = 0
                        then 'emptied'
                end as closing
            from timed

        ),

        closed as (

            select
                *,
                min(case when closing is not null then position end) over (
                    partition by shop_id, actor_key, block_no
                ) as closing_position
            from judged

        ),

        summed_up as (

            select
                shop_id,
                actor_key,
                block_no,
                cart_expiry_days,
                as_of_at,
                min(opened_position) as opened_position,
                min(closing_position) as closing_position,
                max(case when position = closing_position then closing end) as closing,
                max(case when position = closing_position then acted_at end) as closing_at,
                max(
                    case
                        when
                            is_cart_activity
                            and (
                                closing_position is null
                                or position < closing_position
                                or (position = closing_position and closing <> 'expired')
                            )
                            then acted_at
                    end
                ) as last_activity_at,
                min(
                    case
                        when
                            action_kind = 'add'
                            and (
                                position > closing_position
                                or (position = closing_position and closing = 'expired')
                            )
                            then position
                    end
                ) as next_position
            from closed
            group by
                shop_id,
                actor_key,
                block_no,
                cart_expiry_days,
                as_of_at

        ),

        with_expiry as (

            select
                *,
                {{ add_days('last_activity_at', 'cart_expiry_days') }} as expiry_at
            from summed_up

        )

        select
            shop_id,
            actor_key,
            block_no,
            cast(opened_position as bigint) as opened_position,
            cast(closing_position as bigint) as closed_position,
            case
                when closing is not null then closing
                when expiry_at <= as_of_at then 'expired'
            end as close_reason,
            last_activity_at,
            case
                when closing = 'expired' or (closing is null and expiry_at <= as_of_at)
                    then expiry_at
                else closing_at
            end as closed_at,
            cast(next_position as bigint) as next_position
        from with_expiry

    ) as next_episodes

),

found as (

    select
        shop_id,
        actor_key,
        block_no,
        opened_position,
        closed_position,
        close_reason,
        last_activity_at,
        closed_at
    from cut
    where opened_position is not null

)

select * from found
