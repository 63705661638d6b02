{#
    Connected components without recursion: every account starts with its own rank, takes the least
    label among its neighbours, then the label of its label (pointer jumping), which about doubles the
    reach of each round. Seven rounds cover chains of more than a hundred accounts; a test fails if
    one component still has two labels.
#}
{%- set rounds = [1, 2, 3, 4, 5, 6, 7] -%}

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
hooked_{{ round }} as (

    select
        labels.shop_id,
        labels.account_no,
        least(labels.label_no, min(others.label_no)) as label_no
    from round_{{ round - 1 }} as labels
    inner join neighbours
        on
            labels.shop_id = neighbours.shop_id
            and labels.account_no = neighbours.from_no
    inner join round_{{ round - 1 }} as others
        on
            neighbours.shop_id = others.shop_id
            and neighbours.to_no = others.account_no
    group by
        labels.shop_id,
        labels.account_no,
        labels.label_no

),

round_{{ round }} as (

    select
        hooked.shop_id,
        hooked.account_no,
        jumped.label_no
    from hooked_{{ round }} as hooked
    inner join hooked_{{ round }} as jumped
        on
            hooked.shop_id = jumped.shop_id
            and hooked.label_no = jumped.account_no

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
