{#
    Connected components without recursion (FastSV: Zhang, Azad, Hu 2020). Every account starts with its
    own number as label; in each round an account and its label's account take the least label of a
    label they can see across a link, which about doubles the reach: ten rounds join chains of two
    hundred. A test fails if a component still ends with two labels.
    Long for the rounds alone: each is the same three steps.
#}
{%- set rounds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] -%}

with

accounts as (

    select * from {{ ref('int_persons__accounts') }}

),

addresses as (

    select * from {{ ref('int_persons__addresses') }}

),

identifiers as (

    select * from {{ ref('stg_customer_identifiers') }}

),

-- The least rank of a component is its person: members, then guests, then by first sight.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id
            order by
                case when is_member then 0 else 1 end asc,
                first_seen_at asc nulls last,
                customer_id asc
        ) as account_no
    from accounts

),

at_address as (

    select
        addresses.shop_id,
        addresses.email_hash,
        ranked.account_no
    from addresses
    inner join ranked
        on
            addresses.shop_id = ranked.shop_id
            and addresses.customer_id = ranked.customer_id
    where addresses.is_joining

),

address_heads as (

    select
        shop_id,
        email_hash,
        min(account_no) as head_no
    from at_address
    group by
        shop_id,
        email_hash

),

links as (

    select
        at_address.shop_id,
        at_address.account_no as from_no,
        address_heads.head_no as to_no
    from at_address
    inner join address_heads
        on
            at_address.shop_id = address_heads.shop_id
            and at_address.email_hash = address_heads.email_hash
    where at_address.account_no <> address_heads.head_no

    union

    -- The shop's own mapping of one account to another.
    select
        identifiers.shop_id,
        first_account.account_no as from_no,
        second_account.account_no as to_no
    from identifiers
    inner join ranked as first_account
        on
            identifiers.shop_id = first_account.shop_id
            and identifiers.customer_id = first_account.customer_id
    inner join ranked as second_account
        on
            identifiers.shop_id = second_account.shop_id
            and identifiers.id_value = second_account.customer_id
    where
        identifiers.id_type = 'customer_id'
        and first_account.account_no <> second_account.account_no

),

neighbours as (

    select
        shop_id,
        from_no,
        to_no
    from links

    union

    select
        shop_id,
        to_no as from_no,
        from_no as to_no
    from links

),

round_0 as (

    select distinct
        shop_id,
        from_no as account_no,
        from_no as label_no
    from neighbours

),

{% for round in rounds %}
jumped_{{ round }} as (

    select
        labels.shop_id,
        labels.account_no,
        labels.label_no,
        beyond.label_no as beyond_no
    from round_{{ round - 1 }} as labels
    inner join round_{{ round - 1 }} as beyond
        on
            labels.shop_id = beyond.shop_id
            and labels.label_no = beyond.account_no

),

seen_{{ round }} as (

    select
        neighbours.shop_id,
        near_side.account_no,
        near_side.label_no,
        far_side.beyond_no
    from neighbours
    inner join jumped_{{ round }} as near_side
        on
            neighbours.shop_id = near_side.shop_id
            and neighbours.from_no = near_side.account_no
    inner join jumped_{{ round }} as far_side
        on
            neighbours.shop_id = far_side.shop_id
            and neighbours.to_no = far_side.account_no

),

offered_{{ round }} as (

    select
        shop_id,
        account_no,
        beyond_no as label_no
    from jumped_{{ round }}

    union all

    select
        shop_id,
        account_no,
        beyond_no as label_no
    from seen_{{ round }}

    union all

    select
        shop_id,
        label_no as account_no,
        beyond_no as label_no
    from seen_{{ round }}

),

round_{{ round }} as (

    select
        shop_id,
        account_no,
        min(label_no) as label_no
    from offered_{{ round }}
    group by
        shop_id,
        account_no

),

{% endfor %}
labelled as (

    select
        ranked.shop_id,
        ranked.customer_id,
        ranked.is_excluded,
        coalesce(labels.label_no, ranked.account_no) as label_no
    from ranked
    left join round_{{ rounds | last }} as labels
        on
            ranked.shop_id = labels.shop_id
            and ranked.account_no = labels.account_no

),

-- One address of the shop itself makes the whole person a test account.
excluded_labels as (

    select distinct
        shop_id,
        label_no
    from labelled
    where is_excluded

),

named as (

    select
        labelled.shop_id,
        labelled.customer_id,
        heads.customer_id as person_id,
        excluded_labels.label_no is not null as is_excluded
    from labelled
    inner join ranked as heads
        on
            labelled.shop_id = heads.shop_id
            and labelled.label_no = heads.account_no
    left join excluded_labels
        on
            labelled.shop_id = excluded_labels.shop_id
            and labelled.label_no = excluded_labels.label_no

)

select * from named
