"""What JupyterHub has said of tokens: asked once at a time for each, and again before that is too old to count."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

Model = dict[str, Any]

MAX_AGE = 60.0
"""Seconds that the hub's answer is taken for true: a revoked token works no longer than that."""

REFRESHED_FROM, REFRESHED_TO = 40.0, 58.0
"""Seconds after which the hub is asked again about a token that is used, while its old answer still serves; drawn for
each answer. So people wait for the hub only when they come, and those who came at once, as all do when the service has
started, don't ask it at once a minute later: 500 of them made everybody wait for two seconds."""


@dataclass(frozen=True, slots=True)
class _Answer:
    model: Model | None
    asked: float
    refreshed: float
    """From when on it is asked for again."""


class KnownTokens:
    """The hub's models by token; its methods are for the event loop."""

    def __init__(
        self, ask: Callable[[str], Awaitable[Model | None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`ask`: the hub itself, about a token; None for one that it does not know. `clock`: in seconds."""
        self._ask = ask
        self._clock = clock
        self._answers: dict[bytes, _Answer] = {}
        self._asking: dict[bytes, asyncio.Task[Model | None]] = {}
        self._purged = clock()

    async def model_of(self, token: str, *, fresh: bool = False) -> Model | None:
        """What the hub says of a token, or said within `MAX_AGE`; `fresh`: what it says now.

        Raises what asking raises, unless an answer is there.
        """
        key = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        if fresh:  # nor one that was asked for before this moment
            return await self._renew(key, token)
        answer, now = self._answers.get(key), self._clock()
        if answer is None or now - answer.asked >= MAX_AGE:
            return await asyncio.shield(self._begin(key, token))
        if now >= answer.refreshed:
            self._begin(key, token)
        return answer.model

    def _begin(self, key: bytes, token: str) -> asyncio.Task[Model | None]:
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._renew(key, token))
            task.add_done_callback(partial(self._end, key))
        return task

    def _end(self, key: bytes, task: asyncio.Task[Model | None]) -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # is heard by who waits for it; where nobody does, the old answer serves on

    async def _renew(self, key: bytes, token: str) -> Model | None:
        asked = self._clock()
        model = await self._ask(token)
        self._purge()
        known = self._answers.get(key)
        if known is None or asked >= known.asked:
            refreshed = asked + random.uniform(REFRESHED_FROM, REFRESHED_TO)
            self._answers[key] = _Answer(model, asked, refreshed)
        return model

    def _purge(self) -> None:
        now = self._clock()
        if now - self._purged >= MAX_AGE:
            self._answers = {k: a for k, a in self._answers.items() if now - a.asked < MAX_AGE}
            self._purged = now
