"""What the launchers of a deployment start: for each audience its version, or the reason why it can't be started."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from ..builds.workshop import Workshop
from ..domain.environment import Environment
from ..domain.grant import Audience, Grant
from ..kernels import launcher
from ..kernels.granted import Launcher, write_granted
from ..store import environments, prefixes, versions
from .images import Images, Then


def audience_of(environment: Environment, person: str, *, draft: bool = False) -> Audience:
    """Whose version the person gets: `latest` as its owner or who tries its draft, `published` as everybody else."""
    return "latest" if draft or person == environment.owner else "published"


def full_name_for(environment: Environment, audience: Audience) -> str:
    """What that audience may read: a name that is not published yet is its owner's."""
    if audience == "latest":
        return environment.full_name
    return environment.publication.full_name if environment.publication else environment.short_name


def grant_of(connection: Connection, workshop: Workshop, environment: Environment, audience: Audience) -> Grant:
    """What that audience may start of an environment, which is given as its owner sees it.

    With an image store its files may not be on this machine.
    """
    number = environment.latest_success if audience == "latest" else environment.published
    version = versions.find(connection, environment.id, number) if number is not None else None
    ready = prefixes.get(connection, version.prefix_id) if version and version.prefix_id else None
    there = ready is not None and (workshop.brings or workshop.folders.is_whole(ready.id))
    return Grant(
        environment_id=environment.id,
        short_name=environment.short_name,
        full_name=full_name_for(environment, audience),
        audience=audience,
        version=number,
        digest=version.digest if version else None,
        prefix_id=ready.id if ready and there else None,
        prefix=str(workshop.folders.path(ready.id)) if ready and there else None,
        reason=None if there else _reason(environment, audience, number),
        has_image=ready is not None and workshop.brings,
    )


class Launchers:
    """They are written within a write transaction, so that whoever comes last has seen the latest version.

    Environments are given as their owner sees them.
    """

    def __init__(self, workshop: Workshop, images: Images, then: Then) -> None:
        """`then`: told which environments' launchers should be written again, as their files have come."""
        self._images = images
        self._then = then
        self._workshop = workshop
        self._root = workshop.root.path

    def write(self, connection: Connection, environment: Environment, audience: Audience) -> Launcher:
        """Write the launcher, unless it is right as it stands."""
        grant = grant_of(connection, self._workshop, environment, audience)
        if grant.prefix_id is not None and not self._workshop.folders.is_whole(grant.prefix_id):
            reason = self._images.absence(grant.prefix_id, self._then)
            grant = replace(grant, prefix_id=None, prefix=None, reason=reason)
        return Launcher(write_granted(self._root, grant), grant)

    def exist(self, environment_id: str) -> bool:
        return bool(launcher.audiences_of(self._root, environment_id))

    def rewrite(self, connection: Connection, environment: Environment) -> None:
        """Put those right that are there: commands are started through them with no activation that would tell."""
        for audience in launcher.audiences_of(self._root, environment.id):
            self.write(connection, environment, audience)

    def put_right(self) -> None:
        """All of the deployment, in a transaction each; those of deleted environments go."""
        for environment_id in launcher.written_launchers(self._root):
            with self._workshop.database.write() as connection:
                environment = environments.by_id(connection, environment_id)
                if environment is None:
                    launcher.remove_launchers(self._root, environment_id)
                else:
                    self.rewrite(connection, environment)


def starts(root: Path) -> dict[str, dict[Audience, datetime]]:
    """When each environment was last started on this machine, by audience; those that never were are left out."""
    found = {i: launcher.last_started(root, i) for i in launcher.written_launchers(root)}
    return {environment_id: started for environment_id, started in found.items() if started}


def _reason(environment: Environment, audience: Audience, number: int | None) -> str:
    if number is None and audience == "published":
        return f"'{environment.short_name}' is no longer published."
    whom = "Build it again." if audience == "latest" else "Ask its owner to build it again."
    return f"'{full_name_for(environment, audience)}' can't start: its installed files are gone. {whom}"
