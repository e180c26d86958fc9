"""Environments as kernels of this notebook server: activated, deactivated, and put right when versions move."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection

from ..builds.build import Workshop
from ..domain.environment import Environment
from ..domain.errors import Conflict
from ..domain.events import EventKind
from ..domain.permissions import Action, Person, require
from ..kernels import leases
from ..kernels.kernelspecs import KernelspecEntry, Kernelspecs, kernel_name
from ..kernels.launcher import Target, write_launcher
from ..store import activations, environments, events, prefixes, versions
from ..store.activations import Activation


class Activations:
    """The activations of one notebook server, told from others by its machine and its kernels folder."""

    def __init__(self, workshop: Workshop, kernelspecs: Kernelspecs, log: logging.Logger) -> None:
        self._workshop = workshop
        self._database = workshop.database
        self._kernelspecs = kernelspecs
        self._log = log
        self.server = f"{socket.gethostname()}:{kernelspecs.kernels_dir}"[-200:]

    def activate(self, person: Person, short_name: str) -> str:
        """Register the kernel of the version that this person can use, and return the kernel's name.

        Raises Conflict when there is none, or when somebody else's kernelspec has the name.
        """
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.ACTIVATE, environment, person)
            fresh = activations.activate(connection, environment.id, person.name, self.server)
            if fresh:
                self._record(connection, EventKind.ACTIVATED, environment, person)
            # In the transaction: a kernelspec that can't be written leaves no activation behind.
            self._write(connection, environment)
        return kernel_name(environment.short_name)

    def deactivate(self, person: Person, short_name: str) -> str:
        """Take it back; the kernelspec stays while another person of a shared server has it active."""
        with self._database.write() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.DEACTIVATE, environment, person)
            if not activations.deactivate(connection, environment.id, person.name, self.server):
                raise Conflict("It is active in another notebook server of yours: deactivate it there.")
            self._record(connection, EventKind.DEACTIVATED, environment, person)
            if not self._here(connection, environment.id):
                self._kernelspecs.remove(environment.short_name)
            else:
                self._write(connection, environment)
        return kernel_name(environment.short_name)

    def reconcile(self) -> None:
        """Make this server's kernelspecs and launchers say what the database says, and renew its leases."""
        with self._database.write() as connection:
            activations.renew(connection, self.server)
        with self._database.read() as connection:
            held = {a.environment_id for a in activations.of_server(connection, self.server)}
            found = [e for e in (environments.by_id(connection, i) for i in held) if e is not None]
            entries = [self._point(connection, environment) for environment in found]
        for change in self._kernelspecs.reconcile(entries):
            self._log.info(
                "Kernel %s %s%s", change.kernel_name, change.what, f": {change.reason}" if change.reason else ""
            )

    def refresh(self, environment_ids: Iterable[str]) -> None:
        """These have changed: move what this server has active of them, or take it away."""
        with self._database.read() as connection:
            held = {a.environment_id for a in activations.of_server(connection, self.server)}
            for environment_id in set(environment_ids) & held:
                environment = environments.by_id(connection, environment_id)
                if environment is not None:
                    self._write(connection, environment)

    def forget(self, short_name: str, environment_id: str) -> None:
        """That environment was deleted; one made since under the same name keeps its kernel."""
        metadata = self._kernelspecs.installed().get(kernel_name(short_name), {})
        if metadata.get("dataflow_envs", {}).get("environment_id") == environment_id:
            self._kernelspecs.remove(short_name)

    def renew(self) -> None:
        """Say that this server is alive, and when its kernels were last started."""
        started = leases.last_started(self._workshop.root.path)
        with self._database.write() as connection:
            activations.renew(connection, self.server)
            for activation in activations.of_server(connection, self.server):
                environment = environments.by_id(connection, activation.environment_id)
                number = environment.latest_success if environment else None
                if environment is None or number is None:
                    continue
                prefix_id = versions.find(connection, environment.id, number).prefix_id
                if prefix_id in started:
                    activations.note_started(connection, environment.id, self.server, started[prefix_id])

    def _write(self, connection: Connection, environment: Environment) -> None:
        self._kernelspecs.write(self._point(connection, environment))

    def _point(self, connection: Connection, environment: Environment) -> KernelspecEntry:
        """Write the launcher, and say what belongs into the kernelspec that starts it."""
        people = {a.person for a in self._here(connection, environment.id)}
        audience = "latest" if environment.owner in people else "published"
        number = environment.latest_success if audience == "latest" else environment.published
        version = versions.find(connection, environment.id, number) if number is not None else None
        ready = prefixes.get(connection, version.prefix_id) if version and version.prefix_id else None
        prefix: Path | None = None
        if ready is not None and self._workshop.folders.is_whole(ready.id):
            prefix = self._workshop.folders.path(ready.id)
        target = Target(
            short_name=environment.short_name,
            version=number,
            prefix=prefix,
            prefix_id=ready.id if ready is not None and prefix is not None else None,
            reason=None
            if prefix is not None
            else f"'{environment.full_name}' can't start: its installed files are gone. Build it again.",
        )
        write_launcher(self._workshop.root.path, environment.id, audience, target)
        return KernelspecEntry(
            environment_id=environment.id,
            short_name=environment.short_name,
            full_name=environment.full_name,
            version=number,
            digest=version.digest if version else None,
            prefix=prefix,
            audience=audience,
        )

    def _here(self, connection: Connection, environment_id: str) -> list[Activation]:
        everywhere = activations.of_environment(connection, environment_id, leased=False)
        return [a for a in everywhere if a.server == self.server]

    def _record(self, connection: Connection, kind: EventKind, environment: Environment, person: Person) -> None:
        events.record(
            connection,
            kind,
            person.name,
            environment_id=environment.id,
            short_name=environment.short_name,
            version=environment.usable_by(person.name),
        )
