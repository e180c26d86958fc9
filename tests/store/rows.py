"""Databases and rows for the tests of the store."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from jupyter_dataflow_envs.domain.environment import Environment
from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.domain.review import Review
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.domain.version import Outcome
from jupyter_dataflow_envs.store import environments, queue, reviews, tables, versions
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.queue import BuiltPrefix
from tests.domain.texts import lock, package

SPEC = EnvironmentSpec("3.11", ("pandas",), ("rich",))
START = datetime(2026, 5, 4, 12, 30, tzinfo=timezone.utc)


def prepared(folder: Path) -> Database:
    """A fresh database in `folder`."""
    database = Database(f"sqlite:///{folder}/dataflow-envs.sqlite")
    database.prepare(backups=folder / "backups", may_migrate=True, creator="ann")
    return database


def url_of(database: Database) -> str:
    """For other processes, with the password."""
    return database.url.render_as_string(hide_password=False)


def emptied(database: Database) -> Database:
    """The same without rows, for the next example of a property; quicker than a new file."""
    with database.write() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            if table is not tables.deployment:
                connection.execute(table.delete())
    return database


def new_id() -> str:
    return uuid.uuid4().hex


def add(connection: Connection, short_name: str, **changed: Any) -> str:
    """An environment of ann; its id."""
    minutes = changed.pop("minutes", 0)
    fields: dict[str, Any] = {
        "id": new_id(),
        "full_name": f"Full {short_name}",
        "description": "",
        "owner": "ann",
        "spec": SPEC,
        "revision": 1,
        "created_at": START + timedelta(minutes=minutes),
        "updated_at": START + timedelta(minutes=minutes),
    }
    environment = Environment(short_name=short_name, **{**fields, **changed})
    environments.insert(connection, environment)
    return environment.id


def enqueue(connection: Connection, environment_id: str, spec: EnvironmentSpec = SPEC) -> tuple[int, int]:
    return versions.enqueue(connection, environment_id, spec, by="ann", pin_installed=False, from_scratch=False)


def claim(connection: Connection, environment_id: str) -> tuple[str, str]:
    """Claims the environment's queued attempt; ids of the run and of its prefix."""
    (attempt,) = [a for a in queue.active(connection) if a.environment_id == environment_id]
    run, prefix = new_id(), new_id()
    assert queue.claim(connection, attempt.id, run, prefix)
    return run, prefix


def some_lock(version: str = "2.1.4") -> Lock:
    return lock([package("python", "3.11.7"), package("pandas", version)])


def build(connection: Connection, environment_id: str, outcome: Outcome = Outcome.SUCCEEDED) -> int:
    """A build up to `outcome`; the version's number."""
    number, _ = enqueue(connection, environment_id)
    if outcome is Outcome.QUEUED:
        return number
    run, prefix = claim(connection, environment_id)
    if outcome is Outcome.SUCCEEDED:
        assert queue.succeed(connection, run, BuiltPrefix(prefix, some_lock(), 1000), [], 1.5)
    elif outcome is Outcome.FAILED:
        assert queue.fail(connection, run, "it broke", [], 1.5)
    return number


def publish(connection: Connection, environment_id: str, number: int | None) -> None:
    """Show that version to everybody; None: show none any more."""
    if number is None:
        environments.unpublish(connection, environment_id)
        return
    environments.publish(
        connection, environment_id, number, versions.find(connection, environment_id, number).requested
    )


def rename(connection: Connection, environment_id: str, full_name: str, **changed: Any) -> None:
    """An edit by its owner."""
    it = environments.by_id(connection, environment_id)
    assert it is not None
    fields = {"description": it.description, "spec": it.spec, **changed}
    environments.edit(connection, environment_id, revision=it.revision, full_name=full_name, **fields)


def submit(connection: Connection, environment_id: str) -> Review:
    """A review of the latest successful version, opened by its owner."""
    it = environments.by_id(connection, environment_id)
    assert it is not None
    assert it.latest_success is not None
    digest = versions.find(connection, environment_id, it.latest_success).digest
    assert digest is not None
    return reviews.open_review(
        connection, environment_id, version=it.latest_success, digest=digest, by=it.owner, note="please"
    )
