"""Notices that somebody, in this process or another, has written to the database."""

from __future__ import annotations

import sqlite3

from sqlalchemy import func, select

from .database import Database
from .tables import events


class ChangeWatch:
    """Asks cheaply and often; to be used from one thread. The tables stay the truth, this only says when to look."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = None if database.file is None else sqlite3.connect(database.file, check_same_thread=False)
        self._last = -1

    def changed(self) -> bool:
        """Whether something was committed since the last call; True at the first."""
        current = self._read()
        changed, self._last = current != self._last, current
        return changed

    def _read(self) -> int:
        if self._connection is not None:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        with self._database.read() as connection:
            return int(connection.execute(select(func.max(events.c.seq))).scalar() or 0)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
