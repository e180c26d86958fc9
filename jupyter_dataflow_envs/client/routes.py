"""What the parts of the client have in common: a connection, and the paths of environments below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .transport import segment

if TYPE_CHECKING:
    from .transport import Transport

SLOW_SECONDS = 900.0
"""What solves or reads the channels' indexes takes minutes when they are large and the cache is cold; so does what
brings an environment's files to the server's machine."""

PAGE = 100


class Routes:
    """The routes of one noun, as methods."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


def environment_path(short_name: str, *more: str | int) -> str:
    return "/".join(["environments", segment(short_name), *(segment(part) for part in more)])


def listed(lines: Sequence[str] | None) -> list[str] | None:
    return None if lines is None else list(lines)
