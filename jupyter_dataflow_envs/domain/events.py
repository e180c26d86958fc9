"""What can happen to an environment: the kinds of event in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .permissions import Person


class EventKind(str, Enum):
    CREATED = "environment.created"
    EDITED = "environment.edited"
    DELETED = "environment.deleted"
    TRANSFERRED = "environment.transferred"
    RECEIVED = "environment.received"
    BUILD_QUEUED = "build.queued"
    BUILD_STARTED = "build.started"
    BUILD_SUCCEEDED = "build.succeeded"
    BUILD_FAILED = "build.failed"
    BUILD_INTERRUPTED = "build.interrupted"
    CANCEL_REQUESTED = "build.cancel_requested"
    VERSION_DELETED = "version.deleted"
    SUBMITTED = "review.submitted"
    WITHDRAWN = "review.withdrawn"
    APPROVED = "review.approved"
    REJECTED = "review.rejected"
    DEPRECATED = "environment.deprecated"
    UNDEPRECATED = "environment.undeprecated"
    UNPUBLISHED = "environment.unpublished"
    ACTIVATED = "environment.activated"
    DEACTIVATED = "environment.deactivated"
    POLICY_CHANGED = "policy.changed"
    PREFIX_RELEASED = "housekeeping.prefix_released"
    PREFIX_REMOVED = "housekeeping.prefix_removed"
    LOGS_REMOVED = "housekeeping.logs_removed"


SERVICE = "(service)"
"""The actor of what nobody asked for; no person's name holds parentheses around all of it."""

LAUNCHED = (
    EventKind.BUILD_SUCCEEDED,
    EventKind.EDITED,
    EventKind.APPROVED,
    EventKind.UNPUBLISHED,
    EventKind.TRANSFERRED,
    EventKind.RECEIVED,
)
"""After which a kernelspec may say something else."""

PUBLIC = frozenset(
    {
        EventKind.APPROVED,
        EventKind.DEPRECATED,
        EventKind.UNDEPRECATED,
        EventKind.UNPUBLISHED,
        EventKind.DELETED,
        EventKind.TRANSFERRED,
        EventKind.ACTIVATED,
        EventKind.DEACTIVATED,
    }
)
"""What changes what everybody sees, when it happens to a published environment."""


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
    owner: str | None = None
    """Of the environment, at that time."""
    public: bool = False
    """Whether everybody may know of it: those who see only what is published hear no more of it than `kind`, the names
    and the version."""

    def full_for(self, person: Person) -> bool:
        """Whether this person may see all of it."""
        return person.is_admin or person.name in (self.owner, self.actor)

    def visible_to(self, person: Person) -> bool:
        return self.public or self.full_for(person)

    @property
    def public_details(self) -> dict[str, Any] | None:
        """Of the details, what everybody sees where it shows; comments, notes and the reasons of drafts are not."""
        if self.kind is not EventKind.DEPRECATED:
            return None
        return {"reason": self.details.get("reason")}


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Which part of the audit trail is wanted, newest first; what is None is not asked for."""

    environment: str | None = None
    """A short name; all that have ever had it."""
    actor: str | None = None
    kinds: tuple[EventKind, ...] = ()
    """Empty: all of them."""
    since: datetime | None = None
    until: datetime | None = None
    """Up to this moment, which is not in it."""
    before: int | None = None
    """Only events with a smaller sequence number: where the last page ended."""
    limit: int = 100


def kinds_named(name: str) -> tuple[EventKind, ...]:
    """The kind with this name, or all that begin with it when it ends with a dot, as `review.` does."""
    return tuple(k for k in EventKind if k.value == name or (name.endswith(".") and k.value.startswith(name)))
