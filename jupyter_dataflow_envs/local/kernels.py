"""The kernelspecs and launchers of Local environments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..domain.errors import Conflict
from ..domain.local import Kind, LocalEnvironment
from ..kernels import launcher, leases
from ..kernels.kernelspecs import Kernelspecs, LocalKernelspecEntry
from ..kernels.launcher import Target, write_fallback, write_launcher

_DIGITS = 6
"""Of a found one's id, in its kernel's name: names of found ones are not unique."""


def kernel_name(environment: LocalEnvironment) -> str:
    """What notebooks refer to: `local-mine`, and for a found one `local-torch.1a2b3c`, which no made one can have."""
    if environment.kind is Kind.MADE:
        return f"local-{environment.name}"
    slug = re.sub(r"[^a-z0-9_-]+", "-", environment.name.lower()).strip("-")[:40] or "python"
    return f"local-{slug}.{environment.id[-_DIGITS:]}"


class LocalKernels:
    def __init__(self, kernels_dir: Path, owner: str, root: Path, python: Path) -> None:
        self._root = root
        self._kernelspecs = Kernelspecs(kernels_dir, owner, root, "local_owner")
        write_fallback(root, python)

    def register(self, environment: LocalEnvironment) -> str:
        """Write launcher and kernelspec, and return the kernel's name. Raises Conflict when that is somebody else's."""
        self._write_launcher(environment)
        return self._kernelspecs.write(_entry(environment))

    def remove(self, name: str) -> None:
        self._kernelspecs.remove(name)

    def forget(self, id: str) -> None:
        """Of an environment that is gone."""
        launcher.remove_launchers(self._root, id)
        leases.forget(self._root, id)

    def refuse_foreign(self, name: str) -> None:
        """Raises Conflict when the kernel's name of a new environment belongs to a kernelspec of somebody else."""
        folder = self._kernelspecs.kernels_dir / f"local-{name}"
        if folder.exists() and folder.name not in self._kernelspecs.installed():
            raise Conflict(
                f"There is a kernelspec '{folder.name}' already that was not written from here: take another name, or "
                f"remove it with 'jupyter kernelspec remove {folder.name}'."
            )

    def put_right(self, environments: Iterable[LocalEnvironment]) -> None:
        """Of those that have a kernel from here, what it starts; kernelspecs of environments that are gone go."""
        kept = {e.kernel.name: e for e in environments if e.kernel is not None and e.kernel.ours}
        for environment in kept.values():
            self._write_launcher(environment)
        self._kernelspecs.reconcile(_entry(e) for e in kept.values())

    def _write_launcher(self, environment: LocalEnvironment) -> None:
        target = Target(
            short_name=environment.name,
            version=None,
            prefix=environment.prefix,
            prefix_id=environment.id,
            local=True,
            made=environment.kind is Kind.MADE,
        )
        write_launcher(self._root, environment.id, "latest", target)


def _entry(environment: LocalEnvironment) -> LocalKernelspecEntry:
    return LocalKernelspecEntry(kernel_name(environment), environment.id, environment.name, environment.prefix)
