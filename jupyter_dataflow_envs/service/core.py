"""What a deployment does wherever it runs: its database up to date, its queue looked after, its events told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..builds.account import BuildAccount
from ..builds.coordinator import Coordinator
from ..builds.runner import LocalRunner, Runner
from ..builds.runners import make_runner
from ..builds.workshop import BuildSettings, Workshop
from ..domain.events import Event
from ..domain.permissions import Person
from ..kernels import leases
from ..store import deployment, events
from ..store.database import Database, SchemaUnusable
from ..store.postgresql import DatabaseAway
from ..store.root import Root
from ..store.watch import ChangeWatch
from .audit import Audit
from .comparison import Comparison
from .diagnosis import Diagnosis
from .environments import Environments
from .feed import Feed
from .grants import Grants
from .images import Images
from .imports import Imports
from .measures import Measures
from .policies import Policies
from .publishing import Publishing
from .reviews import Reviews
from .solver import Solver
from .specs import Specs
from .usage import Usages
from .versions import Versions

POLL_SECONDS = 0.1
"""How often other servers' writes are looked for; this server's own are announced."""

AWAY_SECONDS = 0.5
"""Between two tries to reach a database that is away."""

BEAT_SECONDS = 30.0
"""Between two renewals of the leases that this server and this machine hold."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What the traits say, in the words of the service."""

    root: Path
    database_url: str
    admins: tuple[str, ...]
    creator: str
    """Who creates the deployment if it is not there yet."""
    builds: BuildSettings
    allow_self_approval: bool | None = None
    """None: where the operating system's user is the only identity."""
    dask_scheduler: str = ""
    """Where builds run instead of this machine."""
    build_account: str = ""
    """Other than this process', for what engines run on this machine."""
    shared: bool = False
    """Whether people of other accounts run from its prefixes."""


class Service:
    """Made in a worker thread, as opening a database takes time; raises Unavailable when it can't be used.

    `environments`, `versions`, `reviews` and the other public attributes are what the handlers call. `runner`: where
    everything runs; by default in child processes of this server, and builds where `dask_scheduler` says. `kernels_dir`
    is looked at by the doctor.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        log: logging.Logger,
        runner: Runner | None = None,
        kernels_dir: Path | None = None,
    ) -> None:
        self._log = log
        self._admins = settings.admins
        self._allow_self_approval = settings.allow_self_approval
        self.root = Root(settings.root)
        self.root.create(shared=settings.shared)
        account = BuildAccount.named(settings.build_account) if settings.build_account else None
        if account is not None:
            account.own(self.root.built)
        self.database = Database(settings.database_url)
        self.workshop = Workshop(
            self.database,
            self.root,
            settings.builds,
            runner=runner
            or make_runner(
                settings.root, settings.dask_scheduler, settings.builds.max_log_bytes, account, self._image_url
            ),
            questions=runner or LocalRunner(settings.root, account),
        )
        self.coordinator = Coordinator(self.workshop, lambda: leases.held(self.root.path), log)
        try:
            self.database.prepare(
                backups=self.root.backups, may_migrate=self.coordinator.try_lock(), creator=settings.creator
            )
            self.coordinator.begin()
            with self.database.read() as connection:
                self.id: str = deployment.read(connection, "id")
                self._creator: str = deployment.read(connection, "creator")
                self._seen = events.last(connection)
        except BaseException as error:
            if isinstance(error, DatabaseAway):
                log.error("The database of the environments can't be used: %s", error.reason)
            self.coordinator.stop()
            self.workshop.runner.close()
            self.database.close()
            raise
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._specs = specs = Specs(extended_requirements=settings.builds.extended_requirements)
        self.environments = Environments(self.workshop, specs)
        self.versions = Versions(self.workshop, self.notify)
        self.solver = Solver(self.workshop, specs)
        self.images = Images(self.workshop, log)
        self.imports = Imports(self.workshop, self.solver)
        self.comparison = Comparison(self.database)
        self.reviews = Reviews(self.workshop, self.comparison, self.notify)
        self.publishing = Publishing(self.database, self.root.path, self.notify)
        self.policies = Policies(self.database)
        self.grants = Grants(self.workshop, specs)
        self.usages = Usages(self.workshop)
        self.audit = Audit(self.database)
        self.feed = Feed(self.database, self._seen, self.id)
        self.measures = Measures(self.database, self.feed)
        self.diagnosis = Diagnosis(self.workshop, self.coordinator, kernels_dir)
        self._thread = threading.Thread(target=self._watch, name="dataflow-envs watch", daemon=True)

    def start(self) -> None:
        """Begin to look after the queue."""
        self._thread.start()

    def person(
        self,
        name: str,
        groups: Sequence[str] = (),
        *,
        sole: bool = False,
        admin: bool = False,
        decides: bool = True,
    ) -> Person:
        """Administrators are those of `admins`, by name or as `group:NAME`; by default who created the root.

        `sole`: there is but the operating system's user here, who has nobody else to approve what they submit. `admin`:
        the identity provider says that it is one. `decides`: whether they may act as one now.
        """
        admins = self._admins or (self._creator,)
        allowed = self._allow_self_approval
        return Person(
            name,
            is_admin=admin or name in admins or any(f"group:{g}" in admins for g in groups),
            approves_own=sole if allowed is None else allowed,
            decides=decides,
        )

    def notify(self) -> None:
        """Something was written: look now."""
        self._wake.set()

    def stop(self) -> None:
        """Builds go back to the queue, the lock to the next server."""
        self.feed.end()
        self._ended.set()
        self._wake.set()
        self.solver.stop()
        self._stopping()
        self.images.stop()
        self._thread.join()
        self.coordinator.stop()
        self.workshop.runner.close()
        self.database.close()

    def _image_url(self) -> str | None:
        with self.database.read() as connection:
            return self.workshop.image_url(connection)

    def _begun(self) -> None:
        """In the thread that looks after the queue, before it does; once more if the database was away."""

    def _happened(self, fresh: Sequence[Event]) -> None:
        """In that thread, before anybody is told of these events. Without events, when there may be some: what was left
        undone as the database went away can be done."""

    def _beaten(self) -> None:
        """In that thread, every `BEAT_SECONDS`."""

    def _stopping(self) -> None:
        """While that thread still runs."""

    def _watch(self) -> None:
        watch = ChangeWatch(self.database)
        beaten = time.monotonic()
        woken, begun, away = True, False, False
        while not self._ended.is_set():
            self.coordinator.keep()
            try:
                if not begun:
                    self._begun()
                    begun = True
                changed = watch.changed() or woken
                if changed:
                    self._follow()
                self.feed.look(changed)
                self.coordinator.tick(changed, self.notify)
                if time.monotonic() - beaten >= BEAT_SECONDS:
                    beaten = time.monotonic()
                    self._beat()
                if away:
                    self._log.warning("The database is back")
                    away = False
            except DatabaseAway as error:
                if not away:
                    self._log.error("The database is away, which stops builds until it is back: %s", error.reason)
                    away = True
                self._ended.wait(AWAY_SECONDS)
                self._wake.set()
            except Exception:  # noqa: BLE001  # the queue must be looked after again, whatever it was
                self._log.exception("The environments' queue could not be looked after; trying again")
                self._ended.wait(1.0)
                self._wake.set()
            woken = self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        watch.close()

    def _follow(self) -> None:
        """Move kernels with the versions behind them, then tell who listens: whoever hears of a version finds it."""
        self._happened(())
        while fresh := self._fresh_events():
            self._seen = fresh[-1].seq
            try:
                self._happened(fresh)
            finally:
                self.feed.tell(fresh)

    def _fresh_events(self) -> list[Event]:
        with self.database.look() as connection:
            return events.since(connection, self._seen)

    def _beat(self) -> None:
        try:
            self.database.beat()
        except SchemaUnusable as error:
            self._log.error("%s This server stops building.", error.message)
            self.coordinator.stop()
            return
        self._beaten()

    def _quietly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except DatabaseAway:
            raise
        except Exception:  # noqa: BLE001  # builds go on without kernels
            self._log.exception("Kernels could not be put right")
