"""Environments as they are saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from .routes import PAGE, SLOW_SECONDS, Routes, environment_path, listed
from .transport import segment

if TYPE_CHECKING:
    from typing import TypeAlias

    from ..models import EnvironmentAnswer, EnvironmentList, ImportAnswer, PreviewAnswer, ShortNameAnswer

WantedBase: TypeAlias = "str | tuple[str, int]"
"""An environment to build on: `"mlenv"`, of which the version that is usable now is taken, or `("mlenv", 2)`."""


class EnvironmentRoutes(Routes):
    """Environments: listed, created, edited, deleted."""

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
        return cast("EnvironmentAnswer", self._transport.json("GET", environment_path(short_name)))

    def create(
        self,
        short_name: str,
        *,
        full_name: str,
        python_version: str | None = None,
        base: WantedBase | None = None,
        conda_requirements: Sequence[str] = (),
        pip_requirements: Sequence[str] = (),
        description: str = "",
    ) -> EnvironmentAnswer:
        """Save a new environment; nothing is built yet. It has a Python version, or a `base` that brings its own.

        Raises InvalidSpec with field and line, ShortNameTaken, PolicyViolated, QuotaExceeded, and Conflict for a base
        that can't be built on now.
        """
        spec = {
            "short_name": short_name,
            "full_name": full_name,
            "description": description,
            "python_version": python_version,
            "conda_requirements": list(conda_requirements),
            "pip_requirements": list(pip_requirements),
        }
        return self.create_from({**spec, **base_body(base)})

    def create_from(self, spec: dict[str, Any]) -> EnvironmentAnswer:
        """`create` from a dictionary with the same names, such as a file that was kept.

        Its `base` is a dictionary too: `{"short_name": "mlenv", "version": 2}`.
        """
        return cast("EnvironmentAnswer", self._transport.json("POST", "environments", body=spec))

    def edit(
        self,
        short_name: str,
        *,
        etag: str | None = None,
        full_name: str | None = None,
        description: str | None = None,
        python_version: str | None = None,
        base: WantedBase | None = None,
        without_base: bool = False,
        conda_requirements: Sequence[str] | None = None,
        pip_requirements: Sequence[str] | None = None,
    ) -> EnvironmentAnswer:
        """Change what is saved; what is None stays as it is, and lists are replaced whole.

        `without_base` takes the base away: a Python version must be said then. `etag` is that of the environment as it
        was read: Stale is raised when someone has changed it since. Without it the environment is read first, so that
        only a change at this very moment is noticed. Raises InvalidSpec and Conflict too.
        """
        changes = {
            "full_name": full_name,
            "description": description,
            "python_version": python_version,
            "conda_requirements": listed(conda_requirements),
            "pip_requirements": listed(pip_requirements),
        }
        body = {**{k: v for k, v in changes.items() if v is not None}, **base_body(base, without_base=without_base)}
        tag = etag or self.environment(short_name)["etag"]
        answer = self._transport.json("PATCH", environment_path(short_name), body=body, headers={"If-Match": tag})
        return cast("EnvironmentAnswer", answer)

    def delete(self, short_name: str, *, force: bool = False) -> None:
        """Delete it with its versions, logs and prefixes. Raises Conflict while it is in use, with a list of by whom;
        `force` (administrators only) deletes it none the less."""
        self._transport.send("DELETE", environment_path(short_name), query={"force": force or None})

    def short_name(self, name: str) -> ShortNameAnswer:
        """Whether a new environment can be called so, and if not, why."""
        return cast("ShortNameAnswer", self._transport.json("GET", f"short-names/{segment(name)}"))

    def preview(
        self,
        short_name: str,
        *,
        python_version: str | None = None,
        base: WantedBase | None = None,
        without_base: bool = False,
        conda_requirements: Sequence[str] | None = None,
        pip_requirements: Sequence[str] | None = None,
        pin_installed: bool = False,
    ) -> PreviewAnswer:
        """What a build would install: packages, changes against the usable version, bytes to download.

        What is None is taken from what is saved. Raises InvalidSpec, PolicyViolated, Conflict, and Unsolvable.
        """
        asked = {
            "python_version": python_version,
            "conda_requirements": listed(conda_requirements),
            "pip_requirements": listed(pip_requirements),
            "pin_installed": pin_installed or None,
        }
        body = {**{k: v for k, v in asked.items() if v is not None}, **base_body(base, without_base=without_base)}
        path = environment_path(short_name, "preview")
        return cast("PreviewAnswer", self._transport.json("POST", path, body=body, timeout=SLOW_SECONDS))

    def preview_new(
        self,
        *,
        python_version: str | None = None,
        base: WantedBase | None = None,
        conda_requirements: Sequence[str] = (),
        pip_requirements: Sequence[str] = (),
    ) -> PreviewAnswer:
        """What the first build of an environment that is not saved yet would install; `diff` says what it adds to its
        base, or to nothing. Raises what `preview` raises."""
        asked = {"conda_requirements": list(conda_requirements), "pip_requirements": list(pip_requirements)}
        python = {"python_version": python_version} if python_version is not None else {}
        body = {**asked, **python, **base_body(base)}
        return cast("PreviewAnswer", self._transport.json("POST", "preview", body=body, timeout=SLOW_SECONDS))

    def import_file(self, content: str | bytes, name: str | None = None) -> ImportAnswer:
        """Another tool's file as a specification that `create_from` takes once it is complete; nothing is saved.

        `left_out` and `changed` say line by line what could not be taken. Raises Malformed for what is no such file.
        """
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        answer = self._transport.json(
            "POST",
            "import",
            query={"name": name},
            content=data,
            headers={"Content-Type": "application/octet-stream"},
            timeout=SLOW_SECONDS,
        )
        return cast("ImportAnswer", answer)


def base_body(base: WantedBase | None, *, without_base: bool = False) -> dict[str, Any]:
    """The part of a body that says what becomes of the base: nothing when it is to stay."""
    if without_base:
        if base is not None:
            raise ValueError("Either another base, or none.")
        return {"base": None}
    if base is None:
        return {}
    short_name, version = (base, None) if isinstance(base, str) else base
    return {"base": {"short_name": short_name, "version": version}}
