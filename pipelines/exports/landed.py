"""The ledger as canonical tables, so that what was handed over comes back as a source."""

from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from pipelines import requests, state
from pipelines.canonical import TABLES
from pipelines.exports import ledger
from pipelines.exports.suppressions import OWN_ID
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import arm_record, batch, claim, gated, suppression

_TABLES = ("export_batches", "export_claims", "arm_records", "export_gated", "suppressions")

# Word of a person → column of the mailers' totals.
_TYPED: Final = {
    "sent": "sent_count", "delivered": "delivered_count", "opened": "open_count",
    "clicked": "click_count", "bounced": "bounce_count", "complained": "complaint_count",
    "unsubscribed": "unsubscribe_count",
}  # fmt: skip


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


def typed_results(home: Home, shop: Shop) -> pl.DataFrame:
    """Totals that people typed, as rows of `mail_results_summary`; of each batch the newest.

    Shape: canonical columns without the tail. The figures are of the day the file left.
    """
    typed = requests.totals_of(home, shop.id)
    wanted = [one.batch_id for one in typed]
    with state.reading(state.ledger_engine(home)) as connection:
        known = {row.batch_id: row for row in ledger.batches(connection)} if wanted else {}
    zone = ZoneInfo(shop.timezone)
    rows = []
    for one in typed:
        row = known[one.batch_id]
        day = (row.intent_at or row.created_at).astimezone(zone).date()
        rows.append(
            {
                "provider": row.destination, "provider_campaign_id": row.batch_id,
                "as_of_at": one.typed_at, "campaign_key": row.campaign_key,
                "step_number": row.step_number, "label": row.program, "period_starts_on": day,
                "period_ends_on": day, "summary_basis": "typed",
                **{_TYPED[name]: count for name, count in one.counts.items()},
            }
        )  # fmt: skip
    return _frame("mail_results_summary", rows, shop)


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
        (sa.literal(OWN_ID) + place).label("suppression_id"), s.key.label("email_hash"),
        # Its own scope is the instant it was set, which tells it from the ones before it.
        s.channel, s.reason, sa.literal("global").label("scope"), s.started_at, s.ended_at,
        s.source.label("note"),
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
