"""Canonical rows ready to lie in the landing folder: dates, hashes, guest ids, tail.

Everything that needs the shop's zone or its secret key is computed here, once.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import polars as pl

from pipelines import keys
from pipelines.canonical import INSTANT, TAIL, Table
from pipelines.landing.errors import UnknownColumns
from pipelines.landing.facts import Origin, Place

# Addresses stay in clear where they are needed: to write to a person, and to prove why (or not).
WITH_ADDRESSES: Final = frozenset({"customers", "consents", "suppressions"})
# A row without an account but with an address belongs to the guest of that address.
WITH_GUESTS: Final = frozenset({"customers", "orders", "carts", "consents", "favourites"})
_PASSED: Final = ("source_record_id", "source_updated_at", "row_no")
Rule = Callable[[str], str | None]
_HEX64: Final = re.compile(r"[0-9a-f]{64}")


def naive(instant: datetime) -> datetime:
    """The instant as it rests on disk: UTC without zone. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no zone: hand over an aware instant")
    return instant.astimezone(UTC).replace(tzinfo=None)


def canonical_rows(frame: pl.DataFrame, table: Table, *, place: Place) -> pl.DataFrame:
    """Rows with every business column of `table`, computed ones included, and what is passed on.

    Shape: `table.names`, then source_record_id, source_updated_at, row_no.
    Raises: UnknownColumns for a column the table does not have.
    """
    passed = [c for c in TAIL if c.name in _PASSED]
    _refuse_unknown(frame, table)
    shaped = frame.select(
        *frame.columns,
        *(
            pl.lit(None, column.dtype).alias(column.name)
            for column in (*table.columns, *passed)
            if column.name not in frame.columns
        ),
    )
    if place.shop_id is not None:
        shaped = shaped.with_columns(pl.lit(place.shop_id).alias("shop_id"))
    shaped = _with_hashes(shaped, table, pepper=place.pepper)
    shaped = _with_dates(shaped, table, zone=place.zone)
    if "email" in table.names and table.name not in WITH_ADDRESSES:
        shaped = shaped.with_columns(
            pl.lit(None, pl.String).alias(name) for name in ("email", "email_key")
        )
    return shaped.select(pl.col(c.name).cast(c.dtype) for c in (*table.columns, *passed))


def _refuse_unknown(frame: pl.DataFrame, table: Table) -> None:
    known = set(table.schema.names()) | {"email"}
    surplus = sorted(set(frame.columns) - known)
    if surplus:
        raise UnknownColumns(
            f"{table.name} has no column {', '.join(surplus)}: drop it from the mapping, "
            "or add it to pipelines/canonical.py"
        )


def _with_dates(frame: pl.DataFrame, table: Table, *, zone: str | None) -> pl.DataFrame:
    if zone is None:
        return frame
    return frame.with_columns(
        pl.col(name)
        .cast(INSTANT)
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone(zone)
        .dt.date()
        .alias(f"{name[:-3]}_on")
        for name in table.instants
    )


def _with_hashes(frame: pl.DataFrame, table: Table, *, pepper: bytes) -> pl.DataFrame:
    if "email" in frame.columns:
        frame = _with_addresses(frame, table, pepper=pepper)
    if table.name == "customers":
        frame = _mapped(
            frame, "customer_id", "person_key", lambda v: keys.person_key(v, pepper=pepper)
        )
    if table.name == "customer_identifiers":
        frame = _with_hashed_identifiers(frame, pepper=pepper)
    return frame


def _with_addresses(frame: pl.DataFrame, table: Table, *, pepper: bytes) -> pl.DataFrame:
    keyed = _mapped(frame, "email", "email_key", keys.email_key)
    hashed = _mapped(keyed, "email", "email_hash", lambda v: keys.email_hash(v, pepper=pepper))
    if table.name not in WITH_GUESTS:
        return hashed
    return hashed.with_columns(
        pl.coalesce("customer_id", pl.format("guest:{}", "email_hash")).alias("customer_id")
    )


def _with_hashed_identifiers(frame: pl.DataFrame, *, pepper: bytes) -> pl.DataFrame:
    """Addresses and phone numbers given as identifiers are kept as keyed hashes only."""
    hashed = _mapped(frame, "id_value", "_email", lambda v: _email_value(v, pepper))
    hashed = _mapped(hashed, "id_value", "_phone", lambda v: _phone_value(v, pepper))
    return hashed.with_columns(
        pl.when(pl.col("id_type") == "email_hash")
        .then("_email")
        .when(pl.col("id_type") == "phone_hash")
        .then("_phone")
        .otherwise("id_value")
        .alias("id_value")
    ).drop("_email", "_phone")


def _email_value(value: str, pepper: bytes) -> str | None:
    if _HEX64.fullmatch(value):
        return value
    return keys.email_hash(value, pepper=pepper)


def _phone_value(value: str, pepper: bytes) -> str | None:
    if _HEX64.fullmatch(value):
        return value
    digits = re.sub(r"\D", "", value)
    return keys.keyed_hash("phone", digits, pepper=pepper) if digits else None


def _mapped(frame: pl.DataFrame, column: str, into: str, rule: Rule) -> pl.DataFrame:
    """`into` computed once per distinct value of `column`; without one, what was given stays."""
    values = frame[column].cast(pl.String).drop_nulls().unique()
    found = pl.DataFrame(
        {column: values, "_found": [rule(value) for value in values.to_list()]},
        schema={column: pl.String, "_found": pl.String},
    )
    given = pl.col(into) if into in frame.columns else pl.lit(None, pl.String)
    return (
        frame.join(found, on=column, how="left", validate="m:1", maintain_order="left")
        .with_columns(pl.coalesce("_found", given).alias(into))
        .drop("_found")
    )


def with_tail(
    frame: pl.DataFrame, table: Table, *, origin: Origin, loaded_at: datetime
) -> pl.DataFrame:
    """Rows in `table.schema`: origin and content hash added."""
    return frame.with_columns(
        pl.lit(origin.source).alias("source"),
        pl.lit(naive(loaded_at), INSTANT).alias("loaded_at"),
        pl.lit(origin.batch_id).alias("batch_id"),
        row_hashes(frame, table),
    ).select(pl.col(name).cast(dtype) for name, dtype in table.schema.items())


def row_hashes(frame: pl.DataFrame, table: Table) -> pl.Series:
    """Hash of the business columns of each row, 32 hex digits.

    Invariant: two different rows have different texts (every value is preceded by its length), so
    an equal hash means an equal row. The text form is polars' own for each type.
    """
    if frame.is_empty():
        return pl.Series("row_hash", [], dtype=pl.String)
    # Most columns of most files are not given at all: they are not looked at row by row.
    given = {name for name in table.names if frame[name].null_count() < frame.height}
    text = frame.select(
        pl.concat_str(
            pl.concat_str(value.str.len_bytes().cast(pl.String), pl.lit(":"), value).fill_null("-")
            if name in given
            else pl.lit("-")
            for name, value in ((name, pl.col(name).cast(pl.String)) for name in table.names)
        ).alias("text")
    )["text"]
    return pl.Series(
        "row_hash",
        [hashlib.blake2b(t.encode(), digest_size=16).hexdigest() for t in text.to_list()],
        dtype=pl.String,
    )
