"""The first schema: environments, their versions and attempts, locks, prefixes, activations, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_dataflow_envs.store.columns import Name, Words

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "deployment",
        sa.Column("key", Name(40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_deployment")),
    )
    op.create_table(
        "environments",
        sa.Column("id", Name(32), nullable=False),
        sa.Column("short_name", Name(5), nullable=False),
        sa.Column("full_name", Words(), nullable=False),
        sa.Column("description", Words(), nullable=False),
        sa.Column("owner", Words(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("spec_digest", Name(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Name(32), nullable=False),
        sa.Column("updated_at", Name(32), nullable=False),
        sa.Column("latest_version", sa.Integer(), nullable=True),
        sa.Column("latest_success", sa.Integer(), nullable=True),
        sa.Column("published_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
        sa.UniqueConstraint("short_name", name=op.f("uq_environments_short_name")),
    )
    op.create_index("ix_environments_created_at", "environments", ["created_at", "id"])
    op.create_index("ix_environments_full_name", "environments", ["full_name", "id"])
    op.create_index("ix_environments_owner", "environments", ["owner", "short_name"])
    op.create_index("ix_environments_updated_at", "environments", ["updated_at", "id"])

    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", Name(32), nullable=False),
        sa.Column("actor", Words(), nullable=False),
        sa.Column("kind", Name(40), nullable=False),
        sa.Column("environment_id", Name(32), nullable=True),
        sa.Column("short_name", Name(5), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_environment_id", "events", ["environment_id", "seq"])

    op.create_table(
        "locks",
        sa.Column("digest", Name(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_locks")),
    )
    op.create_table(
        "prefixes",
        sa.Column("id", Name(32), nullable=False),
        sa.Column("state", Name(10), nullable=False),
        sa.Column("key", Name(64), nullable=True),
        sa.Column("run_id", Name(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Name(32), nullable=False),
        sa.Column("unused_since", Name(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prefixes")),
    )
    op.create_index(
        "uq_prefixes_ready_key",
        "prefixes",
        ["key"],
        unique=True,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )

    op.create_table(
        "activations",
        sa.Column("environment_id", Name(32), nullable=False),
        sa.Column("person", Words(), nullable=False),
        sa.Column("server", Name(200), nullable=False),
        sa.Column("since", Name(32), nullable=False),
        sa.Column("last_started", Name(32), nullable=True),
        sa.Column("leased_until", Name(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_activations_environment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("environment_id", "person", "server", name=op.f("pk_activations")),
    )
    op.create_table(
        "versions",
        sa.Column("environment_id", Name(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("spec_digest", Name(64), nullable=False),
        sa.Column("pin_installed", sa.Boolean(), nullable=False),
        sa.Column("created_by", Words(), nullable=False),
        sa.Column("created_at", Name(32), nullable=False),
        sa.Column("lock_digest", Name(64), nullable=True),
        sa.Column("prefix_id", Name(32), nullable=True),
        sa.Column("python", Name(40), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_versions_environment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lock_digest"], ["locks.digest"], name=op.f("fk_versions_lock_digest")),
        sa.ForeignKeyConstraint(["prefix_id"], ["prefixes.id"], name=op.f("fk_versions_prefix_id")),
        sa.PrimaryKeyConstraint("environment_id", "number", name=op.f("pk_versions")),
    )
    op.create_index("ix_versions_lock_digest", "versions", ["lock_digest"])
    op.create_index("ix_versions_prefix_id", "versions", ["prefix_id"])

    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("environment_id", Name(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("outcome", Name(10), nullable=False),
        sa.Column("from_scratch", sa.Boolean(), nullable=False),
        sa.Column("run_id", Name(32), nullable=True),
        sa.Column("interruptions", sa.Integer(), nullable=False),
        sa.Column("process", sa.JSON(), nullable=True),
        sa.Column("phase", Name(20), nullable=True),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("cancel_requested_by", Words(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("queued_at", Name(32), nullable=False),
        sa.Column("started_at", Name(32), nullable=True),
        sa.Column("finished_at", Name(32), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id", "number"],
            ["versions.environment_id", "versions.number"],
            name=op.f("fk_attempts_environment_id_number"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_attempts_active",
        "attempts",
        ["id"],
        sqlite_where=sa.text("outcome IN ('queued', 'building')"),
        postgresql_where=sa.text("outcome IN ('queued', 'building')"),
    )
    op.create_index(
        "uq_attempts_active",
        "attempts",
        ["environment_id"],
        unique=True,
        sqlite_where=sa.text("outcome IN ('queued', 'building')"),
        postgresql_where=sa.text("outcome IN ('queued', 'building')"),
    )
    op.create_index("uq_attempts_version", "attempts", ["environment_id", "number", "attempt"], unique=True)
