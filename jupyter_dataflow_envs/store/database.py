"""One database: connections, transactions, and its schema brought up to date at start."""

from __future__ import annotations

import socket
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, TimeoutError

from ..domain.clock import from_text, now, to_text
from ..domain.errors import Unavailable
from . import deployment, postgresql
from .tables import SCHEMA_VERSION, metadata

HOST_LEASE = timedelta(minutes=2)
"""How long a machine that is not heard of keeps a SQLite database to itself."""

BUSY_SECONDS = 30
"""How long a write waits for other processes' writes before it is given up."""

POOL = {"pool_size": 8, "max_overflow": 16, "pool_timeout": 30}
"""Connections that read, and how many seconds one is waited for."""

BUSY = "The database is busy with other changes: repeat this in a moment."


class SchemaUnusable(Unavailable):
    """The database belongs to another release of this package, or to another machine."""


class Fenced(Unavailable):
    """Another server has come to run the queue; what this one was about to write for it is not written."""


class Database:
    """Connections to one deployment's database.

    A write transaction of SQLite begins IMMEDIATE: one that reads first and writes then fails when another process
    wrote in between, which no waiting mends. One of PostgreSQL begins with a lock that all of them take, which comes to
    the same. Within the process writers queue at a lock, as SQLite's own waiting polls.

    Raises SchemaUnusable for a URL that can't be used; DatabaseAway comes out of `read` and `write` when PostgreSQL is.
    """

    epoch: int | None = None
    """Of this process's coordinator; None while it is none. See `write_as_coordinator`."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url.replace("postgres://", "postgresql://", 1) if url[:11] == "postgres://" else url)
        except ArgumentError:
            raise SchemaUnusable("database_url is not the URL of a database, such as postgresql://host/name.") from None
        kind = self.url.get_backend_name()
        self.is_sqlite = kind == "sqlite"
        self._writing = threading.Lock()
        if self.is_sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise SchemaUnusable("database_url must name a file: the database outlives the server.")
            arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
            self.engine = self.reader = create_engine(self.url, connect_args=arguments, **POOL)
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        elif kind == "postgresql":
            self.url = postgresql.normalized(self.url)
            self.engine, self.reader = postgresql.writer(self.url), postgresql.reader(self.url, POOL)
        else:
            raise SchemaUnusable("database_url must be that of a SQLite file or of a PostgreSQL database.")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; whatever is written in it is lost, or refused."""
        with self.look() as connection:
            if not self.is_sqlite:
                postgresql.begin_read(connection)
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """As `read`, but each statement may see more than the last one, and costs one way to PostgreSQL and back.

        For what asks once, or whose answers need not be of one moment.
        """
        with self._reached(), self.reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing when the block raises."""
        with self._turn(), self._reached(), self._writing_connection() as connection, connection.begin():
            if not self.is_sqlite:
                postgresql.begin_write(connection)
            yield connection

    @contextmanager
    def write_as_coordinator(self) -> Iterator[Connection]:
        """A write that only the coordinator may make. Raises Fenced when this process is not, or no longer, that."""
        with self.write() as connection:
            if self.epoch is None or deployment.read(connection, "epoch") != self.epoch:
                raise Fenced("Another server runs the queue by now.")
            yield connection

    def own_connection(self, isolation: IsolationLevel = "READ COMMITTED") -> Connection:
        """A connection of PostgreSQL that is no other's, for what a session holds: locks, notifications.

        Who asks for it closes it. Raises DatabaseAway.
        """
        with self._reached():
            connection = self.engine.connect().execution_options(isolation_level=isolation)
            connection.detach()
            return connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=2 * BUSY_SECONDS):
            raise Unavailable(BUSY)
        try:
            yield
        finally:
            self._writing.release()

    def _writing_connection(self) -> Connection:
        return self.engine.connect().execution_options(dataflow_write=True)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:  # all connections are in use
            raise Unavailable(BUSY) from error
        except DBAPIError as error:
            if not self.is_sqlite and (away := postgresql.away(error)):
                raise away from error
            raise

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        """A write transaction in which tables can be made: SQLite's anew, as most changes of them need.

        Foreign keys are checked when it ends: while they hold, dropping a table deletes the rows that refer to it.
        """
        try:
            with self._turn(), self._reached(), self._writing_connection() as connection:
                if self.is_sqlite:
                    assert connection.connection.dbapi_connection is not None
                    connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
                with connection.begin():
                    if not self.is_sqlite:
                        postgresql.begin_write(connection)
                    yield connection
                    if self.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                        raise SchemaUnusable(f"The upgrade would leave rows that refer to nothing: {broken[:3]}.")
        finally:
            self._dispose()  # and with it the connection that checks no foreign keys

    @property
    def file(self) -> Path | None:
        """The SQLite file."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def prepare(self, *, backups: Path, may_migrate: bool, creator: str) -> None:
        """Create what is not there, or upgrade it after a backup.

        `may_migrate`: this process holds the coordinator's lock. Raises SchemaUnusable, saying what to do.
        """
        if self.file is None:
            with self.read() as connection:
                lacking = postgresql.check_server(connection)
            if lacking is not None:
                raise SchemaUnusable(lacking)
            self._prepare(backups, may_migrate=may_migrate, creator=creator)
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch(0o600)  # before SQLite makes it: the files beside it get its mode
        with FileLock(f"{self.file}.init.lock"):
            self._prepare(backups, may_migrate=may_migrate, creator=creator)

    def _prepare(self, backups: Path, *, may_migrate: bool, creator: str) -> None:
        current = self.schema_version()
        if current is None:
            with self.write() as connection:
                if _version_in(connection) is None:  # else another server was quicker
                    create_schema(connection)
                    deployment.write(connection, "id", uuid.uuid4().hex)
                    deployment.write(connection, "creator", creator)
        elif current != SCHEMA_VERSION:
            self._migrate(current, backups, may_migrate=may_migrate)
        self.beat()

    def beat(self) -> None:
        """Say that this machine uses the SQLite file; to be called at least every quarter of `HOST_LEASE`.

        Raises SchemaUnusable while another machine does: file locks don't hold across machines. A machine that has not
        been heard of for a lease's length has gone (a container that came back under another name,
        say): it is followed. A PostgreSQL database is used from many.
        """
        if not self.is_sqlite:
            return
        here = socket.gethostname()
        with self.write() as connection:
            last = deployment.read(connection, "host")
            if last and last["name"] != here and now() - from_text(last["seen"]) < HOST_LEASE:
                raise SchemaUnusable(
                    f"This database is in use on the machine '{last['name']}': SQLite must not be shared between "
                    "machines. Stop the server there and wait two minutes, or use PostgreSQL (database_url)."
                )
            deployment.write(connection, "host", {"name": here, "seen": to_text(now())})

    def _migrate(self, current: str, backups: Path, *, may_migrate: bool) -> None:
        from .migration import is_known, upgrade

        if not is_known(current):
            raise SchemaUnusable(
                f"The database's schema {current} is newer than this release understands ({SCHEMA_VERSION}): "
                "upgrade jupyter-dataflow-envs, or restore a backup made by this release."
            )
        if not may_migrate:
            raise SchemaUnusable(
                "The database needs an upgrade, and another server of this deployment is running: stop that one first."
            )
        self._back_up(backups, f"{now():%Y%m%dT%H%M%S}-schema-{current}")
        upgrade(self)

    def _back_up(self, folder: Path, name: str) -> None:
        from . import archive

        if self.file is not None:
            self.backup(folder / f"{name}.sqlite")
            return
        folder.mkdir(parents=True, exist_ok=True)
        archive.save(self, folder / f"{name}.zip")

    def backup(self, target: Path) -> None:
        """A consistent copy of the SQLite file, while others may write."""
        if self.file is None:
            raise Unavailable("Only a SQLite database can be copied as a file.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        target.chmod(0o600)

    def schema_version(self) -> str | None:
        """The migration the database stands at; None for an empty one."""
        try:
            with self.read() as connection:
                return _version_in(connection)
        except DatabaseError as error:
            raise SchemaUnusable(f"The database can't be opened: {error.orig}.") from error

    def close(self) -> None:
        self._dispose()

    def _dispose(self) -> None:
        self.engine.dispose()
        self.reader.dispose()


def create_schema(connection: Connection) -> None:
    """All tables, at the newest version."""
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:v)"), {"v": SCHEMA_VERSION})


def _version_in(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return version


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # else the driver begins transactions by itself, and not IMMEDIATE
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    """SQLite's own lowers only the letters A to Z."""
    return None if text is None else text.lower()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("dataflow_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
