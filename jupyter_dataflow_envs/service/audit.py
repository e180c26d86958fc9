"""The audit trail, for those whom it concerns."""

from __future__ import annotations

from ..domain.events import Event, TrailPage
from ..domain.permissions import Person
from ..store import events
from ..store.database import Database


class Audit:
    """Reads only: the trail is written where things are done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, person: Person, wanted: TrailPage) -> tuple[list[Event], int | None]:
        """Newest first, and what the next page is `before`: administrators all, others what concerns them."""
        with self._database.read() as connection:
            return events.page(connection, wanted, person)
