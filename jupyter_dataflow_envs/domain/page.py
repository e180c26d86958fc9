"""Which part of a listing is wanted."""

from __future__ import annotations

from dataclasses import dataclass

from .environment import Status


@dataclass(frozen=True, slots=True)
class Page:
    """A filter, an order, and where the last page ended."""

    text: str = ""
    status: Status | None = None
    owner: str | None = None
    sort: str = "short_name"
    limit: int = 100
    cursor: str | None = None
