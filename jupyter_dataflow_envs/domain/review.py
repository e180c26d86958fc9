"""One request to publish one version, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class ReviewState(str, Enum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


REVIEW_TRANSITIONS: dict[ReviewState, frozenset[ReviewState]] = {
    ReviewState.PENDING: frozenset({ReviewState.APPROVED, ReviewState.REJECTED, ReviewState.WITHDRAWN}),
    ReviewState.APPROVED: frozenset(),
    ReviewState.REJECTED: frozenset(),
    ReviewState.WITHDRAWN: frozenset(),
}
"""The first decision stands."""


@dataclass(frozen=True, slots=True)
class Review:
    """Bound to the version's lock by `digest`: what was looked at is what is published."""

    id: str
    environment_id: str
    version: int
    digest: str
    state: ReviewState
    note: str
    """What the owner said when submitting."""
    submitted_by: str
    submitted_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    comment: str | None = None
    """What was said with the decision."""

    @property
    def open(self) -> bool:
        return self.state is ReviewState.PENDING
