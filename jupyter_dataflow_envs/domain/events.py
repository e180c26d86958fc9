"""What can happen to an environment: the kinds of event in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any


class EventKind(str, Enum):
    CREATED = "environment.created"
    EDITED = "environment.edited"
    DELETED = "environment.deleted"
    BUILD_QUEUED = "build.queued"
    BUILD_STARTED = "build.started"
    BUILD_SUCCEEDED = "build.succeeded"
    BUILD_FAILED = "build.failed"
    BUILD_INTERRUPTED = "build.interrupted"
    CANCEL_REQUESTED = "build.cancel_requested"
    ACTIVATED = "environment.activated"
    DEACTIVATED = "environment.deactivated"
    POLICY_CHANGED = "policy.changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of state: who, what, which, when. `seq` has no gaps that a reader could miss a late event in."""

    seq: int
    at: datetime
    actor: str
    kind: EventKind
    environment_id: str | None
    short_name: str | None
    version: int | None
    details: dict[str, Any]
