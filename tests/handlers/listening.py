"""Who listens to `/events`, and what they have heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic import TypeAdapter

from jupyter_dataflow_envs import models
from tests.handlers.rest import Rest

if TYPE_CHECKING:
    from websocket import WebSocket

Frame = dict[str, Any]

_FRAMES: dict[str, TypeAdapter[Any]] = {
    "hello": TypeAdapter(models.HelloFrame),
    "snapshot": TypeAdapter(models.SnapshotFrame),
    "event": TypeAdapter(models.EventFrame),
    "position": TypeAdapter(models.PositionFrame),
    "progress": TypeAdapter(models.ProgressFrame),
}


class Listener:
    """One socket's frames, each held against the models."""

    def __init__(self, socket: WebSocket, since: int | None = None) -> None:
        self.socket = socket
        self.since = since
        self.frames: list[Frame] = []

    @property
    def events(self) -> list[Frame]:
        return [f for f in self.frames if f["type"] == "event"]

    @property
    def position(self) -> int:
        """What to go on from."""
        reached = [f["seq"] for f in self.frames if f["type"] not in ("hello", "progress")]
        return reached[-1] if reached else self.since or 0

    def next(self) -> Frame:
        frame: Frame = json.loads(self.socket.recv())
        adapter = _FRAMES[frame["type"]]
        assert adapter.dump_python(adapter.validate_python(frame, strict=True)) == frame
        self.frames.append(frame)
        return frame

    def until(self, wanted: Callable[[Frame], object]) -> Frame:
        """The first frame that is wanted; the socket's time limit ends a wait in vain."""
        while not wanted(frame := self.next()):
            pass
        return frame

    def up_to(self, seq: int) -> list[Frame]:
        """The events of which one has heard, once nothing up to `seq` can come any more."""
        while self.position < seq:
            self.next()
        return self.events

    def kinds_of(self, short_name: str) -> list[str]:
        return [f["kind"] for f in self.events if f["short_name"] == short_name]

    def closed(self) -> int:
        """The code that the server closes with; frames before it are heard."""
        import websocket

        while True:
            opcode, data = self.socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(data[:2], "big")
            self.frames.append(json.loads(data))


@contextmanager
def listening(person: Rest, since: int | None = None, **query: str) -> Iterator[Listener]:
    """Without `since`, from now."""
    asked = {**({} if since is None else {"since": since}), **query}
    with person.stream(f"/events?{urlencode(asked)}") as socket:
        listener = Listener(socket, since)
        assert listener.next()["type"] == "hello"
        yield listener
