"""Building, cancelling, and looking at what was built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ..builds.workshop import Workshop
from ..domain.environment import Environment
from ..domain.errors import Conflict, NotFound, QuotaExceeded
from ..domain.events import EventKind
from ..domain.origins import ExplainedPackage, explain
from ..domain.permissions import Action, Person, may_see_version, require
from ..domain.requirement import parse_pair
from ..domain.spec import EnvironmentSpec
from ..domain.version import Attempt, Outcome, Version
from ..exchange import lockfile
from ..exchange.exported import Exported, render_locked_yml, render_requested_yml
from ..exchange.sbom import render_sbom
from ..store import deployment, environments, queue, versions
from .specs import refuse, violations_of
from .trail import note


@dataclass(frozen=True, slots=True)
class Export:
    """A file that other tools read."""

    media_type: str
    render: Callable[[Exported], str]


EXPORTS: dict[str, Export] = {
    "conda-lock.yml": Export("application/yaml", lambda exported: lockfile.render_conda_lock(exported.lock)),
    "environment.yml": Export("application/yaml", render_locked_yml),
    "requested.yml": Export("application/yaml", render_requested_yml),
    "explicit.txt": Export("text/plain", lambda exported: lockfile.render_explicit(exported.lock)),
    "requirements.txt": Export("text/plain", lambda exported: lockfile.render_requirements_txt(exported.lock)),
    "sbom.cdx.json": Export("application/vnd.cyclonedx+json", render_sbom),
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
            version = self._enqueue(
                connection,
                person,
                environment,
                environment.spec,
                pin_installed=pin_installed,
                from_scratch=from_scratch,
            )
        self._notify()
        return version

    def revert(self, person: Person, short_name: str, number: int) -> Version:
        """Go back to an earlier successful version: its requirements, and exactly its packages, without a solve.

        Raises NotFound, Conflict for a version that can't be gone back to, PolicyViolated when it is no longer allowed.
        """
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.REVERT, environment, person)
            earlier = versions.find(connection, environment.id, number)
            if earlier.digest is None:
                raise Conflict(f"Version {number} was not built successfully: there is nothing to go back to.")
            if number == environment.latest_success:
                raise Conflict(f"Version {number} is the one in use already.")
            policy = deployment.policy(connection)
            packages = versions.lock(connection, earlier.digest).packages
            refuse([*violations_of(policy, earlier.requested), *policy.check_resolved(packages, complete=True)])
            if environment.spec != earlier.requested:
                environments.edit(
                    connection,
                    environment.id,
                    revision=environment.revision,
                    full_name=environment.full_name,
                    description=environment.description,
                    spec=earlier.requested,
                )
                note(connection, EventKind.EDITED, person, environment, number, changed=["requirements"])
            version = self._enqueue(connection, person, environment, earlier.requested, revert=earlier)
        self._notify()
        return version

    def _enqueue(
        self,
        connection: Connection,
        person: Person,
        environment: Environment,
        spec: EnvironmentSpec,
        *,
        pin_installed: bool = False,
        from_scratch: bool = False,
        revert: Version | None = None,
    ) -> Version:
        self._check_room(connection, person, environment)
        try:
            number, attempt = versions.enqueue(
                connection,
                environment.id,
                spec,
                by=person.name,
                pin_installed=pin_installed,
                from_scratch=from_scratch,
                revert=revert,
            )
        except IntegrityError as error:
            raise Conflict("A build is in progress: wait for it, or cancel it first.") from error
        # Of a failed version that was deleted, whose number this one takes.
        self._workshop.logs.path(environment.id, number, attempt).unlink(missing_ok=True)
        details = {"reverted_from": revert.number} if revert else {}
        note(connection, EventKind.BUILD_QUEUED, person, environment, number, attempt=attempt, **details)
        return versions.find(connection, environment.id, number)

    def _check_room(self, connection: Connection, person: Person, environment: Environment) -> None:
        """Raises QuotaExceeded before anything is built."""
        most = deployment.policy(connection).max_bytes
        if most is None or person.is_admin:
            return
        held = versions.held_bytes(connection, environment.owner)
        if held >= most:
            raise QuotaExceeded(
                f"The environments of {environment.owner} take {held / 1e6:,.0f} MB, and {most / 1e6:,.0f} MB are "
                "allowed here: delete one first.",
                held_bytes=held,
                max_bytes=most,
            )

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
            latest = environment.latest.number if environment.latest else None
            note(connection, EventKind.CANCEL_REQUESTED, person, environment, latest)
        self._notify()

    def list(self, person: Person, short_name: str) -> list[Version]:
        """Newest first. Others than the owner and administrators see the published one."""
        with self._database.look() as connection:
            environment = environments.find(connection, short_name, person)
            return [
                v for v in versions.of(connection, environment.id) if may_see_version(environment, v.number, person)
            ]

    def get(self, person: Person, short_name: str, number: int) -> VersionDetails:
        with self._database.read() as connection:
            environment, version = self._find(short_name, number, person)
            packages = versions.lock(connection, version.digest).packages if version.digest else ()
            base = version.requested.base
            return VersionDetails(
                version,
                explain(packages, version.requested, versions.lock(connection, base.digest).packages if base else ()),
                versions.attempts_at(connection, environment.id, number),
            )

    def export(self, person: Person, short_name: str, number: int, form: str) -> str:
        """Raises Conflict for a version that was not built, NotFound for an unknown format."""
        if form not in EXPORTS:
            raise NotFound(f"There is no export '{form[:40]}': take one of {', '.join(EXPORTS)}.")
        environment, version = self._find(short_name, number, person)
        if version.digest is None:
            raise Conflict(f"Version {number} was not built, so there is nothing to export.")
        with self._database.read() as connection:
            lock = versions.lock(connection, version.digest)
        exported = Exported(
            lock=lock,
            short_name=environment.short_name,
            full_name=environment.full_name,
            number=number,
            requested=version.requested,
            built_at=version.finished_at,
        )
        return EXPORTS[form].render(exported)

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
            if not may_see_version(environment, number, person):
                raise NotFound(f"There is no version {number}.")
            return environment, versions.find(connection, environment.id, number)
