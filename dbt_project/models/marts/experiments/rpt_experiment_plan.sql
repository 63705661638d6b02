{%- set shares_bp = [1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000] -%}
{%- set months = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
] -%}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

volumes as (

    select * from {{ ref('int_experiments__volumes') }}

),

shares as (

    {% for share_bp in shares_bp -%}
    select cast({{ share_bp }} as bigint) as holdout_share_bp{{ ' union all' if not loop.last }}
    {% endfor %}
),

months as (

    {% for month in months -%}
    select cast({{ month }} as bigint) as month_count{{ ' union all' if not loop.last }}
    {% endfor %}
),

-- Where nobody ordered it is planned as if one had: a rate of 0 has no spread.
crossed as (

    select
        volumes.shop_id,
        shares.holdout_share_bp,
        months.month_count,
        volumes.base_rate_basis,
        volumes.base_person_count,
        volumes.base_orderer_count,
        cast(volumes.eligible_person_count as double) / volumes.month_count
            as eligible_persons_per_month,
        settings.smallest_effect_bp,
        cast(settings.smallest_effect_bp as double) / 10000 as smallest_effect,
        cast(volumes.base_orderer_count as double) / nullif(volumes.base_person_count, 0)
            as base_rate,
        cast(greatest(volumes.base_orderer_count, 1) as double)
        / nullif(volumes.base_person_count, 0) as planned_rate
    from volumes
    inner join settings
        on volumes.shop_id = settings.shop_id
    cross join shares
    cross join months

),

divided as (

    select
        *,
        eligible_persons_per_month * month_count * holdout_share_bp / 10000
            as expected_holdout_count,
        eligible_persons_per_month * month_count * (10000 - holdout_share_bp) / 10000
            as expected_mailed_count
    from crossed

),

estimated as (

    select
        *,
        {{ half_width('planned_rate', 'expected_mailed_count', 'expected_holdout_count') }}
            as half_width,
        {{ detectable_effect('planned_rate', 'expected_mailed_count', 'expected_holdout_count') }}
            as minimum_detectable_effect
    from divided

),

-- Spread falls with the root of the persons, so months grow with its square.
prolonged as (

    select
        *,
        cast(
            ceil(month_count * power(minimum_detectable_effect / smallest_effect, 2)) as bigint
        ) as needed_month_count
    from estimated

),

planned as (

    select
        shop_id,
        holdout_share_bp,
        month_count,
        base_rate_basis,
        coalesce(needed_month_count <= month_count, false) as is_measurable,
        smallest_effect_bp,
        base_person_count,
        base_orderer_count,
        base_rate,
        eligible_persons_per_month,
        expected_holdout_count,
        expected_mailed_count,
        half_width,
        minimum_detectable_effect,
        cast({{ persons_per_arm('planned_rate', 'smallest_effect') }} as bigint)
            as needed_persons_per_arm,
        needed_month_count
    from prolonged

)

select * from planned
