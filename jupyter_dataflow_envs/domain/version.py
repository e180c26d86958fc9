"""A numbered version of an environment, its attempts, and the one table of how their state changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .spec import EnvironmentSpec


class Outcome(str, Enum):
    """Where a version, and each attempt at it, stands."""

    QUEUED = "queued"
    BUILDING = "building"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        return self._value_ in _ACTIVE  # asked five times for each row of a listing


_ACTIVE = frozenset({"queued", "building"})

TRANSITIONS: dict[Outcome, frozenset[Outcome]] = {
    Outcome.QUEUED: frozenset({Outcome.BUILDING, Outcome.FAILED}),
    Outcome.BUILDING: frozenset({Outcome.QUEUED, Outcome.SUCCEEDED, Outcome.FAILED}),
    Outcome.SUCCEEDED: frozenset(),
    Outcome.FAILED: frozenset(),
}
"""Of an attempt. `BUILDING → QUEUED` hands it back after its server stopped. A failed version is built again by a *new*
attempt; a successful one never changes."""


class Step(str, Enum):
    """What the engine does, in this order."""

    SOLVING = "solving"
    DOWNLOADING = "downloading"
    LINKING = "linking"
    PIP = "pip"
    COMPILING = "compiling"
    SEALING = "sealing"
    VERIFYING = "verifying"

    @property
    def phase(self) -> str:
        """The phase that people see: one of queued, solving, downloading, linking, pip, verifying."""
        return "verifying" if self in (Step.COMPILING, Step.SEALING) else self.value


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is: packages and bytes, done of total; a total of 0 is not known."""

    packages_done: int = 0
    packages_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


@dataclass(frozen=True, slots=True)
class StepDuration:
    """How long one step took, in seconds of a monotonic clock."""

    name: str
    duration: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the build of a version."""

    number: int
    outcome: Outcome
    reason: str | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it is shown: the facts of its latest attempt included."""

    environment_id: str
    number: int
    attempt: int
    outcome: Outcome
    reason: str | None
    requested: EnvironmentSpec
    digest: str | None
    python: str | None
    size: int | None
    prefix_id: str | None
    phase: str | None
    progress: Progress | None
    steps: tuple[StepDuration, ...]
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration: float | None = None
    pin_installed: bool = False
    """Built to keep what was installed, and only to add."""
    reverted_from: int | None = None
    """The version whose lock it takes."""
    warnings: tuple[str, ...] = ()
    """Requirements that its packages declare and that are not fulfilled."""
