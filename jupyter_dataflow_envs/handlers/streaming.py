"""What WebSocket handlers share: a login, an authorisation, and refusals in the one shape before the socket opens."""

from __future__ import annotations

import asyncio
import random

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketHandler

from ..domain.errors import DataflowError
from .base import Asking

REVALIDATE_SECONDS = (40.0, 60.0)
"""Between two questions whether who opened a socket may still listen; drawn, as many open theirs at once."""

POLICY_VIOLATION = 1008


class Answered(Exception):
    """The request has been answered already, and there will be no socket."""


class Streaming(WebSocketMixin, WebSocketHandler, Asking):
    """A socket that speaks and is not spoken to; `sending` is the task that does, and ends with the connection."""

    sending: asyncio.Task[None] | None = None
    _revalidating: asyncio.Task[None] | None = None

    async def prepare_stream(self, **path: str) -> None:
        """Read what is asked for. A DataflowError refuses the socket."""
        raise NotImplementedError

    @ws_authenticated
    async def get(self, **path: str) -> None:
        allowed = await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", self.auth_resource))
        if not allowed:
            raise web.HTTPError(403)
        try:
            await self.make_ready()
            await self.prepare_stream(**path)
        except Answered:
            return
        except DataflowError as error:
            self.refuse(error)
            return
        await super().get(**path)  # returns when the connection has ended

    def open(self, **path: str) -> None:
        super().open(**path)
        if getattr(self.identity_provider, "revalidates", False):
            self._revalidating = asyncio.create_task(self._revalidate())

    def revalidated(self) -> None:
        """Who listens may be another than before: an administrator no longer, say."""

    async def _revalidate(self) -> None:
        while True:
            await asyncio.sleep(random.uniform(*REVALIDATE_SECONDS))
            try:
                user = await ensure_async(self.identity_provider.get_user(self))
            except DataflowError:
                continue  # nobody can be asked now: what was true a minute ago is taken to be
            if user is None:
                self.close(POLICY_VIOLATION, "Your token is no longer valid here.")
                return
            self.current_user = user
            self.revalidated()

    def on_message(self, message: str | bytes) -> None:
        """Nothing is to be said here."""

    def on_close(self) -> None:
        for task in (self.sending, self._revalidating):
            if task is not None:
                task.cancel()
        super().on_close()
