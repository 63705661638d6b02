"""Coupons: each code of a pool, and who was given it."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0003"
down_revision = "ledger_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the pool of codes."""
    op.create_table(
        "coupon",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("pool", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("imported_by", sa.Text, nullable=False),
        sa.Column("imported_at", sa.DateTime, nullable=False),
        sa.Column("batch_id", sa.Text),
        sa.Column("ord", sa.BigInteger),
        sa.Column("person_key", sa.Text),
        sa.Column("email_hash", sa.Text),
        sa.Column("taken_at", sa.DateTime),
    )
    op.create_index("coupon_by_pool", "coupon", ["pool", "taken_at"])
    op.create_index("coupon_by_person", "coupon", ["person_key"])
    op.create_index("coupon_by_address", "coupon", ["email_hash"])
