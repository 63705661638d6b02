{# Long for five checks, which must become one kind of row in one place. #}

{#- A fault of the draw is called one when chance alone goes as far once in a thousand trials.
    Source: Fabijan and others 2019, KDD. -#}
{%- set sample_ratio_threshold = 0.001 -%}
{#- Above this share of merged persons the arms are no longer what was drawn. -#}
{%- set merged_threshold = 0.05 -%}
{#- A point more than among those held out: half a percent of each of two mails. -#}
{%- set unsubscribe_threshold = 0.01 -%}
{#- Source: the limit of the large mailbox providers for bulk senders since 2024. -#}
{%- set complaint_threshold = 0.003 -%}

with

ratio_tested as (

    select * from {{ ref('int_experiments__ratio_tested') }}

),

counted as (

    select * from {{ ref('int_experiments__counted') }}
    where
        metric_key = 'order'
        and arm_key = 'all'

),

reacted as (

    select * from {{ ref('int_experiments__reacted') }}

),

trials as (

    select
        shop_id,
        experiment_kind,
        campaign_key,
        campaign_version,
        cast(sum(recorded_person_count) as bigint) as recorded_person_count,
        cast(sum(contaminated_person_count) as bigint) as contaminated_person_count
    from counted
    group by
        shop_id,
        experiment_kind,
        campaign_key,
        campaign_version

),

by_arm as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout,
        count(case when is_mature then 1 end) as person_count,
        count(case when is_mature and has_unsubscribed then 1 end) as unsubscriber_count,
        count(case when is_mature and has_complained then 1 end) as complainer_count
    from reacted
    group by
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout

),

held_out as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        count(*) as recorded_person_count,
        count(case when was_written_to then 1 end) as written_to_count,
        count(case when is_mature then 1 end) as person_count,
        count(case when is_mature and has_unsubscribed then 1 end) as unsubscriber_count
    from reacted
    where is_holdout
    group by
        shop_id,
        campaign_key,
        campaign_version

),

stacked as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        'sample_ratio' as check_key,
        'all' as arm_key,
        has_one_share and p_value is not null and least_expected_count >= 5 as is_judged,
        recorded_person_count as person_count,
        cast(null as bigint) as event_count,
        cast(null as bigint) as baseline_person_count,
        cast(null as bigint) as baseline_event_count,
        chi_square,
        p_value as check_value,
        cast({{ sample_ratio_threshold }} as double) as threshold_value
    from ratio_tested
    where arm_count > 1

    union all

    select
        shop_id,
        campaign_key,
        campaign_version,
        'held_out_written_to' as check_key,
        'all' as arm_key,
        true as is_judged,
        recorded_person_count as person_count,
        written_to_count as event_count,
        cast(null as bigint) as baseline_person_count,
        cast(null as bigint) as baseline_event_count,
        cast(null as double) as chi_square,
        cast(written_to_count as double) / recorded_person_count as check_value,
        cast(0 as double) as threshold_value
    from held_out

    union all

    select
        shop_id,
        campaign_key,
        campaign_version,
        'merged_arms' as check_key,
        'all' as arm_key,
        recorded_person_count * {{ merged_threshold }} >= 1 as is_judged,
        recorded_person_count as person_count,
        contaminated_person_count as event_count,
        cast(null as bigint) as baseline_person_count,
        cast(null as bigint) as baseline_event_count,
        cast(null as double) as chi_square,
        cast(contaminated_person_count as double) / recorded_person_count as check_value,
        cast({{ merged_threshold }} as double) as threshold_value
    from trials

    union all

    -- Whoever is held out unsubscribes too, from other mail: only what goes beyond it counts.
    select
        by_arm.shop_id,
        by_arm.campaign_key,
        by_arm.campaign_version,
        'unsubscribe_rate' as check_key,
        by_arm.arm_key,
        by_arm.person_count * {{ unsubscribe_threshold }} >= 1 as is_judged,
        by_arm.person_count,
        by_arm.unsubscriber_count as event_count,
        held_out.person_count as baseline_person_count,
        held_out.unsubscriber_count as baseline_event_count,
        cast(null as double) as chi_square,
        cast(by_arm.unsubscriber_count as double) / nullif(by_arm.person_count, 0)
        - coalesce(cast(held_out.unsubscriber_count as double) / nullif(held_out.person_count, 0), 0)
            as check_value,
        cast({{ unsubscribe_threshold }} as double) as threshold_value
    from by_arm
    left join held_out
        on
            by_arm.shop_id = held_out.shop_id
            and by_arm.campaign_key = held_out.campaign_key
            and by_arm.campaign_version = held_out.campaign_version
    where not by_arm.is_holdout

    union all

    select
        shop_id,
        campaign_key,
        campaign_version,
        'complaint_rate' as check_key,
        arm_key,
        person_count * {{ complaint_threshold }} >= 1 as is_judged,
        person_count,
        complainer_count as event_count,
        cast(null as bigint) as baseline_person_count,
        cast(null as bigint) as baseline_event_count,
        cast(null as double) as chi_square,
        cast(complainer_count as double) / nullif(person_count, 0) as check_value,
        cast({{ complaint_threshold }} as double) as threshold_value
    from by_arm
    where not is_holdout

),

judged as (

    select
        stacked.shop_id,
        stacked.campaign_key,
        stacked.campaign_version,
        stacked.check_key,
        stacked.arm_key,
        trials.experiment_kind,
        stacked.is_judged,
        stacked.is_judged and coalesce(
            case
                when stacked.check_key = 'sample_ratio'
                    then stacked.check_value < stacked.threshold_value
                else stacked.check_value > stacked.threshold_value
            end, false
        ) as is_alarm,
        stacked.person_count,
        stacked.event_count,
        stacked.baseline_person_count,
        stacked.baseline_event_count,
        stacked.chi_square,
        stacked.check_value,
        stacked.threshold_value
    from stacked
    inner join trials
        on
            stacked.shop_id = trials.shop_id
            and stacked.campaign_key = trials.campaign_key
            and stacked.campaign_version = trials.campaign_version

)

select * from judged
