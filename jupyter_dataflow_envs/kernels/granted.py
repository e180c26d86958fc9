"""Grants turned into what starts kernels: the launcher behind a kernelspec, and the kernelspec."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..domain.grant import Grant
from .kernelspecs import KernelspecEntry
from .launcher import Target, write_launcher


@dataclass(frozen=True, slots=True)
class Launcher:
    """One launcher as it was written, and what it starts."""

    path: Path
    grant: Grant


def write_granted(root: Path, grant: Grant) -> Path:
    """Point the launcher of the grant's audience at what is granted, and return its path."""
    target = Target(
        short_name=grant.short_name,
        version=grant.version,
        prefix=Path(grant.prefix) if grant.prefix else None,
        prefix_id=grant.prefix_id,
        reason=grant.reason,
    )
    return write_launcher(root, grant.environment_id, grant.audience, target)


def entry_of(grant: Grant) -> KernelspecEntry:
    return KernelspecEntry(
        environment_id=grant.environment_id,
        short_name=grant.short_name,
        full_name=grant.full_name,
        version=grant.version,
        digest=grant.digest,
        prefix=Path(grant.prefix) if grant.prefix else None,
        audience=grant.audience,
    )
