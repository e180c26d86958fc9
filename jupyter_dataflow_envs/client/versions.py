"""Versions of environments: built, looked at, compared and gone back to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from ..domain.errors import NotFound
from .environments import EnvironmentRoutes
from .log import LogPart, LogStream, read_log
from .routes import SLOW_SECONDS, environment_path
from .waiting import wait_for

if TYPE_CHECKING:
    from ..models import ComparedAnswer, NewerAnswer, VersionAnswer, VersionSummary

ExportFormat = Literal[
    "conda-lock.yml", "environment.yml", "requested.yml", "explicit.txt", "requirements.txt", "sbom.cdx.json"
]


class VersionRoutes(EnvironmentRoutes):
    """Environments and their versions."""

    def build(self, short_name: str, *, pin_installed: bool = False, from_scratch: bool = False) -> VersionSummary:
        """Queue a build and return its version; Conflict while one is in progress.

        `pin_installed` keeps everything installed at its version and only adds; `from_scratch` installs anew even when
        an equal prefix is there.
        """
        body = {"pin_installed": pin_installed, "from_scratch": from_scratch}
        return cast("VersionSummary", self._transport.json("POST", environment_path(short_name, "build"), body=body))

    def cancel(self, short_name: str) -> None:
        """Stop the build that is queued or in progress; Conflict when there is none."""
        self._transport.send("POST", environment_path(short_name, "cancel"), body={})

    def revert(self, short_name: str, version: int) -> VersionSummary:
        """Go back to an earlier version: exactly its packages, without a solve, as the next version, which is returned.

        Conflict while a build is in progress or a review is open, and for the version that is usable already.
        """
        path = environment_path(short_name, "revert")
        return cast("VersionSummary", self._transport.json("POST", path, body={"version": version}))

    def versions(self, short_name: str) -> list[VersionSummary]:
        """All versions, newest first."""
        answer = self._transport.json("GET", environment_path(short_name, "versions"))
        return cast("list[VersionSummary]", answer["items"])

    def version(self, short_name: str, number: int | None = None) -> VersionAnswer:
        """One version with its packages and attempts; without a number the latest. NotFound when there is none."""
        return cast("VersionAnswer", self._transport.json("GET", self._version_path(short_name, number)))

    def compare(self, left: str, right: str) -> ComparedAnswer:
        """What changes from one version to another; each is `"mlenv@3"`, or `"mlenv"` for what this person can use.

        Raises Malformed, and Conflict for a version that was not built.
        """
        query = {"left": left, "right": right}
        return cast("ComparedAnswer", self._transport.json("GET", "compare", query=query))

    def newer(self, short_name: str, version: int | None = None) -> list[NewerAnswer]:
        """Its packages of which the channels and indexes hold a newer version (default: of the usable version)."""
        path = self._version_path(short_name, version or self._usable(short_name), "newer")
        return cast("list[NewerAnswer]", self._transport.json("GET", path, timeout=SLOW_SECONDS)["items"])

    def wait(self, short_name: str, timeout: float | None = None, *, patience: float = 30.0) -> VersionAnswer:
        """Return the latest version once its build has ended, well or not (`outcome`, `reason`).

        Raises TimeoutError after `timeout` seconds, and ServerUnreachable when the server is away for `patience`
        seconds.
        """
        number = self._latest(short_name)

        def ended() -> VersionAnswer | None:
            version = self.version(short_name, number)
            return None if version["outcome"] in ("queued", "building") else version

        return wait_for(ended, f"The build of {short_name}, version {number},", timeout, patience)

    def log(
        self, short_name: str, version: int | None = None, *, attempt: int | None = None, offset: int = 0
    ) -> LogPart:
        """The log of a version (default: the latest), from a byte offset to its present end."""
        path = self._version_path(short_name, version, "log")
        return read_log(self._transport, path, attempt=attempt, offset=offset)

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
        path = environment_path(short_name, "versions", facts["number"], "log", "stream")
        attempt = attempt or facts["attempt"]
        return LogStream(self._transport.address, path, attempt=attempt, offset=offset, patience=patience)

    def export(self, short_name: str, format: ExportFormat = "conda-lock.yml", version: int | None = None) -> str:
        """The text of a file from which other tools make the same environment (default: of the usable version)."""
        path = self._version_path(short_name, version or self._usable(short_name), "export", format)
        return self._transport.send("GET", path).text

    def _usable(self, short_name: str) -> int | None:
        return self.environment(short_name)["usable_version"]

    def _latest(self, short_name: str) -> int:
        latest = self.environment(short_name)["latest_version"]
        if latest is None:
            raise NotFound(f"{short_name} has no version yet: build it first.")
        return latest

    def _version_path(self, short_name: str, number: int | None, *more: str) -> str:
        return environment_path(short_name, "versions", self._latest(short_name) if number is None else number, *more)
