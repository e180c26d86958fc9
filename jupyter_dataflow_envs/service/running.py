"""Kernels that run: which version each really is, whatever its kernelspec says by now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..domain.permissions import Person, may_see_version
from ..kernels import leases
from ..kernels.processes import KernelProcess, RunningKernel
from ..store import environments, versions
from ..store.database import Database


class RunningKernels:
    def __init__(self, database: Database, root: Path) -> None:
        self._database = database
        self._root = root

    def among(self, person: Person, kernels: Sequence[KernelProcess]) -> list[RunningKernel]:
        """Those that run a version which this person may see; the other kernels of a server are left out.

        So is one whose launcher is just about to start it, for some milliseconds.
        """
        started = leases.started(self._root, {k.pid for k in kernels})
        if not started:
            return []
        found = []
        with self._database.read() as connection:
            seen = {
                i: environments.find_by_id(connection, i, person) for i in {s.environment_id for s in started.values()}
            }
            for kernel in kernels:
                running = started.get(kernel.pid)
                environment = seen[running.environment_id] if running else None
                if running is None or environment is None or not may_see_version(environment, running.version, person):
                    continue
                digest = versions.find(connection, environment.id, running.version).digest
                found.append(
                    RunningKernel(kernel.kernel_id, kernel.kernel_name, environment.short_name, running.version, digest)
                )
        return found
