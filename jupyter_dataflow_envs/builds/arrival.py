"""Files of a prefix that come to a machine where it was not built: told in its log, or installed from the lock."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from ..domain.errors import EngineError
from ..engine.protocol import Answer, Job, Message
from ..images import Stopped
from .runner import Runner

TOLD_SECONDS = 5.0
"""Between two lines of the log about one fetch."""


class Told:
    """Says from time to time how far an image has come; `title` names what it is of."""

    def __init__(self, log: logging.Logger, title: str) -> None:
        self._log = log
        self._title = title
        self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._said >= TOLD_SECONDS:
            self._said = time.monotonic()
            self._log.info("%s: fetching its files, %.0f of %.0f MB", self._title, done / 1e6, total / 1e6)


def install_quietly(runner: Runner, job: Job, log: logging.Logger, stop: threading.Event) -> None:
    """Install from a lock, of which nobody reads the log. Raises EngineError, and Stopped."""
    last = runner.run(job, _Quiet(log), stop)
    if stop.is_set():
        raise Stopped
    if last is None or last["type"] != "result":
        raise EngineError(str((last or {}).get("reason") or "its installation ended unexpectedly"))


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
