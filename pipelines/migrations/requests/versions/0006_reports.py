"""Reports that were handed in on a screen."""

import sqlalchemy as sa
from alembic import op

revision = "requests_0006"
down_revision = "requests_0005"
branch_labels = None
depends_on = None

_TABLE = "uploaded_reports"


def upgrade() -> None:
    """Create the append-only table, and let the database itself hold it to that."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        _TABLE,
        sa.Column("upload_no", number, primary_key=True, autoincrement=True),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("nbytes", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("uploaded_at", sa.DateTime, nullable=False),
    )
    if op.get_context().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"create trigger {_TABLE}_no_{change} before {change} on {_TABLE}"
                f" begin select raise(abort, '{_TABLE} is append-only'); end"
            )
        return
    # The function stands since the table of typed totals.
    op.execute(
        f"create trigger {_TABLE}_append_only before update or delete on {_TABLE}"
        " for each row execute function refuse_change()"
    )
