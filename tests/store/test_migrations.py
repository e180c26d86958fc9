"""A database of the first release comes to the present with all that is in it."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.domain.environment import Environment, Status
from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.domain.version import Outcome
from jupyter_dataflow_envs.store import (
    activations,
    deployment,
    environments,
    events,
    migration,
    prefixes,
    queue,
    versions,
)
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.tables import SCHEMA_VERSION
from tests.store.rows import build, prepared, publish, some_lock, submit
from tests.store.test_prepare import reflected, schema

ANN, BOB = Person("ann"), Person("bob")
SPEC = EnvironmentSpec("3.11", ("pandas>=2", "numpy"), ("rich",))
DIGEST = "e4eb2cf396c60473d6e71f8a1205aa4d4441d11d71d76b81c3ab3c459e9ddba7"
LOCK: Lock = some_lock()
AT = "2026-05-04T12:30:00.123456+00:00"
LATER = "2026-05-04T12:31:00.000000+00:00"
A, B, C = "a" * 32, "b" * 32, "c" * 32

# As the first release wrote them: `mlenv` with a version built and one failed twice, `geo` building, `new` just saved.
ROWS: dict[str, list[dict[str, Any]]] = {
    "deployment": [
        {"key": "id", "value": json.dumps("d" * 32)},
        {"key": "creator", "value": json.dumps("ann")},
        {
            "key": "policy",
            "value": json.dumps(
                {
                    "channels": [],
                    "denied_packages": [],
                    "required_packages": ["numpy"],
                    "python_versions": ["3.11"],
                    "max_environments": 5,
                }
            ),
        },
    ],
    "locks": [
        {"digest": LOCK.digest, "body": zlib.compress(json.dumps(LOCK.to_json(), separators=(",", ":")).encode(), 6)}
    ],
    "prefixes": [
        {"id": "0123456789ab", "state": "ready", "key": "k" * 64, "run_id": "run1", "size": 1000, "created_at": AT},
        {"id": "0123456789ac", "state": "building", "run_id": "run4", "created_at": LATER},
        {"id": "0123456789ad", "state": "ready", "run_id": "run0", "created_at": AT, "unused_since": LATER},
    ],
    "environments": [
        {"id": A, "short_name": "mlenv", "full_name": "Machine learning", "description": "a\nnote", "owner": "ann",
         "revision": 3, "latest_version": 2, "latest_success": 1},
        {"id": B, "short_name": "geo", "full_name": "Übung", "description": "", "owner": "bob", "revision": 1,
         "latest_version": 1},
        {"id": C, "short_name": "new", "full_name": "Just saved", "description": "", "owner": "ann", "revision": 1},
    ],
    "versions": [
        {"environment_id": A, "number": 1, "attempt": 1, "created_by": "ann", "lock_digest": LOCK.digest,
         "prefix_id": "0123456789ab", "python": "3.11.7", "size": 1000, "pin_installed": 0},
        {"environment_id": A, "number": 2, "attempt": 2, "created_by": "root", "pin_installed": 1},
        {"environment_id": B, "number": 1, "attempt": 1, "created_by": "bob", "pin_installed": 0},
    ],
    "attempts": [
        {"id": 1, "environment_id": A, "number": 1, "attempt": 1, "outcome": "succeeded", "run_id": "run1",
         "duration": 1.5, "steps": json.dumps([{"name": "solving", "duration": 0.25}]), "started_at": AT,
         "finished_at": LATER},
        {"id": 2, "environment_id": A, "number": 2, "attempt": 1, "outcome": "failed", "run_id": "run2",
         "reason": "it broke", "steps": "[]", "interruptions": 1},
        {"id": 5, "environment_id": A, "number": 2, "attempt": 2, "outcome": "failed", "reason": "cancelled by ann",
         "cancel_requested_by": "ann", "steps": "[]"},
        {"id": 6, "environment_id": B, "number": 1, "attempt": 1, "outcome": "building", "run_id": "run4",
         "phase": "linking", "steps": "[]", "started_at": LATER,
         "process": json.dumps({"group": 7, "started": 8, "host": "here"}),
         "progress": json.dumps({"packages_done": 1, "packages_total": 2, "bytes_done": 3, "bytes_total": 4})},
    ],
    "activations": [
        {"environment_id": A, "person": "ann", "server": "one", "since": AT, "last_started": LATER,
         "leased_until": "2999-01-01T00:00:00.000000+00:00"},
    ],
    "events": [
        {"seq": 1, "at": AT, "actor": "ann", "kind": "environment.created", "environment_id": "f" * 32,
         "short_name": "gone", "details": "{}"},
        {"seq": 2, "at": AT, "actor": "ann", "kind": "environment.created", "environment_id": A,
         "short_name": "mlenv", "details": "{}"},
        {"seq": 3, "at": LATER, "actor": "root", "kind": "build.failed", "environment_id": A, "short_name": "mlenv",
         "version": 2, "details": json.dumps({"attempt": 1, "reason": "it broke"})},
        {"seq": 9, "at": LATER, "actor": "root", "kind": "policy.changed", "details": "{}"},
    ],
}  # fmt: skip

SAME = {
    "environments": {"spec": json.dumps(SPEC.to_json()), "spec_digest": DIGEST, "created_at": AT, "updated_at": LATER},
    "versions": {"spec": json.dumps(SPEC.to_json()), "spec_digest": DIGEST, "created_at": AT},
    "attempts": {"from_scratch": 0, "interruptions": 0, "queued_at": AT},
}
"""What all rows of a table have, unless they say otherwise."""


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Database]:
    """At schema 0001, with rows in every table."""
    with closing(Database(f"sqlite:///{tmp_path}/old.sqlite")) as database:
        migration.upgrade(database, "0001")
        assert database.file is not None
        with closing(sqlite3.connect(database.file)) as connection, connection:
            connection.execute("PRAGMA foreign_keys=ON")
            for table, rows in ROWS.items():
                for row in rows:
                    full = {**SAME.get(table, {}), **row}
                    names, places = ", ".join(full), ", ".join("?" * len(full))
                    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(full.values()))
        yield database


def contents(file: Path, columns: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    """All rows, in those columns."""
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: sorted(connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall(), key=repr)
            for table, names in columns.items()
        }


def columns(file: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(file)) as connection:
        return {t: [row[1] for row in connection.execute(f"PRAGMA table_info({t})")] for t in ROWS}


def test_every_row_is_kept_and_refers_to_what_it_did(old: Database, tmp_path: Path) -> None:
    assert old.file is not None
    before = columns(old.file)
    rows = contents(old.file, before)
    assert {table: len(kept) for table, kept in rows.items()} == {table: len(many) for table, many in ROWS.items()}
    old.prepare(backups=tmp_path / "backups", may_migrate=True, creator="somebody else")
    after = contents(old.file, before)
    assert {row for row in after["deployment"] if row[0] != "host"} == set(rows["deployment"])
    assert {**after, "deployment": None} == {**rows, "deployment": None}
    with closing(sqlite3.connect(old.file)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    (backup,) = (tmp_path / "backups").iterdir()
    assert backup.name.endswith("-schema-0001.sqlite")
    assert contents(backup, before) == rows


def test_the_schema_is_that_of_a_fresh_database(old: Database, tmp_path: Path) -> None:
    old.prepare(backups=tmp_path / "backups", may_migrate=True, creator="ann")
    (tmp_path / "fresh").mkdir()
    with closing(prepared(tmp_path / "fresh")) as fresh:
        assert schema(old) == schema(fresh)
        assert reflected(old) == reflected(fresh)
        assert old.schema_version() == fresh.schema_version() == SCHEMA_VERSION


@pytest.fixture
def upgraded(old: Database, tmp_path: Path) -> Database:
    old.prepare(backups=tmp_path / "backups", may_migrate=True, creator="ann")
    return old


def test_this_release_reads_what_the_first_one_wrote(upgraded: Database) -> None:
    with upgraded.read() as connection:
        it = environments.find(connection, "mlenv", ANN)
        assert (it.spec, it.full_name, it.description, it.revision) == (SPEC, "Machine learning", "a\nnote", 3)
        assert (it.status, it.modified, it.latest_success) == (Status.FAILED, False, 1)
        assert (it.publication, it.ever_published, it.review) == (None, False, None)
        assert (it.active, it.draft_active, it.usage.active_people) == (True, False, 1)
        assert environments.find(connection, "geo", BOB).status is Status.IN_PROGRESS
        assert environments.find(connection, "new", ANN).status is Status.SAVED

        failed, built = versions.of(connection, A)
        assert (built.outcome, built.digest, built.size, built.python) == (
            Outcome.SUCCEEDED,
            LOCK.digest,
            1000,
            "3.11.7",
        )
        assert (built.warnings, built.reverted_from, built.pin_installed) == ((), None, False)
        assert (failed.outcome, failed.reason, failed.attempt) == (Outcome.FAILED, "cancelled by ann", 2)
        assert failed.pin_installed
        assert [a.number for a in versions.attempts_at(connection, A, 2)] == [2, 1]
        assert versions.lock(connection, LOCK.digest) == LOCK

        (running,) = queue.active(connection)
        assert (running.short_name, running.run_id, running.install_digest) == ("geo", "run4", None)
        ready = prefixes.ready_by_key(connection, "k" * 64)
        assert ready is not None
        assert (ready.id, ready.warnings, ready.image_digest) == ("0123456789ab", (), None)
        (activation,) = activations.of_environment(connection, A)
        assert (activation.draft, activation.person) == (False, "ann")
        assert deployment.policy(connection).required_packages == ("numpy",)
        assert deployment.read(connection, "creator") == "ann"


def test_the_trail_knows_whose_environments_it_tells_of(upgraded: Database) -> None:
    """So that an owner reads on what happened to theirs; of what is gone only who did it is known."""
    with upgraded.write() as connection:
        assert [(e.seq, e.owner, e.public) for e in events.since(connection, 0)] == [
            (1, None, False),
            (2, "ann", False),
            (3, "ann", False),
            (9, None, False),
        ]
        events.record(connection, EventKind.EDITED, "bob", environment_id=B, short_name="geo")
        assert events.last(connection) == 10


def test_life_goes_on(upgraded: Database) -> None:
    with upgraded.write() as connection:
        assert build(connection, A) == 2  # the failed number is built again
        assert queue.fail(connection, "run4", "it broke", [], 1.0)
        submit(connection, A)
        publish(connection, A, 2)
        shown: Environment = environments.find(connection, "mlenv", BOB)
        assert (shown.published, shown.full_name) == (2, "Machine learning")
        with pytest.raises(sqlite3.IntegrityError):
            connection.connection.dbapi_connection.execute("DELETE FROM locks")  # type: ignore[union-attr]
        environments.remove(connection, A)
        assert versions.of(connection, A) == []
        assert activations.of_environment(connection, A) == []
        assert {environment_id for environment_id, _log in versions.log_names(connection)} == {B}
