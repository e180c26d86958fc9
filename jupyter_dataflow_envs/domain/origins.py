"""Why each package of a lock is there."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name

from .lock import LockedPackage
from .requirement import parse_pair
from .spec import EnvironmentSpec

ADDED = ("ipykernel", "pip")
"""What every environment holds, asked for or not: without them no kernel starts and no `pip list` answers."""

Origin = Literal["requested", "added", "dependency", "base"]


@dataclass(frozen=True, slots=True)
class ExplainedPackage:
    """A package with the requirement that asked for it, as it was written."""

    package: LockedPackage
    requested: str | None
    origin: Origin


def explain(
    packages: Iterable[LockedPackage], spec: EnvironmentSpec, base_lock_packages: Iterable[LockedPackage] = ()
) -> list[ExplainedPackage]:
    """Sorted by name. A name that was asked for in one list counts as requested whichever manager brought it.

    Of the others, those that the base holds in the same file are the base's.
    """
    # Extended requirements are read too: what was allowed when it was saved stays readable.
    conda, pip = parse_pair(spec.conda_requirements, spec.pip_requirements, extended=True)
    asked = {r.name: r.text for r in (*conda, *pip)}
    if spec.python_version:
        asked["python"] = f"python={spec.python_version}"
    base = {(*p.identity, p.sha256) for p in base_lock_packages}
    explained = []
    for package in sorted(packages, key=lambda p: (p.name, p.manager)):
        requested = asked.get(canonicalize_name(package.name))
        explained.append(ExplainedPackage(package, requested, _origin(package, requested, base)))
    return explained


def _origin(package: LockedPackage, requested: str | None, base: Container[tuple[str, str, str]]) -> Origin:
    if requested is not None:
        return "requested"
    if (*package.identity, package.sha256) in base:
        return "base"
    return "added" if canonicalize_name(package.name) in ADDED else "dependency"
