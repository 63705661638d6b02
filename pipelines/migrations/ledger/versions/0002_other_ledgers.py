"""Guards and arm records may be another ledger's: a guard knows its own instant."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0002"
down_revision = "ledger_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the instant, filled from each guard's claim, and whose an arm record is."""
    op.add_column(
        "arm_record",
        sa.Column("is_foreign", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.add_column("guard", sa.Column("claimed_at", sa.DateTime))
    op.execute(
        "update guard set claimed_at = (select claim.claimed_at from claim"
        " where claim.batch_id = guard.batch_id and claim.ord = guard.ord)"
    )
    with op.batch_alter_table("guard") as table:
        table.alter_column("claimed_at", existing_type=sa.DateTime(), nullable=False)
