"""A server of one log that breaks connections in every way a network does; the real one can't be made to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

TOKEN = "0123456789"


@dataclass
class Script:
    """What the connections do, one after the other: each sends the frames and then `end`s.

    Frames are (offset, text); `end` is `complete`, `drop` (no close frame), `close` (with a code), or an HTTP
    status that the connection is refused with.
    """

    connections: list[tuple[Sequence[tuple[int, str]], str | int]]
    offsets: list[int] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)


class LogSocket(WebSocketHandler):
    def initialize(self, script: Script) -> None:
        self.script = script

    async def get(self, *args: str, **kwargs: str) -> None:
        self.script.offsets.append(int(self.get_argument("offset")))
        self.script.attempts.append(self.get_argument("attempt", ""))
        self.script.authorization.append(self.request.headers.get("Authorization"))
        self.frames, self.end = self.script.connections.pop(0)
        if isinstance(self.end, int):
            self.set_status(self.end)
            self.finish(json.dumps({"code": "not_found", "message": "No such version.", "errors": []}))
            return
        await super().get(*args, **kwargs)

    async def open(self, *args: str, **kwargs: str) -> None:
        for offset, text in self.frames:
            await self.write_message(json.dumps({"offset": offset, "text": text}))
        if self.end == "complete":
            await self.write_message(json.dumps({"complete": True, "outcome": "succeeded"}))
            self.close(1000)
        elif self.end == "close":
            self.close(1001, "going away")
        else:
            self._drop()

    def _drop(self) -> None:
        assert self.ws_connection is not None
        stream = self.ws_connection.stream
        assert stream is not None
        stream.close()


class VersionFacts(RequestHandler):
    def get(self, short_name: str) -> None:
        self.finish({"number": 1, "attempt": 7, "outcome": "building"})


@contextmanager
def unreliable_server(script: Script) -> Iterator[str]:
    """The base URL of a server that follows the script."""
    started = threading.Event()
    sockets = bind_sockets(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        routes: list[Any] = [
            (r"/base/dataflow-envs/environments/([^/]+)/versions/1", VersionFacts),
            (r"/base/dataflow-envs/environments/[^/]+/versions/1/log/stream", LogSocket, {"script": script}),
            (r"/base/dataflow-envs/local/[^/]+/log/stream", LogSocket, {"script": script}),
        ]
        server = HTTPServer(Application(routes, log_function=lambda handler: None))
        server.add_sockets(sockets)
        stop.append((asyncio.get_running_loop(), asyncio.Event()))
        started.set()
        await stop[0][1].wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(10)
    try:
        yield f"http://127.0.0.1:{port}/base/"
    finally:
        loop, event = stop[0]
        loop.call_soon_threadsafe(event.set)
        thread.join(10)
