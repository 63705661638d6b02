"""The street, in the order a row walks it.

shop       shop.yml, validated; what the shop decided
sources    a shop's files, by mapping, as canonical frames
landing    whole batches, appended once, with their books
contracts  what may enter, judged on every batch
(dbt)      what everything means: staging, intermediate, marts, segments
publish    one immutable file for every reader, one for the exporter
exports    a segment handed to a mailer, once
defs       the same as Dagster assets; nothing below knows Dagster
"""
