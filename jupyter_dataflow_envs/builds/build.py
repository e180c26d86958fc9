"""One run of one attempt: claims it, runs the engine, commits what came of it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, NoResultFound, OperationalError, SQLAlchemyError

from ..domain.clock import now
from ..domain.errors import NotFound, Unavailable
from ..domain.events import EventKind
from ..domain.lock import Lock
from ..domain.version import Progress, Step, StepDuration
from ..engine.faults import explain
from ..engine.protocol import Answer, Job, Message, Mode
from ..store import events, prefixes, queue, versions
from ..store.prefixes import Prefix
from ..store.queue import BuiltPrefix, QueuedAttempt
from .log import BuildLog
from .packing import with_image
from .runner import RunLost
from .steps import Steps
from .workshop import Workshop

PROGRESS_SECONDS = 0.25
"""Between two writes of a build's progress to the database."""

AGAIN_SECONDS = 0.5
"""Between two tries to write how a run ended, while the database is away."""


class Build:
    """The listener of one run. All of it happens in the thread that calls `run`; `cancel` may be called from any."""

    def __init__(self, workshop: Workshop, queued: QueuedAttempt, changed: Callable[[], None]) -> None:
        self._workshop = workshop
        self._queued = queued
        self._changed = changed
        self.run_id = uuid.uuid4().hex
        self._prefix_id = workshop.folders.new_id()
        self._stop = threading.Event()
        self._abandoned = threading.Event()
        self._handing_back = False
        self._phase = "solving"
        self._progress: Progress | None = None
        self._progress_written = 0.0
        self._key: str | None = None
        self._reused = False
        self._lost: RunLost | None = None
        self._started = time.monotonic()
        self._log: BuildLog | None = None
        self._steps = Steps()

    def cancel(self) -> None:
        self._stop.set()

    def hand_back(self) -> None:
        """End the run; the attempt goes back to its place in the queue."""
        self._handing_back = True
        self._stop.set()

    def abandon(self) -> None:
        """End the thread, even where the database is away: the next coordinator takes care of the attempt."""
        self._abandoned.set()

    def run(self) -> None:
        """From the claim to the committed result; returns when nothing of the run is left but what it built."""
        queued = self._queued
        with self._workshop.database.write_as_coordinator() as connection:
            if not queue.claim(connection, queued.id, self.run_id, self._prefix_id):
                return
            self._record(connection, EventKind.BUILD_STARTED)
        # Not in that transaction: what goes wrong here must not leave the attempt waiting at its place for ever.
        try:
            with self._workshop.database.read() as connection:
                job = self._job(connection)
            self._log = self._workshop.logs.open(queued.environment_id, queued.number, queued.attempt)
        except (NotFound, NoResultFound, FileNotFoundError):
            if self._is_over():
                self._throw_away()
                return
            raise
        self._changed()
        again = ", taken up again after an interruption" if queued.interruptions else ""
        self._say(
            f"Building {queued.short_name} version {queued.number}, attempt {queued.attempt}{again}, "
            f"asked for by {queued.created_by}, {now():%Y-%m-%d %H:%M:%S} UTC"
        )
        if queued.reverted_from is not None:
            self._say(f"Going back to version {queued.reverted_from}: its packages are installed as they were")
        try:
            last = self._take_installed(job) or self._packed(self._workshop.runner.run(job, self, self._stop))
        except Unavailable:
            self._handing_back, self._reused, last = True, False, None
        except RunLost as lost:
            self._lost, last = lost, None
        except (OSError, SQLAlchemyError) as error:
            last = {"type": "failure", "reason": self._explained(error), "steps": []}
        self._end_when_reached(last)
        self._changed()

    def _is_over(self) -> bool:
        """Whether the attempt is this run's no more: an administrator has deleted the environment by force, say."""
        with self._workshop.database.read() as connection:
            return all(q.run_id != self.run_id for q in queue.active(connection))

    def _explained(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        known = explain(cause, self._workshop.root.path)
        return known.reason if known is not None else f"The build could not go on: {cause}."

    def _job(self, connection: Connection) -> Job:
        queued = self._queued
        job = self._workshop.job(
            connection,
            title=queued.short_name,
            spec=queued.spec,
            prefix=self._workshop.folders.path(self._prefix_id),
            hold=self._held(connection),
        )
        if queued.install_digest is None:
            return job
        return replace(job, mode=Mode.INSTALL, lock=versions.lock(connection, queued.install_digest), base=None)

    def _take_installed(self, job: Job) -> Message | None:
        """What a revert goes back to may be there still: then nothing is left to do for the engine."""
        if job.mode is not Mode.INSTALL or job.lock is None:
            return None
        violations = job.policy.check_resolved(job.lock.packages, complete=True)
        if violations:
            reason = f"the deployment's policy does not allow {violations[0]}"
            return {"type": "failure", "reason": reason, "details": "\n".join(map(str, violations)), "steps": []}
        key = job.lock.prefix_key(run_link_scripts=job.run_link_scripts)
        if self._decide(job.lock, key) is not Answer.REUSE:
            return None
        # It is there, but this run may have been cancelled or fenced before it could take it.
        done = {"type": "result", "steps": []}
        return done if self._reused else {"type": "failure", "reason": "cancelled", "steps": []}

    def _packed(self, last: Message | None) -> Message | None:
        """With its image, where there are images and whoever ran the engine has not made one."""
        if last is None or last["type"] != "result" or self._reused or "image" in last:
            return last
        with self._workshop.database.read() as connection:
            url = self._workshop.image_url(connection)
        if url is None:
            return last
        return with_image(
            last, url, self._workshop.folders.path(self._prefix_id), say=self._say, stop=self._stop.is_set
        )

    def _held(self, connection: Connection) -> Lock | None:
        if not self._queued.pin_installed or self._queued.latest_success is None:
            return None
        usable = versions.find(connection, self._queued.environment_id, self._queued.latest_success)
        return versions.lock(connection, usable.digest) if usable.digest else None

    def started(self, process: dict[str, Any]) -> None:
        self._started = time.monotonic()  # a build takes as long as it runs, not as long as it waits for a worker
        with self._workshop.database.write() as connection:
            queue.note_process(connection, self.run_id, process)

    def printed(self, text: str) -> None:
        self._say(text)

    def heard(self, message: Message) -> Answer | None:
        match message["type"]:
            case "log":
                self._say(message["text"])
            case "step":
                self._enter(Step(message["name"]))
            case "progress":
                self._advance(Progress(**{k: v for k, v in message.items() if k != "type"}))
            case "lock":
                return self._decide(Lock.from_json(message["lock"]), message["prefix_key"])
        return None

    def _enter(self, step: Step) -> None:
        self._steps.enter(step)
        if step.phase == self._phase:
            return
        self._phase, self._progress = step.phase, None
        self._write_progress()

    def _advance(self, progress: Progress) -> None:
        self._progress = progress
        if time.monotonic() - self._progress_written >= PROGRESS_SECONDS:
            self._write_progress()

    def _write_progress(self) -> None:
        self._progress_written = time.monotonic()
        # A full disk is the engine's to explain, a database comes back; how far it had come is not worth a failure.
        with suppress(OperationalError, Unavailable), self._workshop.database.write() as connection:
            queue.note_progress(connection, self.run_id, self._phase, self._progress)
        self._changed()

    def _decide(self, lock: Lock, key: str | None) -> Answer:
        """Take the prefix that holds the same packages, in the transaction that finds it; else go on installing."""
        self._key = key
        if self._queued.from_scratch or (key is None and self._queued.reverted_from is None):
            return Answer.INSTALL
        with self._workshop.database.write() as connection:
            equal = self._equal(connection, key)
            if equal is None or equal.size is None:
                return Answer.INSTALL
            if not self._workshop.is_kept(equal):
                prefixes.stop_sharing(connection, equal.id)
                return Answer.INSTALL
            self._say(f"The same {len(lock.packages)} packages are installed and verified already: taking that prefix.")
            built = BuiltPrefix(equal.id, lock, equal.size, equal.warnings)
            self._reused = self._commit(connection, built, self._steps.ended())
        return Answer.REUSE

    def _equal(self, connection: Connection, key: str | None) -> Prefix | None:
        """By its packages; of a version gone back to its own, even where source builds forbid to share one."""
        if key is not None:
            return prefixes.ready_by_key(connection, key)
        assert self._queued.reverted_from is not None
        earlier = versions.find(connection, self._queued.environment_id, self._queued.reverted_from)
        return prefixes.get(connection, earlier.prefix_id) if earlier.prefix_id else None

    def _end_when_reached(self, last: Message | None) -> None:
        """However long the database is away; what was committed as it went stays as it is."""
        try:
            self._end(last)
            return
        except Unavailable:
            pass
        while not self._abandoned.wait(AGAIN_SECONDS):
            with suppress(Unavailable):
                if not self._is_over():
                    self._end(last)
                elif not self._is_kept():
                    self._throw_away()
                return

    def _is_kept(self) -> bool:
        """Whether what this run installed is some version's by now."""
        with self._workshop.database.read() as connection:
            mine = prefixes.get(connection, self._prefix_id)
        return mine is not None and mine.state == "ready"

    def _end(self, last: Message | None) -> None:
        steps = [StepDuration(s["name"], s["duration"]) for s in (last or {}).get("steps", [])]
        if self._reused:
            self._throw_away()
        elif last is None or last["type"] != "result" or not self._succeed(last, steps):
            self._fail(last, steps)

    def _succeed(self, result: Message, steps: list[StepDuration]) -> bool:
        """False: cancelled or fenced at the last moment."""
        lock, size, warnings = Lock.from_json(result["lock"]), int(result["size"]), tuple(result["warnings"])
        with self._workshop.database.write() as connection:
            done = self._commit(connection, BuiltPrefix(self._prefix_id, lock, size, warnings), steps)
            if done:
                prefixes.mark_ready(connection, self._prefix_id, key=self._key, size=size, warnings=warnings)
                if image := result.get("image"):
                    prefixes.note_image(connection, self._prefix_id, digest=image["digest"], size=image["size"])
        return done

    def _commit(self, connection: Connection, built: BuiltPrefix, steps: list[StepDuration]) -> bool:
        duration = time.monotonic() - self._started
        if not queue.succeed(connection, self.run_id, built, steps, duration):
            return False
        self._record(connection, EventKind.BUILD_SUCCEEDED, digest=built.lock.digest, prefix=built.id)
        self._close_log("Succeeded.")
        return True

    def _fail(self, last: Message | None, steps: list[StepDuration]) -> None:
        """Nothing of the run stays but its log and the reason; what is in use is untouched."""
        folders = self._workshop.folders
        folders.set_aside(self._prefix_id)
        if not self._workshop.reserve.make_room():
            folders.remove(self._prefix_id)
        try:
            with self._workshop.database.write() as connection:
                prefixes.forget(connection, self._prefix_id)
                self._give_up(connection, last, steps)
            self._changed()
        finally:
            folders.remove(self._prefix_id)

    def _give_up(self, connection: Connection, last: Message | None, steps: list[StepDuration]) -> None:
        mine = next((q for q in queue.active(connection) if q.run_id == self.run_id), None)
        if mine is None:
            self._close_log("Another run has taken over this build; this one's result is not used.")
            return
        if self._handing_back and not mine.cancel_requested_by:
            queue.hand_back(connection, self.run_id, interrupted=False)
            self._record(connection, EventKind.BUILD_INTERRUPTED)
            self._close_log("This server does not run the build any more: it goes back to its place in the queue.")
            return
        if self._lost is not None and not mine.cancel_requested_by and self._may_go_on(mine, self._lost):
            queue.hand_back(connection, self.run_id, interrupted=self._lost.counted)
            self._record(connection, EventKind.BUILD_INTERRUPTED)
            self._close_log(f"{self._lost} The build is taken up again from its place in the queue.")
            return
        reason = self._reason(mine, last)
        queue.fail(connection, self.run_id, reason, steps, time.monotonic() - self._started)
        self._record(connection, EventKind.BUILD_FAILED, reason=reason)
        self._close_log(f"Failed: {reason}")

    def _may_go_on(self, mine: QueuedAttempt, lost: RunLost) -> bool:
        return not lost.counted or mine.interruptions < self._workshop.runner.interruptions

    def _reason(self, mine: QueuedAttempt, last: Message | None) -> str:
        if mine.cancel_requested_by:
            return f"cancelled by {mine.cancel_requested_by}"
        if self._lost is not None:
            return (
                f"interrupted: this build broke off {mine.interruptions + 1} times. {self._lost} Workers may not have "
                "enough memory for it. Build it again."
            )
        if last is None or last["type"] != "failure":
            return "The build process ended unexpectedly; the log's last lines may say why. Build it again."
        if last.get("details"):
            self._say(last["details"])
        return str(last["reason"])

    def _close_log(self, words: str) -> None:
        """Before the outcome is committed: who reads on until there is an outcome has then read all of it."""
        assert self._log is not None
        self._log.close(f"{words} {time.monotonic() - self._started:.2f} s in all.")

    def _throw_away(self) -> None:
        self._workshop.folders.set_aside(self._prefix_id)
        with self._workshop.database.write() as connection:
            prefixes.forget(connection, self._prefix_id)
        self._workshop.folders.remove(self._prefix_id)

    def _record(self, connection: Connection, kind: EventKind, **details: Any) -> None:
        queued = self._queued
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

    def _say(self, text: str) -> None:
        assert self._log is not None
        self._log.write(text)
