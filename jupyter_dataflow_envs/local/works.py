"""What is being done to Local environments: engine children, their logs and their progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..builds.log import BuildLog, Logs
from ..builds.runner import Runner
from ..domain.errors import Conflict
from ..domain.local import Work
from ..domain.version import Step
from ..engine.faults import explain
from ..engine.protocol import Answer, Job, Message

TOLD_SECONDS = 0.5
"""Between two announcements of progress: who hears one reads the list."""

TAIL_BYTES = 16 * 1024
"""Of a log: its last line is in them."""

SUCCEEDED = "Succeeded."
CANCELLED = "cancelled"
STOPPED = "The server stopped while this was done. Do it again."


@dataclass(frozen=True, slots=True)
class Done:
    """How a work ended: the engine's result, or the reason why there is none."""

    result: Message | None
    reason: str | None


Finish = Callable[[Done, Callable[[str], None]], str]
"""Called in the work's thread with how it ended and a function that writes to the log; returns the log's last words."""


@dataclass(eq=False)
class Running:
    """One work, waiting or under way. It hears the engine, in the thread that runs it."""

    id: str
    work: Work
    log: BuildLog
    tell: Callable[[], None]
    stop: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False
    phase: str = "queued"
    progress: dict[str, int] | None = None
    told: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def started(self, process: dict[str, Any]) -> None:
        """Nothing is kept of it: the child ends with this server."""

    def printed(self, text: str) -> None:
        self.log.write(text)

    def heard(self, message: Message) -> Answer | None:
        match message["type"]:
            case "log":
                self.log.write(message["text"])
            case "step":
                self._enter(Step(message["name"]).phase)
            case "progress":
                self.progress = {k: v for k, v in message.items() if k != "type"}
                if time.monotonic() - self.told >= TOLD_SECONDS:
                    self.told = time.monotonic()
                    self.tell()
            case "lock":
                return Answer.INSTALL
        return None

    def _enter(self, phase: str) -> None:
        if phase != self.phase:
            self.phase, self.progress = phase, None
            self.tell()


class Works:
    """At most `most` at a time; the others wait. `changed` is called, from any thread, whenever there is news."""

    def __init__(self, runner: Runner, logs: Logs, most: int, changed: Callable[[], None]) -> None:
        self._runner = runner
        self._logs = logs
        self._changed = changed
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="dataflow-envs local")
        self._running: dict[str, Running] = {}
        self._waiting: dict[str, tuple[Future[None], Finish]] = {}
        self._changing = threading.Lock()

    def start(self, id: str, work: Work, opening: str, job: Callable[[], Job], finish: Finish) -> None:
        """Put the work in line; `opening` is its log's first line. Raises Conflict when one goes on for this id."""
        with self._changing:
            if id in self._running:
                raise Conflict("Something is being done with it: wait for it, or cancel it first.")
            log = self._logs.open(id, self.last_log(id) + 1, 1)
            running = Running(id, work, log, self._changed)
            self._running[id] = running
        log.write(opening)
        self._waiting[id] = self._pool.submit(self._run, running, job, finish), finish
        self._changed()

    def of(self, id: str) -> Running | None:
        return self._running.get(id)

    def cancel(self, id: str) -> None:
        """Raises Conflict when nothing is being done."""
        running = self._running.get(id)
        if running is None:
            raise Conflict("Nothing is being done with it.")
        running.cancelled = True
        running.stop.set()
        waiting, finish = self._waiting[id]
        if waiting.cancel():  # it had not begun: nobody else will end it
            self._end(running, Done(None, CANCELLED), finish)

    def stop(self) -> None:
        """End all and wait until each has put things right."""
        for running in list(self._running.values()):
            running.stop.set()
        self._pool.shutdown(wait=True)

    def last_log(self, id: str) -> int:
        """Number of the id's latest log; 0 when there is none."""
        return max(self._numbers(id), default=0)

    def read_log(self, id: str, number: int, offset: int, limit: int) -> tuple[bytes, int]:
        return self._logs.read(id, number, 1, offset, limit)

    def log_size(self, id: str, number: int) -> int:
        """Bytes written so far."""
        try:
            return self._logs.path(id, number, 1).stat().st_size
        except FileNotFoundError:
            return 0

    def outcome(self, id: str, number: int) -> str:
        """Of a work that has ended, by its log's last line; one that was cut off by a server's end has failed."""
        size = self.log_size(id, number)
        tail, _ = self.read_log(id, number, max(0, size - TAIL_BYTES), TAIL_BYTES)
        lines = tail.decode("utf-8", "replace").splitlines()
        return "succeeded" if lines and lines[-1].startswith(SUCCEEDED) else "failed"

    def _numbers(self, id: str) -> Iterator[int]:
        for file in self._logs.path(id, 0, 1).parent.glob("*.1.log"):
            number = file.name.partition(".")[0]
            if number.isdigit():
                yield int(number)

    def _run(self, running: Running, job: Callable[[], Job], finish: Finish) -> None:
        try:
            last = None if running.stop.is_set() else self._runner.run(job(), running, running.stop)
            done = self._ended(running, last)
        except Exception as error:  # noqa: BLE001  # whatever it is, its person must hear of it
            known = explain(error)
            done = Done(None, known.reason if known else f"It could not go on: {error}.")
        self._end(running, done, finish)

    def _end(self, running: Running, done: Done, finish: Finish) -> None:
        try:
            words = finish(done, running.log.write)
        except Exception as error:  # noqa: BLE001
            words = f"Failed: {error}"
        # First the state, then the log's end, then the end of the work: who reads on until there is an end reads all.
        running.log.close(f"{words} {time.monotonic() - running.began:.2f} s in all.")
        with self._changing:
            del self._running[running.id]
            self._waiting.pop(running.id, None)
        self._changed()

    def _ended(self, running: Running, last: Message | None) -> Done:
        if last is not None and last["type"] == "result":
            return Done(last, None)
        if running.cancelled:
            return Done(None, CANCELLED)
        if running.stop.is_set():
            return Done(None, STOPPED)
        if last is None:
            return Done(None, "The process that did it ended unexpectedly; the log's last lines may say why.")
        if last.get("details"):
            running.log.write(last["details"])
        return Done(None, str(last["reason"]))


def remove_logs(logs: Path, id: str) -> None:
    """Of an environment that was deleted."""
    for file in (logs / id).glob("*.log"):
        file.unlink(missing_ok=True)
