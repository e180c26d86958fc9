"""What the engine child is told on its standard input and what it says on a descriptor of its own: JSON lines.

The first line in is a `Job`. After a `lock` message the child waits for an `Answer`. Everything it writes to its
standard output or error belongs into the log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any, Literal

from ..domain.credentials import strip
from ..domain.lock import Lock
from ..domain.policy import Policy


class Mode(str, Enum):
    BUILD = "build"
    """Solve, install, verify."""
    INSTALL = "install"
    """Install `lock` as it is: no solve."""
    PREVIEW = "preview"
    """Solve only; the result's lock is what would be installed."""
    NAMES = "names"
    """Write the sorted names that a manager's channels or indexes offer into `output`, one a line."""
    VERSIONS = "versions"
    """The versions of one package (`name`) that this platform could install, newest first."""
    ADD = "add"
    """Install the pip requirements into `prefix`, which is there and stays as it is otherwise."""
    NEWER = "newer"
    """Of the packages of `lock`, those of which the channels or indexes hold a newer version."""


@dataclass(frozen=True, slots=True)
class Caches:
    """Folders shared by all builds of a deployment, absolute paths."""

    packages: str
    repodata: str
    uv: str
    bytecode: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Where packages come from. No index URL: uv's own default."""

    channels: tuple[str, ...]
    pip_index_url: str | None = None
    pip_extra_index_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """All that one run of the engine needs to know; it reads no configuration and no database."""

    mode: Mode
    caches: Caches
    sources: Sources
    prefix: str = ""
    """Absolute path of a folder that does not exist yet; after a failure the runner removes what is there."""
    title: str = ""
    """For the log and for EXTERNALLY-MANAGED: the environment's short name."""
    python_version: str = ""
    conda: tuple[str, ...] = ()
    """Conda specs as `Requirement.conda_spec` makes them."""
    pip: tuple[str, ...] = ()
    """Requirements as `Requirement.pip_spec` makes them, those of conda requirements' extras included."""
    lock: Lock | None = None
    """For INSTALL what to install; for BUILD and PREVIEW what to hold on to (`pin_installed`); for NEWER what to ask
    about."""
    base: Lock | None = None
    """For BUILD and PREVIEW: the base environment's packages, which the result holds as they are. It brings Python, so
    that `python_version` is empty; where `lock` holds a package too, the base's counts."""
    base_title: str = ""
    """For people: the base's short name and version, as in "mlenv version 2"."""
    policy: Policy = field(default_factory=Policy)
    writable: bool = False
    """The prefix is a person's own, who changes it: copies instead of links, no seal."""
    allow_source_builds: bool = True
    run_link_scripts: bool = False
    virtual_packages: Mapping[str, str] | None = None
    """`{"__cuda": "12.4"}`: what the machines that will run the kernels have; None: detect."""
    manager: Literal["conda", "pip"] = "conda"
    name: str = ""
    output: str = ""

    def elsewhere(self) -> Job:
        """The same for another machine: without this one's folders, and without credentials in URLs."""
        sources = Sources(
            tuple(map(strip, self.sources.channels)),
            strip(self.sources.pip_index_url) if self.sources.pip_index_url else None,
            tuple(map(strip, self.sources.pip_extra_index_urls)),
        )
        return replace(self, caches=Caches("", "", "", ""), prefix="", sources=sources)

    def to_line(self) -> str:
        return json.dumps(self.to_json()) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Job:
        return cls.from_json(json.loads(line))

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["lock"] = self.lock.to_json() if self.lock else None
        data["base"] = self.base.to_json() if self.base else None
        data["policy"] = self.policy.to_json()
        data["mode"] = self.mode.value
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Job:
        sources = data["sources"]
        return cls(
            **{
                **data,
                "mode": Mode(data["mode"]),
                "caches": Caches(**data["caches"]),
                "sources": Sources(
                    tuple(sources["channels"]), sources["pip_index_url"], tuple(sources["pip_extra_index_urls"])
                ),
                "conda": tuple(data["conda"]),
                "pip": tuple(data["pip"]),
                "lock": Lock.from_json(data["lock"]) if data["lock"] else None,
                "base": Lock.from_json(data["base"]) if data["base"] else None,
                "policy": Policy.from_json(data["policy"]),
            }
        )


class Answer(str, Enum):
    """To a `lock` message."""

    INSTALL = "install"
    """Go on."""
    REUSE = "reuse"
    """An equal prefix is there: leave this one, end."""


Message = dict[str, Any]
"""One of, by `type`:

- `{"type": "step", "name": Step}` when a step begins
- `{"type": "progress", "packages_done", "packages_total", "bytes_done", "bytes_total"}`, at most 10 a second
- `{"type": "log", "text": "one or more lines"}` (may hold ANSI colours; credentials are masked by whoever writes it)
- `{"type": "lock", "lock": Lock, "prefix_key": str | None}`, then the child waits for `{"answer": Answer}`
- `{"type": "result", "lock": Lock | None, "size": bytes of the prefix's files, "files": number linked, "packages":
  number, "steps": [{"name", "duration"}], "warnings": [str], "values": […]}`. `warnings`: a line for each requirement
  that the conda packages themselves declare and break. `values`: for VERSIONS strings, for NEWER `{"manager", "name",
  "version", "newest"}`. PREVIEW adds "download_size" in bytes and "pip_resolved". Its lock has the same digest as the
  one asked about, and what only the installed packages tell: requirements and licences of pip packages
- `{"type": "failure", "reason": "one sentence", "details": "the lines that matter", "steps": […]}`

`result` or `failure` is the last one; the exit code means nothing.
"""
