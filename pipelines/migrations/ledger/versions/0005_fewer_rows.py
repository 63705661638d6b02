"""Half the rows of a claim: its guards say which message they are, and lie by the key itself."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0005"
down_revision = "ledger_0004"
branch_labels = None
depends_on = None

# A message is counted once per key however many guards it has: each guard has one claim.
_GUARDS = """
insert into guard (key, program, occurrence, batch_id, ord, claimed_at, message_on)
select
    key, program, occurrence, batch_id, ord, claimed_at,
    (
        select min(frequency.day) from frequency
        where
            frequency.key = guard_before.key and frequency.batch_id = guard_before.batch_id
            and frequency.ord = guard_before.ord
    )
from guard_before
order by key, program, occurrence
"""
_ARMS = """
insert into arm_record (
    person_key, campaign, version, occurrence, email_hash, arm, eligible_at, recorded_at, is_foreign
)
select
    person_key, campaign, version, occurrence, email_hash, arm, eligible_at, recorded_at, is_foreign
from arm_record_before
order by person_key, campaign, version, occurrence
"""


def upgrade() -> None:
    """Make guards and arm records anew, by key; what caps are counted from goes into guards."""
    op.drop_index("claim_by_person", "claim")
    op.drop_index("guard_by_batch", "guard")
    op.drop_index("guard_by_key", "guard")
    op.rename_table("guard", "guard_before")
    op.create_table(
        "guard",
        _text("key"), _text("program"), _text("occurrence"), _text("batch_id"),
        sa.Column("ord", sa.BigInteger, nullable=False),
        sa.Column("claimed_at", sa.DateTime, nullable=False),
        sa.Column("message_on", sa.Date),
        sa.PrimaryKeyConstraint("key", "program", "occurrence", name="guard_by_key"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.execute(_GUARDS)
    op.drop_table("guard_before")
    op.drop_table("frequency")
    op.drop_index("arm_record_by_person", "arm_record")
    op.rename_table("arm_record", "arm_record_before")
    op.create_table(
        "arm_record",
        _text("person_key"), _text("campaign"),
        sa.Column("version", sa.BigInteger, nullable=False),
        _text("occurrence"), sa.Column("email_hash", sa.Text), _text("arm"),
        sa.Column("eligible_at", sa.DateTime, nullable=False),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
        sa.Column("is_foreign", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint(
            "person_key", "campaign", "version", "occurrence", name="arm_record_by_person"
        ),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.execute(_ARMS)
    op.drop_table("arm_record_before")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)
