"""What Copy to Dataflow asks for: exactly what is really installed, as far as a name and a version bring it again."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..domain.local import InstalledPackage, LocalEnvironment

_SERIES = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Requirements in the words of the form. `unreproducible` are left out of them; `notes` are sentences."""

    python_version: str
    conda_requirements: tuple[str, ...]
    pip_requirements: tuple[str, ...]
    unreproducible: tuple[InstalledPackage, ...]
    notes: tuple[str, ...] = ()


def reproduce(
    environment: LocalEnvironment, packages: Sequence[InstalledPackage], channels: Collection[str]
) -> Reproduction:
    """`channels`: those of the deployment, as conda's records name them; others' files are only on this machine."""
    judged = [_judged(p, channels) for p in packages]
    asked = [p for p in judged if p.unreproducible is None]
    return Reproduction(
        python_version=environment.python_version or "",
        conda_requirements=tuple(_line(p) for p in asked if p.manager == "conda" and p.name != "python"),
        pip_requirements=tuple(_line(p) for p in asked if p.manager == "pip"),
        unreproducible=tuple(p for p in judged if p.unreproducible is not None),
    )


def with_offered_python(wanted: Reproduction, offered: Sequence[str]) -> Reproduction:
    """Where the channels do not offer this very Python, its series, with a note: the packages are the same for it."""
    exact = wanted.python_version
    series = _SERIES.match(exact)
    if exact in offered or series is None:
        return wanted
    if not any(version == series[0] or version.startswith(f"{series[0]}.") for version in offered):
        note = f"The channels here offer no Python {series[0]}: the build will fail unless that changes."
    else:
        note = f"The channels here do not offer Python {exact}: the latest {series[0]} is taken."
    return replace(wanted, python_version=series[0], notes=(*wanted.notes, note))


def _judged(package: InstalledPackage, channels: Collection[str]) -> InstalledPackage:
    local = package.manager == "conda" and package.channel.startswith("file:")
    if local and package.unreproducible is None and package.channel.rstrip("/") not in channels:
        return replace(package, unreproducible=f"installed from the folder {package.channel} on this machine")
    return package


def _line(package: InstalledPackage) -> str:
    return f"{package.name}=={package.version}"
