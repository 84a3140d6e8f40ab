"""Alerts that live: notices in groups, answers, mutes, what units got."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from shared.kit.tables import UtcInstant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPTIONAL = ("task", "action", "period")
_ADDED = (
    *("entered", "details", "audience", "acknowledged_at", "acknowledged_by"),
    *("acknowledged_until", "since_answer", "unanswered", "step", "repeated", "parent"),
)

_ALERTS = sa.table(
    "alerts",
    *(sa.column(name, sa.String()) for name in ("id", "plan", "period", "state", "entered")),
    sa.column("since_answer", sa.Date()),
)
_TIMERS = sa.table(
    "timers",
    *(sa.column(name, sa.String()) for name in ("kind", "subject")),
    sa.column("due_at", UtcInstant()),
)


def upgrade() -> None:
    with op.batch_alter_table("alerts") as batch:
        for name in _OPTIONAL:
            batch.alter_column(name, existing_type=sa.String(), nullable=True)
        batch.add_column(sa.Column("entered", sa.String(), nullable=True))
        batch.add_column(sa.Column("details", sa.Text(), nullable=True))
        batch.add_column(sa.Column("audience", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("acknowledged_at", UtcInstant(), nullable=True))
        batch.add_column(sa.Column("acknowledged_by", sa.String(), nullable=True))
        batch.add_column(sa.Column("acknowledged_until", sa.Date(), nullable=True))
        batch.add_column(sa.Column("since_answer", sa.Date(), nullable=True))
        batch.add_column(sa.Column("unanswered", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("repeated", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("parent", sa.String(), nullable=True))
    # What stands open from before could not be answered for: its silence counts from now on.
    now = datetime.now(UTC)
    op.execute(sa.update(_ALERTS).values(since_answer=now.date(), entered=_ALERTS.c.period))
    open_ones = sa.select(
        sa.literal("watch"), _ALERTS.c.plan + "/" + _ALERTS.c.id, sa.literal(now, UtcInstant())
    ).where(_ALERTS.c.state == "raised")
    op.execute(sa.insert(_TIMERS).from_select(["kind", "subject", "due_at"], open_ones))
    with op.batch_alter_table("alerts") as batch:
        batch.create_index("ix_alerts_parent", ["parent"])
    with op.batch_alter_table("decisions") as batch:
        batch.alter_column("task", existing_type=sa.String(), nullable=True)
        batch.add_column(sa.Column("operands", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("contacts") as batch:
        batch.add_column(sa.Column("endpoint", sa.String(), nullable=True))
        batch.add_column(sa.Column("hours", sa.Text(), nullable=True))
    with op.batch_alter_table("task_parts") as batch:
        batch.add_column(sa.Column("labels", sa.Text(), nullable=False, server_default="{}"))
    op.create_table(
        "published_units",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", sa.String(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("lights", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "unit", "period"),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcInstant(), nullable=True),
        sa.Column("last_sent_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("addressee", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("held_by", sa.String(), nullable=True),
        sa.Column("due_at", UtcInstant(), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=True),
        sa.Column("correlation", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("notices") as batch:
        batch.create_index("notices_group", ["group", "state", "due_at"])
        batch.create_index("notices_alert", ["alert", "channel", "recipient"])
        batch.create_index("notices_delivery", ["delivery"])
        batch.create_index("ix_notices_held_by", ["held_by"])
    op.create_table(
        "allowances",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "mutes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("until", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "unsubscribed",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "email"),
    )


def downgrade() -> None:
    for name in ("unsubscribed", "mutes", "allowances", "notices", "groups", "published_units"):
        op.drop_table(name)
    with op.batch_alter_table("task_parts") as batch:
        batch.drop_column("labels")
    with op.batch_alter_table("contacts") as batch:
        batch.drop_column("hours")
        batch.drop_column("endpoint")
    with op.batch_alter_table("decisions") as batch:
        batch.drop_column("operands")
    with op.batch_alter_table("alerts") as batch:
        batch.drop_index("ix_alerts_parent")
        for name in _ADDED:
            batch.drop_column(name)
