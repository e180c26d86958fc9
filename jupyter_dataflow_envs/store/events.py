"""The audit trail: written in the transaction of the change it tells of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from ..domain.clock import from_text, now, to_text
from ..domain.events import PUBLIC, Event, EventKind, TrailPage
from ..domain.permissions import Person
from .tables import environments, events


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
    """Whom it concerns is kept with it: the environment's owner at this moment, and everybody while it is published.

    What takes that away (`UNPUBLISHED`, `DELETED`, a change of owner) is recorded before it is done.
    """
    about = None
    if environment_id is not None:
        about = connection.execute(
            select(environments.c.owner, environments.c.published_version).where(environments.c.id == environment_id)
        ).first()
    connection.execute(
        events.insert().values(
            at=to_text(now()),
            actor=actor,
            kind=kind.value,
            environment_id=environment_id,
            short_name=short_name,
            version=version,
            details=details,
            owner=about.owner if about else None,
            public=kind in PUBLIC and about is not None and about.published_version is not None,
        )
    )


def last(connection: Connection) -> int:
    """The newest sequence number; 0 when nothing has happened."""
    return connection.execute(select(func.max(events.c.seq))).scalar() or 0


def since(connection: Connection, seq: int, *, limit: int = 1000) -> list[Event]:
    """The events after `seq`, oldest first."""
    rows = connection.execute(select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit))
    return [_event(r) for r in rows]


def happened_since(connection: Connection, seq: int, *kinds: EventKind) -> bool:
    """Whether there is an event of one of these kinds after `seq`."""
    found = select(events.c.seq).where(events.c.seq > seq, events.c.kind.in_([k.value for k in kinds])).limit(1)
    return connection.execute(found).first() is not None


def page(connection: Connection, wanted: TrailPage, person: Person) -> tuple[list[Event], int | None]:
    """Newest first, and the sequence number that the next page is `before`; None on the last page.

    Administrators see all, others the events whose environment was theirs, or that they caused.
    """
    found: dict[int, Event] = {}
    for query in queries(wanted, person):
        found.update((row.seq, _event(row)) for row in connection.execute(query.limit(wanted.limit + 1)))
    newest = sorted(found.values(), key=lambda e: -e.seq)
    shown = newest[: wanted.limit]
    return shown, shown[-1].seq if len(newest) > wanted.limit else None


def queries(wanted: TrailPage, person: Person) -> list[Select[Any]]:
    """What `page` puts together: for each index that tells what the person may see, one walk along it."""
    query = select(events).where(*_filters(wanted)).order_by(events.c.seq.desc())
    if person.is_admin:
        return [query]
    # Not one query with OR: that reads all of a person's events and sorts them, however few are wanted.
    return [query.where(events.c.owner == person.name), query.where(events.c.actor == person.name)]


def _filters(wanted: TrailPage) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if wanted.environment is not None:
        filters.append(events.c.short_name == wanted.environment.lower())
    if wanted.actor is not None:
        filters.append(events.c.actor == wanted.actor)
    if wanted.kinds:
        filters.append(events.c.kind.in_([k.value for k in wanted.kinds]))
    if wanted.since is not None:
        filters.append(events.c.at >= to_text(wanted.since))
    if wanted.until is not None:
        filters.append(events.c.at < to_text(wanted.until))
    if wanted.before is not None:
        filters.append(events.c.seq < wanted.before)
    return filters


def _event(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq,
        at=from_text(row.at),
        actor=row.actor,
        kind=EventKind(row.kind),
        environment_id=row.environment_id,
        short_name=row.short_name,
        version=row.version,
        details=row.details,
        owner=row.owner,
        public=row.public,
    )
