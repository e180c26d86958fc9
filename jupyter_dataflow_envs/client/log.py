"""The log of a build: read from any byte, or followed while it grows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..domain.errors import NotFound
from .errors import ServerNotFound, ServerUnreachable
from .frames import FIRST_PAUSE, LONGEST_PAUSE, Frames

if TYPE_CHECKING:
    from .servers import Address


@dataclass(frozen=True, slots=True)
class LogPart:
    """Text of a log; `next_offset` is the byte to go on from, `complete` says that no more will come."""

    text: str
    next_offset: int
    complete: bool


class LogStream:
    """Iterates over the text of one attempt's log from a byte offset until the attempt has ended.

    A lost connection is taken up again where it broke: every byte arrives once. When the server stays away for longer
    than `patience` seconds, ServerUnreachable is raised; `offset` is then, as always, the byte to go on from. `outcome`
    is what became of the attempt, once the iteration has ended.
    """

    def __init__(self, address: Address, path: str, *, attempt: int, offset: int = 0, patience: float = 30.0) -> None:
        self.address = address
        self.path = path
        self.attempt = attempt
        self.offset = offset
        self.patience = patience
        self.outcome: str | None = None
        self._frames: Frames | None = None
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[str]:
        pause, lost_since = FIRST_PAUSE, None
        while self.outcome is None and not self._closed.is_set():
            try:
                for text in self._connection():
                    pause, lost_since = FIRST_PAUSE, None
                    yield text
            except ServerUnreachable:
                if self._closed.is_set():
                    return
                now = time.monotonic()
                lost_since = now if lost_since is None else lost_since
                if now - lost_since >= self.patience:
                    raise
                self._closed.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def close(self) -> None:
        """End the iteration, from this or another thread."""
        self._closed.set()
        if (frames := self._frames) is not None:
            frames.abort()

    def _connection(self) -> Iterator[str]:
        """What one connection brings. Ends when the log is complete; ServerUnreachable when the connection breaks."""
        try:
            frames = Frames(self.address, self.path, {"offset": self.offset, "attempt": self.attempt})
        except ServerNotFound as error:
            # Its version was there a moment ago, and a refused upgrade need not have our JSON for a body.
            raise NotFound(f"There is no log of attempt {self.attempt} any more.") from error
        self._frames = frames
        try:
            if self._closed.is_set():  # while this connected, when there was nothing to abort
                return
            for frame in frames:
                if frame.get("text") and (text := self._fresh(frame)):
                    yield text
                if frame.get("complete"):
                    self.outcome = str(frame.get("outcome"))
                    return
        finally:
            self._frames = None

    def _fresh(self, frame: dict[str, Any]) -> str:
        """The part of a frame's text that has not been seen; a frame from further on means that one was lost."""
        data = str(frame["text"]).encode("utf-8", "replace")
        seen = self.offset - int(frame["offset"])
        if seen < 0:
            raise ServerUnreachable(f"The log stream of {self.address.url} left out {-seen} bytes.")
        self.offset += max(0, len(data) - seen)
        return data[seen:].decode("utf-8", "replace")
