"""Environments in use: as kernels of this notebook server, put right when versions move, and as commands."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable

from sqlalchemy import Connection

from ..builds.arrival import Arrival
from ..builds.workshop import Workshop
from ..domain.environment import Environment
from ..domain.errors import Conflict
from ..domain.grant import Audience
from ..domain.permissions import Action, Person, require
from ..kernels.granted import Launcher, entry_of
from ..kernels.kernelspecs import KernelspecEntry, Kernelspecs, kernel_name
from ..store import activations, environments
from ..store.activations import Activation
from . import activity
from .images import Images
from .launchers import Launchers, audience_of, grant_of, starts


class Activations:
    """The activations of one notebook server, told from others by its machine and its kernels folder."""

    def __init__(self, workshop: Workshop, kernelspecs: Kernelspecs, images: Images, log: logging.Logger) -> None:
        self._workshop = workshop
        self._database = workshop.database
        self._kernelspecs = kernelspecs
        self._images = images
        self._launchers = Launchers(workshop, images, self.refresh)
        self._log = log
        self.kernels_dir = kernelspecs.kernels_dir
        self.server = f"{socket.gethostname()}:{kernelspecs.kernels_dir}"[-200:]

    def activate(self, person: Person, short_name: str, *, draft: bool = False) -> str:
        """Register the kernel of the version that this person can use, and return the kernel's name.

        `draft`: an administrator's, of the latest version of somebody else's environment. Raises Conflict when there is
        no such version, or when somebody else's kernelspec has the name; NotAllowed; Unavailable when its files
        can't be brought to this machine, which may take a while.
        """
        self._bring(Action.TRY_DRAFT if draft else Action.ACTIVATE, person, short_name)
        with self._database.write() as connection:
            environment = activity.begin(connection, person, short_name, self.server, draft=draft)
            # In the transaction: a kernelspec that can't be written leaves no activation behind.
            self._show(connection, environment, activity.here(connection, environment.id, self.server))
        return kernel_name(environment.short_name)

    def deactivate(self, person: Person, short_name: str) -> str:
        """Take it back; the kernelspec stays while another person of a shared server has it active."""
        with self._database.write() as connection:
            environment = activity.end(connection, person, short_name, self.server)
            self._show(connection, environment, activity.here(connection, environment.id, self.server))
        return kernel_name(environment.short_name)

    def launcher(self, person: Person, short_name: str) -> Launcher:
        """The script that starts commands in the version that this person can use; active or not.

        Raises Conflict when there is no such version, or its files are gone; Unavailable when they can't be brought to
        this machine, which may take a while.
        """
        self._bring(Action.RUN, person, short_name)
        with self._database.write() as connection:
            seen = environments.find(connection, short_name, person)
            require(Action.RUN, seen, person)
            environment = activity.whole(connection, seen)
            written = self._launchers.write(connection, environment, audience_of(environment, person.name))
        if written.grant.reason is not None:
            raise Conflict(written.grant.reason)
        return written

    def arrival(self, person: Person, short_name: str) -> Arrival | None:
        """How far its files are that are being brought to this machine; None: they are not."""
        with self._database.read() as connection:
            environment = activity.whole(connection, environments.find(connection, short_name, person))
            audiences: set[Audience] = {audience_of(environment, person.name)}
            if person.is_admin:  # who may try a draft
                audiences.add("latest")
            grants = [grant_of(connection, self._workshop, environment, audience) for audience in audiences]
        found = (self._images.arrival(grant.prefix_id) for grant in grants if grant.prefix_id is not None)
        return next((arrival for arrival in found if arrival is not None), None)

    def reconcile(self) -> None:
        """Make this server's kernelspecs and launchers say what the database says, and renew its leases."""
        with self._database.write() as connection:
            activations.renew(connection, self.server)
            entries = []
            for environment_id in sorted({a.environment_id for a in activations.of_server(connection, self.server)}):
                environment = environments.by_id(connection, environment_id)
                if environment is not None and (left := self._settled(connection, environment)):
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
                        self._show(connection, environment, self._settled(connection, environment))
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
            for environment_id, started in starts(self._workshop.root.path).items():
                environment = environments.by_id(connection, environment_id)
                if environment is not None:
                    found = activity.here(connection, environment_id, self.server)
                    activity.note_started(connection, environment, found, started)

    def _bring(self, action: Action, person: Person, short_name: str) -> None:
        """The files of what this person can use, if they are elsewhere; before the transaction, where nobody waits."""
        if not self._workshop.brings:
            return
        with self._database.read() as connection:
            seen = environments.find(connection, short_name, person)
            require(action, seen, person)
            environment = activity.whole(connection, seen)
            audience = audience_of(environment, person.name, draft=action is Action.TRY_DRAFT)
            grant = grant_of(connection, self._workshop, environment, audience)
        if grant.has_image and grant.prefix_id is not None:
            self._images.ensure(grant.prefix_id)

    def _settled(self, connection: Connection, environment: Environment) -> list[Activation]:
        return activity.settle(connection, environment, activity.here(connection, environment.id, self.server))

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
        audiences = [audience_of(environment, a.person, draft=a.draft) for a in here]
        audience: Audience = "latest" if "latest" in audiences else "published"
        return entry_of(self._launchers.write(connection, environment, audience).grant)
