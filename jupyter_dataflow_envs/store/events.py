"""The audit trail: written in the transaction of the change it tells of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from ..domain.clock import from_text, now, to_text
from ..domain.events import Event, EventKind
from .tables import events


def record(
    connection: Connection,
    kind: EventKind,
    actor: str,
    *,
    environment_id: str | None = None,
    short_name: str | None = None,
    version: int | None = None,
    **details: Any,
) -> None:
    connection.execute(
        events.insert().values(
            at=to_text(now()),
            actor=actor,
            kind=kind.value,
            environment_id=environment_id,
            short_name=short_name,
            version=version,
            details=details,
        )
    )


def last(connection: Connection) -> int:
    """The newest sequence number; 0 when nothing has happened."""
    return connection.execute(select(func.max(events.c.seq))).scalar() or 0


def since(connection: Connection, seq: int, *, limit: int = 1000) -> list[Event]:
    """The events after `seq`, oldest first."""
    rows = connection.execute(select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit))
    return [
        Event(r.seq, from_text(r.at), r.actor, EventKind(r.kind), r.environment_id, r.short_name, r.version, r.details)
        for r in rows
    ]
