"""JSON frames from one of the server's WebSockets, and what a lost connection is called."""

from __future__ import annotations

import json
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
