"""Holiday tables that were loaded for every plan, and what a plan's own file names."""

import sqlalchemy as sa
from alembic import op

from shared.kit.tables import UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holiday_tables",
        sa.Column("calendar", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("loaded_at", UtcInstant(), nullable=False),
        sa.Column("loaded_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("calendar", "year"),
    )
    with op.batch_alter_table("plan_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("own_holidays", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("plan_versions", schema=None) as batch_op:
        batch_op.drop_column("own_holidays")

    op.drop_table("holiday_tables")
