"""Packages that must be in the result as they are: the base environment's, and what is installed and has to stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from ..domain.errors import EngineError
from ..domain.lock import LockedPackage
from .protocol import Job, Mode

_FREE = "build without keeping what is there"
SHOWN = 3
"""Packages that a reason names; its details name all."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One package that is held, in the name and version that its manager sees."""

    name: str
    version: str
    of_base: bool

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Change:
    """A held package that would have to give way to `needed`; `asked_by` says for whose sake, if that is known."""

    holding: Holding
    needed: str
    asked_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        why = f": {'; '.join(self.asked_by)}" if self.asked_by else ""
        return f"{self.needed} instead of {self.holding}{why}"


@dataclass(frozen=True, slots=True)
class Held:
    """`packages`, of which `base` are the base environment's, and the `title` of that one for people."""

    packages: tuple[LockedPackage, ...] = ()
    base: frozenset[tuple[str, str]] = frozenset()
    title: str = ""

    @classmethod
    def of(cls, job: Job) -> Held:
        """The base comes first: what is installed gives way where both hold a package."""
        if job.mode not in (Mode.BUILD, Mode.PREVIEW):
            return cls()
        base = job.base.packages if job.base else ()
        brought = frozenset(p.identity for p in base)
        names = _distributions(base)
        installed = job.lock.packages if job.lock else ()
        stays = [p for p in installed if p.identity not in brought and not _distributions([p]) & names]
        return cls((*base, *stays), brought, job.base_title)

    def __bool__(self) -> bool:
        return bool(self.packages)

    @property
    def conda(self) -> tuple[LockedPackage, ...]:
        return tuple(p for p in self.packages if p.manager == "conda")

    @property
    def pip(self) -> tuple[LockedPackage, ...]:
        return tuple(p for p in self.packages if p.manager == "pip")

    @property
    def names(self) -> frozenset[str]:
        """In the spelling that makes different managers' names comparable."""
        return frozenset(canonicalize_name(p.name) for p in self.packages)

    def holding(self, package: LockedPackage) -> Holding:
        return Holding(package.name, package.version, package.identity in self.base)

    def kept(self, packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
        """The packages, each held one in the very words of the lock that it is held by."""
        held = {(*p.identity, p.sha256): p for p in self.packages}
        return tuple(held.get((*p.identity, p.sha256), p) for p in packages)

    def lacking(self, requirements: Iterable[str]) -> list[str]:
        """The pip requirements that need more than the held pip packages.

        Raises:
            EngineError: one that a held pip package contradicts.
        """
        held = {p.name: p for p in self.pip}
        lacking, contradicted = [], []
        for text in requirements:
            requirement = Requirement(text)
            package = held.get(canonicalize_name(requirement.name))
            if package is None or requirement.extras:
                lacking.append(text)
            if package is not None and not fits(requirement, package.version):
                contradicted.append((text, self.holding(package)))
        if contradicted:
            raise self.contradiction(contradicted)
        return lacking

    def contradiction(self, found: Sequence[tuple[str, Holding]]) -> EngineError:
        """For requirements that name a held package in another version."""
        lines = []
        for text, holding in sorted(found, key=lambda f: not f[1].of_base):
            if holding.of_base:
                lines.append(f"{text} does not fit {self._base}, which holds {holding}")
            else:
                lines.append(f"{text} does not fit {holding}, which is installed and has to stay: {_FREE}")
        return EngineError(lines[0] if len(lines) == 1 else f"{lines[0]} (and {len(lines) - 1} more)", "\n".join(lines))

    def conflict(self, changes: Sequence[Change], details: str = "") -> EngineError:
        """For requirements that fit together, but not beside what is held.

        The reason names what new packages ask for; what would only follow from that stands in the details.
        """
        of_base = [c for c in changes if c.holding.of_base]
        named = of_base or list(changes)
        named = [c for c in named if c.asked_by] or named
        more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        needed = ", ".join(c.needed for c in named[:SHOWN]) + more
        there = ", ".join(str(c.holding) for c in named[:SHOWN]) + more
        if of_base:
            reason = f"the requirements do not fit {self._base}: they need {needed}, and the base holds {there}"
        else:
            is_there = f"{there} {'is' if len(named) == 1 else 'are'} installed"
            reason = (
                f"the requirements do not fit what is installed and has to stay: they need {needed}, and {is_there}"
            )
        return EngineError(reason, "\n".join([*map(str, changes), *([details] if details else [])]))

    def excluded(self, error: EngineError) -> EngineError:
        """For requirements that fit together, but beside what is held in no version of it."""
        what = self._base if self.base else "what is installed and has to stay"
        return EngineError(f"the requirements do not fit {what}: {error.reason}", error.details)

    def python_conflict(self, needs: str, details: str) -> EngineError | None:
        """For a package that needs another Python than the base's, `needs` being "a 1.0 requires Python >=3.12"."""
        python = next((p for p in self.packages if p.identity == ("conda", "python")), None)
        if python is None or python.identity not in self.base:
            return None
        reason = f"the requirements do not fit {self._base}: {needs}, and the base holds {self.holding(python)}"
        return EngineError(reason, details)

    @property
    def _base(self) -> str:
        return f"the base environment {self.title}".rstrip()


def fits(requirement: Requirement, version: str) -> bool:
    """Whether a version is one that the requirement takes; one that nobody can compare is none."""
    try:
        return requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return False


def _distributions(packages: Iterable[LockedPackage]) -> set[str]:
    """The names that pip would see installed: of conda's packages those that are for Python."""
    return {
        canonicalize_name(p.name)
        for p in packages
        if p.manager == "pip" or any(d.split(" ")[0] == "python" for d in p.depends)
    }
