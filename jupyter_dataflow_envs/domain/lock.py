"""The resolved packages of a version, their digest, and the difference of two of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

from packaging.version import InvalidVersion, Version

Manager = Literal["conda", "pip"]
LAYOUT_VERSION = 1
"""Part of the key of a prefix: raised when what the engine does to a prefix changes, so that old ones are not taken."""


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package to install, from one file whose hash is known.

    `url` and `channel` never hold credentials. `platform` is the lock's own (`linux-64`), also for noarch packages, as
    conda-lock has it; `size` is the size of the file in bytes where the channel or index tells it. `depends` are the
    package's own requirements in the words of its manager.
    """

    manager: Manager
    name: str
    version: str
    build: str
    platform: str
    url: str
    sha256: str
    md5: str | None = None
    size: int | None = None
    channel: str = ""
    license: str | None = None
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    source_build: bool = False

    @property
    def identity(self) -> tuple[str, str]:
        return (self.manager, self.name)


@dataclass(frozen=True)
class Lock:
    """All packages of one version for one platform. Equal packages have an equal `digest`, in whatever order."""

    platform: str
    channels: tuple[str, ...]
    packages: tuple[LockedPackage, ...] = field(default=())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the sorted (manager, name, version, build, platform, sha256) of all packages."""
        rows = sorted((p.manager, p.name, p.version, p.build, p.platform, p.sha256) for p in self.packages)
        return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()

    @property
    def python(self) -> str:
        """The version of its Python, or an empty text when it holds none."""
        return next((p.version for p in self.packages if p.identity == ("conda", "python")), "")

    @property
    def has_source_builds(self) -> bool:
        return any(p.source_build for p in self.packages)

    def prefix_key(self, *, run_link_scripts: bool) -> str | None:
        """What two builds must share so that one takes the other's prefix; None: it can't be shared."""
        if self.has_source_builds or any(not p.sha256 for p in self.packages):
            return None
        text = f"{LAYOUT_VERSION}:{self.platform}:{int(run_link_scripts)}:{self.digest}"
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "platform": self.platform,
            "channels": list(self.channels),
            "packages": [asdict(p) for p in self.packages],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Lock:
        packages = tuple(
            LockedPackage(**{**p, "depends": tuple(p["depends"]), "constrains": tuple(p["constrains"])})
            for p in data["packages"]
        )
        return cls(data["platform"], tuple(data["channels"]), packages)


@dataclass(frozen=True, slots=True)
class PackageChange:
    """One package that both sides hold in different files; `direction` compares the versions."""

    left: LockedPackage
    right: LockedPackage
    direction: Literal["up", "down", "rebuilt"]


@dataclass(frozen=True, slots=True)
class LockDiff:
    added: tuple[LockedPackage, ...]
    removed: tuple[LockedPackage, ...]
    changed: tuple[PackageChange, ...]
    unchanged: tuple[LockedPackage, ...]


def diff(left: Iterable[LockedPackage], right: Iterable[LockedPackage]) -> LockDiff:
    """What changes on the way from `left` to `right`, each part sorted by name."""
    before = {p.identity: p for p in left}
    after = {p.identity: p for p in right}
    both = sorted(before.keys() & after.keys(), key=lambda i: (i[1], i[0]))
    changed = tuple(
        PackageChange(before[i], after[i], direction(before[i].version, after[i].version))
        for i in both
        if not _same(before[i], after[i])
    )
    return LockDiff(
        added=_sorted(after[i] for i in after.keys() - before.keys()),
        removed=_sorted(before[i] for i in before.keys() - after.keys()),
        changed=changed,
        unchanged=tuple(after[i] for i in both if _same(before[i], after[i])),
    )


def _sorted(packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    return tuple(sorted(packages, key=lambda p: (p.name, p.manager)))


def _same(a: LockedPackage, b: LockedPackage) -> bool:
    return (a.version, a.build, a.sha256) == (b.version, b.build, b.sha256)


def direction(left: str, right: str) -> Literal["up", "down", "rebuilt"]:
    """Compares two versions of one package; "rebuilt" where they are equal."""
    before, after = _version_key(left), _version_key(right)
    if before == after:
        return "rebuilt"
    return "up" if before < after else "down"


def _version_key(text: str) -> tuple[Any, ...]:
    """Sorts versions of PyPI by their own rules, and the others (`9e`, `2024a`) after them by their parts."""
    try:
        return (0, Version(text))
    except InvalidVersion:
        parts = "".join(c if c.isdecimal() else f" {c} " if c.isalpha() else " " for c in text).split()
        return (1, tuple((1, int(p), "") if p.isdecimal() else (0, 0, p) for p in parts))
