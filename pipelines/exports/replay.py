"""A batch as its manifest tells it, written into a ledger that was restored without it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pipelines.exports import ledger
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.manifests import names_in
from pipelines.shop import Shop
from pipelines.state import batch, claim, guard
from pipelines.state import transition as transitions

# What a batch and its manifest call by one name.
_SAME: Final = (
    "batch_id", "rev", "shop_id", "program", "campaign_key", "campaign_version", "step_number",
    "channel", "segment", "destination", "slot", "part", "snapshot_id", "input_digest", "profile",
    "renderer_version", "layout", "sha256",
)  # fmt: skip


def replay(
    connection: sa.Connection,
    manifest: Mapping[str, Any],
    *,
    outbox: LocalFolder,
    shop: Shop,
    actor: str,
    now: datetime,
) -> None:
    """Take a batch over as delivered; on HOLD where its file still lies in staging."""
    batch_id = manifest["batch_id"]
    # An earlier revision's rows give way to what was really sealed.
    ledger.forget_tokens(connection, batch_id)
    for table in (guard, claim, batch):
        connection.execute(table.delete().where(table.c.batch_id == batch_id))
    created = datetime.fromisoformat(manifest["created_at"])
    expires = manifest["expires_at"]
    is_staged = any(outbox.staged_sha256(name) is not None for name in names_in(manifest))
    reached = ledger.HOLD if is_staged else ledger.DELIVERED
    reason = "its file still lies in staging" if is_staged else "replayed from its manifest"
    connection.execute(
        batch.insert().values(
            **{name: manifest[name] for name in _SAME},
            state=reached, nbytes=manifest["bytes"], nrows=manifest["rows"],
            fname=manifest["file"], created_at=created, intent_at=created,
            expires_at=None if expires is None else datetime.fromisoformat(expires),
            reason=reason,
        )
    )  # fmt: skip
    _claims(connection, manifest, claimed_at=created, zone=ZoneInfo(shop.timezone))
    connection.execute(
        transitions.insert().values(
            batch_id=batch_id,
            from_state=None,
            to_state=reached,
            rev=manifest["rev"],
            actor=actor,
            changed_at=now,
        )
    )


def _claims(
    connection: sa.Connection, manifest: Mapping[str, Any], *, claimed_at: datetime, zone: ZoneInfo
) -> None:
    batch_id = manifest["batch_id"]
    for c in manifest["claims"]:
        connection.execute(
            claim.insert().values(**c, batch_id=batch_id, payload_enc=None, claimed_at=claimed_at)
        )
        if c["st"] == "released":
            continue
        message_on = claimed_at.astimezone(zone).date() if c["st"] == "claimed" else None
        for key in {c["person_key"], c["email_hash"]} - {None}:
            place = {"key": key, "program": manifest["program"], "occurrence": c["occurrence"]}
            connection.execute(guard.delete().filter_by(**place))
            connection.execute(
                guard.insert().values(
                    **place, batch_id=batch_id, ord=c["ord"], claimed_at=claimed_at,
                    message_on=message_on,
                )
            )  # fmt: skip
    ledger.note_tokens(connection, batch_id)
