"""How far the active builds are, which their rows tell without an event."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from ..domain.permissions import Person
from ..domain.version import Outcome, Progress
from .tables import attempts, environments


@dataclass(frozen=True, slots=True)
class BuildHint:
    """Of one queued or running build."""

    short_name: str
    owner: str
    phase: str | None
    progress: Progress | None
    queue_position: int | None
    """From 1, while it is queued."""

    def visible_to(self, person: Person) -> bool:
        """Others than the owner and administrators see what is published, which no build changes."""
        return person.is_admin or person.name == self.owner


def active(connection: Connection) -> list[BuildHint]:
    """All active builds, in the order of the queue."""
    rows = connection.execute(
        select(
            environments.c.short_name, environments.c.owner, attempts.c.outcome, attempts.c.phase, attempts.c.progress
        )
        .join_from(attempts, environments, environments.c.id == attempts.c.environment_id)
        .where(attempts.c.outcome.in_((Outcome.QUEUED.value, Outcome.BUILDING.value)))
        .order_by(attempts.c.id)
    ).all()
    queued = [r.short_name for r in rows if r.outcome == Outcome.QUEUED.value]
    places = {short_name: place for place, short_name in enumerate(queued, 1)}
    return [
        BuildHint(
            short_name=r.short_name,
            owner=r.owner,
            phase=r.phase,
            progress=Progress(**r.progress) if r.progress else None,
            queue_position=places.get(r.short_name),
        )
        for r in rows
    ]
