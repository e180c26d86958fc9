"""Building, cancelling, and looking at what was built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from ..builds.build import Workshop
from ..domain.environment import Environment
from ..domain.errors import Conflict, NotFound
from ..domain.events import EventKind
from ..domain.lock import Lock
from ..domain.origins import ExplainedPackage, explain
from ..domain.permissions import Action, Person, require
from ..domain.requirement import parse_pair
from ..domain.version import Attempt, Outcome, Version
from ..engine import lockfile
from ..store import environments, events, queue, versions


@dataclass(frozen=True, slots=True)
class Export:
    """A file that other tools read; `render` makes it of a lock and the environment's short name."""

    media_type: str
    render: Callable[[Lock, str], str]


EXPORTS: dict[str, Export] = {
    "conda-lock.yml": Export("application/yaml", lambda lock, name: lockfile.render_conda_lock(lock)),
    "environment.yml": Export("application/yaml", lockfile.render_environment_yml),
    "explicit.txt": Export("text/plain", lambda lock, name: lockfile.render_explicit(lock)),
    "requirements.txt": Export("text/plain", lambda lock, name: lockfile.render_requirements_txt(lock)),
}
"""By file name."""


@dataclass(frozen=True, slots=True)
class VersionDetails:
    version: Version
    packages: list[ExplainedPackage]
    attempts: list[Attempt]


@dataclass(frozen=True, slots=True)
class LogPart:
    """Bytes of a log from an offset on. `outcome`: of the attempt, when it has ended and this is all of its log."""

    data: bytes
    next_offset: int
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Which log, found once for a whole stream."""

    environment_id: str
    number: int
    attempt: int


class Versions:
    def __init__(self, workshop: Workshop, notify: Callable[[], None]) -> None:
        self._workshop = workshop
        self._database = workshop.database
        self._notify = notify

    def build(
        self, person: Person, short_name: str, *, pin_installed: bool = False, from_scratch: bool = False
    ) -> Version:
        """Put a build of the saved requirements in the queue. Raises Conflict when one is on its way."""
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.BUILD, environment, person)
            self._check_grammar(environment)
            if pin_installed and environment.latest_success is None:
                raise Conflict("Nothing is installed yet that could be kept: build without pin_installed.")
            try:
                number, attempt = versions.enqueue(
                    connection,
                    environment.id,
                    environment.spec,
                    by=person.name,
                    pin_installed=pin_installed,
                    from_scratch=from_scratch,
                )
            except IntegrityError as error:
                raise Conflict("A build is in progress: wait for it, or cancel it first.") from error
            events.record(
                connection,
                EventKind.BUILD_QUEUED,
                person.name,
                environment_id=environment.id,
                short_name=environment.short_name,
                version=number,
                attempt=attempt,
            )
            version = versions.find(connection, environment.id, number)
        self._notify()
        return version

    def _check_grammar(self, environment: Environment) -> None:
        """The setting may have changed since these requirements were saved. Raises InvalidSpec."""
        spec, extended = environment.spec, self._workshop.settings.extended_requirements
        parse_pair(spec.conda_requirements, spec.pip_requirements, extended=extended)

    def cancel(self, person: Person, short_name: str) -> None:
        """Asks the coordinator, wherever it runs, to end the build."""
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.CANCEL, environment, person)
            if not queue.request_cancel(connection, environment.id, person.name):
                raise Conflict("No build is in progress.")
            events.record(
                connection,
                EventKind.CANCEL_REQUESTED,
                person.name,
                environment_id=environment.id,
                short_name=environment.short_name,
                version=environment.latest.number if environment.latest else None,
            )
        self._notify()

    def list(self, person: Person, short_name: str) -> list[Version]:
        """Newest first. Others than the owner and administrators see the published one."""
        with self._database.read() as connection:
            environment = environments.find(connection, short_name, person)
            return [v for v in versions.of(connection, environment.id) if _may_see(environment, v.number, person)]

    def get(self, person: Person, short_name: str, number: int) -> VersionDetails:
        with self._database.read() as connection:
            environment, version = self._find(short_name, number, person)
            packages = versions.lock(connection, version.digest).packages if version.digest else ()
            return VersionDetails(
                version,
                explain(packages, version.requested),
                versions.attempts_at(connection, environment.id, number),
            )

    def export(self, person: Person, short_name: str, number: int, form: str) -> str:
        """Raises Conflict for a version that was not built, NotFound for an unknown format."""
        if form not in EXPORTS:
            raise NotFound(f"There is no export '{form[:40]}': take one of {', '.join(EXPORTS)}.")
        _, version = self._find(short_name, number, person)
        if version.digest is None:
            raise Conflict(f"Version {number} was not built, so there is nothing to export.")
        with self._database.read() as connection:
            lock = versions.lock(connection, version.digest)
        return EXPORTS[form].render(lock, short_name.lower())

    def log_place(self, person: Person, short_name: str, number: int, attempt: int | None) -> LogPlace:
        """Raises NotFound."""
        environment, version = self._find(short_name, number, person)
        wanted = version.attempt if attempt is None else attempt
        with self._database.read() as connection:
            versions.attempt_outcome(connection, environment.id, number, wanted)
        return LogPlace(environment.id, number, wanted)

    def read_log(self, place: LogPlace, offset: int, limit: int) -> LogPart:
        # The outcome is asked for first: a log is closed before its outcome is committed, so what is read then is all.
        with self._database.read() as connection:
            outcome = versions.attempt_outcome(connection, place.environment_id, place.number, place.attempt)
        data, next_offset = self.read_more(place, offset, limit)
        whole = not outcome.active and len(data) == 0
        if not outcome.active and not whole:
            whole = next_offset >= self.log_size(place)
        return LogPart(data, next_offset, outcome if whole else None)

    def read_more(self, place: LogPlace, offset: int, limit: int) -> tuple[bytes, int]:
        """What the log's file holds from a byte offset on; no question to the database."""
        return self._workshop.logs.read(place.environment_id, place.number, place.attempt, offset, limit)

    def log_size(self, place: LogPlace) -> int:
        """Bytes written so far."""
        try:
            return self._workshop.logs.path(place.environment_id, place.number, place.attempt).stat().st_size
        except FileNotFoundError:
            return 0

    def _find(self, short_name: str, number: int, person: Person) -> tuple[Environment, Version]:
        with self._database.read() as connection:
            environment = environments.find(connection, short_name, person)
            if not _may_see(environment, number, person):
                raise NotFound(f"There is no version {number}.")
            return environment, versions.find(connection, environment.id, number)


def _may_see(environment: Environment, number: int, person: Person) -> bool:
    return person.is_admin or environment.owner == person.name or number == environment.published
