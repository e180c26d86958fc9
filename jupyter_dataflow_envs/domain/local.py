"""Local environments: personal to one notebook server, mutable; made here, or found on the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from packaging.utils import canonicalize_name

from .errors import FieldError, InvalidSpec
from .lock import Lock, Manager, direction
from .names import RESERVED, shown
from .permissions import ALLOWED, Decision

if TYPE_CHECKING:
    from pathlib import Path

NAME_LIMIT = 40
FOUND_PREFIX = "found-"
"""Of the ids of found ones, whose names are not unique; no made one may begin so: their names are their ids."""

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class Kind(str, Enum):
    MADE = "made"
    """In the panel or by Copy to Local, in the person's own data folder."""
    CONDA = "conda"
    VENV = "venv"
    PYENV = "pyenv"
    UV = "uv"
    """An interpreter that uv has installed; virtual environments that uv makes are `venv`."""
    PYTHON = "python"
    """Any other interpreter, such as the operating system's."""


class LocalStatus(str, Enum):
    READY = "Ready"
    IN_PROGRESS = "In Progress"
    FAILED = "Failed"
    """It could not be made; nothing is left of it but the log."""
    BROKEN = "Broken"
    """It was found, and its Python can't run."""


class Work(str, Enum):
    """What is being done to a Local environment; each has a log."""

    MAKE = "make"
    COPY = "copy"
    INSTALL_IPYKERNEL = "install_ipykernel"


@dataclass(frozen=True, slots=True)
class CopiedFrom:
    """The version of a Dataflow environment that a Local one was copied from."""

    short_name: str
    full_name: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """What lies in a prefix. `name` as its manager has it; `build` and `channel` are conda's.

    `unreproducible`: why no name and version would bring it again, as in "installed in editable mode from /src/lib".
    """

    manager: Manager
    name: str
    version: str
    build: str = ""
    channel: str = ""
    unreproducible: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        return (self.manager, canonicalize_name(self.name))


@dataclass(frozen=True, slots=True)
class FoundKernel:
    """A kernelspec that starts a prefix' Python; `ours` if it was registered here, so that it may be removed here."""

    name: str
    display_name: str
    ours: bool


@dataclass(frozen=True, slots=True)
class FoundPrefix:
    """What is known of a prefix from a look at its folders alone, without starting anything.

    `packages` counts them; `found_by` are words for people, as in "kernelspec 'torch'" or "~/.conda/environments.txt".
    """

    prefix: Path
    kind: Kind
    name: str
    python: Path
    """Its interpreter: `bin/python`."""
    python_version: str | None
    packages: int
    has_ipykernel: bool
    broken: str | None
    """Why it can't be used, as a sentence."""
    found_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalEnvironment:
    """One Local environment as its person sees it.

    `phase` and `progress` are those of the work that goes on; `reason` is why it failed or is broken. `requested` is
    what was asked for where it was made from the form.
    """

    id: str
    name: str
    kind: Kind
    prefix: Path
    python_version: str | None
    packages: int | None
    has_ipykernel: bool
    kernel: FoundKernel | None
    status: LocalStatus
    work: Work | None
    reason: str | None
    phase: str | None
    progress: dict[str, int] | None
    copied_from: CopiedFrom | None
    requested: dict[str, Any] | None
    found_by: tuple[str, ...]
    has_log: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class VersionChange:
    left: InstalledPackage
    right: InstalledPackage
    direction: Literal["up", "down", "rebuilt"]


@dataclass(frozen=True, slots=True)
class Drift:
    """What has changed in an environment since it was made or copied; each part is sorted by name."""

    added: tuple[InstalledPackage, ...]
    removed: tuple[InstalledPackage, ...]
    changed: tuple[VersionChange, ...]
    unchanged: int


def check_local_name(text: str) -> str:
    """1 to 40 characters, lower-cased: the end of its kernel's name. Raises InvalidSpec."""
    name = text.strip().lower()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise _invalid(text, f"expected 1 to {NAME_LIMIT} characters, such as mlenv-mine")
    if not text.isascii() or not _NAME.fullmatch(name):
        raise _invalid(text, "expected a letter a to z, then letters, digits, _ or -")
    if name in RESERVED or name.startswith(FOUND_PREFIX):
        raise _invalid(text, f"'{name}' has a meaning of its own; choose another")
    return name


def free_name(name: str, taken: Iterable[str]) -> str:
    """`name` itself if nobody has it, else with the first free number after it."""
    known = set(taken)
    candidate, number = name, 2
    while candidate in known:
        ending = f"-{number}"
        candidate, number = name[: NAME_LIMIT - len(ending)] + ending, number + 1
    return candidate


def installed_from(lock: Lock) -> tuple[InstalledPackage, ...]:
    """What a lock puts into a prefix."""
    return tuple(InstalledPackage(p.manager, p.name, p.version, p.build, p.channel) for p in lock.packages)


def drift(before: Iterable[InstalledPackage], now: Iterable[InstalledPackage]) -> Drift:
    """What changed on the way from `before` to `now`. pip's version of a package in place of conda's is a change."""
    left, right = _by_name(before), _by_name(now)
    changed = []
    unchanged = 0
    for name in sorted(left.keys() & right.keys()):
        one, two = left[name], right[name]
        if (one.manager, one.version, one.build) == (two.manager, two.version, two.build):
            unchanged += 1
        else:
            changed.append(VersionChange(one, two, direction(one.version, two.version)))
    return Drift(
        added=tuple(right[n] for n in sorted(right.keys() - left.keys())),
        removed=tuple(left[n] for n in sorted(left.keys() - right.keys())),
        changed=tuple(changed),
        unchanged=unchanged,
    )


def actions(environment: LocalEnvironment, *, running: bool) -> dict[str, Decision]:
    """Everything that can be done with it, each with the reason why not. `running`: a process runs from its prefix."""
    unusable = _unusable(environment)
    return {
        "register_kernel": unusable or _registration(environment),
        "install_ipykernel": unusable or (_not("It has ipykernel already.") if environment.has_ipykernel else ALLOWED),
        "remove_kernel": _removal(environment.kernel),
        "copy_to_dataflow": unusable or ALLOWED,
        "delete": _deletion(environment, running=running),
        "cancel": ALLOWED if environment.status is LocalStatus.IN_PROGRESS else _not("Nothing is being done with it."),
    }


def _unusable(environment: LocalEnvironment) -> Decision | None:
    if environment.status is LocalStatus.READY:
        return None
    if environment.status is LocalStatus.IN_PROGRESS:
        return _not("Something is being done with it: wait for it, or cancel it first.")
    return _not(environment.reason or "It can't be used.")


def _registration(environment: LocalEnvironment) -> Decision:
    if environment.kernel is not None:
        return _not(f"It has the kernel '{environment.kernel.name}' already.")
    return ALLOWED if environment.has_ipykernel else _not("It has no ipykernel: install that first.")


def _removal(kernel: FoundKernel | None) -> Decision:
    if kernel is None:
        return _not("It has no kernel.")
    if not kernel.ours:
        return _not(f"Its kernel '{kernel.name}' was not registered here: 'jupyter kernelspec remove' removes it.")
    return ALLOWED


def _deletion(environment: LocalEnvironment, *, running: bool) -> Decision:
    if environment.kind is not Kind.MADE:
        return _not("It was not made here: delete it with the tool that made it.")
    if environment.status is LocalStatus.IN_PROGRESS:
        return _not("Something is being done with it: cancel it first.")
    return _not("A kernel or a program runs in it: shut that down first.") if running else ALLOWED


def _not(reason: str) -> Decision:
    return Decision(False, reason)


def _by_name(packages: Iterable[InstalledPackage]) -> dict[str, InstalledPackage]:
    return {canonicalize_name(p.name): p for p in packages}


def _invalid(text: str, message: str) -> InvalidSpec:
    return InvalidSpec([FieldError("name", None, shown(text), message)])
