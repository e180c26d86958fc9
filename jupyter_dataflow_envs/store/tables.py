"""The schema. Every state is commented with its transitions; `migrations/` leads to exactly this (tested).

Written for SQLite and PostgreSQL alike. Times are ISO 8601 texts in UTC, which sort as they should on both.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    false,
    text,
)

from .columns import Name, Words

SCHEMA_VERSION = "0004"
"""The newest migration. A database at another one is upgraded, or refused when it is newer."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up only for INTEGER keys; PostgreSQL needs 64 bits for the life of a deployment.
Counter = BigInteger().with_variant(Integer, "sqlite")

deployment = Table(
    "deployment",
    metadata,
    # id: of this deployment, in kernelspecs; host: where its SQLite file is in use; creator; policy; epoch: of the
    # coordinator, who notes itself as coordinator
    Column("key", Name(40), primary_key=True),
    Column("value", JSON, nullable=False),
)

environments = Table(
    "environments",
    metadata,
    Column("id", Name(32), primary_key=True),
    Column("short_name", Name(5), nullable=False, unique=True),
    Column("full_name", Words, nullable=False),
    Column("description", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("spec_digest", Name(64), nullable=False),
    # grows with each edit; the ETag
    Column("revision", Integer, nullable=False),
    Column("created_at", Name(32), nullable=False),
    Column("updated_at", Name(32), nullable=False),
    # numbers of versions: the latest, the latest successful, the published one
    Column("latest_version", Integer),
    Column("latest_success", Integer),
    Column("published_version", Integer),
    # the version it is based on, of an environment that may be gone, and its lock, which stays
    Column("base_environment_id", Name(32)),
    Column("base_lock_digest", Name(64), ForeignKey("locks.digest")),
    # what everybody sees of the published version; the time stays when it is unpublished: it has been published once
    Column("published_full_name", Words),
    Column("published_description", Words),
    Column("published_spec", JSON),
    Column("published_at", Name(32)),
    Column("deprecated_reason", Words),
    Column("deprecated_at", Name(32)),
    # its latest review, open or decided; no foreign key, as reviews refer to environments
    Column("latest_review", Name(32)),
    # a kernel or a command of it, by whomever; it outlives their activations
    Column("last_started", Name(32)),
    # the Local environment it was made from: name, prefix, at
    Column("copied_from", JSON(none_as_null=True)),
    Index("ix_environments_base_environment_id", "base_environment_id"),
    Index("ix_environments_base_lock_digest", "base_lock_digest"),
    Index("ix_environments_owner", "owner", "short_name"),
    Index("ix_environments_owner_full_name", "owner", "full_name", "id"),
    Index("ix_environments_owner_updated_at", "owner", "updated_at", "id"),
    Index("ix_environments_updated_at", "updated_at", "id"),
    Index("ix_environments_created_at", "created_at", "id"),
    Index("ix_environments_full_name", "full_name", "id"),
    Index("ix_environments_published_at", "published_at", "id"),
    Index("ix_environments_published_full_name", "published_full_name", "id"),
)

locks = Table(
    "locks",
    metadata,
    Column("digest", Name(64), primary_key=True),
    # zlib of the JSON of domain.lock.Lock
    Column("body", LargeBinary, nullable=False),
)

prefixes = Table(
    "prefixes",
    metadata,
    # the folder's name below prefixes/
    Column("id", Name(32), primary_key=True),
    # building → ready → removed (row gone); building → removed when its run fails or is interrupted
    Column("state", Name(10), nullable=False),
    # domain.lock.Lock.prefix_key; null when it must not be shared
    Column("key", Name(64)),
    Column("run_id", Name(32), nullable=False),
    Column("size", BigInteger),
    Column("created_at", Name(32), nullable=False),
    # since when no version holds it; it is removed after a grace period, when no process runs from it
    Column("unused_since", Name(32)),
    # requirements that its packages declare and that are not fulfilled, one a line
    Column("warnings", JSON),
    # of its image in the image store: SHA-256 of its bytes, and how many they are; null: there is none
    Column("image_digest", Name(64)),
    Column("image_size", BigInteger),
    Index(
        "uq_prefixes_ready_key",
        "key",
        unique=True,
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
)

versions = Table(
    "versions",
    metadata,
    Column("environment_id", Name(32), ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    # the latest attempt at it; the version's outcome is that attempt's
    Column("attempt", Integer, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("spec_digest", Name(64), nullable=False),
    Column("pin_installed", Boolean, nullable=False),
    Column("created_by", Words, nullable=False),
    Column("created_at", Name(32), nullable=False),
    # set once, when an attempt succeeds
    Column("lock_digest", Name(64), ForeignKey("locks.digest")),
    Column("prefix_id", Name(32), ForeignKey("prefixes.id")),
    Column("python", Name(40)),
    Column("size", BigInteger),
    Column("warnings", JSON),
    # of a revert: the version gone back to, and its lock, which is installed without a solve
    Column("reverted_from", Integer),
    Column("install_digest", Name(64), ForeignKey("locks.digest")),
    Column("base_lock_digest", Name(64), ForeignKey("locks.digest")),
    Index("ix_versions_base_lock_digest", "base_lock_digest"),
    Index("ix_versions_install_digest", "install_digest"),
    Index("ix_versions_prefix_id", "prefix_id"),
    Index("ix_versions_lock_digest", "lock_digest"),
)

attempts = Table(
    "attempts",
    metadata,
    # the order of the queue
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("environment_id", Name(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    # queued → building → succeeded | failed; queued → failed when cancelled; building → queued when handed back
    Column("outcome", Name(10), nullable=False),
    Column("from_scratch", Boolean, nullable=False),
    # drawn by the run that claimed it: only that run's progress and result are taken
    Column("run_id", Name(32)),
    # how often a server died while building it
    Column("interruptions", Integer, nullable=False),
    # {"group", "started", "host"}: the process group of the run, to end what a dead server left
    Column("process", JSON),
    Column("phase", Name(20)),
    Column("progress", JSON),
    Column("cancel_requested_by", Words),
    Column("reason", Words),
    Column("steps", JSON, nullable=False),
    Column("queued_at", Name(32), nullable=False),
    Column("started_at", Name(32)),
    Column("finished_at", Name(32)),
    Column("duration", Float),
    ForeignKeyConstraint(
        ["environment_id", "number"], ["versions.environment_id", "versions.number"], ondelete="CASCADE"
    ),
    Index("uq_attempts_version", "environment_id", "number", "attempt", unique=True),
    # never two builds of one environment
    Index(
        "uq_attempts_active",
        "environment_id",
        unique=True,
        sqlite_where=text("outcome IN ('queued', 'building')"),
        postgresql_where=text("outcome IN ('queued', 'building')"),
    ),
    # the queue, whatever the number of ended attempts
    Index(
        "ix_attempts_active",
        "id",
        sqlite_where=text("outcome IN ('queued', 'building')"),
        postgresql_where=text("outcome IN ('queued', 'building')"),
    ),
    sqlite_autoincrement=True,
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Name(32), primary_key=True),
    Column("environment_id", Name(32), ForeignKey("environments.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    # of the version's lock: a decision names it, so that what was looked at is what is decided on
    Column("digest", Name(64), nullable=False),
    # pending → approved | rejected | withdrawn
    Column("state", Name(10), nullable=False),
    Column("note", Words, nullable=False),
    Column("submitted_by", Words, nullable=False),
    Column("submitted_at", Name(32), nullable=False),
    Column("decided_by", Words),
    Column("decided_at", Name(32)),
    Column("comment", Words),
    # never two open reviews of one environment
    Index(
        "uq_reviews_pending",
        "environment_id",
        unique=True,
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_reviews_environment_id", "environment_id", "submitted_at"),
    Index("ix_reviews_state", "state", "submitted_at", "id"),
)

activations = Table(
    "activations",
    metadata,
    Column("environment_id", Name(32), ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True),
    Column("person", Words, primary_key=True),
    # the notebook server that holds the kernelspec
    Column("server", Name(200), primary_key=True),
    Column("since", Name(32), nullable=False),
    Column("last_started", Name(32)),
    # an expired lease blocks nothing
    Column("leased_until", Name(32), nullable=False),
    # an administrator tries the draft
    Column("draft", Boolean, nullable=False, server_default=false()),
)

events = Table(
    "events",
    metadata,
    Column("seq", Counter, primary_key=True, autoincrement=True),
    Column("at", Name(32), nullable=False),
    Column("actor", Words, nullable=False),
    Column("kind", Name(40), nullable=False),
    # no foreign key: the trail outlives what it tells of
    Column("environment_id", Name(32)),
    Column("short_name", Name(5)),
    Column("version", Integer),
    Column("details", JSON, nullable=False),
    # of the environment, at that time
    Column("owner", Words),
    # whether everybody may know of it
    Column("public", Boolean, nullable=False, server_default=false()),
    Index("ix_events_environment_id", "environment_id", "seq"),
    Index("ix_events_short_name", "short_name", "seq"),
    Index("ix_events_owner", "owner", "seq"),
    Index("ix_events_actor", "actor", "seq"),
    sqlite_autoincrement=True,
)
