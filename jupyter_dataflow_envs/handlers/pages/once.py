"""A form that is sent twice is done once: the second answer is the first one's."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

KEPT = 1000
"""Forms whose answers are remembered."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a person is told, on the page that they are sent to."""

    message: str
    location: str


class Once:
    def __init__(self) -> None:
        self._answers: OrderedDict[str, asyncio.Task[Done]] = OrderedDict()

    async def do(self, key: str, act: Callable[[], Awaitable[Done]]) -> Done:
        """What `act` returns, now or when it was first asked for under this key; what failed is tried again."""
        task = self._answers.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):

            async def acting() -> Done:
                return await act()

            task = self._answers[key] = asyncio.create_task(acting())
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        # A browser that gives up must not end what is half done.
        return await asyncio.shield(task)
