"""Bodies between the service of a team and people's notebook servers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .requests import Request

ServerName = Annotated[str, Field(min_length=1, max_length=150)]
PrefixId = Annotated[str, Field(pattern=r"^[0-9a-f]{12,32}$")]
Started = dict[str, dict[Literal["latest", "published"], str]]
Running = dict[PrefixId, Annotated[int, Field(ge=0, le=10**6)]]


class GrantAnswer(TypedDict):
    """The version that one may start, and where it is installed: the same absolute path on every machine.

    Without a prefix nothing is there to start, and `reason` says why. `has_image`: it can be fetched where it is not.
    """

    environment_id: str
    short_name: str
    full_name: str
    audience: Literal["latest", "published"]
    version: int | None
    digest: str | None
    prefix_id: str | None
    prefix: str | None
    reason: str | None
    has_image: bool


class GrantList(TypedDict):
    """`deployment`: its id, by which kernelspecs are known as its own."""

    deployment: str
    items: list[GrantAnswer]


class InstallationAnswer(TypedDict):
    """`job`: what the engine of the same release is told, but for folders; URLs have no credentials. `grant`: of the
    version that it installs; None where requirements are to be solved."""

    job: dict[str, Any]
    grant: GrantAnswer | None


class ActivationBody(Request):
    """`server`: what the notebook server calls itself. `draft` as in `ActivateRequest`."""

    server: ServerName
    draft: bool = False


class RenewalBody(Request):
    """`started`: when kernels and commands were last started there, by environment id and audience. `running`: how many
    processes run there, by prefix id."""

    server: ServerName
    started: Started = Field(default_factory=dict)
    running: Running = Field(default_factory=dict)
