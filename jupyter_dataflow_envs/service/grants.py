"""What people's notebook servers ask the service of a team: what is active there, and how to install it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection

from ..builds.workshop import Workshop
from ..domain.clock import now
from ..domain.draft import Draft
from ..domain.environment import Environment
from ..domain.errors import Malformed
from ..domain.grant import Audience, Grant
from ..domain.permissions import Action, Person, require
from ..engine.protocol import Job
from ..kernels import leases
from ..store import activations, environments, prefixes, versions
from ..store.activations import Activation
from . import activity
from .launchers import audience_of, grant_of
from .specs import Specs

KEPT = 200
"""Characters of a server's name in the database."""

MOST_PREFIXES = 1000
"""From which one server can run at once, and be believed."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What it takes to install on another machine: the engine's job there but for its folders, and whose it is.

    Credentials are taken out of its sources' URLs: that machine has its own.
    """

    job: Job
    grant: Grant | None = None


class Grants:
    """`server` is what a notebook server calls itself; what is said of it concerns its person alone."""

    def __init__(self, workshop: Workshop, specs: Specs) -> None:
        self._workshop = workshop
        self._database = workshop.database
        self._specs = specs

    def activate(self, person: Person, short_name: str, server: str, *, draft: bool = False) -> Grant:
        """As `activity.begin`."""
        server = _of(person, server)
        with self._database.write() as connection:
            environment = activity.begin(connection, person, short_name, server, draft=draft)
            draft = draft and person.name != environment.owner
            return self._grant(connection, environment, audience_of(environment, person.name, draft=draft))

    def deactivate(self, person: Person, short_name: str, server: str) -> None:
        """As `activity.end`."""
        with self._database.write() as connection:
            activity.end(connection, person, short_name, _of(person, server))

    def active(self, person: Person, server: str) -> list[Grant]:
        """All that is active there, by short name; what gives the person nothing any more ends, leases are renewed."""
        server = _of(person, server)
        with self._database.read() as connection:
            held = self._held(connection, server)
            if all(activity.is_settled(e, a) and not _is_due(a) for e, a in held):
                return self._grants(connection, held)
        with self._database.write() as connection:
            activations.renew(connection, server)
            for environment in {e.id: e for e, _ in self._held(connection, server)}.values():
                activity.settle(connection, environment, activity.here(connection, environment.id, server))
            return self._grants(connection, self._held(connection, server))

    def usable(self, person: Person, short_name: str) -> Grant:
        """The version that this person can run commands in; active or not. Raises Conflict when there is none."""
        with self._database.read() as connection:
            seen = environments.find(connection, short_name, person)
            require(Action.RUN, seen, person)
            environment = activity.whole(connection, seen)
            return self._grant(connection, environment, audience_of(environment, person.name))

    def renew(
        self,
        person: Person,
        server: str,
        started: Mapping[str, Mapping[Audience, datetime]],
        running: Mapping[str, int],
    ) -> None:
        """That server is alive. `started`: when kernels and commands were last started there, by environment id and
        audience; `running`: how many processes run there, by prefix id. Raises Malformed for too many.
        """
        if len(running) > MOST_PREFIXES:
            raise Malformed(f"No server runs from more than {MOST_PREFIXES} prefixes.")
        server = _of(person, server)
        with self._database.read() as connection:
            mine = activations.of_server(connection, server)
            known = {i: n for i, n in running.items() if prefixes.get(connection, i) is not None}
        leases.report(self._workshop.root.path, server, known)
        # A thousand servers say so twice a minute, and writes come one after another: most say nothing new.
        if not any(_is_due(a) or _is_news(a, started.get(a.environment_id, {})) for a in mine):
            return
        with self._database.write() as connection:
            activations.renew(connection, server)
            for environment_id in {a.environment_id for a in mine} & started.keys():
                environment = environments.by_id(connection, environment_id)
                if environment is not None and started[environment_id]:
                    here = activity.here(connection, environment_id, server)
                    activity.note_started(connection, environment, here, started[environment_id])

    def installation(self, person: Person, short_name: str) -> Installation:
        """Of the version that this person can use, from its lock. Raises Conflict when there is none."""
        with self._database.read() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.COPY_TO_LOCAL, environment, person)
            whole = activity.whole(connection, environment)
            grant = self._grant(connection, whole, audience_of(whole, person.name))
            assert grant.digest is not None
            lock = versions.lock(connection, grant.digest)
        return Installation(self._workshop.install_job(lock, environment.short_name).elsewhere(), grant)

    def plan(self, person: Person, draft: Draft) -> Installation:
        """Of requirements to be solved there. Raises InvalidSpec, and Conflict for a base that can't be used."""
        with self._database.read() as connection:
            spec, _ = self._specs.draw_up(connection, person, draft)
            return Installation(self._workshop.job(connection, title="", spec=spec).elsewhere())

    def _held(self, connection: Connection, server: str) -> list[tuple[Environment, Activation]]:
        """What is active there, with the environments as their owners see them."""
        mine = activations.of_server(connection, server)
        known = {i: environments.by_id(connection, i) for i in {a.environment_id for a in mine}}
        return [(environment, a) for a in mine if (environment := known[a.environment_id]) is not None]

    def _grants(self, connection: Connection, held: list[tuple[Environment, Activation]]) -> list[Grant]:
        found = [self._grant(connection, e, audience_of(e, a.person, draft=a.draft)) for e, a in held]
        return sorted(found, key=lambda g: g.short_name)

    def _grant(self, connection: Connection, environment: Environment, audience: Audience) -> Grant:
        return grant_of(connection, self._workshop, environment, audience)


def _of(person: Person, server: str) -> str:
    """Each person's servers have names of their own: who takes another's name gets nothing of theirs."""
    if not server or len(server) > 150 or not server.isprintable():
        raise Malformed("server must name your notebook server, in 1 to 150 characters.")
    # What is quoted holds no @: nobody's name and server read as those of somebody else.
    name = f"{quote(person.name, safe='')}@{server}"
    return name if len(name) <= KEPT else hashlib.sha256(name.encode()).hexdigest()


def _is_due(activation: Activation) -> bool:
    """Whether a third of its lease has gone."""
    return activation.leased_until - now() < activations.LEASE * 2 / 3


def _is_news(activation: Activation, started: Mapping[Audience, datetime]) -> bool:
    """Whether something was started later than is known."""
    return any(moment > (activation.last_started or activation.since) for moment in started.values())
