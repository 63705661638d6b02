"""A ledger that was lost: since when, and from which day on each program may go on."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0004"
down_revision = "ledger_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two instants and the dates a person sets."""
    op.add_column("meta", sa.Column("adopted_at", sa.DateTime))
    op.add_column("meta", sa.Column("lost_at", sa.DateTime))
    op.create_table(
        "not_before",
        sa.Column("program", sa.Text, primary_key=True),
        sa.Column("not_before_at", sa.DateTime, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", sa.DateTime, nullable=False),
    )
