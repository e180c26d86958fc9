"""The named thing that a person creates, and its status, which is always derived and never stored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from .review import Review
from .spec import EnvironmentSpec
from .version import Outcome, Progress

if TYPE_CHECKING:
    from .permissions import Person


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
    others: int = 0
    """How many of these people are neither its owner nor who is asking."""
    children: int = 0
    """How many environments are based on it."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """No new activations; who has it keeps it, and sees the reason."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """What everybody sees of a published environment: as it was when it was published, whatever its owner does now."""

    version: int
    full_name: str
    description: str
    spec: EnvironmentSpec
    at: datetime
    deprecated: Deprecation | None = None


@dataclass(frozen=True, slots=True)
class LocalOrigin:
    """The Local environment that an environment was copied from, as it was called then; times in UTC."""

    name: str
    prefix: str
    at: datetime


@dataclass(frozen=True)
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
    publication: Publication | None = None
    ever_published: bool = False
    copied_from: LocalOrigin | None = None
    review: Review | None = None
    """The latest one: the open one, if there is one."""
    usage: Usage = Usage()
    active: bool = False
    """Whether the asking person has it activated."""
    draft_active: bool = False
    """Whether that person, an administrator, tries its draft."""
    spec_digest: str | None = field(default=None, compare=False)
    """The digest of `spec` where it is known already: making a hundred of them is felt in a listing."""

    @property
    def published(self) -> int | None:
        """The number of the published version."""
        return self.publication.version if self.publication else None

    @property
    def deprecated(self) -> Deprecation | None:
        return self.publication.deprecated if self.publication else None

    @property
    def review_open(self) -> bool:
        return self.review is not None and self.review.open

    @property
    def etag(self) -> str:
        """Names what can be edited: it changes with each edit, and never comes back with another environment."""
        return f"{self.id[:12]}-{self.revision}"

    @cached_property
    def status(self) -> Status:
        return derive_status(self.latest, self.published, review_open=self.review_open)

    @property
    def modified(self) -> bool:
        """Whether the saved requirements differ from those the latest version was built from."""
        return self.latest is not None and self.latest.spec_digest != (self.spec_digest or self.spec.digest)

    def usable_by(self, person: str) -> int | None:
        """The version this person can activate: the owner's latest successful one, for others the published one."""
        return self.latest_success if person == self.owner else self.published

    def seen_by(self, person: Person) -> Environment:
        """What this person may know of it: the owner and administrators all, everybody else the publication alone."""
        if person.is_admin or person.name == self.owner or self.publication is None:
            return self
        shown, digest = self.publication, self.publication.spec.digest
        return replace(
            self,
            full_name=shown.full_name,
            description=shown.description,
            spec=shown.spec,
            spec_digest=digest,
            revision=shown.version,
            updated_at=shown.at,
            latest=LatestVersion(shown.version, Outcome.SUCCEEDED, digest),
            latest_success=shown.version,
            copied_from=None,
            review=None,
        )


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
