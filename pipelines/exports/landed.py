"""The ledger as canonical tables, so that what was handed over comes back as a source."""

from collections.abc import Mapping, Sequence

import polars as pl
import sqlalchemy as sa

from pipelines import state
from pipelines.canonical import TABLES
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import arm_record, batch, claim, gated, suppression

_TABLES = ("export_batches", "export_claims", "arm_records", "export_gated", "suppressions")


def ledger_tables(home: Home, shop: Shop) -> dict[str, pl.DataFrame]:
    """Canonical rows of the ledger, keys hashed, no payload.

    Shape: the columns of each canonical table without the tail, `shop_id` filled, `_on` computed;
    `suppressions` holds only those set by hand, the others came from landing in the first place,
    as did what was taken over from another ledger.
    """
    with state.reading(state.ledger_engine(home)) as connection:
        rows = {
            "export_batches": _rows(connection, _batches()),
            "export_claims": _rows(connection, _claims()),
            "arm_records": _rows(connection, _arms()),
            "export_gated": _rows(connection, _gated()),
            "suppressions": _rows(connection, _suppressions()),
        }
    return {name: _frame(name, rows[name], shop) for name in _TABLES}


def _batches() -> sa.Select[tuple[object, ...]]:
    b = batch.c
    return sa.select(
        b.batch_id.label("export_batch_id"), b.program, b.campaign_key, b.campaign_version,
        b.step_number, b.channel, b.destination, b.slot, b.snapshot_id,
        sa.func.lower(b.state).label("batch_state"), b.sha256, b.nrows.label("rows_count"),
        b.fname.label("file_name"), b.created_at,
        # The instant of the last look: the file cannot have left before, nor much after.
        sa.case((b.state.in_(("DELIVERED", "ACKED")), b.intent_at)).label("handed_over_at"),
        b.expires_at,
    )  # fmt: skip


def _claims() -> sa.Select[tuple[object, ...]]:
    c = claim.c
    return sa.select(
        c.batch_id.label("export_batch_id"), c.ord.label("claim_no"),
        c.occurrence.label("occurrence_key"), c.dedupe_key, c.person_key, c.email_hash,
        c.recipient_token, c.arm.label("arm_key"), c.coupon_code, c.due_at,
        c.st.label("claim_state"), c.reason.label("reason_code"), c.claimed_at,
    )  # fmt: skip


def _arms() -> sa.Select[tuple[object, ...]]:
    a = arm_record.c
    return sa.select(
        a.campaign.label("campaign_key"), a.version.label("campaign_version"),
        a.occurrence.label("occurrence_key"), a.person_key, a.email_hash, a.arm.label("arm_key"),
        a.eligible_at, a.recorded_at,
    ).where(a.is_foreign.is_(False))  # fmt: skip


def _gated() -> sa.Select[tuple[object, ...]]:
    g = gated.c
    return sa.select(
        g.program, g.campaign_key, g.campaign_version, g.step_number,
        g.occurrence.label("occurrence_key"), g.person_key, g.email_hash,
        g.reason.label("reason_code"), g.first_at, g.last_at,
    )  # fmt: skip


def _suppressions() -> sa.Select[tuple[object, ...]]:
    s = suppression.c
    place = s.key + "|" + s.channel + "|" + s.scope + "|" + s.reason
    return sa.select(
        (sa.literal("ledger:") + place).label("suppression_id"), s.key.label("email_hash"),
        s.channel, s.reason, s.scope, s.started_at, s.ended_at, s.source.label("note"),
    ).where(s.source.like("operator:%"))  # fmt: skip


def _rows(
    connection: sa.Connection, query: sa.Select[tuple[object, ...]]
) -> Sequence[Mapping[str, object]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _frame(name: str, rows: Sequence[Mapping[str, object]], shop: Shop) -> pl.DataFrame:
    table = TABLES[name]
    given = pl.Schema(
        {
            column.name: pl.Datetime("us", "UTC") if column.name.endswith("_at") else column.dtype
            for column in table.columns
        }
    )
    frame = pl.DataFrame([{**row, "shop_id": shop.id} for row in rows], schema=given)
    dates = [
        pl.col(at).dt.convert_time_zone(shop.timezone).dt.date().alias(f"{at[:-3]}_on")
        for at in table.instants
    ]
    naive = [pl.col(n).dt.replace_time_zone(None) for n in given if n.endswith("_at")]
    return frame.with_columns(dates).with_columns(naive).sort(list(table.key))
