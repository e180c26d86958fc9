"""Bases, reverts, reviews, what everybody sees of a published environment, and whom an event concerns."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

from jupyter_dataflow_envs.store.columns import Name, Words

revision = "0002"
down_revision = "0001"

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def upgrade() -> None:
    # SQLite's tables are made anew, so that they read as those of a fresh database do.
    anew: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("environments", recreate=anew, naming_convention=NAMES) as table:
        table.add_column(sa.Column("base_environment_id", Name(32)))
        table.add_column(sa.Column("base_lock_digest", Name(64)))
        table.add_column(sa.Column("published_full_name", Words()))
        table.add_column(sa.Column("published_description", Words()))
        table.add_column(sa.Column("published_spec", sa.JSON()))
        table.add_column(sa.Column("published_at", Name(32)))
        table.add_column(sa.Column("deprecated_reason", Words()))
        table.add_column(sa.Column("deprecated_at", Name(32)))
        table.add_column(sa.Column("latest_review", Name(32)))
        table.add_column(sa.Column("last_started", Name(32)))
        table.create_foreign_key(op.f("fk_environments_base_lock_digest"), "locks", ["base_lock_digest"], ["digest"])
    op.create_index("ix_environments_base_environment_id", "environments", ["base_environment_id"])
    op.create_index("ix_environments_base_lock_digest", "environments", ["base_lock_digest"])
    op.create_index("ix_environments_owner_full_name", "environments", ["owner", "full_name", "id"])
    op.create_index("ix_environments_owner_updated_at", "environments", ["owner", "updated_at", "id"])
    op.create_index("ix_environments_published_at", "environments", ["published_at", "id"])
    op.create_index("ix_environments_published_full_name", "environments", ["published_full_name", "id"])

    with op.batch_alter_table("versions", recreate=anew, naming_convention=NAMES) as table:
        table.add_column(sa.Column("warnings", sa.JSON()))
        table.add_column(sa.Column("reverted_from", sa.Integer()))
        table.add_column(sa.Column("install_digest", Name(64)))
        table.add_column(sa.Column("base_lock_digest", Name(64)))
        table.create_foreign_key(op.f("fk_versions_install_digest"), "locks", ["install_digest"], ["digest"])
        table.create_foreign_key(op.f("fk_versions_base_lock_digest"), "locks", ["base_lock_digest"], ["digest"])
    op.create_index("ix_versions_base_lock_digest", "versions", ["base_lock_digest"])
    op.create_index("ix_versions_install_digest", "versions", ["install_digest"])

    op.drop_index("uq_prefixes_ready_key", table_name="prefixes")
    with op.batch_alter_table("prefixes", recreate=anew, naming_convention=NAMES) as table:
        table.add_column(sa.Column("warnings", sa.JSON()))
    op.create_index(
        "uq_prefixes_ready_key",
        "prefixes",
        ["key"],
        unique=True,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )

    with op.batch_alter_table("activations", recreate=anew, naming_convention=NAMES) as table:
        table.add_column(sa.Column("draft", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table(
        "events", recreate=anew, naming_convention=NAMES, table_kwargs={"sqlite_autoincrement": True}
    ) as table:
        table.add_column(sa.Column("owner", Words()))
        table.add_column(sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Until now no environment has changed hands.
    op.execute("UPDATE events SET owner = (SELECT e.owner FROM environments e WHERE e.id = events.environment_id)")
    op.create_index("ix_events_short_name", "events", ["short_name", "seq"])
    op.create_index("ix_events_owner", "events", ["owner", "seq"])
    op.create_index("ix_events_actor", "events", ["actor", "seq"])

    op.execute(
        "UPDATE environments SET last_started = "
        "(SELECT max(a.last_started) FROM activations AS a WHERE a.environment_id = environments.id)"
    )

    op.create_table(
        "reviews",
        sa.Column("id", Name(32), nullable=False),
        sa.Column("environment_id", Name(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", Name(64), nullable=False),
        sa.Column("state", Name(10), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("submitted_by", Words(), nullable=False),
        sa.Column("submitted_at", Name(32), nullable=False),
        sa.Column("decided_by", Words(), nullable=True),
        sa.Column("decided_at", Name(32), nullable=True),
        sa.Column("comment", Words(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_reviews_environment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(
        "uq_reviews_pending",
        "reviews",
        ["environment_id"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_reviews_environment_id", "reviews", ["environment_id", "submitted_at"])
    op.create_index("ix_reviews_state", "reviews", ["state", "submitted_at", "id"])
