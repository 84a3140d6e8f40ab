"""Decisions of the office, and what they leave on plans and reports."""

import sqlalchemy as sa
from alembic import op

from shared.kit.tables import Number, UtcInstant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("number", Number, nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("made_at", UtcInstant(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("correlation", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("plan", "id", name="decisions_name"),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("decisions_plan", ["plan", "number"], unique=False)

    with op.batch_alter_table("plan_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("amended", sa.Text(), server_default="{}", nullable=False))

    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rubric", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("verified_values", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("corrected", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.drop_column("corrected")
        batch_op.drop_column("verified_values")
        batch_op.drop_column("rubric")

    with op.batch_alter_table("plan_versions", schema=None) as batch_op:
        batch_op.drop_column("amended")

    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("decisions_plan")

    op.drop_table("decisions")
