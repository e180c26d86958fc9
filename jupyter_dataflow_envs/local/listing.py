"""Local environments as their person sees them: what records, folders, kernelspecs and works say, put together."""

from __future__ import annotations

import os

from ..domain.errors import NotFound
from ..domain.local import FOUND_PREFIX, FoundPrefix, Kind, LocalEnvironment, LocalStatus, Work
from .finding.inventory import Inventory, found_id
from .finding.looks import Looks
from .finding.places import Candidate
from .finding.prefix import read_prefix
from .folder import LocalFolder
from .records import Record, Records, State
from .works import Works


class Listing:
    """Reads only, and reads the disk: not for the event loop."""

    def __init__(self, folder: LocalFolder, records: Records, inventory: Inventory, works: Works) -> None:
        self._folder = folder
        self._records = records
        self._inventory = inventory
        self._works = works
        self.failures: dict[str, str] = {}
        """Why ipykernel could not be installed into one, by its id, as long as this server runs."""

    def all(self) -> list[LocalEnvironment]:
        """Made ones first, then the found ones, each by name."""
        return [*self.made(), *(self._found(f) for f in self._inventory.look())]

    def made(self, looks: Looks | None = None) -> list[LocalEnvironment]:
        return [self._made(record, looks) for record in self._records.all().values()]

    def get(self, id: str) -> LocalEnvironment:
        """Raises NotFound."""
        if not id.startswith(FOUND_PREFIX):
            return self._made(self._records.get(id))
        found = next((f for f in self._inventory.look() if found_id(f.prefix) == id), None)
        if found is None:
            raise NotFound("There is no such Local environment any more.")
        return self._found(found)

    def stamp(self) -> int:
        """Another one when something is another than it was, also what is installed in one."""
        looks = Looks()
        made = tuple((e.id, e.status, e.packages, e.reason) for e in self.made(looks))
        return hash((self._inventory.stamp(), made, tuple(looks.seen.items())))

    def _made(self, record: Record, looks: Looks | None = None) -> LocalEnvironment:
        prefix, running = self._folder.prefix(record.name), self._works.of(record.name)
        failure = self.failures.get(record.name)
        found = self._read(record, looks) if record.state is State.READY else None
        status, reason = LocalStatus.READY, record.reason
        work: Work | None = record.work
        if record.state is State.READY:
            reason, work = failure, Work.INSTALL_IPYKERNEL if failure else None
        if record.state is State.MAKING or running is not None:
            status = LocalStatus.IN_PROGRESS
        elif record.state is State.FAILED:
            status = LocalStatus.FAILED
        elif found is not None and found.broken is not None:
            status, reason = LocalStatus.BROKEN, found.broken
        return LocalEnvironment(
            id=record.name,
            name=record.name,
            kind=Kind.MADE,
            prefix=prefix,
            python_version=found.python_version if found else None,
            packages=found.packages if found else None,
            has_ipykernel=found is not None and found.has_ipykernel,
            kernel=next(iter(self._inventory.kernels_of(prefix)), None),
            status=status,
            work=running.work if running else work,
            reason=reason,
            phase=running.phase if running else None,
            progress=running.progress if running else None,
            copied_from=record.copied_from,
            requested=record.requested,
            found_by=(),
            has_log=True,
            created_at=record.created_at,
        )

    def _read(self, record: Record, looks: Looks | None) -> FoundPrefix:
        prefix = os.path.realpath(self._folder.prefix(record.name))
        return read_prefix(Candidate(prefix, record.name, ()), looks)

    def _found(self, found: FoundPrefix) -> LocalEnvironment:
        id = found_id(found.prefix)
        running, failure = self._works.of(id), self.failures.get(id)
        status = LocalStatus.BROKEN if found.broken else LocalStatus.IN_PROGRESS if running else LocalStatus.READY
        return LocalEnvironment(
            id=id,
            name=found.name,
            kind=found.kind,
            prefix=found.prefix,
            python_version=found.python_version,
            packages=found.packages,
            has_ipykernel=found.has_ipykernel,
            kernel=next(iter(self._inventory.kernels_of(found.prefix)), None),
            status=status,
            work=running.work if running else Work.INSTALL_IPYKERNEL if failure else None,
            reason=found.broken or failure,
            phase=running.phase if running else None,
            progress=running.progress if running else None,
            copied_from=None,
            requested=None,
            found_by=found.found_by,
            has_log=self._works.last_log(id) > 0,
            created_at=None,
        )
