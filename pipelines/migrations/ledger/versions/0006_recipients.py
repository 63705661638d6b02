"""Claims are found by token in a table that lies by it, no longer by an index of the claims."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0006"
down_revision = "ledger_0005"
branch_labels = None
depends_on = None

_RECIPIENTS = """
insert into recipient (recipient_token, batch_id, ord)
select recipient_token, batch_id, ord from claim
where recipient_token is not null
order by recipient_token
"""


def upgrade() -> None:
    """Make the table from the claims."""
    op.drop_index("claim_by_token", "claim")
    op.create_table(
        "recipient",
        sa.Column("recipient_token", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("ord", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("recipient_token", name="recipient_by_token"),
        sqlite_with_rowid=False,
    )
    op.execute(_RECIPIENTS)
