"""What PostgreSQL needs of its connections: one writer at a time, an end to all waiting, and words when it is away.

Everything here is for one database of a server; several deployments on one server have a database each, as advisory
locks and notifications are a database's own.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError

from ..domain.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry

DRIVER = "postgresql+psycopg"

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 60
LOCK_SECONDS = 30
"""How long a write waits for other processes' writes before it is given up."""

IDLE_SECONDS = 60
"""How long a transaction may do nothing: a process that hangs in one must not keep everybody from writing."""

TRUSTED_SECONDS = 1.0
"""How long a connection may lie idle and still be used unasked. If it was lost meanwhile, one read answers with 503."""

CONSISTENT = "repeatable\\ read"
"""The isolation level of a transaction that reads, as libpq's options write it."""

CHANNEL = "dataflow_envs"
"""Of the notifications that tell other processes to look."""

SPACE = 0x6466656E
"""First half of the keys of our advisory locks: what else uses the database has others."""

WRITING, COORDINATING = 1, 2
"""Second halves: held by a write transaction; held by the session of the server that runs the queue."""

LOST_STATES = ("08", "57P", "25P03")
"""SQLSTATEs by which the server says that a connection has ended: exceptions of it, shutdowns, idle for too long."""

# The lock first: under READ COMMITTED each later statement sees all that was committed before it. The notification goes
# out when the transaction is committed, and not otherwise.
_BEGIN_WRITE = text(f"SELECT pg_advisory_xact_lock({SPACE}, {WRITING}), pg_notify('{CHANNEL}', '')")

_REQUIRED = text(
    "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), "
    "EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu')"
)


class DatabaseAway(Unavailable):
    """The database can't be reached, or can't do what it is asked for just now.

    `reason` is for the service's log: it names machines that are nobody else's business. A write that it interrupts may
    have been committed all the same.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def normalized(url: URL) -> URL:
    """The URL with the driver that is used. Raises Unavailable when that is not installed."""
    if importlib.util.find_spec("psycopg") is None:
        raise Unavailable("A PostgreSQL database needs psycopg: pip install jupyter-dataflow-envs[team].")
    return url.set(drivername=DRIVER)


def shown(url: URL) -> str:
    """The URL as logs and people may read it."""
    secrets = [name for name in url.query if "password" in name.lower()]
    return url.difference_update_query(secrets).render_as_string(hide_password=True)


def writer(url: URL) -> Engine:
    """Of few connections: of what writes in one process, one at a time does."""
    return create_engine(url, connect_args=connect_arguments(url), pool_pre_ping=True, pool_size=2, max_overflow=6)


def reader(url: URL, pool: Mapping[str, Any]) -> Engine:
    """Connections that can't write, on which each statement is a transaction, unless `begin_read` has begun one.

    They are made so once, and looked at only after they have lain idle: setting and resetting them, and asking whether
    they are alive each time, took as long as what is read.
    """
    arguments = connect_arguments(url)
    arguments["options"] += f" -c default_transaction_read_only=on -c default_transaction_isolation={CONSISTENT}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args=arguments, pool_use_lifo=True, **pool)
    event.listen(engine, "checkout", _check_idle)
    event.listen(engine, "checkin", _note_idle)
    return engine


def begin_read(connection: Connection) -> None:
    """On a connection of `reader`: what is read from here on is of one moment. Giving the connection back ends it."""
    connection.exec_driver_sql("BEGIN")


def _note_idle(_dbapi: Any, record: ConnectionPoolEntry) -> None:
    record.info["idle since"] = time.monotonic()


def _check_idle(dbapi: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Raises DisconnectionError, upon which the pool makes a new one."""
    if time.monotonic() - record.info.get("idle since", math.inf) < TRUSTED_SECONDS:
        return
    try:
        dbapi.execute("SELECT 1")
    except Exception as error:  # whatever is wrong with it, another one is made
        raise DisconnectionError from error


def connect_arguments(url: URL) -> dict[str, Any]:
    """For psycopg. What the URL says of the same goes first."""
    milliseconds = {
        "lock_timeout": LOCK_SECONDS,
        "statement_timeout": STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_SECONDS,
        # As the other side's, so that locks of a machine that is gone don't outlive it for long.
        "tcp_user_timeout": 10,
    }
    settings = [f"-c {name}={seconds * 1000}" for name, seconds in milliseconds.items()]
    settings += ["-c tcp_keepalives_idle=2", "-c tcp_keepalives_interval=1", "-c tcp_keepalives_count=3"]
    wanted = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives": 1,
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "application_name": "jupyter-dataflow-envs",
    }
    own = url.query.get("options", "")
    more = own if isinstance(own, str) else " ".join(own)
    return {
        **{name: value for name, value in wanted.items() if name not in url.query},
        "options": f"{' '.join(settings)} {more}".strip(),
    }


def begin_write(connection: Connection) -> None:
    """Wait for the writers before this one."""
    connection.execute(_BEGIN_WRITE)


def check_server(connection: Connection) -> str | None:
    """What the server lacks, in words; None when it is as it must be."""
    version, encoding, icu = connection.execute(_REQUIRED).one()
    if version < 120000:
        return "PostgreSQL 12 or newer is needed."
    if encoding != "UTF8":
        return f"The database's encoding is {encoding}: create one with ENCODING 'UTF8'."
    if not icu:
        return "PostgreSQL must be built with ICU, as its packages and images are: its collation und-x-icu is missing."
    return None


def away(error: DBAPIError) -> DatabaseAway | None:
    """What `error` comes to when it is the database's state; None when it is the statement's fault."""
    state = getattr(error.orig, "sqlstate", None) or ""
    lost = not state or state.startswith(LOST_STATES)
    if not isinstance(error, OperationalError | InterfaceError) and not (state and lost):
        return None
    reason = " ".join(str(error.orig).split())
    if lost:
        words = "The database can't be reached. It is tried again and again: repeat this in a moment."
    else:
        words = "The database can't do that now, as it is busy or full: repeat this in a moment."
    return DatabaseAway(words, reason)
