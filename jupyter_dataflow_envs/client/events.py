"""What happens in a deployment, followed through lost connections and restarts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from .errors import ServerError, ServerUnreachable
from .frames import Resuming

if TYPE_CHECKING:
    from typing import Any

    from ..models import EventFrame, ProgressFrame, SnapshotFrame
    from .servers import Address

    Frame = EventFrame | SnapshotFrame | ProgressFrame


class EventStream(Resuming):
    """Iterates over what happens after an event, told by its sequence number; without one, over what happens from now.

    Frames are dictionaries: `type` is `event`; or `snapshot`, always the first one without a sequence number: what is
    known from before may be out of date, read it again; or, with `progress`, a hint how far a build is. Every event
    that this person may see comes once, in order. A lost connection is taken up again where it broke. When the server
    stays away for longer than `patience` seconds, ServerUnreachable is raised; `position` is then, as always, the
    sequence number to go on from. Without `follow` the iteration ends with the last event that had happened when it
    began.
    """

    def __init__(
        self,
        address: Address,
        *,
        since: int | None = None,
        follow: bool = True,
        progress: bool = False,
        patience: float = 30.0,
    ) -> None:
        super().__init__(address, patience)
        self.position = since
        self.follow = follow
        self.progress = progress
        self._deployment: str | None = None
        self._end: int | None = None

    def __iter__(self) -> Iterator[Frame]:
        while not self._ended():
            try:
                yield from self._connection()
            except ServerUnreachable as error:
                self._pause_after(error)

    def _connection(self) -> Iterator[Frame]:
        known = {"since": self.position, "deployment": self._deployment}
        for frame in self._frames_of("events", {k: v for k, v in known.items() if v is not None}):
            if self._is_wanted(frame):
                yield cast("Frame", frame)
            if self._ended():
                return

    def _is_wanted(self, frame: dict[str, Any]) -> bool:
        """Whether the frame is for the caller; moves `position`."""
        kind = frame.get("type")
        if kind == "progress":
            return self.progress
        if not isinstance(seq := frame.get("seq"), int):
            raise ServerError(f"The event stream of {self.address.url} sent something that is not a frame.")
        if kind == "hello":
            self._greet(seq, frame.get("deployment"))
            return False
        if kind == "snapshot":
            self.position = seq  # perhaps a smaller one, of another database
            return True
        fresh = self.position is None or seq > self.position
        if fresh:
            self.position = seq
        return fresh and kind == "event"

    def _greet(self, seq: int, deployment: str | None) -> None:
        strange = self._deployment not in (None, deployment)
        if strange or (self.position is not None and self.position > seq):
            self.position = self._end = None  # counted in another database: a snapshot follows
        self._deployment = deployment
        self._end = seq if self._end is None else self._end

    def _ended(self) -> bool:
        reached = self.position is not None and self._end is not None and self.position >= self._end
        return self._closed.is_set() or (reached and not self.follow)
