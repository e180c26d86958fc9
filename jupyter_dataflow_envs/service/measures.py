"""What is measured of a deployment's builds, for those who watch it."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass

from ..domain.errors import NotFound
from ..domain.events import Event, EventKind
from ..domain.version import StepDuration
from ..store import hints, versions
from ..store.database import Database
from .feed import Feed, News

ENDED = {
    EventKind.BUILD_SUCCEEDED: "succeeded",
    EventKind.BUILD_FAILED: "failed",
    EventKind.BUILD_INTERRUPTED: "interrupted",
}

MOST_KEPT = 10_000
"""Ended builds that are remembered until somebody asks; nobody may."""


@dataclass(frozen=True, slots=True)
class EndedBuild:
    outcome: str
    steps: tuple[StepDuration, ...]


@dataclass(frozen=True, slots=True)
class QueueLength:
    queued: int
    building: int


class Measures:
    """From the start of this process on."""

    def __init__(self, database: Database, feed: Feed) -> None:
        self._database = database
        self._ended: list[Event] = []
        self._lock = threading.Lock()
        feed.listen(self._hear)

    def ended_builds(self) -> list[EndedBuild]:
        """Those that ended since the last call."""
        with self._lock:
            ended, self._ended = self._ended, []
        with self._database.read() as connection:
            found = []
            for event in ended:
                steps: tuple[StepDuration, ...] = ()
                if event.kind is not EventKind.BUILD_INTERRUPTED and event.environment_id and event.version:
                    with suppress(NotFound):  # deleted since
                        steps = versions.find(connection, event.environment_id, event.version).steps
                found.append(EndedBuild(ENDED[event.kind], steps))
        return found

    def queue(self) -> QueueLength:
        with self._database.read() as connection:
            active = hints.active(connection)
        queued = sum(h.queue_position is not None for h in active)
        return QueueLength(queued, len(active) - queued)

    def _hear(self, news: News) -> None:
        ended = [e for e in news.events if e.kind in ENDED]
        if ended:
            with self._lock:
                self._ended = (self._ended + ended)[-MOST_KEPT:]
