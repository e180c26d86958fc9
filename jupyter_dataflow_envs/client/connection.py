"""`Client`: everything a person can do with environments, as methods."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from ..domain.errors import NotFound
from .errors import ServerUnreachable
from .log import FIRST_PAUSE, LogPart, LogStream
from .servers import find_address
from .transport import Transport, segment

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ..models import (
        DoctorAnswer,
        EnvironmentAnswer,
        EnvironmentList,
        HealthAnswer,
        KernelAnswer,
        MeAnswer,
        PackageVersions,
        PolicyAnswer,
        PreviewAnswer,
        VersionAnswer,
        VersionSummary,
    )

Manager = Literal["conda", "pip"]
ExportFormat = Literal["conda-lock.yml", "environment.yml", "explicit.txt", "requirements.txt"]

SOLVE_SECONDS = 900.0
"""A preview solves, and a large solve on a cold cache takes minutes."""

PAGE = 100


class Client:
    """A connection to one deployment; close it, or use it as a context manager. It may be shared between threads.

    Without `url` it takes the Jupyter server that runs here (see `servers.find_address`), with that server's token.
    Making one raises ServerNotFound when there is none; every method raises ServerUnreachable when the server does not
    answer, NotSignedIn when it refuses the token, NotFound for what does not exist or may not be seen, and beside those
    what its own description says. Answers are the dictionaries of `jupyter_dataflow_envs.models`: sizes in bytes,
    durations in seconds, times as ISO 8601 in UTC.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self._transport = Transport(find_address(url, token))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    @property
    def url(self) -> str:
        """The base URL of the Jupyter server."""
        return self._transport.address.url

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    # The deployment

    def health(self) -> HealthAnswer:
        """Whether the service is up, and why not; needs no token."""
        return cast("HealthAnswer", self._transport.json("GET", "health", accept=(503,)))

    def me(self) -> MeAnswer:
        """Who is asking, what they are allowed and have used."""
        return cast("MeAnswer", self._transport.json("GET", "me"))

    def policy(self) -> PolicyAnswer:
        """What the deployment allows."""
        return cast("PolicyAnswer", self._transport.json("GET", "policy"))

    def set_policy(self, policy: PolicyAnswer) -> PolicyAnswer:
        """Replace the policy. Administrators only (NotAllowed); InvalidSpec for what is no policy."""
        return cast("PolicyAnswer", self._transport.json("PUT", "policy", body=policy))

    def doctor(self) -> DoctorAnswer:
        """What the service finds when it examines itself. Administrators only (NotAllowed)."""
        return cast("DoctorAnswer", self._transport.json("GET", "doctor", timeout=SOLVE_SECONDS))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document of the REST interface."""
        return cast("dict[str, Any]", self._transport.json("GET", "openapi.json"))

    # Environments

    def environments(
        self,
        query: str | None = None,
        *,
        status: str | None = None,
        owner: str | None = None,
        mine: bool = False,
        sort: str | None = None,
    ) -> Iterator[EnvironmentAnswer]:
        """All environments that this person may see and that match; further pages are fetched as they are needed."""
        asked = {"q": query, "status": status, "owner": owner, "mine": mine or None, "sort": sort, "limit": PAGE}
        cursor: str | None = None
        while True:
            answer = self._transport.json("GET", "environments", query={**asked, "cursor": cursor})
            page = cast("EnvironmentList", answer)
            yield from page["items"]
            if (cursor := page["next"]) is None:
                return

    def environment(self, short_name: str) -> EnvironmentAnswer:
        """One environment."""
        return cast("EnvironmentAnswer", self._transport.json("GET", _path(short_name)))

    def create(
        self,
        short_name: str,
        *,
        full_name: str,
        python_version: str,
        conda_requirements: Sequence[str] = (),
        pip_requirements: Sequence[str] = (),
        description: str = "",
    ) -> EnvironmentAnswer:
        """Save a new environment; nothing is built yet.

        Raises InvalidSpec with field and line, ShortNameTaken, PolicyViolated, QuotaExceeded.
        """
        spec = {
            "short_name": short_name,
            "full_name": full_name,
            "description": description,
            "python_version": python_version,
            "conda_requirements": list(conda_requirements),
            "pip_requirements": list(pip_requirements),
        }
        return self.create_from(spec)

    def create_from(self, spec: dict[str, Any]) -> EnvironmentAnswer:
        """`create` from a dictionary with the same names, such as a file that was kept."""
        return cast("EnvironmentAnswer", self._transport.json("POST", "environments", body=spec))

    def edit(
        self,
        short_name: str,
        *,
        etag: str | None = None,
        full_name: str | None = None,
        description: str | None = None,
        python_version: str | None = None,
        conda_requirements: Sequence[str] | None = None,
        pip_requirements: Sequence[str] | None = None,
    ) -> EnvironmentAnswer:
        """Change what is saved; what is None stays as it is, and lists are replaced whole.

        `etag` is that of the environment as it was read: Stale is raised when someone has changed it since. Without it
        the environment is read first, so that only a change at this very moment is noticed. Raises InvalidSpec and
        Conflict too.
        """
        changes = {
            "full_name": full_name,
            "description": description,
            "python_version": python_version,
            "conda_requirements": _list(conda_requirements),
            "pip_requirements": _list(pip_requirements),
        }
        body = {k: v for k, v in changes.items() if v is not None}
        tag = etag or self.environment(short_name)["etag"]
        answer = self._transport.json("PATCH", _path(short_name), body=body, headers={"If-Match": tag})
        return cast("EnvironmentAnswer", answer)

    def delete(self, short_name: str, *, force: bool = False) -> None:
        """Delete it with its versions, logs and prefixes. Raises Conflict while it is in use, with a list of by whom;
        `force` (administrators only) deletes it none the less."""
        self._transport.send("DELETE", _path(short_name), query={"force": force or None})

    def preview(
        self,
        short_name: str,
        *,
        python_version: str | None = None,
        conda_requirements: Sequence[str] | None = None,
        pip_requirements: Sequence[str] | None = None,
        pin_installed: bool = False,
    ) -> PreviewAnswer:
        """What a build would install: packages, changes against the usable version, bytes to download.

        What is None is taken from what is saved. Raises InvalidSpec, PolicyViolated, Conflict for what can't be solved.
        """
        body = {
            "python_version": python_version,
            "conda_requirements": _list(conda_requirements),
            "pip_requirements": _list(pip_requirements),
            "pin_installed": pin_installed or None,
        }
        body = {k: v for k, v in body.items() if v is not None}
        answer = self._transport.json("POST", _path(short_name, "preview"), body=body, timeout=SOLVE_SECONDS)
        return cast("PreviewAnswer", answer)

    # Builds

    def build(self, short_name: str, *, pin_installed: bool = False, from_scratch: bool = False) -> VersionSummary:
        """Queue a build and return its version; Conflict while one is in progress.

        `pin_installed` keeps everything installed at its version and only adds; `from_scratch` installs anew even when
        an equal prefix is there.
        """
        body = {"pin_installed": pin_installed, "from_scratch": from_scratch}
        return cast("VersionSummary", self._transport.json("POST", _path(short_name, "build"), body=body))

    def cancel(self, short_name: str) -> None:
        """Stop the build that is queued or in progress; Conflict when there is none."""
        self._transport.send("POST", _path(short_name, "cancel"), body={})

    def versions(self, short_name: str) -> list[VersionSummary]:
        """All versions, newest first."""
        return cast("list[VersionSummary]", self._transport.json("GET", _path(short_name, "versions"))["items"])

    def version(self, short_name: str, number: int | None = None) -> VersionAnswer:
        """One version with its packages and attempts; without a number the latest. NotFound when there is none."""
        return cast("VersionAnswer", self._transport.json("GET", self._version_path(short_name, number)))

    def wait(self, short_name: str, timeout: float | None = None, *, patience: float = 30.0) -> VersionAnswer:
        """Return the latest version once its build has ended, well or not (`outcome`, `reason`).

        Raises TimeoutError after `timeout` seconds, and ServerUnreachable when the server is away for `patience`
        seconds.
        """
        number = self._latest(short_name)
        start = heard = time.monotonic()
        pause = FIRST_PAUSE
        while True:
            try:
                version = self.version(short_name, number)
                heard = time.monotonic()
                if version["outcome"] not in ("queued", "building"):
                    return version
            except ServerUnreachable:
                if time.monotonic() - heard > patience:
                    raise
            left = float("inf") if timeout is None else start + timeout - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"The build of {short_name}, version {number}, has not ended in {timeout:g} seconds."
                )
            time.sleep(min(pause, left))
            pause = min(1.3 * pause, 1.0)

    def log(
        self, short_name: str, version: int | None = None, *, attempt: int | None = None, offset: int = 0
    ) -> LogPart:
        """The log of a version (default: the latest), from a byte offset to its present end."""
        path = self._version_path(short_name, version, "log")
        text, complete = [], False
        while True:
            answer = self._transport.send("GET", path, query={"attempt": attempt, "offset": offset})
            text.append(answer.content.decode("utf-8", "replace"))
            following = int(answer.headers["X-Next-Offset"])
            complete = answer.headers["X-Log-Complete"].lower() in ("true", "1")
            # An answer may end before the log does.
            if complete or following == offset or not answer.content:
                return LogPart("".join(text), following, complete)
            offset = following

    def follow_log(
        self,
        short_name: str,
        version: int | None = None,
        *,
        attempt: int | None = None,
        offset: int = 0,
        patience: float = 30.0,
    ) -> LogStream:
        """Iterate over a log's text as it is written, until the attempt (default: the latest) has ended.

        Every byte from `offset` on arrives once, also when the connection is lost or the server starts again meanwhile;
        ServerUnreachable when it is away for longer than `patience` seconds.
        """
        facts = self.version(short_name, version)
        path = _path(short_name, "versions", facts["number"], "log", "stream")
        attempt = attempt or facts["attempt"]
        return LogStream(self._transport.address, path, attempt=attempt, offset=offset, patience=patience)

    def export(self, short_name: str, format: ExportFormat = "conda-lock.yml", version: int | None = None) -> str:
        """The text of a file from which other tools make the same environment (default: of the usable version)."""
        if version is None:
            version = self.environment(short_name)["usable_version"]
        return self._transport.send("GET", self._version_path(short_name, version, "export", format)).text

    # Kernels

    def activate(self, short_name: str) -> KernelAnswer:
        """Register its kernel in the Jupyter server; Conflict while there is no version to start."""
        return cast("KernelAnswer", self._transport.json("POST", _path(short_name, "activate"), body={}))

    def deactivate(self, short_name: str) -> KernelAnswer:
        """Remove its kernel from the Jupyter server; running kernels go on."""
        return cast("KernelAnswer", self._transport.json("POST", _path(short_name, "deactivate"), body={}))

    # Packages

    def package_names(self, query: str, *, manager: Manager = "conda") -> list[str]:
        """Names in the channels or indexes that begin so."""
        answer = self._transport.json("GET", "packages", query={"manager": manager, "q": query}, timeout=SOLVE_SECONDS)
        return cast("list[str]", answer["items"])

    def package_versions(self, name: str, *, manager: Manager = "conda") -> PackageVersions:
        """The versions of a package that exist for this platform, newest first."""
        path = f"packages/{segment(manager)}/{segment(name)}"
        return cast("PackageVersions", self._transport.json("GET", path, timeout=SOLVE_SECONDS))

    def _latest(self, short_name: str) -> int:
        latest = self.environment(short_name)["latest_version"]
        if latest is None:
            raise NotFound(f"{short_name} has no version yet: build it first.")
        return latest

    def _version_path(self, short_name: str, number: int | None, *more: str) -> str:
        return _path(short_name, "versions", self._latest(short_name) if number is None else number, *more)


def _path(short_name: str, *more: str | int) -> str:
    return "/".join(["environments", segment(short_name), *(segment(part) for part in more)])


def _list(lines: Sequence[str] | None) -> list[str] | None:
    return None if lines is None else list(lines)
