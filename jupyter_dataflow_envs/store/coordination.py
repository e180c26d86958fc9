"""Which of a deployment's servers runs its queue: a lock, and an epoch that fences whoever held it before."""

from __future__ import annotations

import json
import os
import socket
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ..domain.clock import now, to_text
from . import deployment
from .database import Database
from .postgresql import COORDINATING, SPACE, DatabaseAway, away, begin_write
from .root import Root

LOOK_SECONDS = 0.05
"""How long to try for the file lock: whoever asks for the holder takes it for a moment."""

CONFIRM_SECONDS = 1.0
"""Between two looks whether the session that holds PostgreSQL's lock is alive."""

NOBODY_KNOWN = {"pid": None, "host": None, "since": None}
NOTE = "coordinator"


class Coordination(ABC):
    """To be used from one thread, but for `holder`."""

    held = False
    """Whether this process holds the lock, as far as it knows."""

    @abstractmethod
    def take(self) -> bool:
        """Hold the lock, if nobody else does. Needs no schema. Raises DatabaseAway."""

    @abstractmethod
    def keep(self) -> bool:
        """Whether the lock is held still; once it is not, it has to be taken again."""

    @abstractmethod
    def begin(self) -> int:
        """Begin an epoch, which ends that of the last holder: its writes as coordinator are refused from now on."""

    @abstractmethod
    def holder(self) -> dict[str, Any] | None:
        """`pid`, `host` and `since` of the holder, as it noted them; None when nobody holds the lock."""

    @abstractmethod
    def release(self) -> None:
        """Give it to the next; nothing happens when it is not held."""


def coordination_of(database: Database, root: Root) -> Coordination:
    """A file's lock beside SQLite, which is one machine's; a session's on PostgreSQL, which ends with its process."""
    return FileCoordination(database, root) if database.is_sqlite else SessionCoordination(database)


class FileCoordination(Coordination):
    def __init__(self, database: Database, root: Root) -> None:
        self._database = database
        self._file, self._note = root.coordinator_lock, root.coordinator_note
        self._lock = FileLock(self._file, thread_local=False)

    @property
    def held(self) -> bool:  # type: ignore[override]
        return self._lock.is_locked

    def take(self) -> bool:
        try:
            self._lock.acquire(timeout=LOOK_SECONDS, poll_interval=LOOK_SECONDS / 5)
        except Timeout:
            return False
        self._note.write_text(json.dumps(_this_process()))
        return True

    def keep(self) -> bool:
        return self.held

    def begin(self) -> int:
        with self._database.write() as connection:
            return deployment.next_epoch(connection)

    def holder(self) -> dict[str, Any] | None:
        if not self.held:
            try:
                with FileLock(self._file, timeout=0, thread_local=False):
                    return None
            except Timeout:
                pass
        try:
            note: dict[str, Any] = json.loads(self._note.read_text())
        except (OSError, ValueError):
            return dict(NOBODY_KNOWN)
        return note

    def release(self) -> None:
        if self.held:
            with suppress(OSError):
                self._note.unlink()
            self._lock.release()


class SessionCoordination(Coordination):
    """The lock is the session's: when its connection ends, whatever ended it, the lock is free."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session: Connection | None = None
        self._confirmed = 0.0

    def take(self) -> bool:
        # A connection that was lost unnoticed is found out here; the next try has another.
        try:
            self._session = self._session or self._database.own_connection()
            query = text(f"SELECT pg_try_advisory_lock({SPACE}, {COORDINATING})")
            with self._session.begin():
                self.held = bool(self._session.execute(query).scalar_one())
        except DBAPIError as error:
            self.release()
            raise away(error) or error from error
        self._confirmed = time.monotonic()
        return self.held

    def keep(self) -> bool:
        if self._session is None or not self.held:
            return False
        if time.monotonic() - self._confirmed < CONFIRM_SECONDS:
            return True
        try:
            with self._session.begin():
                self._session.execute(text("SELECT 1"))
        except DBAPIError:
            self.release()
            return False
        self._confirmed = time.monotonic()
        return True

    def begin(self) -> int:
        # In the session that holds the lock: one that has lost it must not end the epoch of its successor.
        assert self._session is not None
        try:
            with self._session.begin():
                begin_write(self._session)
                deployment.write(self._session, NOTE, _this_process())
                return deployment.next_epoch(self._session)
        except DBAPIError as error:
            self.release()
            raise away(error) or error from error

    def holder(self) -> dict[str, Any] | None:
        query = text(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND "
            "database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND "
            f"classid = {SPACE} AND objid = {COORDINATING})"
        )
        with self._database.read() as connection:
            if not connection.execute(query).scalar_one():
                return None
            return dict(deployment.read(connection, NOTE) or NOBODY_KNOWN)

    def release(self) -> None:
        session, self._session, self.held = self._session, None, False
        if session is not None:
            with suppress(DBAPIError, DatabaseAway):
                session.close()


def _this_process() -> dict[str, Any]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": to_text(now())}
