"""What an export is made of, and the formats that are more than a lock in other words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..domain.lock import Lock
from ..domain.requirement import parse_pair
from ..domain.spec import EnvironmentSpec
from .environment_yml import FULL_NAME
from .lockfile import dump_environment_yml, render_environment_yml


@dataclass(frozen=True, slots=True)
class Exported:
    """One built version; `built_at` in UTC."""

    lock: Lock
    short_name: str
    full_name: str
    number: int
    requested: EnvironmentSpec
    built_at: datetime | None


def render_locked_yml(exported: Exported) -> str:
    """environment.yml with every package at its version and build; a comment keeps the full name for an import."""
    return render_environment_yml(exported.lock, exported.short_name, [FULL_NAME + exported.full_name])


def render_requested_yml(exported: Exported) -> str:
    """environment.yml of what was asked for, as `conda env export --from-history` has it.

    Conda knows no extras: it gets the library, and pip, which finds that one installed, the library with its extras.
    """
    spec = exported.requested
    conda, pip = parse_pair(spec.conda_requirements, spec.pip_requirements, extended=True)
    python = spec.python_version or exported.lock.python
    dependencies: list[Any] = [f"python={python}"] if python else []
    dependencies += [r.conda_spec() for r in conda]
    with_extras = [text for r in conda if (text := r.with_extras_for_pip())]
    if pip or with_extras:
        dependencies.append({"pip": [*with_extras, *(r.pip_spec() for r in pip)]})
    return dump_environment_yml(exported.short_name, exported.lock.channels, dependencies, list(_comments(exported)))


def _comments(exported: Exported) -> Iterable[str]:
    yield FULL_NAME + exported.full_name
    yield f"# What version {exported.number} of {exported.short_name} was asked for."
    base = exported.requested.base
    if base is not None:
        yield f"# On {base.title}, whose libraries are not listed here."
