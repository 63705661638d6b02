with

intervals as (

    select * from {{ ref('int_orders__intervals') }}

)

select * from intervals
