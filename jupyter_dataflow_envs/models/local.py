"""Local environments in answers."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from .environments import ActionAnswer, ProgressAnswer
from .versions import PackageChangeAnswer, RequestedAnswer


class CopiedFromAnswer(TypedDict):
    short_name: str
    full_name: str
    version: int
    digest: str


class LocalKernelAnswer(TypedDict):
    """`ours`: registered here, so that it can be removed here."""

    name: str
    display_name: str
    ours: bool


class LocalPackageAnswer(TypedDict):
    """`unreproducible`: why no name and version would bring it again."""

    name: str
    version: str
    build: str
    manager: Literal["conda", "pip"]
    channel: str
    unreproducible: str | None


class LocalAnswer(TypedDict):
    """`work` is what is being done, or was done last and failed; `phase` and `progress` are its. `reason`: why it
    failed or is broken. `found_by` are words for people. `requested`: where it was made from a form."""

    id: str
    name: str
    kind: Literal["made", "conda", "venv", "pyenv", "uv", "python"]
    prefix: str
    python_version: str | None
    package_count: int | None
    has_ipykernel: bool
    kernel: LocalKernelAnswer | None
    status: Literal["Ready", "In Progress", "Failed", "Broken"]
    work: Literal["make", "copy", "install_ipykernel"] | None
    reason: str | None
    phase: Literal["queued", "solving", "downloading", "linking", "pip", "verifying"] | None
    progress: ProgressAnswer | None
    copied_from: CopiedFromAnswer | None
    requested: RequestedAnswer | None
    found_by: list[str]
    has_log: bool
    actions: dict[str, ActionAnswer]
    created_at: str | None


class LocalList(TypedDict):
    items: list[LocalAnswer]


class LocalDetails(LocalAnswer):
    """`size`: bytes of the prefix' files, counted only where it was asked for."""

    packages: list[LocalPackageAnswer]
    size: int | None


class DriftAnswer(TypedDict):
    """What changed since it was made or copied; `unchanged` counts."""

    since: str
    copied_from: CopiedFromAnswer | None
    added: list[LocalPackageAnswer]
    removed: list[LocalPackageAnswer]
    changed: list[PackageChangeAnswer]
    unchanged: int


class ReproductionAnswer(TypedDict):
    """What Copy to Dataflow would ask for, and what it could not. `short_name` is a free suggestion; `notes` are
    sentences about what would be different."""

    short_name: str | None
    python_version: str
    conda_requirements: list[str]
    pip_requirements: list[str]
    unreproducible: list[LocalPackageAnswer]
    notes: list[str]


class LocalChangeFrame(TypedDict):
    """Some Local environment is another than it was: read them again."""

    type: Literal["changed"]
