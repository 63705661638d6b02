"""Saved segments in two languages with their own digest; a request names version and issue."""

import sqlalchemy as sa
from alembic import op

revision = "requests_0002"
down_revision = "requests_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen both tables. A segment saved before has its one title in both languages."""
    op.add_column("export_requests", sa.Column("segment_version", sa.BigInteger))
    op.add_column("export_requests", sa.Column("issue", sa.Text))
    op.add_column("saved_segments", sa.Column("title_en", sa.Text))
    op.add_column("saved_segments", sa.Column("campaign_key", sa.Text))
    op.add_column("saved_segments", sa.Column("digest", sa.Text))
    op.execute("update saved_segments set title_en = title, digest = ''")
    with op.batch_alter_table("saved_segments") as table:
        table.alter_column("title", new_column_name="title_ja", existing_type=sa.Text())
        table.alter_column("title_en", existing_type=sa.Text(), nullable=False)
        table.alter_column("digest", existing_type=sa.Text(), nullable=False)
