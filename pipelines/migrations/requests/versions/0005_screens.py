"""Months as a person read them off the shop's own screen."""

import sqlalchemy as sa
from alembic import op

revision = "requests_0005"
down_revision = "requests_0004"
branch_labels = None
depends_on = None

_TABLE = "typed_screen_months"


def upgrade() -> None:
    """Create the append-only table, and let the database itself hold it to that."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        _TABLE,
        sa.Column("screen_no", number, primary_key=True, autoincrement=True),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("month_on", sa.Date, nullable=False),
        sa.Column("order_count", sa.BigInteger),
        sa.Column("order_amount", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("typed_at", sa.DateTime, nullable=False),
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
