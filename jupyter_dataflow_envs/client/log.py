"""The log of a build: read from any byte, or followed while it grows."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..domain.errors import NotFound
from .errors import ServerError, ServerNotFound, ServerUnreachable, error_from_answer
from .transport import CONNECT_SECONDS, authorization, on_loopback

if TYPE_CHECKING:
    from websocket import WebSocket

    from .servers import Address

QUIET_SECONDS = 30.0
"""A connection that says nothing for so long is asked whether it still lives, and after as long again given up."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between attempts to reconnect; doubled each time."""


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
        self._socket: WebSocket | None = None
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
        if (socket := self._socket) is not None:
            socket.abort()  # type: ignore[no-untyped-call]

    def _connection(self) -> Iterator[str]:
        """What one connection brings. Ends when the log is complete; ServerUnreachable when the connection breaks."""
        socket = self._connect()
        self._socket = socket
        try:
            while True:
                frame = self._receive(socket)
                if frame.get("text"):
                    text = self._fresh(frame)
                    if text:
                        yield text
                if frame.get("complete"):
                    self.outcome = str(frame.get("outcome"))
                    return
        finally:
            self._socket = None
            socket.shutdown()  # type: ignore[no-untyped-call]

    def _connect(self) -> WebSocket:
        import websocket

        url = f"ws{self.address.url.removeprefix('http')}dataflow-envs/{self.path}"
        try:
            return websocket.create_connection(
                f"{url}?{urlencode({'offset': self.offset, 'attempt': self.attempt})}",
                header=authorization(self.address),
                timeout=CONNECT_SECONDS,
                suppress_origin=True,
                http_no_proxy=["*"] if on_loopback(url) else None,
            )
        except websocket.WebSocketBadStatusException as error:
            refusal = error_from_answer(error.status_code, error.resp_body or b"", self.address.url)
            if error.status_code >= 500:
                raise ServerUnreachable(refusal.message) from error
            if isinstance(refusal, ServerNotFound):
                # Its version was there a moment ago, and a refused upgrade need not have our JSON for a body.
                raise NotFound(f"There is no log of attempt {self.attempt} any more.") from error
            raise refusal from error
        except (websocket.WebSocketException, OSError) as error:
            raise self._lost(error) from error

    def _receive(self, socket: WebSocket) -> dict[str, Any]:
        import websocket

        asked = False
        while True:
            socket.settimeout(QUIET_SECONDS)
            try:
                opcode, data = socket.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException as error:
                if asked:
                    raise self._lost(error) from error
                asked = self._ping(socket)
                continue
            except (websocket.WebSocketException, OSError) as error:
                raise self._lost(error) from error
            asked = False
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                raise self._closing(data)
            if opcode == websocket.ABNF.OPCODE_TEXT:
                return self._frame(data)

    def _ping(self, socket: WebSocket) -> bool:
        import websocket

        try:
            socket.ping()
        except (websocket.WebSocketException, OSError) as error:
            raise self._lost(error) from error
        return True

    def _frame(self, data: bytes | str) -> dict[str, Any]:
        try:
            frame = json.loads(data)
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            raise ServerError(f"The log stream of {self.address.url} sent something that is not a frame.")
        if "code" in frame and "message" in frame:
            raise error_from_answer(400, json.dumps(frame).encode(), self.address.url)
        return frame

    def _fresh(self, frame: dict[str, Any]) -> str:
        """The part of a frame's text that has not been seen; a frame from further on means that one was lost."""
        data = str(frame["text"]).encode("utf-8", "replace")
        seen = self.offset - int(frame["offset"])
        if seen < 0:
            raise ServerUnreachable(f"The log stream of {self.address.url} left out {-seen} bytes.")
        self.offset += max(0, len(data) - seen)
        return data[seen:].decode("utf-8", "replace")

    def _closing(self, data: bytes | str) -> ServerUnreachable:
        body = data if isinstance(data, bytes) else data.encode()
        code = int.from_bytes(body[:2], "big") if len(body) >= 2 else 1005
        return ServerUnreachable(f"The server at {self.address.url} closed the log stream (code {code}).")

    def _lost(self, error: BaseException) -> ServerUnreachable:
        why = str(error) or type(error).__name__
        return ServerUnreachable(f"Lost the connection to {self.address.url} ({why}): see that the server runs.")
