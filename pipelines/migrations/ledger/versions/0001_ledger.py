"""The ledger: batches, claims, guards, arms, caps, suppressions, transitions."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the ledger."""
    _batches_and_claims()
    _persons()
    _stops()
    _history()


def _text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=null)


def _count(name: str, *, key: bool = False, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _at(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime, nullable=null)


def _batches_and_claims() -> None:
    op.create_table(
        "batch",
        _text("batch_id", key=True), _text("shop_id"), _text("program"), _text("campaign_key"),
        _count("campaign_version"), _count("step_number"), _text("channel"), _text("segment"),
        _text("destination"), _text("slot"), _count("part"), _text("snapshot_id"),
        _text("input_digest"), _count("rev"), _text("state"), _text("sha256", null=True),
        _count("nbytes", null=True), _count("nrows", null=True), _text("fname", null=True),
        _text("boot_id", null=True),
        _text("profile"), _text("renderer_version"), _text("reason", null=True),
        sa.Column("layout", sa.JSON, nullable=False),
        _text("removed_sha256", null=True), _text("suppress_sha256", null=True),
        _at("created_at"), _at("intent_at", null=True), _at("expires_at", null=True),
        sa.UniqueConstraint("fname", name="batch_fname"),
    )  # fmt: skip
    op.create_index("batch_by_destination", "batch", ["destination", "state"])
    op.create_index("batch_by_program", "batch", ["program", "created_at"])
    op.create_table(
        "claim",
        _text("batch_id", key=True), _count("ord", key=True), _text("occurrence"),
        _text("dedupe_key"), _text("person_key"), _text("email_hash", null=True),
        _text("recipient_token", null=True), _text("arm"), _text("coupon_code", null=True),
        _at("due_at", null=True), _at("valid_until_at", null=True),
        sa.Column("payload_enc", sa.LargeBinary), _text("st"),
        _text("reason", null=True), _text("removed_in", null=True), _at("claimed_at"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.batch_id"], name="claim_batch"),
        sa.CheckConstraint(
            "st in ('claimed', 'suppressed', 'released', 'held_out')", name="claim_st"
        ),
    )  # fmt: skip
    op.create_index("claim_by_token", "claim", ["recipient_token"])
    op.create_index("claim_by_person", "claim", ["person_key"])


def _persons() -> None:
    op.create_table(
        "arm_record",
        _text("campaign", key=True), _count("version", key=True), _text("occurrence", key=True),
        _text("person_key", key=True), _text("email_hash", null=True), _text("arm"),
        _at("eligible_at"), _at("recorded_at"),
    )  # fmt: skip
    op.create_index("arm_record_by_person", "arm_record", ["person_key", "campaign", "version"])
    op.create_table(
        "guard",
        _text("program", key=True), _text("occurrence", key=True), _text("key", key=True),
        _text("batch_id"), _count("ord"),
    )  # fmt: skip
    op.create_index("guard_by_batch", "guard", ["batch_id"])
    op.create_index("guard_by_key", "guard", ["key", "program"])
    op.create_table(
        "gated",
        _text("program", key=True), _text("occurrence", key=True), _text("person_key", key=True),
        _text("campaign_key"), _count("campaign_version"), _count("step_number"),
        _text("email_hash", null=True), _text("reason"), _at("first_at"), _at("last_at"),
    )  # fmt: skip


def _stops() -> None:
    op.create_table(
        "frequency",
        _text("key", key=True), _text("channel", key=True),
        sa.Column("day", sa.Date, primary_key=True),
        _text("batch_id", key=True), _count("ord", key=True),
    )  # fmt: skip
    op.create_index("frequency_by_batch", "frequency", ["batch_id"])
    op.create_table(
        "suppression",
        _text("key", key=True), _text("channel", key=True), _text("scope", key=True),
        _text("reason", key=True), _text("source"), _at("started_at"), _at("ended_at", null=True),
    )  # fmt: skip
    op.create_table("erased", _text("key", key=True), _at("erased_at"))


def _history() -> None:
    op.create_table(
        "transition",
        sa.Column(
            "transition_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True, autoincrement=True,
        ),
        _text("batch_id"), _text("from_state", null=True), _text("to_state"), _count("rev"),
        _text("actor"), _text("run_id", null=True), _at("changed_at"),
    )  # fmt: skip
    op.create_index("transition_by_batch", "transition", ["batch_id"])
    op.create_table(
        "meta",
        _count("meta_no", key=True), _count("schema_version"), _text("instance_id"),
        _text("machine_id"), _count("epoch"), _text("paused_reason", null=True),
        _at("created_at"),
    )  # fmt: skip
