"""Requests, saved segments and masked plans."""

import sqlalchemy as sa
from alembic import op

revision = "requests_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "export_requests",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("as_of", sa.Text),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("max_rows", sa.BigInteger),
        sa.Column("request_state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("requested_at", sa.DateTime, nullable=False),
        sa.Column("not_before", sa.DateTime),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("attempt_count", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.JSON),
    )
    op.create_index(
        "export_requests_by_state", "export_requests", ["request_state", "requested_at"]
    )
    _segments_and_plans()


def _segments_and_plans() -> None:
    op.create_table(
        "saved_segments",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("segment_key", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("conditions", sa.JSON, nullable=False),
        sa.Column("saved_by", sa.Text, nullable=False),
        sa.Column("saved_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("program", sa.Text, primary_key=True),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("sample", sa.JSON, nullable=False),
        sa.Column("difference", sa.JSON, nullable=False),
        sa.Column("snapshot_id", sa.Text, nullable=False),
        sa.Column("planned_at", sa.DateTime, nullable=False),
    )
