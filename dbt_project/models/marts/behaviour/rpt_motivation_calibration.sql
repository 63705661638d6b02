{# Long for comparing every band with all those below it. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

scores as (

    select * from {{ ref('fct_motivation_scores') }}

),

bands as (

    select
        cast(1 as bigint) as band_no,
        'low' as week_band
    union all
    select
        2 as band_no,
        'middle' as week_band
    union all
    select
        3 as band_no,
        'high' as week_band

),

-- Who had thirty days after the first week, and had not bought within it.
watched as (

    select
        scores.shop_id,
        scores.week_band,
        coalesce(
            scores.first_ordered_at >= scores.week_to_at
            and scores.first_ordered_at < {{ add_days('scores.week_to_at', 30) }},
            false
        ) as has_ordered
    from scores
    inner join as_of
        on
            scores.shop_id = as_of.shop_id
            and {{ add_days('scores.week_to_at', 30) }} <= as_of.as_of_at
    where
        scores.week_band is not null
        and not scores.has_ordered_in_week

),

counted as (

    select
        as_of.shop_id,
        bands.band_no,
        bands.week_band,
        count(watched.week_band) as person_count,
        count(case when watched.has_ordered then 1 end) as orderer_count
    from as_of
    cross join bands
    left join watched
        on
            as_of.shop_id = watched.shop_id
            and bands.week_band = watched.week_band
    group by
        as_of.shop_id,
        bands.band_no,
        bands.week_band

),

-- An inversion counts when chance does not explain it: the interval of the difference to a band
-- below, not only the next one, lies below 0.
inversions as (

    select
        counted.shop_id,
        counted.band_no,
        max(
            case
                when
                    {{ newcombe_high(
                        'counted.orderer_count',
                        'counted.person_count',
                        'below.orderer_count',
                        'below.person_count'
                    ) }} < 0
                    then 1
                else 0
            end
        ) = 1 as is_inverted
    from counted
    inner join counted as below
        on
            counted.shop_id = below.shop_id
            and counted.band_no > below.band_no
    group by
        counted.shop_id,
        counted.band_no

),

judged as (

    select
        counted.*,
        coalesce(inversions.is_inverted, false) as is_inverted
    from counted
    left join inversions
        on
            counted.shop_id = inversions.shop_id
            and counted.band_no = inversions.band_no

),

rated as (

    select
        shop_id,
        week_band,
        band_no,
        is_inverted,
        max(case when is_inverted then 1 else 0 end) over (partition by shop_id) = 0 as is_working,
        person_count,
        orderer_count,
        cast(orderer_count as double) / nullif(person_count, 0) as first_purchase_rate,
        {{ wilson_low('orderer_count', 'person_count') }} as first_purchase_rate_low,
        {{ wilson_high('orderer_count', 'person_count') }} as first_purchase_rate_high
    from judged

)

select * from rated
