"""A database is created, upgraded after a backup, or refused with what to do."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.store import deployment, migration, tables, versions
from jupyter_dataflow_envs.store.database import HOST_LEASE, Database, SchemaUnusable
from jupyter_dataflow_envs.store.tables import SCHEMA_VERSION
from tests.postgresql import PostgreSQL
from tests.store.next_release import FAILING, NEXT, ORPHANING, PREPARE, NextRelease
from tests.store.rows import add, build, prepared


@pytest.fixture
def migrated(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Made by the migrations alone, of the kind that `database` is of."""
    if database.is_sqlite:
        with closing(Database(f"sqlite:///{tmp_path}/migrated.sqlite")) as made:
            migration.upgrade(made)
            yield made
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.create_database()
    with closing(Database(url)) as made:
        migration.upgrade(made)
        yield made
    server.drop_database(url)


def schema(database: Database) -> dict[str, list[str]]:
    """Every table and index as the database keeps it; a table's lines sorted, as their order means nothing to a query,
    and its name without the quotes that it has once it was renamed."""
    with database.read() as connection:
        if not database.is_sqlite:
            return {
                **_lines(connection, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"),
                **_lines(connection, "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid > 0"),
                **_lines(
                    connection,
                    "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, character_maximum_length, "
                    "collation_name, is_nullable, column_default) FROM information_schema.columns "
                    "WHERE table_schema = 'public'",
                ),
            }
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {
        name: sorted(
            line.strip().rstrip(",") for line in sql.replace(f'"{name}" (', f"{name} (").splitlines() if line.strip()
        )
        for name, sql in rows
        if name != "alembic_version"
    }


def _lines(connection: Connection, query: str) -> dict[str, list[str]]:
    rows = connection.exec_driver_sql(query).all()
    return {name: [definition] for name, definition in rows if not name.startswith("alembic_version")}


def standing_at(url: str) -> tuple[str | None, dict[str, list[str]]]:
    """The version and the schema of a database that is not open."""
    with closing(Database(url)) as database:
        return database.schema_version(), schema(database)


def reflected(database: Database) -> dict[str, Any]:
    """The schema in the words of SQLAlchemy: columns, keys, and indexes with their conditions.

    SQLite's columns in their order; PostgreSQL adds those of a later release at the end."""
    with database.read() as connection:
        about = inspect(connection)
        return {
            table: {
                "columns": _columns(about.get_columns(table), ordered=database.is_sqlite),
                "primary key": about.get_pk_constraint(table),
                "foreign keys": sorted(about.get_foreign_keys(table), key=str),
                "unique": sorted(about.get_unique_constraints(table), key=str),
                "indexes": sorted((_index(i) for i in about.get_indexes(table)), key=str),
            }
            for table in about.get_table_names()
            if table != "alembic_version"
        }


def _columns(columns: list[Any], *, ordered: bool) -> list[Any]:
    found = [{**c, "type": str(c["type"])} for c in columns]
    return found if ordered else sorted(found, key=lambda c: str(c["name"]))


def _index(index: Any) -> dict[str, Any]:
    return {**index, "dialect_options": {k: str(v) for k, v in index.get("dialect_options", {}).items()}}


# --- fresh and migrated --------------------------------------------------------------------------------------------


def test_the_migrations_lead_to_the_schema_of_the_code(migrated: Database) -> None:
    with migrated.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_fresh_database_equals_a_migrated_one(database: Database, migrated: Database) -> None:
    assert schema(database) == schema(migrated)
    assert reflected(database) == reflected(migrated)
    assert database.schema_version() == migrated.schema_version() == SCHEMA_VERSION


def test_partial_indexes_are_partial(migrated: Database) -> None:
    found = schema(migrated)
    for name in ("uq_attempts_active", "ix_attempts_active"):
        assert re.search("WHERE .*outcome.*'queued'.*'building'", found[name][0])
    assert re.search("WHERE .*state.*'ready'", found["uq_prefixes_ready_key"][0])


def test_the_newest_migration_is_the_schemas_version() -> None:
    script = ScriptDirectory.from_config(migration.config())
    assert script.get_heads() == [SCHEMA_VERSION]
    for revision in script.walk_revisions():
        assert revision.doc
        assert Path(revision.path).name.startswith(f"{revision.revision}_")


def test_a_fresh_deployment_has_an_id_a_creator_and_a_private_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ids = set()
    for folder in (tmp_path / "a", tmp_path / "b"):
        database = prepared(folder)
        assert database.file is not None
        assert database.file.stat().st_mode & 0o777 == 0o600
        with database.read() as connection:
            ids.add(deployment.read(connection, "id"))
            assert deployment.read(connection, "creator") == "ann"
        database.close()
    assert len(ids) == 2


def test_preparing_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    def facts() -> tuple[Any, ...]:
        with database.read() as connection:
            return deployment.read(connection, "id"), deployment.read(connection, "creator"), schema(database)

    before = facts()
    database.prepare(backups=tmp_path / "backups", may_migrate=False, creator="bob")
    assert facts() == before
    assert not (tmp_path / "backups").exists()


def test_processes_that_prepare_one_fresh_root_agree(tmp_path: Path) -> None:
    file = tmp_path / "root" / "dataflow-envs.sqlite"
    command = [sys.executable, "-c", PREPARE, f"sqlite:///{file}", str(tmp_path / "backups"), "coordinator"]
    preparing = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in preparing:
        told, complaint = process.communicate(timeout=60)
        assert (process.returncode, told.strip(), complaint) == (0, SCHEMA_VERSION, "")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM deployment WHERE key = 'id'").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


# --- upgrades ------------------------------------------------------------------------------------------------------


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of this release: `mlenv` with one version, closed."""
    database = prepared(tmp_path)
    with database.write() as connection:
        build(connection, add(connection, "mlenv"))
    database.close()
    return str(database.url)


def contents(file: Path) -> dict[str, int]:
    """Rows by table."""
    with closing(sqlite3.connect(file)) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("environments", "versions", "attempts", "locks", "prefixes")
        }


def columns(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {row[1] for row in connection.execute("PRAGMA table_info(environments)")}


ONE_EACH = {"environments": 1, "versions": 1, "attempts": 1, "locks": 1, "prefixes": 1}


def test_an_upgrade_makes_a_backup_and_keeps_every_row(url: str, tmp_path: Path) -> None:
    file, backups = tmp_path / "dataflow-envs.sqlite", tmp_path / "backups"
    _, before = standing_at(url)
    done = NextRelease(tmp_path / "next").prepare(url, backups)
    assert (done.stdout.strip(), done.stderr, done.returncode) == (NEXT, "", 0)
    assert contents(file) == ONE_EACH
    assert "favourite" in columns(file)
    _, after = standing_at(url)
    assert {name: sql for name, sql in after.items() if name != "environments"} == {
        name: sql for name, sql in before.items() if name != "environments"
    }
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    (backup,) = backups.iterdir()
    assert backup.name.endswith(f"-schema-{SCHEMA_VERSION}.sqlite")
    assert contents(backup) == ONE_EACH
    assert "favourite" not in columns(backup)


def test_a_backup_can_be_put_back(url: str, tmp_path: Path) -> None:
    NextRelease(tmp_path / "next").prepare(url, tmp_path / "backups")
    (backup,) = (tmp_path / "backups").iterdir()
    database = Database(f"sqlite:///{backup}")
    database.prepare(backups=tmp_path / "more", may_migrate=False, creator="ann")
    with database.read() as connection:
        assert versions.count(connection) == 1
    database.close()


@pytest.mark.parametrize(
    ("more", "reason"),
    [(FAILING, "no_such_table"), (ORPHANING, "rows that refer to nothing")],
    ids=["fails", "orphans"],
)
def test_an_upgrade_that_fails_leaves_the_database_as_it_was(url: str, tmp_path: Path, more: str, reason: str) -> None:
    before = standing_at(url)
    done = NextRelease(tmp_path / "next", more).prepare(url, tmp_path / "backups")
    assert done.returncode != 0
    assert reason in done.stderr
    assert contents(tmp_path / "dataflow-envs.sqlite") == ONE_EACH
    assert standing_at(url) == before
    with closing(Database(url)) as database:
        database.prepare(backups=tmp_path, may_migrate=False, creator="ann")


def test_an_upgrade_waits_for_the_other_server_to_stop(url: str, tmp_path: Path) -> None:
    done = NextRelease(tmp_path / "next").prepare(url, tmp_path / "backups", coordinator=False)
    assert done.returncode != 0
    assert "another server of this deployment is running: stop that one first" in done.stderr
    assert standing_at(url)[0] == SCHEMA_VERSION
    assert not (tmp_path / "backups").exists()


def test_a_newer_schema_is_refused_with_what_to_do(url: str, tmp_path: Path) -> None:
    NextRelease(tmp_path / "next").prepare(url, tmp_path / "backups")
    database = Database(url)
    with pytest.raises(SchemaUnusable) as caught:
        database.prepare(backups=tmp_path / "more", may_migrate=True, creator="ann")
    assert caught.value.message == (
        f"The database's schema {NEXT} is newer than this release understands ({SCHEMA_VERSION}): "
        "upgrade jupyter-dataflow-envs, or restore a backup made by this release."
    )
    database.close()
    assert contents(tmp_path / "dataflow-envs.sqlite") == ONE_EACH
    assert not (tmp_path / "more").exists()


# --- one machine at a time -----------------------------------------------------------------------------------------


def seen_elsewhere(database: Database, ago: timedelta) -> None:
    with database.write() as connection:
        deployment.write(connection, "host", {"name": "another-machine", "seen": to_text(now() - ago)})


def host(database: Database) -> str:
    with database.read() as connection:
        return str(deployment.read(connection, "host")["name"])


def test_another_machine_is_refused_while_one_uses_the_file(sqlite_database: Database, tmp_path: Path) -> None:
    seen_elsewhere(sqlite_database, HOST_LEASE - timedelta(seconds=30))
    for use in (
        sqlite_database.beat,
        lambda: sqlite_database.prepare(backups=tmp_path, may_migrate=True, creator="ann"),
    ):
        with pytest.raises(SchemaUnusable, match=r"in use on the machine 'another-machine'.*or use PostgreSQL"):
            use()
    assert host(sqlite_database) == "another-machine"


def test_a_machine_that_has_gone_is_followed(sqlite_database: Database, tmp_path: Path) -> None:
    seen_elsewhere(sqlite_database, HOST_LEASE + timedelta(seconds=1))
    sqlite_database.prepare(backups=tmp_path, may_migrate=True, creator="ann")
    assert host(sqlite_database) != "another-machine"
    sqlite_database.beat()
