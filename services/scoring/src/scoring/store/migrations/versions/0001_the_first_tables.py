"""The first tables."""

import sqlalchemy as sa
from alembic import op

from shared.kit.tables import Number, UtcInstant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=True),
        sa.Column("roles", sa.String(length=128), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("issued_at", UtcInstant(), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=True),
        sa.Column("revoked_at", UtcInstant(), nullable=True),
        sa.Column("last_used_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", Number, nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("settled_by", sa.String(length=200), nullable=True),
        sa.Column("settled_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dead_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dead_letters_key"), ["key"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("last", Number, nullable=False),
        sa.PrimaryKeyConstraint("topic", "key"),
    )
    op.create_table(
        "inbox_held",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sequence", Number, nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("since", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "key", "sequence"),
    )
    op.create_table(
        "journal",
        sa.Column("position", Number, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("time", UtcInstant(), nullable=False),
        sa.Column("correlation", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("sequence", Number, nullable=True),
        sa.Column("sent_at", UtcInstant(), nullable=True),
        sa.Column("parked", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index("journal_order", ["topic", "key", "sequence"], unique=False)
        batch_op.create_index(
            "journal_unsent",
            ["position"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )

    op.create_table(
        "journal_sequences",
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("last", Number, nullable=False),
        sa.PrimaryKeyConstraint("topic", "key"),
    )
    op.create_table(
        "leaves",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "period", "version", "unit"),
    )
    op.create_table(
        "marks",
        sa.Column("cutoff", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("cutoff"),
    )
    op.create_table(
        "plan_heads",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "version"),
    )
    op.create_table(
        "publications",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cutoff", sa.String(), nullable=False),
        sa.Column("claimed_at", UtcInstant(), nullable=True),
        sa.Column("forced", sa.String(), nullable=True),
        sa.Column("drafted_by", sa.String(), nullable=False),
        sa.Column("drafted_at", UtcInstant(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", UtcInstant(), nullable=True),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", UtcInstant(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("previous_digest", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("release_number", sa.Integer(), nullable=True),
        sa.Column("correlation", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "period", "version"),
    )
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publications_cutoff"), ["cutoff"], unique=False)

    op.create_table(
        "reports",
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("accepted", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("submission"),
    )
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.create_index("reports_task", ["plan", "task", "position"], unique=False)

    op.create_table(
        "reviews",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("marks", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "position"),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reviews_submission"), ["submission"], unique=False)

    op.create_table(
        "rulebooks",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("rulebook", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "position"),
    )
    op.create_table(
        "standings",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("light", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("a", sa.String(), nullable=True),
        sa.Column("e", sa.String(), nullable=True),
        sa.Column("r", sa.String(), nullable=True),
        sa.Column("gap", sa.String(), nullable=True),
        sa.Column("reported_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("plan", "task"),
    )
    op.create_table(
        "task_parts",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "version", "index"),
    )
    op.create_table(
        "timers",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("due_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject"),
    )
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_timers_due_at"), ["due_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_timers_due_at"))

    op.drop_table("timers")
    op.drop_table("task_parts")
    op.drop_table("standings")
    op.drop_table("rulebooks")
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reviews_submission"))

    op.drop_table("reviews")
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_index("reports_task")

    op.drop_table("reports")
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_publications_cutoff"))

    op.drop_table("publications")
    op.drop_table("plan_heads")
    op.drop_table("marks")
    op.drop_table("leaves")
    op.drop_table("journal_sequences")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index(
            "journal_unsent",
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )
        batch_op.drop_index("journal_order")

    op.drop_table("journal")
    op.drop_table("inbox_held")
    op.drop_table("inbox")
    with op.batch_alter_table("dead_letters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dead_letters_key"))

    op.drop_table("dead_letters")
    op.drop_table("credentials")
