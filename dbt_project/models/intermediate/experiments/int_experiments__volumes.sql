{# Long for the three places a base rate may come from. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where segment_key = 'cart_recovery'

),

eligible as (

    select * from {{ ref('int_experiments__eligible') }}

),

observed as (

    select * from {{ ref('int_experiments__observed') }}
    where
        is_holdout
        and is_mature

),

-- A trial counts a person once, so the volume is persons, not carts.
volumes as (

    select
        shop_id,
        max(months_ago) as month_count,
        count(distinct person_id) as eligible_person_count
    from eligible
    group by shop_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, person_id
            order by
                eligible_at,
                episode_id
        ) as episode_rank,
        row_number() over (
            partition by shop_id, person_id, has_campaign
            order by
                eligible_at,
                episode_id
        ) as episode_rank_by_campaign
    from eligible
    where is_mature

),

-- Held out is what a base rate is; before the first campaign nobody was written to either. Whoever
-- was merely not mailed is none: they bought before the mail was due.
bases as (

    select
        observed.shop_id,
        'holdout' as base_rate_basis,
        1 as basis_no,
        count(*) as base_person_count,
        count(case when observed.order_count > 0 then 1 end) as base_orderer_count
    from observed
    inner join campaigns
        on
            observed.shop_id = campaigns.shop_id
            and observed.campaign_key = campaigns.campaign_key
            and observed.campaign_version = campaigns.campaign_version
    group by observed.shop_id

    union all

    select
        shop_id,
        'no_campaign' as base_rate_basis,
        2 as basis_no,
        count(*) as base_person_count,
        count(case when has_ordered then 1 end) as base_orderer_count
    from ranked
    where
        not has_campaign
        and episode_rank_by_campaign = 1
    group by shop_id

    union all

    select
        shop_id,
        'all_eligible' as base_rate_basis,
        3 as basis_no,
        count(*) as base_person_count,
        count(case when has_ordered then 1 end) as base_orderer_count
    from ranked
    where episode_rank = 1
    group by shop_id

),

-- The first with enough persons; the last stands whatever its number.
ranked_bases as (

    select
        bases.*,
        row_number() over (
            partition by bases.shop_id
            order by
                case
                    when bases.base_person_count >= settings.small_n then bases.basis_no
                    else 10 - bases.basis_no
                end,
                bases.basis_no
        ) as base_rank
    from bases
    inner join settings
        on bases.shop_id = settings.shop_id

),

planned as (

    select
        volumes.shop_id,
        ranked_bases.base_rate_basis,
        cast(volumes.month_count as bigint) as month_count,
        volumes.eligible_person_count,
        ranked_bases.base_person_count,
        ranked_bases.base_orderer_count
    from volumes
    left join ranked_bases
        on
            volumes.shop_id = ranked_bases.shop_id
            and ranked_bases.base_rank = 1

)

select * from planned
