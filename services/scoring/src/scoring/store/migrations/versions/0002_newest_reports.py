"""Let the newest report of a task, unit and period be found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEW = ("unit", "period")


def upgrade() -> None:
    with op.batch_alter_table("reports") as batch_op:
        for name in _NEW:
            batch_op.add_column(sa.Column(name, sa.String(), nullable=True))
    accepted = "accepted::json->>'{}'"
    if op.get_bind().dialect.name == "sqlite":
        accepted = "json_extract(accepted, '$.{}')"
    values = ", ".join(f"{name} = {accepted.format(name)}" for name in _NEW)
    op.execute(f"UPDATE reports SET {values}")  # noqa: S608  # our own names
    with op.batch_alter_table("reports") as batch_op:
        for name in _NEW:
            batch_op.alter_column(name, existing_type=sa.String(), nullable=False)
        batch_op.create_index(
            "reports_newest", ["plan", "task", "unit", "period", "position"], unique=False
        )
