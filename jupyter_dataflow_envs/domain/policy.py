"""What the deployment allows: checked on Save against what was asked for, in the build against what was resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .lock import LockedPackage


@dataclass(frozen=True, slots=True)
class DeniedPackage:
    """A package nobody may install; an empty specifier denies every version."""

    name: str
    specifier: str
    reason: str


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not allowed, and the rule that says so."""

    package: str
    version: str
    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{f'{self.package} {self.version}'.rstrip()}: {self.reason} (rule: {self.rule})"


@dataclass(frozen=True, slots=True)
class Policy:
    """Empty lists allow everything, None sets no limit.

    `channels` and `indexes` are matched against where each resolved package comes from. `max_environments` and
    `max_bytes` (of installed prefixes) are a person's, `max_versions` is how many of an environment's versions stay
    installed.
    """

    channels: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    denied_packages: tuple[DeniedPackage, ...] = ()
    required_packages: tuple[str, ...] = ()
    python_versions: tuple[str, ...] = ()
    max_environments: int | None = None
    max_versions: int | None = None
    max_bytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Policy:
        return cls(
            channels=tuple(data["channels"]),
            indexes=tuple(data.get("indexes", ())),
            denied_packages=tuple(DeniedPackage(**d) for d in data["denied_packages"]),
            required_packages=tuple(data["required_packages"]),
            python_versions=tuple(data["python_versions"]),
            max_environments=data["max_environments"],
            max_versions=data.get("max_versions"),
            max_bytes=data.get("max_bytes"),
        )

    def check_python(self, version: str) -> list[Violation]:
        """`3.11` in the list allows every 3.11.x; a Python that was asked for as a series is allowed by its series."""
        if not self.python_versions or any(version == v or version.startswith(v + ".") for v in self.python_versions):
            return []
        offered = ", ".join(self.python_versions)
        return [Violation("python", version, "python_versions", f"this deployment offers Python {offered}")]

    def check_requested(self, names: Iterable[str]) -> list[Violation]:
        """Packages that are denied in every version: refused before anything is solved."""
        asked = {canonicalize_name(n) for n in names}
        return [
            Violation(d.name, "", "denied_packages", d.reason)
            for d in self.denied_packages
            if not d.specifier and canonicalize_name(d.name) in asked
        ]

    def check_resolved(self, packages: Iterable[LockedPackage], *, complete: bool) -> list[Violation]:
        """What was resolved, transitive packages too. `complete` is False while the pip part is still to come."""
        found: list[Violation] = []
        held = set()
        for package in packages:
            name = canonicalize_name(package.name)
            held.add(name)
            found += [
                Violation(package.name, package.version, "denied_packages", denied.reason)
                for denied in self.denied_packages
                if canonicalize_name(denied.name) == name and _matches(package.version, denied.specifier)
            ]
            found += self._check_source(package)
            if package.identity == ("conda", "python"):
                found += self.check_python(package.version)
        if complete:
            found += [
                Violation(name, "", "required_packages", "every environment of this deployment must hold it")
                for name in self.required_packages
                if canonicalize_name(name) not in held
            ]
        return found

    def _check_source(self, package: LockedPackage) -> list[Violation]:
        rule, kind = ("channels", "channel") if package.manager == "conda" else ("indexes", "index")
        allowed = self.channels if rule == "channels" else self.indexes
        if not allowed or package.channel.rstrip("/") in {place.rstrip("/") for place in allowed}:
            return []
        reason = f"{kind} {package.channel} is not allowed" if package.channel else f"its {kind} is not known"
        return [Violation(package.name, package.version, rule, reason)]


def _matches(version: str, specifier: str) -> bool:
    if not specifier:
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return True  # what can't be compared is denied: a rule must not be escaped by an odd version
