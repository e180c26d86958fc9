"""The build log as it is written, over a WebSocket."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tornado.websocket import WebSocketClosedError

from ..domain.errors import NotFound
from .streaming import Streaming

if TYPE_CHECKING:
    from ..domain.version import Outcome
    from ..service.versions import LogPlace

POLL_SECONDS = 0.05
"""How often the log's file is looked at: another server, or another machine, may be the one that writes it."""

OUTCOME_SECONDS = 0.25
"""How often the database is asked whether the attempt has ended, while nothing is written."""

FRAME_BYTES = 256 * 1024


class LogStreamHandler(Streaming):
    """The build log as it is written.

    Frames `{offset, text}`, whole characters each; then `{complete, outcome}` and close 1000. Who was cut off connects
    again with `?offset=` the end of the last frame: nothing twice, nothing missing.
    """

    async def prepare_stream(self, short_name: str, number: str) -> None:  # type: ignore[override]
        self._offset = self.integer("offset", 0, most=10**15)
        attempt = self.integer("attempt", 0, most=10**9) or None
        find = self.deployment.versions.log_place
        self._place: LogPlace = await self.call(find, self.person, short_name, int(number), attempt)

    def open(self, **path: str) -> None:
        super().open(**path)
        self.sending = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        with suppress(WebSocketClosedError, asyncio.CancelledError):
            try:
                outcome = await self._send_all()
            except NotFound:
                # Deleted meanwhile. Who connects again is told so as with every other request.
                self.close(1011)
                return
            await self.write_message(json.dumps({"complete": True, "outcome": outcome.value}))
            self.close(1000)

    async def _send_all(self) -> Outcome:
        """Returns how the attempt has ended, when all of its log is sent. Raises NotFound."""
        versions = self.deployment.versions
        asked = 0.0
        while True:
            data, end = await self.call(versions.read_more, self._place, self._offset, FRAME_BYTES)
            if data:
                await self._send(data, end)
                continue
            if time.monotonic() - asked >= OUTCOME_SECONDS:
                asked = time.monotonic()
                part = await self.call(versions.read_log, self._place, self._offset, FRAME_BYTES)
                if part.data:
                    await self._send(part.data, part.next_offset)
                    asked = 0.0
                    continue
                if part.outcome is not None:
                    return part.outcome
            await asyncio.sleep(POLL_SECONDS)

    async def _send(self, data: bytes, end: int) -> None:
        await self.write_message(json.dumps({"offset": self._offset, "text": data.decode("utf-8", "replace")}))
        self._offset = end


ROUTES = [("/environments/{short_name}/versions/{number}/log/stream", LogStreamHandler)]
