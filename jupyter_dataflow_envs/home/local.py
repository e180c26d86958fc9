"""Local environments of this server's person: made of what the service plans, and copied both ways, all work here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..builds.runner import Runner
from ..domain.draft import Draft
from ..domain.errors import DataflowError, FieldError, InvalidSpec, NotFound, Unavailable, Unsolvable
from ..domain.local import CopiedFrom, LocalEnvironment, Work, check_local_name
from ..domain.permissions import Person
from ..domain.policy import Policy
from ..engine.protocol import Caches, Job, Sources
from ..local import copies
from ..local.environments import LocalEnvironments, LocalSettings
from ..local.reproduction import Reproduction, reproduce, with_offered_python
from .memory import Memory
from .team_service import OTHER_RELEASE, TeamService, requested


class Local:
    """`environments` are the Local ones of this server's person. `allow_source_builds`: for what is added to them."""

    def __init__(
        self,
        service: TeamService,
        memory: Memory,
        runner: Runner,
        caches: Caches,
        settings: LocalSettings,
        *,
        allow_source_builds: bool,
    ) -> None:
        self._service = service
        self._memory = memory
        self._caches = caches
        self._allow_source_builds = allow_source_builds
        self.environments = LocalEnvironments(settings, runner, self._add_job)

    def create(self, person: Person, name: str, draft: Draft) -> LocalEnvironment:
        """Make one of what the form says, at once. Raises InvalidSpec, LocalNameTaken, Conflict, Unavailable."""
        faults: list[FieldError] = []
        checked = ""
        try:
            checked = check_local_name(name)
        except InvalidSpec as error:
            faults += error.errors
        try:
            planned = _job(self._service.plan(draft))
        except InvalidSpec as error:
            raise InvalidSpec([*faults, *error.errors]) from error
        if faults:
            raise InvalidSpec(faults)
        job = replace(planned, title=checked, policy=Policy(), writable=True, caches=self._caches)
        return self.environments.make(
            checked,
            Work.MAKE,
            copies.opening("Making", checked, person),
            lambda prefix: replace(job, prefix=str(prefix)),
            requested=requested(draft),
        )

    def copy_to_local(self, person: Person, short_name: str, name: str | None) -> LocalEnvironment:
        """The version that this person can use, from its lock.

        Raises NotFound, Conflict, InvalidSpec, LocalNameTaken, Unavailable.
        """
        planned, grant = self._service.installation(short_name)
        wanted = grant.short_name if name is None else name
        job = replace(_job(planned), title=wanted, writable=True, caches=self._caches)
        assert grant.version is not None
        assert grant.digest is not None
        return self.environments.make(
            wanted,
            Work.COPY,
            copies.opening(f"Copying {grant.short_name} version {grant.version} to", wanted, person),
            lambda prefix: replace(job, prefix=str(prefix)),
            copied_from=CopiedFrom(grant.short_name, grant.full_name, grant.version, grant.digest),
        )

    def reproduction(self, id: str) -> Reproduction:
        """What Copy to Dataflow would ask for. Raises NotFound, Conflict for one that can't be used, Unavailable."""
        environment = copies.usable(self.environments.get(id))
        channels, _ = self._service.sources()
        wanted = reproduce(
            environment, self.environments.packages(environment), {channel.rstrip("/") for channel in channels}
        )
        try:
            offered: Sequence[str] = self._service.offered_pythons()
        except (NotFound, Unavailable, Unsolvable):
            return wanted  # the build says what is wrong with the channels
        return with_offered_python(wanted, offered)

    def free_short_name(self, name: str) -> str | None:
        """One that a new Dataflow environment could have, after the name of a Local one."""
        return next(filter(self._service.is_free, copies.short_names(name)), None)

    def copy_to_dataflow(
        self, person: Person, id: str, short_name: str, draft: Draft, *, skip_unreproducible: bool = False
    ) -> dict[str, Any]:
        """Make an environment of this person that asks for exactly what is installed, and build its version 1.

        Returns the service's answer. Raises NotFound, Conflict for one that can't be used, Unreproducible, Unavailable,
        and what the service refuses.
        """
        wanted = copies.reproducible(self.reproduction(id), skip=skip_unreproducible)
        local = self.environments.get(id)
        made = self._service.create(
            {
                "short_name": short_name,
                "full_name": draft.full_name or "",
                "description": draft.description or "",
                "python_version": wanted.python_version,
                "conda_requirements": list(wanted.conda_requirements),
                "pip_requirements": list(wanted.pip_requirements),
                "copied_from": {"name": local.name, "prefix": str(local.prefix)},
            }
        )
        try:
            self._service.build(made["short_name"])
        except DataflowError:
            self._service.delete(made["short_name"])
            raise
        return self._service.environment(made["short_name"])

    def stop(self) -> None:
        self.environments.stop()

    def _add_job(self, prefix: Path, requirement: str) -> Job:
        """From where the deployment gets its packages, as it was last told."""
        channels, indexes = self._memory.sources
        sources = Sources(channels, indexes[0] if indexes else None, indexes[1:])
        return copies.add_job(prefix, requirement, self._caches, sources, allow_source_builds=self._allow_source_builds)


def _job(planned: dict[str, Any]) -> Job:
    try:
        return Job.from_json(planned)
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(OTHER_RELEASE) from error
