"""Whom somebody stopped by hand and let be written to again, as events instead of one row each."""

import sqlalchemy as sa
from alembic import op

revision = "requests_0007"
down_revision = "requests_0006"
branch_labels = None
depends_on = None

_TABLE = "person_block_events"


def upgrade() -> None:
    """Create the append-only table, keep what the old one said, and hold the new one to it."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        _TABLE,
        sa.Column("event_no", number, primary_key=True, autoincrement=True),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("wish_no", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("happened_at", sa.DateTime, nullable=False),
    )
    op.create_index(f"{_TABLE}_by_person", _TABLE, ["shop_id", "person_id"])
    op.execute(
        "insert into person_block_events"
        " (shop_id, person_id, event, actor, role, origin, happened_at)"
        " select shop_id, person_id, 'block', actor, role, origin, asked_at"
        " from person_blocks order by asked_at, person_id"
    )
    op.execute(
        "insert into person_block_events"
        " (shop_id, person_id, event, wish_no, actor, role, origin, happened_at)"
        " select b.shop_id, b.person_id, 'done', e.event_no, 'okaeri', 'exporter', 'run', b.done_at"
        " from person_blocks b join person_block_events e"
        " on e.shop_id = b.shop_id and e.person_id = b.person_id"
        " where b.done_at is not null"
    )
    op.drop_table("person_blocks")
    _refuse_changes()


def _refuse_changes() -> None:
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
