"""The named thing that a person creates, and its status, which is always derived and never stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from .spec import EnvironmentSpec
from .version import Outcome, Progress


class Status(str, Enum):
    """In the users' own words, as the panel shows them."""

    SAVED = "Saved"
    IN_PROGRESS = "In Progress"
    FAILED = "Failed"
    DRAFT = "Draft"
    PENDING_APPROVAL = "Pending Approval"
    PUBLISHED = "Published"


@dataclass(frozen=True, slots=True)
class LatestVersion:
    """What the status needs to know of the latest version."""

    number: int
    outcome: Outcome
    spec_digest: str
    phase: str | None = None
    progress: Progress | None = None
    queue_position: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How many people have it active now, and when a kernel of it was last started."""

    active_people: int = 0
    last_started: datetime | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment as the store knows it. `revision` grows with each edit and is what the ETag is made of."""

    id: str
    short_name: str
    full_name: str
    description: str
    owner: str
    spec: EnvironmentSpec
    revision: int
    created_at: datetime
    updated_at: datetime
    latest: LatestVersion | None = None
    latest_success: int | None = None
    published: int | None = None
    review_open: bool = False
    usage: Usage = Usage()
    active: bool = False
    """Whether the asking person has it activated."""
    spec_digest: str | None = field(default=None, compare=False)
    """The digest of `spec` where it is known already: making a hundred of them is felt in a listing."""

    @property
    def etag(self) -> str:
        """Names what can be edited: it changes with each edit, and never comes back with another environment."""
        return f"{self.id[:12]}-{self.revision}"

    @property
    def status(self) -> Status:
        return derive_status(self.latest, self.published, review_open=self.review_open)

    @property
    def modified(self) -> bool:
        """Whether the saved requirements differ from those the latest version was built from."""
        return self.latest is not None and self.latest.spec_digest != (self.spec_digest or self.spec.digest)

    def usable_by(self, person: str) -> int | None:
        """The version this person can activate: the owner's latest successful one, for others the published one."""
        return self.latest_success if person == self.owner else self.published


def derive_status(latest: LatestVersion | None, published: int | None, *, review_open: bool) -> Status:
    """The table of the rules, from top to bottom."""
    if latest is None:
        return Status.SAVED
    if latest.outcome.active:
        return Status.IN_PROGRESS
    if latest.outcome is Outcome.FAILED:
        return Status.FAILED
    if review_open:
        return Status.PENDING_APPROVAL
    return Status.PUBLISHED if latest.number == published else Status.DRAFT
