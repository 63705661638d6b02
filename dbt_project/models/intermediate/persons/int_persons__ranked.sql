with

statuses as (

    select * from {{ ref('int_persons__statuses') }}
    where is_now

),

scores as (

    select * from {{ ref('int_persons__rfm_scores') }}

),

joined as (

    select
        statuses.shop_id,
        statuses.person_id,
        statuses.purchase_status,
        scores.rfm_group,
        scores.recency_score,
        scores.frequency_score,
        scores.monetary_score
    from statuses
    left join scores
        on
            statuses.shop_id = scores.shop_id
            and statuses.person_id = scores.person_id

)

select * from joined
