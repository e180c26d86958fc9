"""That some Local environment is another than it was, over a WebSocket."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from tornado.websocket import WebSocketClosedError

from .streaming import Streaming

if TYPE_CHECKING:
    from ..models import LocalChangeFrame

POLL_SECONDS = 0.1
"""How often this server's own work is asked after; that costs nothing."""

LOOK_SECONDS = 2.0
"""How often the disk is looked at, for what people do in terminals and notebooks."""


class LocalEventsHandler(Streaming):
    """A frame whenever something has changed: read the list again then, and after each connection."""

    async def prepare_stream(self) -> None:  # type: ignore[override]
        self._environments = await self.call(lambda: self.deployment.local.environments)

    def open(self, **path: str) -> None:
        super().open(**path)
        self.sending = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        told, looked = self._environments.revision, 0.0
        clock = asyncio.get_running_loop().time
        changed: LocalChangeFrame = {"type": "changed"}
        with suppress(WebSocketClosedError, asyncio.CancelledError):
            while True:
                if clock() - looked >= LOOK_SECONDS:
                    await self.call_reading(self._environments.look)
                    looked = clock()
                if self._environments.revision != told:
                    told = self._environments.revision
                    await self.write_message(json.dumps(changed))
                await asyncio.sleep(POLL_SECONDS)


ROUTES = [("/local-events", LocalEventsHandler)]
