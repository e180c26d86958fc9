"""Local environments as their person sees and changes them: those made here and those found on the machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ..builds.log import Logs
from ..builds.runner import Runner
from ..domain.clock import now
from ..domain.errors import Conflict, NotFound
from ..domain.local import (
    CopiedFrom,
    Drift,
    InstalledPackage,
    Kind,
    LocalEnvironment,
    LocalStatus,
    Work,
    actions,
    check_local_name,
    drift,
    installed_from,
)
from ..domain.lock import Lock
from ..domain.permissions import Decision
from ..engine.protocol import Job
from ..kernels import leases
from .finding.inventory import Inventory, packages_of
from .finding.places import Surroundings
from .folder import LocalFolder
from .kernels import LocalKernels
from .listing import Listing
from .records import Maker, Record, Records, State
from .works import SUCCEEDED, Done, Works, remove_logs

LOOK_SECONDS = 2.0
"""Between two looks at the disk while somebody listens."""


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """`session`: made ones go with the server. `excluded`: folders whose prefixes are not anybody's own."""

    folder: Path
    kernels_dir: Path
    python: Path
    """Runs the kernel that says why another one can't start."""
    around: Surroundings
    excluded: tuple[Path, ...]
    session: bool
    most: int
    """Works at a time."""
    max_log_bytes: int


@dataclass(frozen=True, slots=True)
class LogPart:
    """Bytes of a log from an offset on; `outcome` "succeeded" or "failed" when this is all of it."""

    data: bytes
    next_offset: int
    outcome: str | None


class LocalEnvironments:
    """Of one person in one notebook server; not for the event loop."""

    def __init__(self, settings: LocalSettings, runner: Runner, add_job: Callable[[Path, str], Job]) -> None:
        """`add_job`: what the engine is told to install a requirement into a prefix that is there.

        Raises Unavailable when the folder can't be used.
        """
        self._settings = settings
        self._folder = LocalFolder(settings.folder)
        owner = self._folder.create()
        self._records = Records(self._folder)
        excluded = (settings.folder, *settings.excluded)
        self._inventory = Inventory(settings.around, excluded=excluded, owner=owner)
        self._kernels = LocalKernels(settings.kernels_dir, owner, settings.folder, settings.python)
        logs = Logs(settings.folder / "logs", settings.max_log_bytes)
        self._works = Works(runner, logs, settings.most, self._news)
        self._add_job = add_job
        self._listing = Listing(self._folder, self._records, self._inventory, self._works)
        self._looking = threading.Lock()
        self._looked = 0.0
        self._stamp = 0
        self.revision = 0
        """Grows whenever something may be another than it was; read it from any thread."""
        self._records.settle()
        self._folder.clear()
        self._kernels.put_right(self.list())

    def stop(self) -> None:
        """End what goes on; with `session`, remove what was made."""
        self._works.stop()
        if self._settings.session:
            mine = Maker.this_process()
            for record in self._records.all().values():
                if record.session and record.maker == mine:
                    self._forget(record.name)
            self._folder.clear()

    def look(self) -> int:
        """Look whether something changed on the disk, at most every `LOOK_SECONDS`; returns the revision."""
        with self._looking:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._looked = time.monotonic()
                stamp = self._listing.stamp()
                if stamp != self._stamp:
                    self._stamp = stamp
                    self._news()
        return self.revision

    def list(self) -> Sequence[LocalEnvironment]:
        """Made ones first, then the found ones, each by name."""
        return self._listing.all()

    def get(self, id: str) -> LocalEnvironment:
        """Raises NotFound."""
        return self._listing.get(id)

    def actions(self, environment: LocalEnvironment) -> dict[str, Decision]:
        """What its person may do with it now, each with the reason why not."""
        running = environment.kind is Kind.MADE and bool(leases.in_use(self._folder.path, environment.id))
        return actions(environment, running=running)

    def packages(self, environment: LocalEnvironment) -> tuple[InstalledPackage, ...]:
        """What is installed in it now; nothing in one that can't be used."""
        return packages_of(environment.prefix) if environment.status is LocalStatus.READY else ()

    def size(self, environment: LocalEnvironment) -> int:
        """Bytes of its files; it walks all of them."""
        size = 0
        for folder, _, names in os.walk(environment.prefix):
            for name in names:
                with suppress(OSError):
                    size += os.lstat(f"{folder}/{name}").st_size
        return size

    def drift(self, id: str) -> tuple[Record, Drift]:
        """What has changed since it was made. Raises NotFound, and Conflict for one of which that is not known."""
        environment = self.get(id)
        if environment.kind is not Kind.MADE:
            raise Conflict("It was not made here, so that nobody knows how it was before.")
        self._require_ready(environment)
        record = self._records.get(id)
        return record, drift(record.packages, self.packages(environment))

    def make(
        self,
        name: str,
        work: Work,
        opening: str,
        job: Callable[[Path], Job],
        *,
        copied_from: CopiedFrom | None = None,
        requested: dict[str, Any] | None = None,
    ) -> LocalEnvironment:
        """Make one: `job` says what the engine installs into the prefix. It goes on after this returns.

        Raises InvalidSpec, LocalNameTaken, and Conflict when somebody else's kernelspec has the kernel's name.
        """
        name = check_local_name(name)
        self._kernels.refuse_foreign(name)
        record = Record(
            name=name,
            state=State.MAKING,
            work=work,
            maker=Maker.this_process(),
            created_at=now(),
            copied_from=copied_from,
            requested=requested,
            session=self._settings.session,
        )
        self._records.claim(record)
        prefix = self._folder.prefix(name)

        def finish(done: Done, say: Callable[[str], None]) -> str:
            return self._finish_making(record, done, say)

        try:
            self._works.start(name, work, opening, lambda: job(prefix), finish)
        except BaseException:
            self._records.finish(record, state=State.FAILED, reason="It could not be begun.")
            raise
        return self.get(name)

    def cancel(self, id: str) -> None:
        """Raises NotFound, and Conflict when nothing is being done by this server."""
        self.get(id)
        self._works.cancel(id)

    def delete(self, id: str) -> None:
        """Raises NotFound, and Conflict for found ones and for one that is in use."""
        environment = self.get(id)
        self._require(environment, "delete")
        if environment.status is not LocalStatus.FAILED and (pids := _processes(environment.prefix)):
            raise Conflict(
                f"Programs run from it (process {', '.join(map(str, pids[:5]))}): end them first.", processes=pids[:50]
            )
        self._forget(id)
        self._folder.clear()
        self._news()

    def register(self, id: str) -> LocalEnvironment:
        """Make it a kernel. Raises NotFound, and Conflict when it can't be one."""
        environment = self.get(id)
        self._require(environment, "register_kernel")
        self._kernels.register(environment)
        self._news()
        return self.get(id)

    def unregister(self, id: str) -> LocalEnvironment:
        """Take its kernel away; running kernels stay. Raises NotFound, and Conflict when it is not one from here."""
        environment = self.get(id)
        self._require(environment, "remove_kernel")
        assert environment.kernel is not None
        self._kernels.remove(environment.kernel.name)
        self._news()
        return self.get(id)

    def install_ipykernel(self, id: str) -> LocalEnvironment:
        """Install ipykernel, then make it a kernel; it goes on after this returns. Raises NotFound, Conflict."""
        environment = self.get(id)
        self._require(environment, "install_ipykernel")

        def finish(done: Done, say: Callable[[str], None]) -> str:
            if done.reason is not None:
                self._listing.failures[id] = done.reason
                return f"Failed: {done.reason}."
            self._register_quietly(id, say)
            return SUCCEEDED

        self._listing.failures.pop(id, None)
        opening = f"Installing ipykernel into {environment.prefix}, {now():%Y-%m-%d %H:%M:%S} UTC"
        self._works.start(
            id, Work.INSTALL_IPYKERNEL, opening, lambda: self._add_job(environment.prefix, "ipykernel"), finish
        )
        return self.get(id)

    def last_log(self, id: str) -> int:
        """The number of its latest log. Raises NotFound, also where nothing was done with it here."""
        return self._logged(id)[1]

    def read_log(self, id: str, offset: int, limit: int, number: int | None = None) -> LogPart:
        """Of the work with this number, or of the latest. Raises NotFound."""
        # Asked for first: a log is closed before its work ends, so that what is read afterwards is all of it.
        environment, last = self._logged(id)
        wanted = last if number is None else number
        goes_on = wanted == last and environment.status is LocalStatus.IN_PROGRESS
        data, next_offset = self.read_more(id, wanted, offset, limit)
        whole = not goes_on and next_offset >= self._works.log_size(id, wanted)
        return LogPart(data, next_offset, self._works.outcome(id, wanted) if whole else None)

    def read_more(self, id: str, number: int, offset: int, limit: int) -> tuple[bytes, int]:
        """What that log's file holds from a byte offset on."""
        return self._works.read_log(id, number, offset, limit)

    def _logged(self, id: str) -> tuple[LocalEnvironment, int]:
        environment = self.get(id)
        if not environment.has_log:
            raise NotFound("Nothing was done with it here, so that there is no log.")
        return environment, self._works.last_log(id)

    def _finish_making(self, record: Record, done: Done, say: Callable[[str], None]) -> str:
        """Nothing of a failed one stays but its log and the reason."""
        if done.result is None:
            self._folder.set_aside(record.name)
            self._folder.clear()
            self._records.finish(record, state=State.FAILED, reason=done.reason)
            return f"Failed: {done.reason}."
        lock = Lock.from_json(done.result["lock"])
        if not self._records.finish(record, state=State.READY, packages=installed_from(lock)):
            return "It was removed meanwhile."
        self._register_quietly(record.name, say)
        return SUCCEEDED

    def _register_quietly(self, id: str, say: Callable[[str], None]) -> None:
        """What is installed stays, also where its kernel can't be written."""
        try:
            say(f"Kernel {self._kernels.register(self.get(id))} is registered")
        except (Conflict, OSError) as error:
            say(f"Warning: it has no kernel: {error}")

    def _require(self, environment: LocalEnvironment, action: str) -> None:
        decision = self.actions(environment)[action]
        if not decision.allowed:
            raise Conflict(decision.reason or "This is not possible now.")

    def _require_ready(self, environment: LocalEnvironment) -> None:
        if environment.status is not LocalStatus.READY:
            raise Conflict(environment.reason or "It is not ready.")

    def _forget(self, id: str) -> None:
        kernel = self.get(id).kernel
        self._records.remove(id)
        if kernel is not None and kernel.ours:
            self._kernels.remove(kernel.name)
        self._kernels.forget(id)
        self._listing.failures.pop(id, None)
        remove_logs(self._settings.folder / "logs", id)

    def _news(self) -> None:
        self.revision += 1


def _processes(prefix: Path) -> list[int]:
    """Whose program lies in the prefix, whoever started them."""
    inside = f"{os.path.realpath(prefix)}/"
    return [p.pid for p in psutil.process_iter(["exe"]) if (p.info["exe"] or "").startswith(inside)]
