"""Remember which milestones were told late."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "late_milestones",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("milestone", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("month", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "task", "milestone"),
    )
