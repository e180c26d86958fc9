"""What names an image, and what can go wrong with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

CHUNK = 1024 * 1024
"""Bytes that are read, hashed and handed on at a time."""

Stop = Callable[[], bool]
"""Asked between two chunks: whether to give up."""

Progress = Callable[[int, int], object]
"""Told bytes of the image that have come, and how many it has in all."""


@dataclass(frozen=True, slots=True)
class Image:
    """A packed prefix. `digest`: SHA-256 of its compressed bytes, in hex; `size`: how many they are."""

    digest: str
    size: int


class ImageUnusable(Exception):
    """An image is missing, damaged, or holds what no image may hold: install from the lock instead."""


class StoreFailed(Exception):
    """The image store can't be used now; the message says why, without credentials."""


class Unpackable(Exception):
    """A prefix holds what no image may hold: other machines install from its lock."""


class Stopped(Exception):
    """Who asked for it does not want it any more."""


def never() -> bool:
    return False
