"""Who looked at which person, and whom somebody stopped by hand on a screen."""

import sqlalchemy as sa
from alembic import op

revision = "requests_0004"
down_revision = "requests_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables; the databases themselves keep a look from being changed or removed."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "looks",
        sa.Column("look_no", number, primary_key=True, autoincrement=True),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("found_by", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("looked_at", sa.DateTime, nullable=False),
    )
    op.create_index("looks_by_person", "looks", ["shop_id", "person_id"])
    op.create_table(
        "person_blocks",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("done_at", sa.DateTime),
    )
    _refuse_changes()


def _refuse_changes() -> None:
    if op.get_context().dialect.name != "sqlite":
        op.execute(
            "create trigger looks_append_only before update or delete on looks"
            " for each row execute function refuse_change()"
        )
        return
    for change in ("update", "delete"):
        op.execute(
            f"create trigger looks_no_{change} before {change} on looks"
            " begin select raise(abort, 'looks is append-only'); end"
        )
