"""One deployment, opened by one server: its database up to date, its queue looked after, its kernels followed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..builds.coordinator import Coordinator
from ..builds.runner import LocalRunner, Runner
from ..builds.runners import make_runner
from ..builds.workshop import BuildSettings, Workshop
from ..domain.errors import Unavailable
from ..domain.events import Event, EventKind
from ..domain.permissions import Person
from ..kernels import leases
from ..kernels.kernelspecs import Kernelspecs
from ..kernels.launcher import write_fallback
from ..local.environments import LocalSettings
from ..store import deployment, events
from ..store.database import Database, SchemaUnusable
from ..store.root import Root
from ..store.watch import ChangeWatch
from .activation import Activations
from .audit import Audit
from .comparison import Comparison
from .diagnosis import Diagnosis
from .environments import Environments
from .feed import Feed
from .imports import Imports
from .local import Local
from .policies import Policies
from .publishing import Publishing
from .reviews import Reviews
from .running import RunningKernels
from .solver import Solver
from .specs import Specs
from .versions import Versions

POLL_SECONDS = 0.1
"""How often other servers' writes are looked for; this server's own are announced."""

BEAT_SECONDS = 30.0
"""Between two renewals of the leases that this server and this machine hold."""

LAUNCHED = (
    EventKind.BUILD_SUCCEEDED,
    EventKind.EDITED,
    EventKind.APPROVED,
    EventKind.UNPUBLISHED,
    EventKind.TRANSFERRED,
    EventKind.RECEIVED,
)
"""Events after which a kernelspec may say something else."""


@dataclass(frozen=True, slots=True)
class DeploymentSettings:
    """What `DataflowEnvsApp`'s traits say, in the words of the service."""

    root: Path
    database_url: str
    admins: tuple[str, ...]
    creator: str
    """Who creates the deployment if it is not there yet."""
    kernels_dir: Path
    python: Path
    builds: BuildSettings
    local: LocalSettings
    dask_scheduler: str = ""
    """Where builds run instead of this machine."""
    allow_self_approval: bool | None = None
    """None: where the operating system's user is the only identity."""


class Deployment:
    """Made in a worker thread, as opening a database takes time; raises Unavailable when it can't be used.

    `environments`, `versions`, `reviews` and the other public attributes are what the handlers call. `runner`: where
    everything runs; by default in child processes of this server, and builds where `dask_scheduler` says.
    """

    def __init__(self, settings: DeploymentSettings, log: logging.Logger, runner: Runner | None = None) -> None:
        self._log = log
        self._settings = settings
        self.root = Root(settings.root)
        self.root.create()
        self.database = Database(settings.database_url)
        self.workshop = Workshop(
            self.database,
            self.root,
            settings.builds,
            runner=runner or make_runner(settings.root, settings.dask_scheduler, settings.builds.max_log_bytes),
            questions=runner or LocalRunner(settings.root),
        )
        self.coordinator = Coordinator(self.workshop, lambda: leases.running(self.root.path), log)
        try:
            self.database.prepare(
                backups=self.root.backups, may_migrate=self.coordinator.try_lock(), creator=settings.creator
            )
            with self.database.read() as connection:
                self.id: str = deployment.read(connection, "id")
                self._creator: str = deployment.read(connection, "creator")
                self._seen = events.last(connection)
        except BaseException:
            self.coordinator.stop()
            self.workshop.runner.close()
            self.database.close()
            raise
        write_fallback(self.root.path, settings.python)
        self._wake = threading.Event()
        self._ended = threading.Event()
        kernelspecs = Kernelspecs(settings.kernels_dir, self.id, self.root.path)
        specs = Specs(extended_requirements=settings.builds.extended_requirements)
        self.environments = Environments(self.workshop, specs)
        self.versions = Versions(self.workshop, self.notify)
        self.activations = Activations(self.workshop, kernelspecs, log)
        self.running = RunningKernels(self.database, self.root.path)
        self.solver = Solver(self.workshop, specs)
        self.imports = Imports(self.workshop, self.solver)
        self.comparison = Comparison(self.database)
        self.reviews = Reviews(self.workshop, self.comparison, self.notify)
        self.publishing = Publishing(self.database, self.root.path, self.notify)
        self.policies = Policies(self.database)
        self._specs = specs
        self._local: Local | None = None
        self._opening_local = threading.Lock()
        self.audit = Audit(self.database)
        self.feed = Feed(self.database, self._seen, self.id)
        self.diagnosis = Diagnosis(self.workshop, self.coordinator, settings.kernels_dir)
        self._thread = threading.Thread(target=self._watch, name="dataflow-envs watch", daemon=True)
        self._thread.start()

    def person(self, name: str, groups: Sequence[str] = (), *, sole: bool = False) -> Person:
        """Administrators are those of `admins`, by name or as `group:NAME`; by default who created the root.

        `sole`: there is but the operating system's user here, who has nobody else to approve what they submit.
        """
        admins = self._settings.admins or (self._creator,)
        allowed = self._settings.allow_self_approval
        return Person(
            name,
            is_admin=name in admins or any(f"group:{g}" in admins for g in groups),
            approves_own=sole if allowed is None else allowed,
        )

    @property
    def local(self) -> Local:
        """Raises Unavailable when their folder can't be used; the deployment's own environments need none of it."""
        with self._opening_local:
            if self._local is None:
                self._local = Local(
                    self.workshop,
                    self._specs,
                    self.environments,
                    self.versions,
                    self.solver,
                    self._settings.local,
                )
            return self._local

    def notify(self) -> None:
        """Something was written: look now."""
        self._wake.set()

    def stop(self) -> None:
        """Builds go back to the queue, the lock to the next server."""
        self.feed.end()
        self._ended.set()
        self._wake.set()
        self.solver.stop()
        if self._local is not None:
            self._local.stop()
        self._thread.join()
        self.coordinator.stop()
        self.workshop.runner.close()
        self.database.close()

    def _watch(self) -> None:
        watch = ChangeWatch(self.database)
        self._quietly(self.activations.reconcile)
        self._quietly(self._open_local)
        beaten = time.monotonic()
        woken = True
        while not self._ended.is_set():
            try:
                changed = watch.changed() or woken
                if changed:
                    self._follow()
                self.feed.look(changed)
                self.coordinator.tick(changed, self.notify)
                if time.monotonic() - beaten >= BEAT_SECONDS:
                    beaten = time.monotonic()
                    self._beat()
            except Exception:  # noqa: BLE001  # the queue must be looked after again, whatever it was
                self._log.exception("The environments' queue could not be looked after; trying again")
                self._ended.wait(1.0)
                self._wake.set()
            woken = self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        watch.close()

    def _follow(self) -> None:
        """Move kernels with the versions behind them, then tell who listens: whoever hears of a version finds it."""
        while fresh := self._fresh_events():
            try:
                self._take_over(fresh)
            finally:
                self.feed.tell(fresh)

    def _fresh_events(self) -> list[Event]:
        with self.database.read() as connection:
            return events.since(connection, self._seen)

    def _take_over(self, fresh: Sequence[Event]) -> None:
        self._seen = fresh[-1].seq
        for event in fresh:
            if event.kind is EventKind.DELETED and event.short_name and event.environment_id:
                self.activations.forget(event.short_name, event.environment_id)
        self.activations.refresh(_moved(fresh))

    def _open_local(self) -> None:
        """Kernels of Local environments are put right at the start, whether anybody asks for them or not."""
        try:
            assert self.local is not None
        except Unavailable as error:
            self._log.error("Local environments are not available: %s", error.message)

    def _beat(self) -> None:
        try:
            self.database.beat()
        except SchemaUnusable as error:
            self._log.error("%s This server stops building.", error.message)
            self.coordinator.stop()
            return
        self.activations.renew()

    def _quietly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:  # noqa: BLE001  # builds go on without kernels
            self._log.exception("Kernels could not be put right")


def _moved(fresh: Sequence[Event]) -> set[str]:
    return {e.environment_id for e in fresh if e.kind in LAUNCHED and e.environment_id}
