with

steps_due as (

    select * from {{ ref('int_recovery__steps_due') }}

)

select * from steps_due
