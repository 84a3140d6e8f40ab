"""Keep the office's decisions, what a verification found, corrections, and years."""

import sqlalchemy as sa
from alembic import op

from shared.kit.tables import Number, UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("made_at", UtcInstant(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "decision"),
    )
    with op.batch_alter_table("reviews") as batch_op:
        batch_op.add_column(sa.Column("found", sa.Text(), nullable=True))
    with op.batch_alter_table("publications") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="period"))
        batch_op.add_column(sa.Column("amends", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("follows", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("frozen_at", UtcInstant(), nullable=True))
        batch_op.add_column(sa.Column("frozen_by", sa.String(), nullable=True))
