"""Forwarded WebSockets: frames as the service sends them, and its word when it refuses or ends one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from jupyter_server.auth.decorator import ws_authenticated
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.websocket import WebSocketClosedError, WebSocketError, websocket_connect

from ..domain.errors import Unavailable
from ..home.team_service import AWAY, REFUSED
from .streaming import Answered, Streaming
from .upstream import CONNECT_SECONDS, Upstream, is_ours, received

if TYPE_CHECKING:
    from tornado.websocket import WebSocketClientConnection

OPEN_SECONDS = 20.0
"""Until the service has let one in, or not."""

PING_SECONDS = 30.0

GOING_AWAY, TRY_AGAIN_LATER = 1001, 1013
UNSENDABLE = (None, 1005, 1006, 1015)
"""Say how a connection ended without a word; nobody may say them."""


class ForwardedStream(Streaming):
    """One route. The next frame is asked for when this one has left: who reads slowly slows the service down."""

    template: ClassVar[str]
    _far: WebSocketClientConnection | None = None
    _passing: asyncio.Task[None] | None = None

    @property
    def upstream(self) -> Upstream:
        upstream: Upstream = self.settings["dataflow_envs_upstream"]
        return upstream

    async def make_ready(self) -> None:
        """Nothing of this server is needed."""

    @ws_authenticated
    async def get(self, **path: str) -> None:
        try:
            await super().get(**path)
        finally:
            # Whoever asked may have gone before there was a connection that could end.
            if self._far is not None and self._passing is None:
                self._far.close(GOING_AWAY)
                await self._pass_on(self._far)

    async def prepare_stream(self, **path: str) -> None:
        url = self.upstream.address(self.template, path, self.request.query_arguments)
        request = HTTPRequest(
            f"ws{url.removeprefix('http')}",
            headers=HTTPHeaders(self.upstream.authorization),
            connect_timeout=CONNECT_SECONDS,
            request_timeout=OPEN_SECONDS,
            ssl_options=self.upstream.certificates,
        )
        try:
            self._far = await websocket_connect(request, ping_interval=PING_SECONDS, ping_timeout=PING_SECONDS)
        except HTTPClientError as error:
            self._refuse_as(error.response)
        except (OSError, WebSocketError) as error:
            self.log.warning("The environment service at %s: %s", self.upstream.url, type(error).__name__)
            raise Unavailable(AWAY) from error

    def open(self, **path: str) -> None:
        super().open(**path)
        assert self._far is not None
        self._passing = asyncio.create_task(self._pass_on(self._far))

    def on_close(self) -> None:
        if self._far is not None:
            self._far.close(GOING_AWAY)
        super().on_close()

    async def _pass_on(self, far: WebSocketClientConnection) -> None:
        """Until the service has closed, also when nobody hears it any more: else it would wait for its reader."""
        while (message := await far.read_message()) is not None:
            with suppress(WebSocketClosedError):
                await self.write_message(message, binary=isinstance(message, bytes))
        code, reason = far.close_code, far.close_reason
        far.close()
        if code in UNSENDABLE:
            code, reason = TRY_AGAIN_LATER, "The connection to the environment service was lost: connect again."
        self.close(code, reason)

    def _refuse_as(self, answer: HTTPResponse | None) -> None:
        """As the service has refused it."""
        if answer is None or not is_ours(answer.code, answer.headers.get("Content-Type", "")):
            raise Unavailable(REFUSED if answer is not None and answer.code in (302, 401, 403) else AWAY)
        if answer.code in (401, 403) and b'"not_logged_in"' in answer.body:
            raise Unavailable(REFUSED)
        self.set_status(answer.code)
        for name, value in received(answer.headers):
            if name not in ("Content-Encoding", "Content-Length"):  # it is unpacked here
                self.set_header(name, value)
        self.finish(answer.body)
        raise Answered
