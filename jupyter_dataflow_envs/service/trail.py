"""What people do to environments, noted in the audit trail."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from ..domain.environment import Environment
from ..domain.events import EventKind
from ..domain.permissions import Person
from ..store import events


def note(
    connection: Connection,
    kind: EventKind,
    person: Person,
    environment: Environment,
    version: int | None = None,
    **details: Any,
) -> None:
    """In the transaction of the change."""
    events.record(
        connection,
        kind,
        person.name,
        environment_id=environment.id,
        short_name=environment.short_name,
        version=version,
        **details,
    )
