"""Robots, rotated secrets and pacing; how a mail is threaded and unsubscribed."""

import sqlalchemy as sa
from alembic import op

from shared.kit.tables import UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANTS = ("previous_until", "failing_since", "next_at")


def upgrade() -> None:
    with op.batch_alter_table("endpoints") as batch:
        batch.add_column(
            sa.Column("format", sa.String(), nullable=False, server_default="standard")
        )
        batch.add_column(sa.Column("language", sa.String(), nullable=False, server_default="zh-CN"))
        batch.add_column(sa.Column("secret_env", sa.String(), nullable=True))
        batch.add_column(sa.Column("previous_secret", sa.String(), nullable=True))
        for name in _INSTANTS:
            batch.add_column(sa.Column(name, UtcInstant(), nullable=True))
    with op.batch_alter_table("deliveries") as batch:
        batch.add_column(sa.Column("thread", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("unsubscribe", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("deliveries") as batch:
        batch.drop_column("unsubscribe")
        batch.drop_column("thread")
    with op.batch_alter_table("endpoints") as batch:
        for name in (*_INSTANTS, "previous_secret", "secret_env", "language", "format"):
            batch.drop_column(name)
