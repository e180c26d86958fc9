"""What a notebook server is given to start an environment with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Audience = Literal["latest", "published"]
"""Whose usable version: `latest` the owner's, or of who tries its draft; `published` everybody else's."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The version of an environment that somebody may start, and where it is installed: the same path on every machine.

    Without a prefix nothing is there to start, and `reason` says why in one sentence.
    """

    environment_id: str
    short_name: str
    full_name: str
    """As its audience may read it."""
    audience: Audience
    version: int | None
    digest: str | None
    """Of the version's lock."""
    prefix_id: str | None
    prefix: str | None
    """Absolute path. It may not be there yet on a machine that does not share the disk it was built on."""
    reason: str | None
    has_image: bool = False
    """Whether it can be fetched where it is not there."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Grant:
        """Raises KeyError and TypeError for what is no grant; what a newer service adds is left out."""
        return cls(**{name: data[name] for name in cls.__slots__})
