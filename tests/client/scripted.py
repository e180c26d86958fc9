"""A server of `/events` that says what a test wants and ends connections as it wants; the real one can't be made to."""

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
from tornado.web import Application
from tornado.websocket import WebSocketHandler

TOKEN = "0123456789"


@dataclass
class Connection:
    """What one connection says. It `ends` with a close code, with None (cut off), or stays open; or it is refused."""

    frames: Sequence[dict[str, Any] | str] = ()
    ends: int | None = None
    stays: bool = False
    refused: int | None = None


@dataclass
class Script:
    """The connections, one after the other, and what was asked for with each."""

    connections: list[Connection]
    queries: list[dict[str, str]] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)


class EventsSocket(WebSocketHandler):
    def initialize(self, script: Script) -> None:
        self.script = script

    async def get(self, *args: str, **kwargs: str) -> None:
        self.script.queries.append({name: self.get_argument(name) for name in self.request.arguments})
        self.script.authorization.append(self.request.headers.get("Authorization"))
        self.plan = self.script.connections.pop(0)
        if self.plan.refused is not None:
            self.set_status(self.plan.refused)
            self.finish(json.dumps({"code": "malformed", "message": "since must be a number.", "errors": []}))
            return
        await super().get(*args, **kwargs)

    async def open(self, *args: str, **kwargs: str) -> None:
        for frame in self.plan.frames:
            await self.write_message(frame if isinstance(frame, str) else json.dumps(frame))
        if self.plan.ends is not None:
            self.close(self.plan.ends)
        elif not self.plan.stays:
            assert self.ws_connection is not None
            stream = self.ws_connection.stream
            assert stream is not None
            stream.close()


@contextmanager
def scripted_server(script: Script) -> Iterator[str]:
    """The base URL of a server that follows the script."""
    started = threading.Event()
    sockets = bind_sockets(0, "127.0.0.1")
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        routes: list[Any] = [(r"/base/dataflow-envs/events", EventsSocket, {"script": script})]
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
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}/base/"
    finally:
        loop, event = stop[0]
        loop.call_soon_threadsafe(event.set)
        thread.join(10)
