"""The bodies of requests and answers, typed once: the OpenAPI document and the TypeScript types are made from these.

Requests are pydantic models, which check what strangers send. Answers are typed dictionaries, which mypy checks where
they are made and which cost nothing at run time. Times are ISO 8601 in UTC, sizes are bytes, durations are seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

Lines = Annotated[list[str], Field(max_length=500)]
"""Requirements, one a line; the grammar checks each and names its line."""


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EnvironmentSpec(Request):
    """What a person asks for when creating an environment."""

    short_name: str
    full_name: str
    description: str = ""
    python_version: str
    conda_requirements: Lines = []
    pip_requirements: Lines = []


class EnvironmentEdit(Request):
    """The fields to change; those left out stay as they are."""

    full_name: str | None = None
    description: str | None = None
    python_version: str | None = None
    conda_requirements: Lines | None = None
    pip_requirements: Lines | None = None


class PreviewRequest(Request):
    """Requirements to try instead of the saved ones; nothing is stored."""

    python_version: str | None = None
    conda_requirements: Lines | None = None
    pip_requirements: Lines | None = None
    pin_installed: bool = False


class BuildRequest(Request):
    """`pin_installed` holds every installed package at its version and only adds; `from_scratch` never takes an equal
    prefix that is already there."""

    pin_installed: bool = False
    from_scratch: bool = False


class DeniedPackageBody(Request):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    specifier: str = ""
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class PolicyBody(Request):
    """What the deployment allows; empty lists allow everything."""

    channels: list[str] = []
    denied_packages: list[DeniedPackageBody] = []
    required_packages: list[str] = []
    python_versions: list[str] = []
    max_environments: Annotated[int, Field(ge=0)] | None = None


class FieldErrorAnswer(TypedDict):
    field: str
    line: int | None
    text: str | None
    message: str


class ErrorAnswer(TypedDict):
    """Every refusal. Beside these a code may bring more fields of its own."""

    code: str
    message: str
    errors: list[FieldErrorAnswer]


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


class EnvironmentAnswer(TypedDict):
    short_name: str
    full_name: str
    description: str
    owner: str
    base: BaseAnswer | None
    python_version: str
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
    active: bool
    kernel_name: str
    usage: UsageAnswer
    actions: dict[str, ActionAnswer]
    created_at: str
    updated_at: str
    etag: str


class EnvironmentList(TypedDict):
    items: list[EnvironmentAnswer]
    next: str | None


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
    python_version: str
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
    number: int
    attempt: int
    outcome: Literal["queued", "building", "succeeded", "failed"]
    reason: str | None
    requested: RequestedAnswer
    digest: str | None
    python: str | None
    size: int | None
    phase: Literal["queued", "solving", "downloading", "linking", "pip", "verifying"] | None
    progress: ProgressAnswer | None
    phases: list[StepAnswer]
    pin_installed: bool
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


class PreviewAnswer(TypedDict):
    """`pip_resolved` is False when the pip part can only be resolved in the build, against the linked packages."""

    packages: list[PackageAnswer]
    digest: str
    diff: DiffAnswer
    download_size: int
    pip_resolved: bool


class KernelAnswer(TypedDict):
    kernel_name: str


class NamesAnswer(TypedDict):
    items: list[str]


class PackageVersions(TypedDict):
    name: str
    manager: Literal["conda", "pip"]
    versions: list[str]


class LimitsAnswer(TypedDict):
    max_environments: int | None
    environments: int
    max_concurrent_builds: int


class MeAnswer(TypedDict):
    name: str
    is_admin: bool
    limits: LimitsAnswer
    features: list[str]
    policy: PolicyAnswer
    channels: list[str]


class DeniedPackageAnswer(TypedDict):
    name: str
    specifier: str
    reason: str


class PolicyAnswer(TypedDict):
    channels: list[str]
    denied_packages: list[DeniedPackageAnswer]
    required_packages: list[str]
    python_versions: list[str]
    max_environments: int | None


class HealthAnswer(TypedDict):
    status: Literal["up", "starting", "disabled"]
    version: str
    schema_version: str | None
    coordinator_alive: bool
    message: str | None


class CheckAnswer(TypedDict):
    """One finding of the doctor."""

    name: str
    ok: bool
    message: str


class DoctorAnswer(TypedDict):
    checks: list[CheckAnswer]


class LogFrame(TypedDict, total=False):
    """A frame of a log stream: text from a byte offset, and at the end what became of the attempt."""

    offset: int
    text: str
    complete: bool
    outcome: str


ANSWERS: dict[str, Any] = {
    name: value
    for name, value in list(globals().items())
    if name.endswith(("Answer", "List", "Frame", "Versions", "Summary"))
}
"""All answers by name, for the OpenAPI document."""
