"""What happens, in the audit trail and on the socket."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from .environments import ProgressAnswer


class EventAnswer(TypedDict):
    """One change of state. `actor` and `details` are null in what everybody hears of a published environment, but for
    the reason of a deprecation; an `actor` in parentheses is the service itself."""

    seq: int
    at: str
    kind: str
    short_name: str | None
    version: int | None
    actor: str | None
    details: dict[str, Any] | None


class EventList(TypedDict):
    items: list[EventAnswer]
    next: str | None


class HelloFrame(TypedDict):
    """The first frame of `/events`: the newest sequence number, and which deployment counts so."""

    type: Literal["hello"]
    seq: int
    deployment: str


class SnapshotFrame(TypedDict):
    """Read your lists again, and go on from `seq`: what happened before is not told one by one."""

    type: Literal["snapshot"]
    seq: int


class EventFrame(EventAnswer):
    """One event, as it may be seen by who listens; each comes once, in the order of `seq`."""

    type: Literal["event"]


class PositionFrame(TypedDict):
    """Up to `seq` nothing else happened that concerns who listens."""

    type: Literal["position"]
    seq: int


class ProgressFrame(TypedDict):
    """A hint, without a sequence number: how far a queued or running build is that one may follow."""

    type: Literal["progress"]
    short_name: str
    phase: Literal["queued", "solving", "downloading", "linking", "pip", "verifying"] | None
    progress: ProgressAnswer | None
    queue_position: int | None
