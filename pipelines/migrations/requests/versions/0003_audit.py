"""Who did what to a request, from where; totals a person typed; coupons of a plan."""

import sqlalchemy as sa
from alembic import op

revision = "requests_0003"
down_revision = "requests_0002"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("request_events", "typed_totals")


def upgrade() -> None:
    """Create the two append-only tables, and let the databases themselves hold them to it."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "request_events",
        sa.Column("event_no", number, primary_key=True, autoincrement=True),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
        sa.Column("happened_at", sa.DateTime, nullable=False),
    )
    op.create_index("request_events_by_request", "request_events", ["request_id"])
    op.create_table(
        "typed_totals",
        sa.Column("totals_no", number, primary_key=True, autoincrement=True),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("typed_at", sa.DateTime, nullable=False),
    )
    op.add_column("plans", sa.Column("coupons", sa.JSON))
    _refuse_changes()


def _refuse_changes() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table in _APPEND_ONLY:
            for change in ("update", "delete"):
                op.execute(
                    f"create trigger {table}_no_{change} before {change} on {table}"
                    f" begin select raise(abort, '{table} is append-only'); end"
                )
        return
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as"
        " $$ begin raise exception '% is append-only', tg_table_name; end $$"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table}"
            " for each row execute function refuse_change()"
        )
