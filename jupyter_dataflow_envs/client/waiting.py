"""Waiting for what a server does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import ServerUnreachable
from .frames import FIRST_PAUSE

T = TypeVar("T")

LONGEST_PAUSE = 1.0


def wait_for(ended: Callable[[], T | None], what: str, timeout: float | None, patience: float) -> T:
    """What `ended` returns as soon as it returns anything; `what`, the beginning of a sentence, is waited for.

    Raises TimeoutError after `timeout` seconds, and ServerUnreachable when the server is away for `patience` seconds.
    """
    start = heard = time.monotonic()
    pause = FIRST_PAUSE
    while True:
        try:
            found = ended()
            heard = time.monotonic()
            if found is not None:
                return found
        except ServerUnreachable:
            if time.monotonic() - heard > patience:
                raise
        left = float("inf") if timeout is None else start + timeout - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{what} has not ended in {timeout:g} seconds.")
        time.sleep(min(pause, left))
        pause = min(1.3 * pause, LONGEST_PAUSE)
