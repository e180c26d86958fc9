"""Compares the disk with the database and removes what belongs to nobody. Only the coordinator does this."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from ..domain.clock import now
from ..domain.events import EventKind
from ..kernels import leases
from ..store import events, prefixes, queue, versions
from ..store.queue import QueuedAttempt
from .build import Workshop
from .log import BuildLog
from .prefix_folders import remove_tree
from .runner import end_leftover

GRACE = timedelta(minutes=1)
"""How long a prefix stays after its last version has gone: a kernel may be about to start in it."""


def recover(workshop: Workshop, running: Collection[str]) -> int:
    """Take care of builds whose server died: once they are queued again at their place, then they fail as interrupted.

    `running`: the ids of the runs of this process. Returns how many there were.
    """
    with workshop.database.read() as connection:
        lost = [q for q in queue.active(connection) if q.run_id is not None and q.run_id not in running]
    for queued in lost:
        assert queued.run_id is not None
        if queued.process is not None:
            end_leftover(queued.process)
        # Before anything is written: what it had installed may be what fills the disk.
        with workshop.database.read() as connection:
            for prefix_id in prefixes.of_run(connection, queued.run_id):
                workshop.folders.set_aside(prefix_id)
        if not workshop.reserve.make_room():
            workshop.folders.clear()
        log = workshop.logs.open(queued.environment_id, queued.number, queued.attempt)
        try:
            with workshop.database.write() as connection:
                _decide(connection, queued, log)
        finally:
            log.close()
    if lost:
        remove_unfinished(workshop)
        _clear(workshop)
    return len(lost)


def _clear(workshop: Workshop) -> None:
    """In a thread of its own, as the queue must not wait for it; what it leaves undone the next sweep does."""
    threading.Thread(target=workshop.folders.clear, name="clear removed prefixes", daemon=True).start()


def _decide(connection: Connection, queued: QueuedAttempt, log: BuildLog) -> None:
    assert queued.run_id is not None
    if queued.cancel_requested_by:
        _fail(connection, queued, f"cancelled by {queued.cancel_requested_by}", log)
    elif queued.interruptions:
        _fail(
            connection, queued, "interrupted: this build broke off twice, as its server stopped. Build it again.", log
        )
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


def remove_unfinished(workshop: Workshop) -> None:
    """Partial prefixes of runs that are over."""
    with workshop.database.read() as connection:
        partial = prefixes.unfinished(connection)
    for prefix in partial:
        workshop.folders.set_aside(prefix.id)
        with workshop.database.write() as connection:
            prefixes.forget(connection, prefix.id)


def sweep(workshop: Workshop, in_use: Callable[[], Collection[str]]) -> None:
    """Remove prefixes and logs that nothing refers to. `in_use`: the ids of prefixes that processes run from."""
    workshop.reserve.keep()
    remove_unfinished(workshop)
    with workshop.database.write() as connection:
        prefixes.note_unused(connection)
        versions.remove_unused_locks(connection)
        unused = prefixes.unused_before(connection, now() - GRACE)
    held = set(in_use())
    for prefix in unused:
        if prefix.id in held:
            continue
        with workshop.database.write() as connection:
            if not prefixes.forget(connection, prefix.id):
                continue
        workshop.folders.set_aside(prefix.id)
        leases.forget(workshop.root.path, prefix.id)
    on_disk = workshop.folders.ids()  # before the rows are read: a claim writes its row first
    with workshop.database.read() as connection:
        known = prefixes.all_ids(connection)
        logs = versions.log_names(connection)
    for stray in on_disk - known - held:
        workshop.folders.set_aside(stray)
    for preview in os.scandir(workshop.root.previews):
        if now().timestamp() - preview.stat(follow_symlinks=False).st_mtime > GRACE.total_seconds():
            remove_tree(workshop.root.previews / preview.name)
    _remove_logs(workshop, logs)
    _clear(workshop)


def _remove_logs(workshop: Workshop, kept: Collection[tuple[str, str]]) -> None:
    environments = {environment_id for environment_id, _ in kept}
    for folder in os.scandir(workshop.root.logs):
        if not folder.is_dir(follow_symlinks=False):
            continue
        if folder.name not in environments:
            remove_tree(workshop.root.logs / folder.name)
            continue
        for file in os.scandir(folder.path):
            if (folder.name, file.name.removesuffix(".log")) not in kept:
                Path(file.path).unlink()
