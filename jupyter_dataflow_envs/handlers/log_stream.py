"""Logs as they are written, over WebSockets."""

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
    from ..service.versions import LogPlace

POLL_SECONDS = 0.05
"""How often the log's file is looked at: another server, or another machine, may be the one that writes it."""

OUTCOME_SECONDS = 0.25
"""How often the database is asked whether the attempt has ended, while nothing is written."""

FRAME_BYTES = 256 * 1024


class LogStreaming(Streaming):
    """A log as it is written.

    Frames `{offset, text}`, whole characters each; then `{complete, outcome}` and close 1000. Who was cut off connects
    again with `?offset=` the end of the last frame: nothing twice, nothing missing.
    """

    _offset = 0

    def read_more(self, offset: int) -> tuple[bytes, int]:
        """What is written from there on, and where that ends; in a worker thread, and often."""
        raise NotImplementedError

    def read_part(self, offset: int) -> tuple[bytes, int, str | None]:
        """As `read_more`, and what became of it if that is all."""
        raise NotImplementedError

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
            await self.write_message(json.dumps({"complete": True, "outcome": outcome}))
            self.close(1000)

    async def _send_all(self) -> str:
        """Returns what became of it, when all of the log is sent. Raises NotFound."""
        asked = 0.0
        while True:
            data, end = await self.call(self.read_more, self._offset)
            if data:
                await self._send(data, end)
                continue
            if time.monotonic() - asked >= OUTCOME_SECONDS:
                asked = time.monotonic()
                data, end, outcome = await self.call(self.read_part, self._offset)
                if data:
                    await self._send(data, end)
                    asked = 0.0
                    continue
                if outcome is not None:
                    return outcome
            await asyncio.sleep(POLL_SECONDS)

    async def _send(self, data: bytes, end: int) -> None:
        await self.write_message(json.dumps({"offset": self._offset, "text": data.decode("utf-8", "replace")}))
        self._offset = end


class LogStreamHandler(LogStreaming):
    """A build's, of the latest attempt at it or of the one that `?attempt=` names."""

    async def prepare_stream(self, short_name: str, number: str) -> None:  # type: ignore[override]
        self._offset = self.integer("offset", 0, most=10**15)
        attempt = self.integer("attempt", 0, most=10**9) or None
        find = self.deployment.versions.log_place
        self._place: LogPlace = await self.call(find, self.person, short_name, int(number), attempt)

    def read_more(self, offset: int) -> tuple[bytes, int]:
        return self.deployment.versions.read_more(self._place, offset, FRAME_BYTES)

    def read_part(self, offset: int) -> tuple[bytes, int, str | None]:
        part = self.deployment.versions.read_log(self._place, offset, FRAME_BYTES)
        return part.data, part.next_offset, part.outcome.value if part.outcome else None


ROUTES = [("/environments/{short_name}/versions/{number}/log/stream", LogStreamHandler)]
