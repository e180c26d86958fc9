"""Why each package of a lock is there."""

from __future__ import annotations

from collections.abc import Iterable
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


def explain(packages: Iterable[LockedPackage], spec: EnvironmentSpec) -> list[ExplainedPackage]:
    """Sorted by name. A name that was asked for in one list counts as requested whichever manager brought it."""
    # Extended requirements are read too: what was allowed when it was saved stays readable.
    conda, pip = parse_pair(spec.conda_requirements, spec.pip_requirements, extended=True)
    asked = {r.name: r.text for r in (*conda, *pip)} | {"python": f"python={spec.python_version}"}
    explained = []
    for package in sorted(packages, key=lambda p: (p.name, p.manager)):
        name = canonicalize_name(package.name)
        origin: Origin = "requested" if name in asked else "added" if name in ADDED else "dependency"
        explained.append(ExplainedPackage(package, asked.get(name), origin))
    return explained
