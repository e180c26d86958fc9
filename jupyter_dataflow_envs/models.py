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


class BaseBody(Request):
    """An environment to build on. `version` None: whichever is usable now."""

    short_name: Annotated[str, Field(max_length=100)]
    version: Annotated[int, Field(ge=1, le=10**9)] | None = None


class EnvironmentSpec(Request):
    """What a person asks for when creating an environment. With a base, which brings its own, no Python version."""

    short_name: str
    full_name: str
    description: str = ""
    base: BaseBody | None = None
    python_version: str | None = None
    conda_requirements: Lines = []
    pip_requirements: Lines = []


class EnvironmentEdit(Request):
    """The fields to change; those left out stay as they are. `base: null` takes the base away."""

    full_name: str | None = None
    description: str | None = None
    base: BaseBody | None = None
    python_version: str | None = None
    conda_requirements: Lines | None = None
    pip_requirements: Lines | None = None


class PreviewRequest(Request):
    """Requirements to try instead of the saved ones; nothing is stored."""

    base: BaseBody | None = None
    python_version: str | None = None
    conda_requirements: Lines | None = None
    pip_requirements: Lines | None = None
    pin_installed: bool = False


class BuildRequest(Request):
    """`pin_installed` holds every installed package at its version and only adds; `from_scratch` never takes an equal
    prefix that is already there."""

    pin_installed: bool = False
    from_scratch: bool = False


class ActivateRequest(Request):
    """`draft`: for administrators, the latest version of an environment although it is not published."""

    draft: bool = False


class RevertRequest(Request):
    version: Annotated[int, Field(ge=1, le=10**9)]


class CommentBody(Request):
    """Of a submission or withdrawal; the reviewer reads it."""

    comment: str = ""


class DecisionBody(Request):
    """`digest`: of the lock that was looked at, as the review shows it. A rejection needs a comment."""

    digest: Annotated[str, Field(min_length=1, max_length=64)]
    comment: str = ""


class ReasonBody(Request):
    """A deprecation needs one: its users read it."""

    reason: str = ""


class TransferBody(Request):
    owner: str


class DeniedPackageBody(Request):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    specifier: str = ""
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class PolicyBody(Request):
    """What the deployment allows; empty lists allow everything, null sets no limit.

    `max_environments` and `max_bytes` are a person's; `max_versions` is how many of an environment's versions stay
    installed.
    """

    channels: list[str] = []
    indexes: list[str] = []
    denied_packages: list[DeniedPackageBody] = []
    required_packages: list[str] = []
    python_versions: list[str] = []
    max_environments: Annotated[int, Field(ge=0)] | None = None
    max_versions: Annotated[int, Field(ge=1)] | None = None
    max_bytes: Annotated[int, Field(ge=0)] | None = None


class ImportBody(Request):
    """A file's text; `name` is the file's, which helps where the text does not show the format."""

    text: str
    name: Annotated[str, Field(max_length=300)] | None = None


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


class ReviewList(TypedDict):
    items: list[ReviewAnswer]


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
    active: bool
    draft_active: bool
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


class NewerAnswer(TypedDict):
    name: str
    manager: Literal["conda", "pip"]
    version: str
    newest: str


class NewerList(TypedDict):
    items: list[NewerAnswer]


class ViolatingAnswer(TypedDict):
    """A published version that the policy would not allow to be published now."""

    short_name: str
    version: int
    owner: str
    violations: list[ViolationAnswer]


class ViolatingList(TypedDict):
    items: list[ViolatingAnswer]


class PreviewAnswer(TypedDict):
    """`pip_resolved` is False when the pip part can only be resolved in the build, against the linked packages."""

    packages: list[PackageAnswer]
    digest: str
    diff: DiffAnswer
    download_size: int
    pip_resolved: bool


class KernelAnswer(TypedDict):
    kernel_name: str


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


class NamesAnswer(TypedDict):
    items: list[str]


class PackageVersions(TypedDict):
    name: str
    manager: Literal["conda", "pip"]
    versions: list[str]


class LimitsAnswer(TypedDict):
    """What the person may have, and has; None: no limit."""

    max_environments: int | None
    environments: int
    max_bytes: int | None
    bytes: int
    max_versions: int | None
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
    indexes: list[str]
    denied_packages: list[DeniedPackageAnswer]
    required_packages: list[str]
    python_versions: list[str]
    max_environments: int | None
    max_versions: int | None
    max_bytes: int | None


class PolicyChangedAnswer(PolicyAnswer):
    """The new policy, and the published environments that it would not allow: they stay published."""

    violating: list[ViolatingAnswer]


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


class ImportedSpecAnswer(TypedDict):
    """What the file asks for; where `short_name` or `python_version` is null a person must choose."""

    short_name: str | None
    full_name: str
    description: str
    python_version: str | None
    conda_requirements: list[str]
    pip_requirements: list[str]


class LeftOutAnswer(TypedDict):
    """A line that is no part of the specification, and why."""

    line: int | None
    text: str
    message: str


class ChangedAnswer(TypedDict):
    """A line that could not be kept as it stands, what became of it, and what is lost by that."""

    line: int | None
    text: str
    became: str
    message: str


class ImportAnswer(TypedDict):
    format: Literal["environment.yml", "requirements.txt", "conda-lock.yml", "explicit.txt"]
    spec: ImportedSpecAnswer
    left_out: list[LeftOutAnswer]
    changed: list[ChangedAnswer]
    notes: list[str]


class LogFrame(TypedDict, total=False):
    """A frame of a log stream: text from a byte offset, and at the end what became of the attempt."""

    offset: int
    text: str
    complete: bool
    outcome: str


class EventAnswer(TypedDict):
    """One change of state. `actor` and `details` are null in what everybody hears of a published environment, but for
    the reason of a deprecation; an `actor` in parentheses is the service itself."""

    seq: int
    at: str
    kind: str
    short_name: str | None
    version: int | None
    actor: str | None
    details: dict[str, Any] | None


class EventList(TypedDict):
    items: list[EventAnswer]
    next: str | None


class HelloFrame(TypedDict):
    """The first frame of `/events`: the newest sequence number, and which deployment counts so."""

    type: Literal["hello"]
    seq: int
    deployment: str


class SnapshotFrame(TypedDict):
    """Read your lists again, and go on from `seq`: what happened before is not told one by one."""

    type: Literal["snapshot"]
    seq: int


class EventFrame(EventAnswer):
    """One event, as it may be seen by who listens; each comes once, in the order of `seq`."""

    type: Literal["event"]


class PositionFrame(TypedDict):
    """Up to `seq` nothing else happened that concerns who listens."""

    type: Literal["position"]
    seq: int


class ProgressFrame(TypedDict):
    """A hint, without a sequence number: how far a queued or running build is that one may follow."""

    type: Literal["progress"]
    short_name: str
    phase: Literal["queued", "solving", "downloading", "linking", "pip", "verifying"] | None
    progress: ProgressAnswer | None
    queue_position: int | None


ANSWERS: dict[str, Any] = {
    name: value
    for name, value in list(globals().items())
    if name.endswith(("Answer", "List", "Frame", "Versions", "Summary", "Details"))
}
"""All answers by name, for the OpenAPI document."""
