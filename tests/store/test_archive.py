"""A backup of either kind of database fills either kind, and what was counted goes on."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jupyter_dataflow_envs.domain.environment import LocalOrigin
from jupyter_dataflow_envs.domain.errors import Conflict, Malformed
from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.version import Outcome
from jupyter_dataflow_envs.store import (
    activations,
    archive,
    environments,
    events,
    migration,
    queue,
    reviews,
    tables,
    versions,
)
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.tables import SCHEMA_VERSION
from tests.postgresql import PostgreSQL
from tests.store.conftest import KINDS
from tests.store.rows import START, add, build, enqueue, publish, submit
from tests.store.test_migrations import ROWS, SAME

ANN, BOB = Person("ann"), Person("bob")


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty one of either kind."""
    if request.param == "sqlite":
        with closing(Database(f"sqlite:///{tmp_path}/target/dataflow-envs.sqlite")) as database:
            yield database
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.create_database()
    with closing(Database(url)) as database:
        yield database
    server.drop_database(url)


def fill(database: Database) -> str:
    """A deployment in the midst of its life; the id of its one published environment."""
    with database.write() as connection:
        origin = LocalOrigin("mine", "/home/ann/mine", START + timedelta(days=1))
        mlenv = add(connection, "mlenv", full_name="Übung — 'quoted' \\ \n 100 % \U0001f40d", copied_from=origin)
        build(connection, mlenv)
        build(connection, mlenv, Outcome.FAILED)
        build(connection, mlenv)
        publish(connection, mlenv, 1)
        submit(connection, mlenv)
        geo = add(connection, "geo", owner="bob")
        build(connection, geo, Outcome.QUEUED)
        gone = add(connection, "gone")
        build(connection, gone, Outcome.FAILED)
        environments.remove(connection, gone)
        activations.activate(connection, mlenv, "bob", "one", draft=True)
        for n in range(1200):
            events.record(connection, EventKind.EDITED, "ann", environment_id=mlenv, short_name="mlenv", n=n, nul="\0")
    return mlenv


def rows_of(database: Database) -> dict[str, list[Any]]:
    with database.read() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(table)) if row[0] not in ("host", "coordinator")),
                key=repr,
            )
            for table in tables.metadata.sorted_tables
        }


def test_every_row_comes_back_in_either_kind(database: Database, target: Database, tmp_path: Path) -> None:
    mlenv = fill(database)
    file = tmp_path / "backup.zip"
    saved = archive.save(database, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.glob("*backup*")] == ["backup.zip"]
    loaded = archive.load(target, file)
    assert loaded == saved
    assert (saved.rows["environments"], saved.rows["attempts"], saved.rows["events"]) == (2, 4, 1200)
    assert rows_of(target) == rows_of(database)
    target.prepare(backups=tmp_path, may_migrate=False, creator="nobody")
    with target.read() as connection:
        it = environments.find(connection, "mlenv", ANN)
        assert it == environments.find(connection, "mlenv", ANN)
        assert it.copied_from is not None
        assert versions.lock(connection, versions.find(connection, mlenv, 1).digest or "").packages
        assert [r.environment_id for r, _ in reviews.of_person(connection, ANN, state=None, environment=None, limit=9)]


def test_what_was_counted_goes_on(database: Database, target: Database, tmp_path: Path) -> None:
    """Also past the attempts of what was deleted, which nobody may mistake for others."""
    fill(database)
    with database.write() as connection:
        id = add(connection, "last")
        enqueue(connection, id)
        highest = max(a.id for a in queue.active(connection))
        environments.remove(connection, id)
    archive.save(database, tmp_path / "backup.zip")
    archive.load(target, tmp_path / "backup.zip")
    with target.write() as connection:
        before = events.last(connection)
        events.record(connection, EventKind.EDITED, "ann")
        assert events.last(connection) == before + 1
        enqueue(connection, add(connection, "next"))
        assert max(a.id for a in queue.active(connection)) == highest + 1


def test_an_older_schema_is_brought_up_to_date(target: Database, tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/old.sqlite")) as old:
        migration.upgrade(old, "0001")
        with old.write() as connection:
            for table, rows in ROWS.items():
                for row in rows:
                    full = {**SAME.get(table, {}), **row}
                    names, places = ", ".join(full), ", ".join(f":{n}" for n in full)
                    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({places})", full)
        assert archive.save(old, tmp_path / "old.zip").schema_version == "0001"
    archive.load(target, tmp_path / "old.zip")
    assert target.schema_version() == SCHEMA_VERSION
    with target.write() as connection:
        assert environments.find(connection, "mlenv", ANN).spec.conda_requirements == ("pandas>=2", "numpy")
        assert [e.owner for e in events.since(connection, 0)] == [None, "ann", "ann", None]
        events.record(connection, EventKind.EDITED, "ann")
        assert events.last(connection) == 10


def test_a_database_that_holds_something_is_left_alone(database: Database, tmp_path: Path) -> None:
    fill(database)
    archive.save(database, tmp_path / "backup.zip")
    before = rows_of(database)
    with pytest.raises(Conflict, match="holds a deployment already"):
        archive.load(database, tmp_path / "backup.zip")
    assert rows_of(database) == before


def test_an_empty_database_is_nothing_to_back_up(target: Database, tmp_path: Path) -> None:
    if target.file is not None:
        target.file.parent.mkdir()
    with pytest.raises(Conflict, match="nothing to back up"):
        archive.save(target, tmp_path / "backup.zip")
    assert not list(tmp_path.glob("*.zip"))


def test_a_backup_is_never_written_over(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "backup.zip").write_text("precious")
    with pytest.raises(Conflict, match="name another one"):
        archive.save(sqlite_database, tmp_path / "backup.zip")
    assert (tmp_path / "backup.zip").read_text() == "precious"


@pytest.mark.parametrize("how", ["cut", "other", "rowless", "newer", "missing"])
def test_what_is_no_whole_backup_changes_nothing(target: Database, tmp_path: Path, how: str) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/source.sqlite")) as source:
        source.prepare(backups=tmp_path, may_migrate=True, creator="ann")
        fill(source)
        archive.save(source, tmp_path / "whole.zip")
    whole, file = (tmp_path / "whole.zip").read_bytes(), tmp_path / "damaged.zip"
    refusal: tuple[type[Exception], str] = (Malformed, "can't be read as a backup")
    if how == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif how == "other":
        file.write_text("something else")
    elif how != "missing":
        with zipfile.ZipFile(tmp_path / "whole.zip") as before, zipfile.ZipFile(file, "w") as after:
            for name in before.namelist():
                data = before.read(name)
                if how == "rowless" and name.endswith("events.jsonl"):
                    continue
                if how == "newer" and name == archive.HEADER:
                    data = json.dumps({**json.loads(data), "schema_version": "9999"}).encode()
                    refusal = (Conflict, "made by a newer release")
                after.writestr(name, data)
    with pytest.raises(refusal[0], match=refusal[1]):
        archive.load(target, file)
    assert target.schema_version() is None
