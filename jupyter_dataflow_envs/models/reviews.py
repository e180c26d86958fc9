"""Reviews in answers, and what stands against them."""

from __future__ import annotations

from typing_extensions import TypedDict

from .environments import EnvironmentAnswer, ReviewAnswer
from .versions import DiffAnswer, VersionSummary


class ReviewList(TypedDict):
    items: list[ReviewAnswer]


class ViolationAnswer(TypedDict):
    """`rule` is the policy's field that says so."""

    package: str
    version: str
    rule: str
    reason: str


class LookAlikeAnswer(TypedDict):
    """`share`: of the packages of both, those that are equal in both, 0 to 1."""

    short_name: str
    full_name: str
    version: int
    share: float


class ReviewPageAnswer(TypedDict):
    """All that a decision is made on. `changes` are from the published version; None when none is published.

    `reviewed` is the version's own facts; its `warnings` are broken requirements.
    """

    review: ReviewAnswer
    environment: EnvironmentAnswer
    reviewed: VersionSummary
    changes: DiffAnswer | None
    look_alikes: list[LookAlikeAnswer]
    violations: list[ViolationAnswer]


class ViolatingAnswer(TypedDict):
    """A published version that the policy would not allow to be published now."""

    short_name: str
    version: int
    owner: str
    violations: list[ViolationAnswer]


class ViolatingList(TypedDict):
    items: list[ViolatingAnswer]
