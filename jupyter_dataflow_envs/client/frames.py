"""JSON frames from one of the server's WebSockets, and what a lost connection is called."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .errors import ServerError, ServerUnreachable, error_from_answer
from .transport import CONNECT_SECONDS, authorization, on_loopback

if TYPE_CHECKING:
    from websocket import WebSocket

    from .servers import Address

QUIET_SECONDS = 30.0
"""A connection that says nothing for so long is asked whether it still lives, and after as long again given up."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between attempts to reconnect; doubled each time."""


class Frames:
    """One connection, which iterates over its frames until it breaks: that is always ServerUnreachable.

    Making one raises ServerUnreachable when the server does not answer, and what it refuses with otherwise.
    """

    def __init__(self, address: Address, path: str, query: Mapping[str, object]) -> None:
        self.address = address
        self._socket = self._connect(path, query)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            while True:
                yield self._receive()
        finally:
            self._socket.shutdown()  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        """End the iteration, from another thread."""
        self._socket.abort()  # type: ignore[no-untyped-call]

    def _connect(self, path: str, query: Mapping[str, object]) -> WebSocket:
        import websocket

        url = f"ws{self.address.url.removeprefix('http')}dataflow-envs/{path}"
        try:
            return websocket.create_connection(
                f"{url}?{urlencode(query)}",
                header=authorization(self.address),
                timeout=CONNECT_SECONDS,
                suppress_origin=True,
                http_no_proxy=["*"] if on_loopback(url) else None,
            )
        except websocket.WebSocketBadStatusException as error:
            refusal = error_from_answer(error.status_code, error.resp_body or b"", self.address.url)
            if error.status_code >= 500:
                raise ServerUnreachable(refusal.message) from error
            raise refusal from error
        except (websocket.WebSocketException, OSError) as error:
            raise self._lost(error) from error

    def _receive(self) -> dict[str, Any]:
        import websocket

        asked = False
        while True:
            self._socket.settimeout(QUIET_SECONDS)
            try:
                opcode, data = self._socket.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException as error:
                if asked:
                    raise self._lost(error) from error
                asked = self._ping()
                continue
            except (websocket.WebSocketException, OSError) as error:
                raise self._lost(error) from error
            asked = False
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                raise self._closing(data)
            if opcode == websocket.ABNF.OPCODE_TEXT:
                return self._frame(data)

    def _ping(self) -> bool:
        import websocket

        try:
            self._socket.ping()
        except (websocket.WebSocketException, OSError) as error:
            raise self._lost(error) from error
        return True

    def _frame(self, data: bytes | str) -> dict[str, Any]:
        try:
            frame = json.loads(data)
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            raise ServerError(f"The stream of {self.address.url} sent something that is not a frame.")
        return frame

    def _closing(self, data: bytes | str) -> ServerUnreachable:
        body = data if isinstance(data, bytes) else data.encode()
        code = int.from_bytes(body[:2], "big") if len(body) >= 2 else 1005
        return ServerUnreachable(f"The server at {self.address.url} closed the stream (code {code}).")

    def _lost(self, error: BaseException) -> ServerUnreachable:
        why = str(error) or type(error).__name__
        return ServerUnreachable(f"Lost the connection to {self.address.url} ({why}): see that the server runs.")


class Resuming:
    """What takes up a lost connection where it broke: `_frames_of` one, then `_pause_after` its break, and again."""

    def __init__(self, address: Address, patience: float) -> None:
        self.address = address
        self.patience = patience
        self._closed = threading.Event()
        self._frames: Frames | None = None
        self._pause = FIRST_PAUSE
        self._lost_since: float | None = None

    def close(self) -> None:
        """End the iteration, from this or another thread."""
        self._closed.set()
        if (frames := self._frames) is not None:
            frames.abort()

    def _frames_of(self, path: str, query: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """What one connection brings; ServerUnreachable when it breaks."""
        frames = Frames(self.address, path, query)
        self._frames = frames
        try:
            if self._closed.is_set():  # while this connected, when there was nothing to abort
                return
            for frame in frames:
                self._pause, self._lost_since = FIRST_PAUSE, None
                yield frame
        finally:
            self._frames = None

    def _pause_after(self, error: ServerUnreachable) -> None:
        """Raises it when the server has been away for longer than `patience`."""
        if self._closed.is_set():
            return
        now = time.monotonic()
        self._lost_since = now if self._lost_since is None else self._lost_since
        if now - self._lost_since >= self.patience:
            raise error
        self._closed.wait(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
