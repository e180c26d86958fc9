"""The log of a build, or of what is done with a Local environment: read from any byte, or followed while it grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..domain.errors import NotFound
from .errors import ServerNotFound, ServerUnreachable
from .frames import Resuming

if TYPE_CHECKING:
    from .servers import Address
    from .transport import Transport


@dataclass(frozen=True, slots=True)
class LogPart:
    """Text of a log; `next_offset` is the byte to go on from, `complete` says that no more will come."""

    text: str
    next_offset: int
    complete: bool


def read_log(transport: Transport, path: str, *, attempt: int | None = None, offset: int = 0) -> LogPart:
    """The log there, from a byte offset to its present end."""
    text, complete = [], False
    while True:
        answer = transport.send("GET", path, query={"attempt": attempt, "offset": offset})
        text.append(answer.content.decode("utf-8", "replace"))
        following = int(answer.headers["X-Next-Offset"])
        complete = answer.headers["X-Log-Complete"].lower() in ("true", "1")
        # An answer may end before the log does.
        if complete or following == offset or not answer.content:
            return LogPart("".join(text), following, complete)
        offset = following


class LogStream(Resuming):
    """Iterates over a log's text from a byte offset until what it tells of has ended.

    A lost connection is taken up again where it broke: every byte arrives once. When the server stays away for longer
    than `patience` seconds, ServerUnreachable is raised; `offset` is then, as always, the byte to go on from. `outcome`
    is what became of it, once the iteration has ended. `attempt` is that of a build, which may have several.
    """

    def __init__(
        self, address: Address, path: str, *, attempt: int | None = None, offset: int = 0, patience: float = 30.0
    ) -> None:
        super().__init__(address, patience)
        self.path = path
        self.attempt = attempt
        self.offset = offset
        self.outcome: str | None = None

    def __iter__(self) -> Iterator[str]:
        while self.outcome is None and not self._closed.is_set():
            try:
                yield from self._connection()
            except ServerUnreachable as error:
                self._pause_after(error)

    def _connection(self) -> Iterator[str]:
        """Ends when the log is complete."""
        attempt = {} if self.attempt is None else {"attempt": self.attempt}
        try:
            for frame in self._frames_of(self.path, {"offset": self.offset, **attempt}):
                if frame.get("text") and (text := self._fresh(frame)):
                    yield text
                if frame.get("complete"):
                    self.outcome = str(frame.get("outcome"))
                    return
        except ServerNotFound as error:
            # It was there a moment ago, and a refused upgrade need not have our JSON for a body.
            raise NotFound("There is no such log any more.") from error

    def _fresh(self, frame: dict[str, Any]) -> str:
        """The part of a frame's text that has not been seen; a frame from further on means that one was lost."""
        data = str(frame["text"]).encode("utf-8", "replace")
        seen = self.offset - int(frame["offset"])
        if seen < 0:
            raise ServerUnreachable(f"The log stream of {self.address.url} left out {-seen} bytes.")
        self.offset += max(0, len(data) - seen)
        return data[seen:].decode("utf-8", "replace")
