"""What people send: pydantic models, which check it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Lines = Annotated[list[str], Field(max_length=500)]
"""Requirements, one a line; the grammar checks each and names its line."""


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class BaseBody(Request):
    """An environment to build on. `version` None: whichever is usable now."""

    short_name: Annotated[str, Field(max_length=100)]
    version: Annotated[int, Field(ge=1, le=10**9)] | None = None


class LocalOriginBody(Request):
    """The Local environment that it is copied from, in a notebook server: its name and folder there."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    prefix: Annotated[str, Field(min_length=1, max_length=4096)]


class EnvironmentSpec(Request):
    """What a person asks for when creating an environment. With a base, which brings its own, no Python version."""

    short_name: str
    full_name: str
    description: str = ""
    base: BaseBody | None = None
    python_version: str | None = None
    conda_requirements: Lines = []
    pip_requirements: Lines = []
    copied_from: LocalOriginBody | None = None


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


class PlanBody(Request):
    """Requirements that a notebook server will solve itself. With a base, which brings its own, no Python version."""

    base: BaseBody | None = None
    python_version: str | None = None
    conda_requirements: Lines = []
    pip_requirements: Lines = []


class LocalSpec(PlanBody):
    """A Local environment to make."""

    name: str


class CopyToLocalBody(Request):
    """`name`: of the copy; None: the short name."""

    name: str | None = None


class CopyToDataflowBody(Request):
    """What the new one is to be called. `skip_unreproducible`: leave out what no name and version would bring."""

    short_name: str
    full_name: str
    description: str = ""
    skip_unreproducible: bool = False


class LocalKernelBody(Request):
    """`install_ipykernel`: install it first where it is missing; the answer comes before that is done."""

    install_ipykernel: bool = False
