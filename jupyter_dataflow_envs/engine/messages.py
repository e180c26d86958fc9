"""Speaks to the runner: steps, progress, log lines, the lock and the end."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

from ..domain.lock import Lock
from ..domain.version import Step
from .credentials import mask

PROGRESS_INTERVAL = 0.1


class Messages:
    """Writes one JSON line a message; from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._writing = threading.Lock()
        self._steps: list[tuple[Step, float]] = []
        self._progress_at = 0.0
        self._ended = False

    def step(self, step: Step) -> None:
        """Says that a step begins, which ends the one before."""
        if not self._steps or self._steps[-1][0] is not step:
            self._steps.append((step, time.monotonic()))
            self._progress_at = 0.0
            self._send({"type": "step", "name": step.value})

    def log(self, text: str) -> None:
        self._send({"type": "log", "text": mask(text)})

    def progress(self, packages: tuple[int, int], bytes: tuple[int, int] = (0, 0), *, last: bool = False) -> None:
        """Tells (done, total) of packages and bytes; more often than ten times a second only when `last`."""
        now = time.monotonic()
        if not last and now - self._progress_at < PROGRESS_INTERVAL:
            return
        self._progress_at = now
        done, total = zip(packages, bytes, strict=True)
        self._send(
            {
                "type": "progress",
                "packages_done": done[0],
                "packages_total": total[0],
                "bytes_done": done[1],
                "bytes_total": total[1],
            }
        )

    def lock(self, lock: Lock, prefix_key: str | None) -> None:
        self._send({"type": "lock", "lock": lock.to_json(), "prefix_key": prefix_key})

    def result(
        self,
        lock: Lock | None,
        *,
        size: int = 0,
        files: int = 0,
        packages: int = 0,
        warnings: Sequence[str] = (),
        values: Sequence[Any] = (),
        **more: Any,
    ) -> None:
        """The end of a job that succeeded; `more` is what its mode adds."""
        self._end(
            {
                "type": "result",
                "lock": lock.to_json() if lock else None,
                "size": size,
                "files": files,
                "packages": packages,
                "warnings": list(warnings),
                "values": list(values),
                **more,
            }
        )

    def failure(self, reason: str, details: str = "") -> None:
        self._end({"type": "failure", "reason": mask(reason), "details": mask(details)})

    def durations(self) -> list[dict[str, Any]]:
        """How long each step took, in seconds, the last one up to now."""
        ends = [at for _, at in self._steps[1:]] + [time.monotonic()]
        return [
            {"name": step.value, "duration": round(end - at, 4)}
            for (step, at), end in zip(self._steps, ends, strict=False)  # no step: a question was answered
        ]

    def _end(self, message: dict[str, Any]) -> None:
        self._send({**message, "steps": self.durations()})
        self._ended = True

    def _send(self, message: dict[str, Any]) -> None:
        data = (json.dumps(message) + "\n").encode()
        with self._writing:
            if self._ended:
                return
            while data:
                data = data[os.write(self._descriptor, data) :]
