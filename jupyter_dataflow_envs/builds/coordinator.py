"""Runs the queue of a deployment: whoever of its servers holds the lock."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from ..domain.events import EventKind
from ..store import events, prefixes, queue
from ..store.coordination import coordination_of
from ..store.database import Fenced
from ..store.postgresql import DatabaseAway
from ..store.queue import QueuedAttempt
from .build import Build
from .housekeeping import sweep
from .recovery import recover
from .workshop import Workshop

TAKE_OVER_SECONDS = 1.0
"""Between two tries to get the lock of a coordinator that may have died."""

SWEEP_SECONDS = 30.0
"""Between two looks in the database for what nobody needs any more."""

COMPARE_SECONDS = 3600.0
"""Between two comparisons of the whole disk with the database; after a deletion the next sweep is one."""

STOP_SECONDS = 5.0
"""How long a stopping server waits for its builds to be handed back."""


class Coordinator:
    """Starts builds in the order of the queue, cancels them, and puts right what dead servers left.

    Its methods are called from one thread (`Watch`), but for `stop`. Every server of a deployment has one; the one that
    holds the lock acts.
    """

    def __init__(self, workshop: Workshop, in_use: Callable[[], Collection[str]], log: logging.Logger) -> None:
        self._workshop = workshop
        self._in_use = in_use
        self._log = log
        self._lock = coordination_of(workshop.database, workshop.root)
        self._builds: dict[int, tuple[Build, threading.Thread]] = {}
        self._stopped = self._fenced = False
        self._orphans: set[int] = set()
        self._tried = 0.0
        self._swept = self._compared = -math.inf
        self._seen = 0

    @property
    def here(self) -> bool:
        """Whether this process coordinates."""
        return self._lock.held

    def try_lock(self) -> bool:
        """Become the coordinator if there is none. One that was stopped never comes back."""
        if self._stopped:
            return False
        if self.here:
            return True
        self._tried = time.monotonic()
        return self._lock.take()

    def begin(self) -> None:
        """Once the schema is there: what other servers still write as coordinators is refused from now on."""
        if self.here and self._workshop.database.epoch is None:
            self._workshop.database.epoch = self._lock.begin()
            self._fenced = False

    def holder(self) -> dict[str, Any] | None:
        """Who runs the queue, as it noted itself: `pid`, `host`, `since`. None when nobody holds the lock."""
        return self._lock.holder()

    def keep(self) -> None:
        """Look whether this is the coordinator still; to be called often. If it is not, its builds are handed back."""
        if self._fenced:
            self._lock.release()
        if self._workshop.database.epoch is None or self._lock.keep():
            return
        self._log.warning("This server no longer runs the builds of %s: they go back", self._workshop.root.path)
        self._workshop.database.epoch = None
        self._fenced = False
        for build, _ in self._builds.values():
            build.hand_back()

    def tick(self, changed: bool, notify: Callable[[], None]) -> None:
        """Look after the queue. `changed`: something was written since the last call; `notify`: called after writes."""
        if not self.here:
            if time.monotonic() - self._tried < TAKE_OVER_SECONDS or not self.try_lock():
                return
            self._log.info("This server now runs the builds of %s", self._workshop.root.path)
            changed = True
        try:
            self.begin()
            self._act(changed, notify)
        except Fenced:
            self._fenced = True

    def stop(self) -> None:
        """Hand the running builds back to the queue, and the lock to the next server."""
        self._stopped = True
        for build, _ in self._builds.values():
            build.hand_back()
        deadline = time.monotonic() + STOP_SECONDS
        for build, thread in self._builds.values():
            thread.join(max(0.0, deadline - time.monotonic()))
            build.abandon()
        self._lock.release()

    def _act(self, changed: bool, notify: Callable[[], None]) -> None:
        ended = [key for key, (_, thread) in self._builds.items() if not thread.is_alive()]
        for key in ended:
            del self._builds[key]
        orphan_ended = not self._orphans.isdisjoint(ended)
        if changed or ended:
            self._look_after(notify)
        if orphan_ended:
            self._sweep(whole=True)  # it may have begun its log after the one that followed the deletion
        elif time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._sweep(whole=time.monotonic() - self._compared >= COMPARE_SECONDS)

    def _sweep(self, *, whole: bool) -> None:
        self._swept = time.monotonic()
        with self._workshop.database.read() as connection:
            whole = whole or events.happened_since(connection, self._seen, EventKind.DELETED, EventKind.VERSION_DELETED)
            seen = events.last(connection)
        if not sweep(self._workshop, self._occupied, whole=whole):
            self._swept = -math.inf
            return
        self._seen = seen
        if whole:
            self._compared = self._swept

    def _occupied(self) -> set[str]:
        """Prefixes that processes run from, and those that a build writes whose environment has been deleted."""
        with self._workshop.database.read() as connection:
            written = {p for build, _ in self._builds.values() for p in prefixes.of_run(connection, build.run_id)}
        return {*self._in_use(), *written}

    def _look_after(self, notify: Callable[[], None]) -> None:
        running = {build.run_id for build, _ in self._builds.values()}
        recover(self._workshop, running)
        with self._workshop.database.read() as connection:
            active = queue.active(connection)
            self._orphans = self._builds.keys() - queue.known(connection, self._builds.keys())
        for key in self._orphans:
            self._builds[key][0].cancel()
        for queued in active:
            if queued.cancel_requested_by is not None:
                self._cancel(queued, notify)
        waiting = [q for q in active if q.run_id is None and q.cancel_requested_by is None and q.id not in self._builds]
        for queued in waiting[: max(0, self._workshop.settings.max_concurrent_builds - len(self._builds))]:
            build = Build(self._workshop, queued, notify)
            thread = threading.Thread(target=self._run, args=(build, notify), name=f"build {queued.short_name}")
            self._builds[queued.id] = (build, thread)
            thread.start()

    def _run(self, build: Build, notify: Callable[[], None]) -> None:
        try:
            build.run()
        except Fenced:
            self._fenced = True
        except DatabaseAway as error:
            self._log.warning("A build broke off, as the database was away: %s", error.reason)
        except Exception:  # noqa: BLE001  # the attempt is "building" by no run of ours now: `recover` takes care of it
            self._log.exception("A build broke off")
        finally:
            notify()

    def _cancel(self, queued: QueuedAttempt, notify: Callable[[], None]) -> None:
        if queued.id in self._builds:
            self._builds[queued.id][0].cancel()
            return
        reason = f"cancelled by {queued.cancel_requested_by}"
        with self._workshop.database.write_as_coordinator() as connection:
            if queue.fail_queued(connection, queued.id, reason):
                events.record(
                    connection,
                    EventKind.BUILD_FAILED,
                    queued.created_by,
                    environment_id=queued.environment_id,
                    short_name=queued.short_name,
                    version=queued.number,
                    attempt=queued.attempt,
                    reason=reason,
                )
        notify()
