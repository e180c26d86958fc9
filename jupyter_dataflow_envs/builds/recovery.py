"""Takes care of builds whose server died."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from ..domain.events import EventKind
from ..store import events, prefixes, queue
from ..store.queue import QueuedAttempt
from .housekeeping import Removal, Why, clear_aside, remove
from .log import BuildLog
from .workshop import Workshop


def recover(workshop: Workshop, running: Collection[str]) -> int:
    """Take care of builds whose server died: they are queued again at their place, then they fail as interrupted.

    How often they are queued again is the runner's to say.

    `running`: the ids of the runs of this process. Returns how many there were.
    """
    with workshop.database.read() as connection:
        lost = [q for q in queue.active(connection) if q.run_id is not None and q.run_id not in running]
    if lost:
        # Before anything is touched: to a coordinator that is none any more, its successor's builds look lost.
        with workshop.database.write_as_coordinator():
            pass
    for queued in lost:
        assert queued.run_id is not None
        if queued.process is not None:
            workshop.runner.end_leftover(queued.process)
        # Before anything is written: what it had installed may be what fills the disk.
        with workshop.database.read() as connection:
            for prefix_id in prefixes.of_run(connection, queued.run_id):
                workshop.folders.set_aside(prefix_id)
        if not workshop.reserve.make_room():
            workshop.folders.clear()
        log = workshop.logs.open(queued.environment_id, queued.number, queued.attempt)
        try:
            with workshop.database.write_as_coordinator() as connection:
                _decide(connection, queued, log, workshop.runner.interruptions)
        finally:
            log.close()
    if lost:
        _remove_unfinished(workshop, running)
        clear_aside(workshop)
    return len(lost)


def _decide(connection: Connection, queued: QueuedAttempt, log: BuildLog, allowed: int) -> None:
    assert queued.run_id is not None
    if queued.cancel_requested_by:
        _fail(connection, queued, f"cancelled by {queued.cancel_requested_by}", log)
    elif queued.interruptions >= allowed:
        often = "twice" if queued.interruptions == 1 else f"{queued.interruptions + 1} times"
        reason = f"interrupted: this build broke off {often}, the last time as its server stopped. Build it again."
        _fail(connection, queued, reason, log)
    elif queue.hand_back(connection, queued.run_id, interrupted=True):
        log.close("Interrupted: the server stopped. The build is taken up again from its place in the queue.")
        _record(connection, EventKind.BUILD_INTERRUPTED, queued)


def _fail(connection: Connection, queued: QueuedAttempt, reason: str, log: BuildLog) -> None:
    assert queued.run_id is not None
    if queue.fail(connection, queued.run_id, reason, [], None):
        _record(connection, EventKind.BUILD_FAILED, queued, reason=reason)
        log.close(f"Failed: {reason}")


def _record(connection: Connection, kind: EventKind, queued: QueuedAttempt, **details: str) -> None:
    events.record(
        connection,
        kind,
        queued.created_by,
        environment_id=queued.environment_id,
        short_name=queued.short_name,
        version=queued.number,
        attempt=queued.attempt,
        **details,
    )


def _remove_unfinished(workshop: Workshop, running: Collection[str]) -> None:
    with workshop.database.read() as connection:
        partial = [p for p in prefixes.unfinished(connection) if p.run_id not in running]
    remove(workshop, [Removal(p.id, p.size, Why.PARTIAL) for p in partial], lambda: ())
