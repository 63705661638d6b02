"""A ledger's history that was landed as files, taken over as guards and counted messages.

A shop that moves machines brings the ledger it had as dumps, and so does the demo. Whoever stands
in one was written to, or held out, and must not be claimed again. No batch and no claim is made
here, so nothing of it comes back as this ledger's own.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl
import sqlalchemy as sa

from pipelines import state
from pipelines.exports import bulk
from pipelines.settings import Home
from pipelines.state import arm_record, batch, coupon, guard

# The order in which staging takes versions; the first of a key counts.
_NEWEST: Final = ("source_updated_at", "loaded_at", "batch_id", "row_no", "row_hash")
# Batches that gave their people up; of every other one it cannot be ruled out that it left.
_GIVEN_UP: Final = ("void", "expired")
_ARM_KEY: Final = ("campaign_key", "campaign_version", "occurrence_key", "person_key")


def import_claims(home: Home, batches: pl.DataFrame, claims: pl.DataFrame) -> int:
    """Number of guards newly taken over from landed `export_batches` and `export_claims`.

    Batches the ledger itself made are left alone: of those it knows more than any file. Invariant:
    every claim but a released one has its two guards, those of other ledgers included; without
    them a person would be written to twice.
    """
    engine = state.ledger_engine(home)
    with state.reading(engine) as connection:
        own = [str(row.batch_id) for row in connection.execute(sa.select(batch.c.batch_id))]
        count = sa.select(guard.c.batch_id, sa.func.count()).group_by(guard.c.batch_id)
        known = {str(row[0]): int(row[1]) for row in connection.execute(count)}
    foreign = _newest(batches, ("export_batch_id",)).filter(
        ~pl.col("export_batch_id").is_in(own), ~pl.col("batch_state").is_in(_GIVEN_UP)
    )
    kept = (
        _newest(claims, ("export_batch_id", "claim_no"))
        .filter(pl.col("claim_state") != "released")
        .join(
            foreign.select("export_batch_id", "program"),
            on="export_batch_id",
            validate="m:1",
        )
    )
    _write_coupons(engine, kept)
    guards = _by_key(kept)
    wanted = guards.group_by("export_batch_id").len().rows()
    fresh = [batch_id for batch_id, guarded in wanted if known.get(batch_id, 0) < guarded]
    if not fresh:
        return 0
    return _write(engine, guards.filter(pl.col("export_batch_id").is_in(fresh)))


def import_arms(home: Home, arms: pl.DataFrame) -> int:
    """Number of arm records newly taken over from landed `arm_records`; the first one wins.

    Without them a due person of an older ledger would be recorded anew, at a later instant.
    """
    engine = state.ledger_engine(home)
    a = arm_record.c
    with state.reading(engine) as connection:
        query = sa.select(a.campaign, a.version, a.occurrence, a.person_key)
        known = [tuple(row) for row in connection.execute(query)]
    schema = {name: arms.schema[name] for name in _ARM_KEY}
    fresh = _newest(arms, _ARM_KEY).join(
        pl.DataFrame(known, schema=schema, orient="row"), on=list(_ARM_KEY), how="anti"
    )
    rows = fresh.select(
        pl.col("campaign_key").alias("campaign"), pl.col("campaign_version").alias("version"),
        pl.col("occurrence_key").alias("occurrence"), "person_key", "email_hash",
        pl.col("arm_key").alias("arm"), pl.col("eligible_at").dt.replace_time_zone("UTC"),
        pl.col("recorded_at").dt.replace_time_zone("UTC"), pl.lit(value=True).alias("is_foreign"),
    )  # fmt: skip
    if rows.height:
        with state.writing(engine) as connection:
            _insert(connection, arm_record, rows.to_dicts())
    return rows.height


def _newest(versions: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    return versions.sort(list(_NEWEST), descending=True, nulls_last=True).unique(
        list(key), keep="first", maintain_order=True
    )


def _by_key(claims: pl.DataFrame) -> pl.DataFrame:
    # One row per claim and key: the person, and the address where there is one.
    kept = ("export_batch_id", "claim_no", "program", "occurrence_key", "claim_state")
    rows = (*kept, "claimed_at", "claimed_on")
    return pl.concat(
        claims.select(*rows, pl.col(name).alias("key")) for name in ("person_key", "email_hash")
    ).drop_nulls("key")


def _write(engine: sa.Engine, rows: pl.DataFrame) -> int:
    guards = rows.select(
        "key", "program", pl.col("occurrence_key").alias("occurrence"),
        pl.col("export_batch_id").alias("batch_id"), pl.col("claim_no").alias("ord"),
        pl.col("claimed_at").dt.replace_time_zone("UTC"),
        pl.when(claim_state="claimed").then("claimed_on").alias("message_on"),
    )  # fmt: skip
    count = sa.select(sa.func.count()).select_from(guard)
    with state.writing(engine) as connection:
        before = connection.execute(count).scalar_one()
        _insert(connection, guard, guards.to_dicts())
        after = connection.execute(count).scalar_one()
    return int(after - before)


def _write_coupons(engine: sa.Engine, claims: pl.DataFrame) -> None:
    """A code another ledger gave out is that person's for ever, whatever pool it lies in here."""
    with state.reading(engine) as connection:
        query = sa.select(coupon.c.code).where(coupon.c.taken_at.is_not(None))
        known: list[str] = list(connection.execute(query).scalars())
    given = claims.filter(
        pl.col("coupon_code").is_not_null(), pl.col("claim_state") == "claimed",
        ~pl.col("coupon_code").is_in(known),
    )  # fmt: skip
    if given.is_empty():
        return
    at = pl.col("claimed_at").dt.replace_time_zone("UTC")
    rows = given.select(
        pl.col("coupon_code").alias("code"), pl.lit("").alias("pool"),
        pl.lit("history").alias("imported_by"), at.alias("imported_at"),
        pl.col("export_batch_id").alias("batch_id"), pl.col("claim_no").alias("ord"),
        "person_key", "email_hash", at.alias("taken_at"),
    ).unique("code", keep="first", maintain_order=True)  # fmt: skip
    with state.writing(engine) as connection:
        insert = bulk.insert_for(connection, coupon)
        names = ("batch_id", "ord", "person_key", "email_hash", "taken_at")
        taken = {name: insert.excluded[name] for name in names}
        still_free = coupon.c.taken_at.is_(None)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["code"], set_=taken, where=still_free),
            rows.to_dicts(),
        )


def _insert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]
) -> None:
    if rows:
        insert = bulk.insert_for(connection, table).on_conflict_do_nothing()
        connection.execute(insert, rows)
