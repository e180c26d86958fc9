"""A build's log as plain text."""

from __future__ import annotations

import re

from ...domain.names import visible
from .page import Page, refusing

MOST = 1024 * 1024
"""Bytes; of a longer one, its end."""

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")


class LogPage(Page):
    @refusing
    async def get(self, short_name: str, number: str) -> None:
        versions = self.deployment.versions
        place = await self.call(versions.log_place, self.person, short_name, int(number), None)
        total = await self.call(versions.log_size, place)
        start = max(0, total - MOST)
        data, _ = await self.call(versions.read_more, place, start, MOST)
        text = visible(_ESCAPES.sub("", data.decode("utf-8", "replace")).replace("\r\n", "\n").replace("\r", "\n"))
        cut = f"(the last {MOST // 1024} KiB of {total // 1024} KiB)\n\n" if start else ""
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(cut + text)
