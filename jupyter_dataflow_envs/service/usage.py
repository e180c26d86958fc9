"""Who and what uses an environment."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ..builds.workshop import Workshop
from ..domain.errors import NotAllowed, NotFound
from ..domain.permissions import Person
from ..kernels import leases
from ..store import activations, environments, versions
from ..store.activations import Activation
from .launchers import starts


@dataclass(frozen=True, slots=True)
class UsageDetails:
    """Who uses an environment. `running_kernels` are processes that run from its versions alone,
    as far as this machine and people's servers know of them."""

    active_people: int
    last_started: datetime | None
    activations: list[Activation]
    running_kernels: int
    based_on_it: list[str]


class Usages:
    def __init__(self, workshop: Workshop) -> None:
        self._root = workshop.root.path
        self._database = workshop.database

    def of(self, person: Person, short_name: str) -> UsageDetails:
        """For the owner and administrators. Raises NotAllowed."""
        with self._database.read() as connection:
            environment = environments.find(connection, short_name, person)
            if not (person.is_admin or person.name == environment.owner):
                raise NotAllowed("Only its owner or an administrator can see who uses this environment.")
            active = activations.of_environment(connection, environment.id, leased=False)
            own = versions.own_prefixes(connection, environment.id)
            children = []
            for child, _ in environments.based_on(connection, environment.id):
                with suppress(NotFound):
                    children.append(environments.find(connection, child, person).short_name)
        running, elsewhere = leases.running(self._root), leases.reported(self._root)
        started = [environment.usage.last_started, *starts(self._root).get(environment.id, {}).values()]
        return UsageDetails(
            active_people=environment.usage.active_people,
            last_started=max((s for s in started if s is not None), default=None),
            activations=sorted(active, key=lambda a: (a.person, a.since)),
            running_kernels=sum(len(running.get(i, ())) + elsewhere.get(i, 0) for i in own),
            based_on_it=children,
        )
