"""Where Dataflow and Local environments meet: Local ones of what the deployment offers, and copies both ways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..builds.workshop import Workshop
from ..domain.clock import now
from ..domain.draft import Draft
from ..domain.environment import Environment, LocalOrigin
from ..domain.errors import DataflowError, NotFound, Unavailable, Unsolvable
from ..domain.local import CopiedFrom, LocalEnvironment, Work, check_local_name
from ..domain.permissions import Action, Person, require
from ..domain.policy import Policy
from ..domain.spec import EnvironmentSpec
from ..engine.credentials import strip
from ..engine.protocol import Job
from ..local import copies
from ..local.environments import LocalEnvironments, LocalSettings
from ..local.reproduction import Reproduction, reproduce, with_offered_python
from ..store import environments, versions
from .environments import Environments
from .solver import Solver
from .specs import Specs
from .versions import Versions


class Local:
    """`environments` are the Local ones of this server's person."""

    def __init__(
        self,
        workshop: Workshop,
        specs: Specs,
        shared: Environments,
        builds: Versions,
        solver: Solver,
        settings: LocalSettings,
    ) -> None:
        self._workshop = workshop
        self._specs = specs
        self._shared = shared
        self._builds = builds
        self._solver = solver
        self.environments = LocalEnvironments(settings, workshop.questions, self._add_job)

    def create(self, person: Person, name: str, draft: Draft) -> LocalEnvironment:
        """Make one of what the form says, at once. Raises InvalidSpec, LocalNameTaken, Conflict."""
        with self._workshop.database.read() as connection:
            spec, (checked,) = self._specs.draw_up(connection, person, draft, lambda: check_local_name(name))

        def job(prefix: Path) -> Job:
            with self._workshop.database.read() as connection:
                made = self._workshop.job(connection, title=checked, spec=spec, prefix=prefix)
            return replace(made, policy=Policy(), writable=True)

        return self.environments.make(
            checked, Work.MAKE, copies.opening("Making", checked, person), job, requested=_requested(spec)
        )

    def copy_to_local(self, person: Person, short_name: str, name: str | None) -> LocalEnvironment:
        """The version that this person can use, from its lock.

        Raises NotFound, Conflict, InvalidSpec, LocalNameTaken.
        """
        with self._workshop.database.read() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.COPY_TO_LOCAL, environment, person)
            number = environment.usable_by(person.name)
            assert number is not None
            version = versions.find(connection, environment.id, number)
            assert version.digest is not None
            lock = versions.lock(connection, version.digest)
        wanted = environment.short_name if name is None else name

        def job(prefix: Path) -> Job:
            return replace(self._workshop.install_job(lock, wanted, prefix), writable=True)

        return self.environments.make(
            wanted,
            Work.COPY,
            copies.opening(f"Copying {environment.short_name} version {number} to", wanted, person),
            job,
            copied_from=CopiedFrom(environment.short_name, environment.full_name, number, version.digest),
        )

    def reproduction(self, id: str) -> Reproduction:
        """What Copy to Dataflow would ask for. Raises NotFound, and Conflict for one that can't be used."""
        environment = copies.usable(self.environments.get(id))
        channels = {strip(channel).rstrip("/") for channel in self._workshop.settings.channels}
        wanted = reproduce(environment, self.environments.packages(environment), channels)
        try:
            offered = self._solver.versions("conda", "python")
        except (NotFound, Unavailable, Unsolvable):
            return wanted  # the build says what is wrong with the channels
        return with_offered_python(wanted, offered)

    def free_short_name(self, name: str) -> str | None:
        """One that a new Dataflow environment could have, after the name of a Local one."""
        refusal = self._shared.refusal_of_short_name
        return next((c for c in copies.short_names(name) if refusal(c) is None), None)

    def copy_to_dataflow(
        self, person: Person, id: str, short_name: str, draft: Draft, *, skip_unreproducible: bool = False
    ) -> Environment:
        """Make an environment of this person that asks for exactly what is installed, and build its version 1.

        Raises NotFound, Conflict for one that can't be used, Unreproducible, and what creating and building raise.
        """
        wanted = copies.reproducible(self.reproduction(id), skip=skip_unreproducible)
        local = self.environments.get(id)
        made = self._shared.create(
            person,
            short_name,
            replace(
                draft,
                python_version=wanted.python_version,
                conda_requirements=wanted.conda_requirements,
                pip_requirements=wanted.pip_requirements,
                base=None,
            ),
            LocalOrigin(local.name, str(local.prefix), now()),
        )
        try:
            self._builds.build(person, made.short_name)
        except DataflowError:
            self._shared.delete(person, made.short_name)
            raise
        return self._shared.get(person, made.short_name)

    def stop(self) -> None:
        self.environments.stop()

    def _add_job(self, prefix: Path, requirement: str) -> Job:
        settings = self._workshop.settings
        return copies.add_job(
            prefix,
            requirement,
            self._workshop.caches,
            settings.sources,
            allow_source_builds=settings.allow_source_builds,
        )


def _requested(spec: EnvironmentSpec) -> dict[str, Any]:
    return {
        "base": {"short_name": spec.base.short_name, "version": spec.base.version} if spec.base else None,
        "python_version": spec.python_version or None,
        "conda_requirements": list(spec.conda_requirements),
        "pip_requirements": list(spec.pip_requirements),
    }
