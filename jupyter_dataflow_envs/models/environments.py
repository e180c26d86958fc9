"""Environments in answers: what they are, who may do what with them, who uses them."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class ActionAnswer(TypedDict):
    allowed: bool
    reason: str | None


class UsageAnswer(TypedDict):
    active_people: int
    last_started: str | None


class ProgressAnswer(TypedDict):
    packages_done: int
    packages_total: int
    bytes_done: int
    bytes_total: int


class BaseAnswer(TypedDict):
    short_name: str
    version: int


class DeprecatedAnswer(TypedDict):
    reason: str
    at: str


class ReviewAnswer(TypedDict):
    id: str
    short_name: str
    version: int
    digest: str
    state: Literal["pending", "approved", "rejected", "withdrawn"]
    note: str
    submitted_by: str
    submitted_at: str
    decided_by: str | None
    decided_at: str | None
    comment: str | None


class LocalOriginAnswer(TypedDict):
    """The Local environment that this one was copied from, for its owner and administrators."""

    name: str
    prefix: str
    at: str


class EnvironmentAnswer(TypedDict):
    """`review` is the latest one, open or decided, and None for those who see only what is published."""

    short_name: str
    full_name: str
    description: str
    owner: str
    base: BaseAnswer | None
    python_version: str | None
    conda_requirements: list[str]
    pip_requirements: list[str]
    status: Literal["Saved", "In Progress", "Failed", "Draft", "Pending Approval", "Published"]
    phase: Literal["queued", "solving", "downloading", "linking", "pip", "verifying"] | None
    progress: ProgressAnswer | None
    queue_position: int | None
    modified: bool
    latest_version: int | None
    usable_version: int | None
    published_version: int | None
    failure: str | None
    deprecated: DeprecatedAnswer | None
    review: ReviewAnswer | None
    copied_from: LocalOriginAnswer | None
    active: bool
    draft_active: bool
    kernel_name: str
    usage: UsageAnswer
    actions: dict[str, ActionAnswer]
    created_at: str
    updated_at: str
    etag: str


class ShortNameAnswer(TypedDict):
    """`short_name` as it would be kept; `message` says why a new environment can't have it, and is None if it can."""

    short_name: str
    available: bool
    message: str | None


class EnvironmentList(TypedDict):
    items: list[EnvironmentAnswer]
    next: str | None


class KernelAnswer(TypedDict):
    kernel_name: str


class ArrivalAnswer(TypedDict):
    """Of an environment's files that are on their way to this machine: bytes of `total` that have come. 0 of 0 while
    that is not known, as when they are installed from the lock."""

    arriving: bool
    done: int
    total: int


class RunningKernelAnswer(TypedDict):
    """`version`: what the kernel was started from. Its kernelspec may have moved on: a restart takes that one."""

    kernel_id: str
    kernel_name: str
    short_name: str
    version: int
    digest: str | None


class KernelList(TypedDict):
    items: list[RunningKernelAnswer]


class LauncherAnswer(TypedDict):
    """`path`: of the script on the service's machine that starts commands in this version, as `PATH --run COMMAND…`."""

    path: str
    version: int
    digest: str


class ActivationAnswer(TypedDict):
    """One person's, in one notebook server. After `leased_until` it counts for nothing: its server has gone."""

    person: str
    since: str
    last_started: str | None
    leased_until: str
    draft: bool


class UsageDetails(TypedDict):
    """`active_people` have a lease now. `running_kernels` are processes on the service's machine, commands included.
    `based_on_it` are short names, of those that one may see."""

    active_people: int
    last_started: str | None
    activations: list[ActivationAnswer]
    running_kernels: int
    based_on_it: list[str]
