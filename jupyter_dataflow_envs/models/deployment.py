"""The deployment in answers: refusals, the person, the policy, the state of the service."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from .reviews import ViolatingAnswer


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


class MeAnswer(TypedDict):
    """`is_sole`: the operating system's user is the only identity here. `approves_own`: as an administrator one may
    decide about one's own submissions. `indexes` of pip: empty for what uv is configured to use. `decision_page`: for
    an administrator who can't decide with the login that asked, the URL or path of the pages on which they can."""

    name: str
    is_admin: bool
    is_sole: bool
    approves_own: bool
    extended_requirements: bool
    limits: LimitsAnswer
    features: list[str]
    policy: PolicyAnswer
    channels: list[str]
    indexes: list[str]
    decision_page: str | None


class HealthAnswer(TypedDict):
    """`service`: of the team's, as a person's server finds it; None where server and service are one."""

    status: Literal["up", "starting", "disabled"]
    version: str
    schema_version: str | None
    coordinator_alive: bool
    message: str | None
    service: Literal["up", "starting", "disabled", "away"] | None


class CheckAnswer(TypedDict):
    """One finding of the doctor."""

    name: str
    ok: bool
    message: str


class DoctorAnswer(TypedDict):
    checks: list[CheckAnswer]
