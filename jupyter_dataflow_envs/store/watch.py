"""Notices that somebody, in this process or another, has written to the database."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from .database import Database
from .postgresql import CHANNEL, DatabaseAway

LOOK_SECONDS = 5.0
"""How often to look at PostgreSQL's tables although no notification has come: they are the truth."""

ASK_SECONDS = 0.5
"""How often to look while there is no connection that notifications come by."""


class _Source(Protocol):
    def changed(self) -> bool: ...
    def close(self) -> None: ...


class ChangeWatch:
    """Asks cheaply and often; to be used from one thread. The tables stay the truth, this only says when to look."""

    def __init__(self, database: Database) -> None:
        self._source: _Source = _Notifications(database) if database.file is None else _DataVersion(database.file)

    def changed(self) -> bool:
        """Whether something was committed since the last call; True at the first, and when that can't be told."""
        return self._source.changed()

    def close(self) -> None:
        self._source.close()


class _DataVersion:
    """SQLite counts the commits of other connections."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, check_same_thread=False)
        self._last = -1

    def changed(self) -> bool:
        current = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        changed, self._last = current != self._last, current
        return changed

    def close(self) -> None:
        self._connection.close()


class _Notifications:
    """PostgreSQL sends one for each committed write. To ask for them costs the server nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._looked = self._tried = float("-inf")

    def changed(self) -> bool:
        moment = time.monotonic()
        if self._connection is None:
            if moment - self._tried < ASK_SECONDS:
                return False
            self._tried = self._looked = moment
            # First listen, then look: what is written between the two is notified.
            with suppress(DatabaseAway):
                self._connection = self._listening()
            return True
        if not self._notified() and moment - self._looked < LOOK_SECONDS:
            return False
        self._looked = moment
        return True

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()

    def _listening(self) -> Connection:
        connection = self._database.own_connection("AUTOCOMMIT")
        try:
            connection.execute(text(f"LISTEN {CHANNEL}"))
        except DBAPIError as error:
            connection.close()
            raise DatabaseAway(str(error.orig), str(error.orig)) from error
        return connection

    def _notified(self) -> bool:
        """True too when the connection is lost: nobody knows what was missed."""
        from psycopg import Error

        assert self._connection is not None
        driver: Any = self._connection.connection.dbapi_connection
        try:
            return len(list(driver.notifies(timeout=0))) > 0
        except Error:
            self.close()
            return True
