"""One deployment inside a Jupyter server: the service, and the kernels and Local environments of that server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..builds.runner import Runner
from ..domain.errors import Unavailable
from ..domain.events import LAUNCHED, Event, EventKind
from ..kernels.kernelspecs import Kernelspecs
from ..kernels.launcher import write_fallback
from ..local.environments import LocalSettings
from .activation import Activations
from .core import Service, ServiceSettings
from .local import Local
from .running import RunningKernels


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSettings(ServiceSettings):
    """`python`: runs the kernel that says why another one can't start."""

    kernels_dir: Path
    python: Path
    local: LocalSettings


class Deployment(Service):
    """As the service; beside its parts `activations`, `running` and `local`, of the server around it."""

    def __init__(self, settings: DeploymentSettings, log: logging.Logger, runner: Runner | None = None) -> None:
        super().__init__(settings, log, runner, settings.kernels_dir)
        write_fallback(self.root.path, settings.python)
        kernelspecs = Kernelspecs(settings.kernels_dir, self.id, self.root.path)
        self.activations = Activations(self.workshop, kernelspecs, self.images, log)
        self.running = RunningKernels(self.database, self.root.path)
        self._moved: set[str] = set()
        self._local: Local | None = None
        self._local_settings = settings.local
        self._opening_local = threading.Lock()
        self.start()

    @property
    def local(self) -> Local:
        """Raises Unavailable when their folder can't be used; the deployment's own environments need none of it."""
        with self._opening_local:
            if self._local is None:
                self._local = Local(
                    self.workshop, self._specs, self.environments, self.versions, self.solver, self._local_settings
                )
            return self._local

    def _begun(self) -> None:
        self._quietly(self._open_local)
        self._quietly(self.activations.reconcile)

    def _happened(self, fresh: Sequence[Event]) -> None:
        for event in fresh:
            if event.kind is EventKind.DELETED and event.short_name and event.environment_id:
                self.activations.forget(event.short_name, event.environment_id)
        self._moved |= {e.environment_id for e in fresh if e.kind in LAUNCHED and e.environment_id}
        if self._moved:  # kept until it is done: the database may go away in the midst of it
            self.activations.refresh(self._moved)
            self._moved = set()

    def _beaten(self) -> None:
        self.activations.renew()

    def _stopping(self) -> None:
        if self._local is not None:
            self._local.stop()

    def _open_local(self) -> None:
        """Kernels of Local environments are put right at the start, whether anybody asks for them or not."""
        try:
            assert self.local is not None
        except Unavailable as error:
            self._log.error("Local environments are not available: %s", error.message)
