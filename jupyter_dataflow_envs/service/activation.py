"""Environments in use: as kernels of this notebook server, put right when versions move, and as commands."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ..builds.workshop import Workshop
from ..domain.environment import Environment
from ..domain.errors import Conflict, NotAllowed, NotFound
from ..domain.events import SERVICE, EventKind
from ..domain.permissions import Action, Person, require
from ..kernels import leases
from ..kernels.kernelspecs import KernelspecEntry, Kernelspecs, kernel_name
from ..store import activations, environments, events, versions
from ..store.activations import Activation
from .launchers import Launcher, Launchers, audience_of, full_name_for


@dataclass(frozen=True, slots=True)
class UsageDetails:
    """Who uses an environment. `running_kernels` are the processes on this machine that run from its versions alone."""

    active_people: int
    last_started: datetime | None
    activations: list[Activation]
    running_kernels: int
    based_on_it: list[str]


class Activations:
    """The activations of one notebook server, told from others by its machine and its kernels folder."""

    def __init__(self, workshop: Workshop, kernelspecs: Kernelspecs, log: logging.Logger) -> None:
        self._root = workshop.root.path
        self._database = workshop.database
        self._kernelspecs = kernelspecs
        self._launchers = Launchers(workshop)
        self._log = log
        self.server = f"{socket.gethostname()}:{kernelspecs.kernels_dir}"[-200:]

    def activate(self, person: Person, short_name: str, *, draft: bool = False) -> str:
        """Register the kernel of the version that this person can use, and return the kernel's name.

        `draft`: an administrator's, of the latest version of somebody else's environment. Raises Conflict when there is
        no such version, or when somebody else's kernelspec has the name; NotAllowed.
        """
        with self._database.write() as connection:
            seen = environments.find(connection, short_name, person)
            require(Action.TRY_DRAFT if draft else Action.ACTIVATE, seen, person)
            environment = _whole(connection, seen)
            draft = draft and person.name != environment.owner
            before = [a for a in self._here(connection, environment.id) if a.person == person.name]
            activations.activate(connection, environment.id, person.name, self.server, draft=draft)
            if [a.draft for a in before] != [draft]:
                self._record(connection, EventKind.ACTIVATED, environment, person.name, person.name, draft=draft)
            # In the transaction: a kernelspec that can't be written leaves no activation behind.
            self._kernelspecs.write(self._entry(connection, environment, self._here(connection, environment.id)))
        return kernel_name(environment.short_name)

    def deactivate(self, person: Person, short_name: str) -> str:
        """Take it back; the kernelspec stays while another person of a shared server has it active."""
        with self._database.write() as connection:
            seen = environments.find(connection, short_name, person)
            require(Action.DEACTIVATE, seen, person)
            environment = _whole(connection, seen)
            mine = [a for a in self._here(connection, environment.id) if a.person == person.name]
            if not mine:
                raise Conflict("It is active in another notebook server of yours: deactivate it there.")
            self._end(connection, environment, mine[0], person.name)
            self._show(connection, environment, self._here(connection, environment.id))
        return kernel_name(environment.short_name)

    def launcher(self, person: Person, short_name: str) -> Launcher:
        """The script that starts commands in the version that this person can use; active or not.

        Raises Conflict when there is no such version, or its files are gone.
        """
        with self._database.write() as connection:
            seen = environments.find(connection, short_name, person)
            require(Action.RUN, seen, person)
            environment = _whole(connection, seen)
            written = self._launchers.write(connection, environment, audience_of(environment, person.name))
        if written.reason is not None:
            raise Conflict(written.reason)
        return written

    def usage(self, person: Person, short_name: str) -> UsageDetails:
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
        running = leases.running(self._root)
        started = [environment.usage.last_started, *self._launchers.starts().get(environment.id, {}).values()]
        return UsageDetails(
            active_people=environment.usage.active_people,
            last_started=max((s for s in started if s is not None), default=None),
            activations=sorted(active, key=lambda a: (a.person, a.since)),
            running_kernels=sum(len(running.get(prefix_id, ())) for prefix_id in own),
            based_on_it=children,
        )

    def reconcile(self) -> None:
        """Make this server's kernelspecs and launchers say what the database says, and renew its leases."""
        with self._database.write() as connection:
            activations.renew(connection, self.server)
            entries = []
            for environment_id in sorted({a.environment_id for a in activations.of_server(connection, self.server)}):
                environment = environments.by_id(connection, environment_id)
                if environment is not None and (left := self._settle(connection, environment)):
                    entries.append(self._entry(connection, environment, left))
            changes = self._kernelspecs.reconcile(entries)
        for change in changes:
            self._log.info(
                "Kernel %s %s%s", change.kernel_name, change.what, f": {change.reason}" if change.reason else ""
            )
        self._launchers.put_right()

    def refresh(self, environment_ids: Iterable[str]) -> None:
        """These have changed: move what this server has active of them, or take it away."""
        with self._database.read() as connection:
            held = {a.environment_id for a in activations.of_server(connection, self.server)}
        for environment_id in set(environment_ids):
            if environment_id not in held and not self._launchers.exist(environment_id):
                continue
            try:
                with self._database.write() as connection:
                    environment = environments.by_id(connection, environment_id)
                    if environment is None:
                        continue
                    self._launchers.rewrite(connection, environment)
                    if environment_id in held:
                        self._show(connection, environment, self._settle(connection, environment))
            except (Conflict, OSError) as error:
                self._log.warning("The kernel of a changed environment could not be put right: %s", error)

    def forget(self, short_name: str, environment_id: str) -> None:
        """That environment was deleted; one made since under the same name keeps its kernel."""
        metadata = self._kernelspecs.installed().get(kernel_name(short_name), {})
        if metadata.get("dataflow_envs", {}).get("environment_id") == environment_id:
            self._kernelspecs.remove(kernel_name(short_name))

    def renew(self) -> None:
        """Say that this server is alive, and when kernels and commands were last started here."""
        with self._database.write() as connection:
            activations.renew(connection, self.server)
            for environment_id, started in self._launchers.starts().items():
                environment = environments.by_id(connection, environment_id)
                if environment is not None:
                    self._note_started(connection, environment, started)

    def _note_started(self, connection: Connection, environment: Environment, started: Mapping[str, datetime]) -> None:
        """Only what is new: each write wakes the other servers."""
        latest, known = max(started.values()), environment.usage.last_started
        if known is None or latest > known:
            environments.note_started(connection, environment.id, latest)
        here = self._here(connection, environment.id)
        audiences = {audience_of(environment, a.person, draft=a.draft) for a in here}
        moment = max((m for audience, m in started.items() if audience in audiences), default=None)
        if moment is not None and any(moment > (a.last_started or a.since) for a in here):
            activations.note_started(connection, environment.id, self.server, moment)

    def _settle(self, connection: Connection, environment: Environment) -> list[Activation]:
        """End what gives its person nothing any more, and drafts that are published by now; return what is left."""
        left = []
        for activation in self._here(connection, environment.id):
            owner = activation.person == environment.owner
            if activation.draft and (owner or environment.latest_success == environment.published):
                activations.activate(connection, environment.id, activation.person, self.server, draft=False)
                activation = replace(activation, draft=False)
            if activation.draft or environment.usable_by(activation.person) is not None:
                left.append(activation)
            else:
                self._end(connection, environment, activation, SERVICE)
        return left

    def _show(self, connection: Connection, environment: Environment, here: list[Activation]) -> None:
        """Make the kernelspec that of these activations; without any it goes."""
        if here:
            self._kernelspecs.write(self._entry(connection, environment, here))
        else:
            self._kernelspecs.remove(kernel_name(environment.short_name))

    def _entry(self, connection: Connection, environment: Environment, here: list[Activation]) -> KernelspecEntry:
        """Write the launcher, and say what belongs into the kernelspec that starts it.

        People who share a server share its kernelspecs: the latest version is there for all of them if it is for one.
        """
        audiences = {audience_of(environment, a.person, draft=a.draft) for a in here}
        audience = "latest" if "latest" in audiences else "published"
        written = self._launchers.write(connection, environment, audience)
        return KernelspecEntry(
            environment_id=environment.id,
            short_name=environment.short_name,
            full_name=full_name_for(environment, audience),
            version=written.version,
            digest=written.digest,
            prefix=written.prefix,
            audience=audience,
        )

    def _here(self, connection: Connection, environment_id: str) -> list[Activation]:
        everywhere = activations.of_environment(connection, environment_id, leased=False)
        return [a for a in everywhere if a.server == self.server]

    def _end(self, connection: Connection, environment: Environment, activation: Activation, actor: str) -> None:
        activations.deactivate(connection, environment.id, activation.person, self.server)
        self._record(connection, EventKind.DEACTIVATED, environment, actor, activation.person, draft=activation.draft)

    def _record(
        self, connection: Connection, kind: EventKind, environment: Environment, actor: str, person: str, *, draft: bool
    ) -> None:
        latest = audience_of(environment, person, draft=draft) == "latest"
        number = environment.latest_success if latest else environment.published
        details: dict[str, Any] = {"draft": True} if draft else {}
        if actor != person:
            details["person"] = person
        if environment.published not in (None, number):
            # Everybody hears of it while it is published, but for the details: a draft's number is not theirs to know.
            details["latest"], number = number, None
        events.record(
            connection,
            kind,
            actor,
            environment_id=environment.id,
            short_name=environment.short_name,
            version=number,
            **details,
        )


def _whole(connection: Connection, seen: Environment) -> Environment:
    """As its owner sees it: others' sight of it ends at what is published."""
    whole = environments.by_id(connection, seen.id)
    assert whole is not None
    return whole
