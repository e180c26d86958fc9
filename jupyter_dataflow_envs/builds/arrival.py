"""Files of a prefix that come to a machine where it was not built: from their image, or installed from the lock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.errors import DataflowError, EngineError, Unavailable
from ..engine.faults import explain
from ..engine.protocol import Answer, Job, Message
from ..images import How, ImageSource, Stopped, ensure_prefix
from .runner import Runner

RETRY_SECONDS = 60.0
"""After a prefix could not be brought here, until it is tried again unasked."""

TOLD_SECONDS = 5.0
"""Between two lines of the log about one fetch."""

COMING = "Its files are being brought to this machine: start it again in a moment."


@dataclass(frozen=True, slots=True)
class Arrival:
    """Files on their way: bytes of the image that have come, and how many it has; 0 of 0 while that is not known, as
    when they are installed from the lock."""

    done: int = 0
    total: int = 0


class Arrivals:
    """Brings prefixes to this machine: at once, for who waits, or in the background, each by one at a time."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="dataflow-envs arrivals")
        self._under_way: set[str] = set()
        self._failed: dict[str, tuple[float, str]] = {}
        self._coming: dict[Path, Arrival] = {}
        self._changing = threading.Lock()

    def bring(self, prefix: Path, title: str, open_image: ImageSource | None, install: Callable[[], None]) -> None:
        """Make a prefix present; may take minutes. Raises Unavailable with the reason why that can't be done.

        `title` is what the log calls it. `install`: from its lock, where there is no image that can be used.
        """
        began, told = time.monotonic(), _Told(self._log, title)

        def progress(done: int, total: int) -> None:
            self._coming[prefix] = Arrival(done, total)
            told(done, total)

        self._coming.setdefault(prefix, Arrival())
        try:
            how = ensure_prefix(
                prefix,
                open_image,
                install,
                say=lambda text: self._log.warning("%s: %s", title, text),
                progress=progress,
                stop=self._stop.is_set,
            )
        except Stopped:
            raise Unavailable("The server is stopping: try again when it is up.") from None
        except (OSError, EngineError) as error:
            known = explain(error, prefix.parent)
            reason = known.reason if known is not None else str(error)
            raise Unavailable(f"The files of {title} can't be brought to this machine: {reason}.") from error
        finally:
            self._coming.pop(prefix, None)
        if how is not How.THERE:
            self._log.info("%s: %s in %.1f s", title, how.value, time.monotonic() - began)

    def of(self, prefix: Path) -> Arrival | None:
        """How far a prefix is; None: it is not being brought."""
        return self._coming.get(prefix)

    def install(self, runner: Runner, job: Job) -> None:
        """Install from a lock, of which nobody reads the log. Raises EngineError, and Stopped."""
        last = runner.run(job, _Quiet(self._log), self._stop)
        if self._stop.is_set():
            raise Stopped
        if last is None or last["type"] != "result":
            raise EngineError(str((last or {}).get("reason") or "its installation ended unexpectedly"))

    def begin(self, key: str, bring: Callable[[], None], then: Callable[[], object]) -> str:
        """Begin to bring something in the background; returns why it can't be used yet, in a sentence.

        `bring` raises DataflowError. `then` is called, in another thread, when there is news. What could not be brought
        is not tried again for a while.
        """
        with self._changing:
            failed = self._failed.get(key)
            if failed is not None and not _is_due(failed[0]):
                return failed[1]
            if key not in self._under_way and not self._stop.is_set():
                self._under_way.add(key)
                self._pool.submit(self._try, key, bring, then)
        return COMING

    def is_due(self) -> bool:
        """Whether something that failed is to be tried again by now; says so once."""
        with self._changing:
            due = [key for key, (moment, _) in self._failed.items() if _is_due(moment)]
            for key in due:
                del self._failed[key]
        return bool(due)

    def stop(self) -> None:
        """Give up what is on its way; nothing half stays."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _try(self, key: str, bring: Callable[[], None], then: Callable[[], object]) -> None:
        failure = None
        try:
            bring()
        except DataflowError as error:
            failure = error.message
            self._log.warning("%s", failure)
        except Exception:  # noqa: BLE001  # it is tried again, whatever it was
            failure = "Its files can't be brought to this machine."
            self._log.exception("Files could not be brought to this machine")
        with self._changing:
            self._under_way.discard(key)
            self._failed.pop(key, None)
            if failure is not None:
                self._failed[key] = time.monotonic(), failure
        if not self._stop.is_set():
            try:
                then()
            except Exception:  # noqa: BLE001  # the files have come all the same
                self._log.exception("What should follow the arrival of files has failed")


def _is_due(failed: float) -> bool:
    return time.monotonic() - failed >= RETRY_SECONDS


class _Told:
    """Says from time to time how far an image has come; `title` names what it is of."""

    def __init__(self, log: logging.Logger, title: str) -> None:
        self._log = log
        self._title = title
        self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._said >= TOLD_SECONDS:
            self._said = time.monotonic()
            self._log.info("%s: fetching its files, %.0f of %.0f MB", self._title, done / 1e6, total / 1e6)


class _Quiet:
    def __init__(self, log: logging.Logger) -> None:
        self._log = log

    def started(self, process: dict[str, Any]) -> None:
        """Nothing is kept of it: the child ends with this server."""

    def printed(self, text: str) -> None:
        self._log.debug("%s", text)

    def heard(self, message: Message) -> Answer | None:
        if message["type"] == "log":
            self._log.debug("%s", message["text"])
        return Answer.INSTALL if message["type"] == "lock" else None
