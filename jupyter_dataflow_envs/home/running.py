"""Kernels that run in this server, and the version that each was really started from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..domain.permissions import Person
from ..kernels import leases
from ..kernels.processes import KernelProcess, RunningKernel
from .memory import Memory


class RunningKernels:
    def __init__(self, memory: Memory, root: Path) -> None:
        self._memory = memory
        self._root = root

    def among(self, person: Person, kernels: Sequence[KernelProcess]) -> list[RunningKernel]:
        """Those of environments; the other kernels of the server are left out."""
        started = leases.started(self._root, {k.pid for k in kernels})
        found = []
        for kernel in kernels:
            running = started.get(kernel.pid)
            if running is None:
                continue
            short_name, digest = self._memory.launched(running.environment_id, running.version)
            if short_name is not None:
                found.append(RunningKernel(kernel.kernel_id, kernel.kernel_name, short_name, running.version, digest))
        return found
