"""Versions in answers: their packages, builds and differences."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from .environments import BaseAnswer, ProgressAnswer


class PackageAnswer(TypedDict):
    name: str
    version: str
    build: str
    manager: Literal["conda", "pip"]
    channel: str
    size: int | None
    license: str | None
    requested: str | None
    origin: Literal["requested", "added", "dependency", "base"]


class RequestedAnswer(TypedDict):
    base: BaseAnswer | None
    python_version: str | None
    conda_requirements: list[str]
    pip_requirements: list[str]


class StepAnswer(TypedDict):
    name: str
    duration: float


class AttemptAnswer(TypedDict):
    attempt: int
    outcome: Literal["queued", "building", "succeeded", "failed"]
    reason: str | None
    started_at: str | None
    finished_at: str | None


class VersionSummary(TypedDict):
    """`installed` is False once a limit has removed its files: a revert installs them again from the lock."""

    number: int
    attempt: int
    outcome: Literal["queued", "building", "succeeded", "failed"]
    reason: str | None
    requested: RequestedAnswer
    digest: str | None
    python: str | None
    size: int | None
    installed: bool
    phase: Literal["queued", "solving", "downloading", "linking", "pip", "verifying"] | None
    progress: ProgressAnswer | None
    phases: list[StepAnswer]
    pin_installed: bool
    reverted_from: int | None
    warnings: list[str]
    created_by: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    duration: float | None


class VersionAnswer(VersionSummary):
    packages: list[PackageAnswer]
    attempts: list[AttemptAnswer]


class VersionList(TypedDict):
    items: list[VersionSummary]


class PackageChangeAnswer(TypedDict):
    name: str
    manager: Literal["conda", "pip"]
    left: str
    right: str
    direction: Literal["up", "down", "rebuilt"]


class DiffAnswer(TypedDict):
    added: list[PackageAnswer]
    removed: list[PackageAnswer]
    changed: list[PackageChangeAnswer]
    unchanged: list[PackageAnswer]


class ComparedAnswer(DiffAnswer):
    """From left to right."""

    left: SideAnswer
    right: SideAnswer


class SideAnswer(TypedDict):
    short_name: str
    version: int
    digest: str | None
    python: str | None


class NewerAnswer(TypedDict):
    name: str
    manager: Literal["conda", "pip"]
    version: str
    newest: str


class NewerList(TypedDict):
    items: list[NewerAnswer]


class PreviewAnswer(TypedDict):
    """`pip_resolved` is False when the pip part can only be resolved in the build, against the linked packages."""

    packages: list[PackageAnswer]
    digest: str
    diff: DiffAnswer
    download_size: int
    pip_resolved: bool


class LogFrame(TypedDict, total=False):
    """A frame of a log stream: text from a byte offset, and at the end what became of the attempt."""

    offset: int
    text: str
    complete: bool
    outcome: str
