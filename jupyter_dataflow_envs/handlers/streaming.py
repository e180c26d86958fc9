"""What WebSocket handlers share: a login, an authorisation, and refusals in the one shape before the socket opens."""

from __future__ import annotations

import asyncio

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketHandler

from ..domain.errors import DataflowError
from .base import Asking


class Streaming(WebSocketMixin, WebSocketHandler, Asking):
    """A socket that speaks and is not spoken to; `sending` is the task that does, and ends with the connection."""

    sending: asyncio.Task[None] | None = None

    async def prepare_stream(self, **path: str) -> None:
        """Read what is asked for. A DataflowError refuses the socket."""
        raise NotImplementedError

    @ws_authenticated
    async def get(self, **path: str) -> None:
        allowed = await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", self.auth_resource))
        if not allowed:
            raise web.HTTPError(403)
        try:
            self.deployment = await self.gate.ready()
            await self.prepare_stream(**path)
        except DataflowError as error:
            self.refuse(error)
            return
        await super().get(**path)

    def on_message(self, message: str | bytes) -> None:
        """Nothing is to be said here."""

    def on_close(self) -> None:
        if self.sending is not None:
            self.sending.cancel()
        super().on_close()
