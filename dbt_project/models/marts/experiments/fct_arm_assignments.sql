with

assigned as (

    select * from {{ ref('int_arms__assigned') }}

),

chosen as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        person_id,
        arm_key,
        assignment_basis,
        coalesce(is_holdout, false) as is_holdout,
        is_contaminated,
        eligible_no = 1 as is_first_eligible,
        eligible_no,
        delay_minutes,
        eligible_at,
        recorded_at
    from assigned

)

select * from chosen
