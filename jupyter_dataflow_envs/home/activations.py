"""Kernels of this server, written from what the service grants, and put right when that changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..builds.arrival import Arrival
from ..domain.errors import Conflict, DataflowError, NotAllowed, NotFound, Unavailable
from ..domain.grant import Grant
from ..domain.permissions import Person
from ..kernels import launcher
from ..kernels.granted import Launcher, entry_of, write_granted
from ..kernels.kernelspecs import Kernelspecs, kernel_name
from .fetching import Fetching
from .memory import Memory
from .team_service import TeamService


class Activations:
    """`server`: what this notebook server calls itself. `root`: holds launchers and leases. Not for the event loop.

    `changed` is called when something should be put right again.
    """

    def __init__(
        self,
        service: TeamService,
        memory: Memory,
        fetching: Fetching,
        log: logging.Logger,
        *,
        server: str,
        root: Path,
        kernels_dir: Path,
        changed: Callable[[], None],
    ) -> None:
        self._service = service
        self._memory = memory
        self._fetching = fetching
        self._log = log
        self._root = root
        self._changed = changed
        self._alone = threading.Lock()
        self._turns = 0
        """How often somebody activated or deactivated; what the service said before such a turn is of the past."""
        self.server = server
        self.kernels_dir = kernels_dir

    def activate(self, person: Person, short_name: str, *, draft: bool = False) -> str:
        """Register the kernel of the version that this person can use, and return the kernel's name.

        Raises what the service refuses; Conflict when somebody else's kernelspec has the name; Unavailable without the
        service, and when its files can't be brought to this machine, which may take a while.
        """
        if self._memory.deployment is None:
            self.reconcile()
        grant = self._service.activate(short_name, self.server, draft=draft)
        was_active = grant.environment_id in self._memory.active()
        try:
            self._fetching.fetch(grant)
            with self._alone:
                self._turns += 1
                write_granted(self._root, grant)
                self._kernelspecs().write(entry_of(grant))
                self._memory.add(grant)
        except BaseException:
            if not was_active:
                with suppress(DataflowError):  # else the service ends it itself
                    self._service.deactivate(short_name, self.server)
            raise
        return kernel_name(grant.short_name)

    def deactivate(self, person: Person, short_name: str) -> str:
        """Take it back; kernels that run go on. Raises what the service refuses, and Unavailable."""
        self._service.deactivate(short_name, self.server)
        with self._alone:
            self._turns += 1
            for grant in self._memory.active().values():
                if grant.short_name == short_name:
                    self._memory.end(grant.environment_id)
            self._kernelspecs().remove(kernel_name(short_name))
        return kernel_name(short_name)

    def launcher(self, person: Person, short_name: str) -> Launcher:
        """The script that starts commands in the version that this person can use; active or not.

        While the service is away, in the one that was last known. Raises Conflict when there is no such version.
        """
        try:
            grant = self._service.usable(short_name)
        except Unavailable:
            known = {g.short_name: g for g in (*self._memory.active().values(), *self._memory.used().values())}
            if short_name not in known:
                raise
            grant = known[short_name]
        if grant.reason is not None:
            raise Conflict(grant.reason)
        self._fetching.fetch(grant)
        with self._alone:
            self._memory.use(grant)
            return Launcher(write_granted(self._root, grant), grant)

    def arrival(self, person: Person, short_name: str) -> Arrival | None:
        """How far its files are that are being brought to this machine; None: they are not."""
        return self._fetching.arrival(short_name)

    def reconcile(self, short_names: Collection[str] | None = None) -> None:
        """Make launchers and kernelspecs say what the service says. Raises Unavailable.

        `short_names`: of what is not active but was launched, only these have changed; None: perhaps all.
        """
        while not self._take_over(short_names):
            pass
        for environment_id, grant in self._memory.used().items():
            if short_names is None or grant.short_name in short_names:
                self._follow(environment_id, grant)

    def show_last_known(self) -> None:
        """Put launchers and kernelspecs right by what was last told, without asking."""
        if self._memory.deployment is None:
            return
        with self._alone:
            self._show(list(self._memory.active().values()))

    def _take_over(self, short_names: Collection[str] | None) -> bool:
        """Show what the service says; False when somebody activated or deactivated while it was asked."""
        turns = self._turns
        before = self._memory.deployment
        deployment, grants = self._service.active(self.server)
        if short_names is None or deployment != before:
            self._memory.set_deployment(deployment, *self._service.sources())
        with self._alone:
            if turns != self._turns:
                return False
            if before not in (None, deployment):
                Kernelspecs(self.kernels_dir, before or "", self._root).reconcile([])
            earlier = self._memory.active()
            shown = [self._startable(grant, earlier.get(grant.environment_id)) for grant in grants]
            self._memory.set_active(shown)
            self._show(shown)
        return True

    def _startable(self, grant: Grant, earlier: Grant | None) -> Grant:
        """What the launcher starts now: the version before while a new one is still being brought here."""
        if self._fetching.is_here(grant):
            return grant
        reason = self._fetching.absence(grant, self._changed)
        same = earlier is not None and earlier.audience == grant.audience
        if earlier is not None and same and earlier.prefix is not None and self._fetching.is_here(earlier):
            return earlier
        return replace(grant, prefix=None, prefix_id=None, reason=reason)

    def _show(self, grants: list[Grant]) -> None:
        for grant in grants:
            write_granted(self._root, grant)
        for change in self._kernelspecs().reconcile(entry_of(g) for g in grants):
            self._log.info(
                "Kernel %s %s%s", change.kernel_name, change.what, f": {change.reason}" if change.reason else ""
            )

    def _follow(self, environment_id: str, known: Grant) -> None:
        """Of what is not active, but may be started again by a kernel or a command: what its launchers start."""
        try:
            grant: Grant | None = self._service.usable(known.short_name)
            why = None
        except Conflict as error:
            grant, why = None, error.message
        except (NotFound, NotAllowed):
            grant, why = None, f"'{known.short_name}' is not there for you any more: it was deleted, or unpublished."
        if grant is not None and grant.environment_id != environment_id:
            grant, why = None, f"'{known.short_name}' was deleted."
        with self._alone:
            if environment_id in self._memory.active():
                return
            if grant is not None:
                grant = self._startable(grant, known)
                write_granted(self._root, grant)
                self._memory.use(grant)
            kept = grant.audience if grant is not None else None
            for audience in launcher.audiences_of(self._root, environment_id):
                if audience != kept:
                    gone = why or f"'{known.short_name}' can't be started like this any more: activate it again."
                    nothing = replace(known, audience=audience, version=None, digest=None, prefix=None, prefix_id=None)
                    write_granted(self._root, replace(nothing, reason=gone))
            if grant is None:
                self._memory.forget(environment_id)

    def _kernelspecs(self) -> Kernelspecs:
        assert self._memory.deployment is not None
        return Kernelspecs(self.kernels_dir, self._memory.deployment, self._root)
