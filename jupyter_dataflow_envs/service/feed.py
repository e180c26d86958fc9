"""What happens, told as it happens: read once in a process, whoever listens and however many they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..domain.errors import Unavailable
from ..domain.events import Event
from ..domain.permissions import Person
from ..store import events, hints
from ..store.database import Database
from ..store.hints import BuildHint

MOST_BEHIND = 2000
"""Events that a client can have missed and be told one by one; reading its lists again is quicker beyond that."""

HINT_SECONDS = 0.25
"""Between two looks at how far builds are."""


@dataclass(frozen=True, slots=True)
class News:
    """One batch for all listeners: events in their order, then how far builds are; `ended` with the last of all."""

    events: Sequence[Event] = ()
    hints: Sequence[BuildHint] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client needs that comes, or comes back, at the event `seq`: `missed` events, unless it is to read its
    lists again (`snapshot`), and how far the builds are that it may follow."""

    seq: int
    snapshot: bool
    missed: Sequence[Event]
    hints: Sequence[BuildHint]


Listener = Callable[[News], None]


class Feed:
    """Events go through the thread that watches the database (`tell`, `look`) to listeners, which must not block.

    Who listens from position p and then reads the `opening` misses nothing: what is committed later is told, and what
    is told twice has a sequence number up to the opening's.
    """

    def __init__(self, database: Database, position: int, deployment_id: str) -> None:
        self._database = database
        self._deployment_id = deployment_id
        self._position = position
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._ended = False
        self._told: dict[str, BuildHint] = {}
        self._looked = 0.0
        self._must_look = False

    def listen(self, listener: Listener) -> int:
        """Call `listener` with all that happens after the sequence number that is returned.

        Raises Unavailable when the server stops.
        """
        with self._lock:
            if self._ended:
                raise Unavailable("The server is stopping: try again when it is up.")
            self._listeners.append(listener)
            return self._position

    def silence(self, listener: Listener) -> None:
        """Call it no more; it may have gone already."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def opening(self, person: Person, since: int | None, deployment_id: str | None = None) -> Opening:
        """For a person who has seen everything up to `since`, of the deployment with that id. Takes a database read."""
        with self._database.read() as connection:
            last = events.last(connection)
            strange = deployment_id is not None and deployment_id != self._deployment_id
            snapshot = strange or since is None or not 0 <= last - since <= MOST_BEHIND
            missed = [] if snapshot or since is None else events.since(connection, since, limit=MOST_BEHIND)
            active = hints.active(connection)
        return Opening(
            seq=last,
            snapshot=snapshot,
            missed=[e for e in missed if e.visible_to(person)],
            hints=[h for h in active if h.visible_to(person)],
        )

    def tell(self, fresh: Sequence[Event]) -> None:
        """Events that follow those told before."""
        with self._lock:
            self._position = fresh[-1].seq
            self._send(News(events=fresh))

    def look(self, changed: bool) -> None:
        """See how far builds are, if something was written since the last look and that was long enough ago."""
        self._must_look = self._must_look or changed
        now = time.monotonic()
        if not self._must_look or not self._listeners or now - self._looked < HINT_SECONDS:
            return
        self._looked, self._must_look = now, False
        with self._database.read() as connection:
            active = {h.short_name: h for h in hints.active(connection)}
        moved = [h for name, h in active.items() if self._told.get(name) != h]
        self._told = active
        if moved:
            with self._lock:
                self._send(News(hints=moved))

    def end(self) -> None:
        """The server stops: listeners hear it, and nobody listens any more."""
        with self._lock:
            self._ended = True
            self._send(News(ended=True))
            self._listeners.clear()

    def _send(self, news: News) -> None:
        for listener in self._listeners:
            listener(news)
