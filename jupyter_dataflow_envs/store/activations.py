"""Who has what activated, in which notebook server, leased by that server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from ..domain.clock import from_text, now, to_text
from .tables import activations

LEASE = timedelta(minutes=15)
"""How long an activation counts after its server was last heard of."""


@dataclass(frozen=True, slots=True)
class Activation:
    environment_id: str
    person: str
    server: str
    since: datetime
    leased_until: datetime
    draft: bool = False
    """An administrator tries the draft of somebody else's environment."""
    last_started: datetime | None = None


def activate(connection: Connection, environment_id: str, person: str, server: str, *, draft: bool = False) -> bool:
    """False when it was active already; the lease is renewed either way."""
    until = to_text(now() + LEASE)
    key = _key(environment_id, person, server)
    if connection.execute(update(activations).where(*key).values(leased_until=until, draft=draft)).rowcount:
        return False
    connection.execute(
        activations.insert().values(
            environment_id=environment_id,
            person=person,
            server=server,
            since=to_text(now()),
            leased_until=until,
            draft=draft,
        )
    )
    return True


def deactivate(connection: Connection, environment_id: str, person: str, server: str) -> bool:
    return bool(connection.execute(delete(activations).where(*_key(environment_id, person, server))).rowcount)


def of_environment(connection: Connection, environment_id: str, *, leased: bool = True) -> list[Activation]:
    """Who has it active; `leased=False`: also those whose server has not been heard of."""
    query = select(activations).where(activations.c.environment_id == environment_id)
    if leased:
        query = query.where(activations.c.leased_until > to_text(now()))
    return _all(connection.execute(query).all())


def of_server(connection: Connection, server: str) -> list[Activation]:
    return _all(connection.execute(select(activations).where(activations.c.server == server)).all())


def renew(connection: Connection, server: str) -> None:
    connection.execute(
        update(activations).where(activations.c.server == server).values(leased_until=to_text(now() + LEASE))
    )


def note_started(connection: Connection, environment_id: str, server: str, moment: datetime) -> None:
    """A kernel of it was started there."""
    connection.execute(
        update(activations)
        .where(activations.c.environment_id == environment_id, activations.c.server == server)
        .values(last_started=to_text(moment))
    )


def _key(environment_id: str, person: str, server: str) -> tuple[Any, ...]:
    return (
        activations.c.environment_id == environment_id,
        activations.c.person == person,
        activations.c.server == server,
    )


def _all(rows: Sequence[Row[Any]]) -> list[Activation]:
    return [
        Activation(
            r.environment_id,
            r.person,
            r.server,
            from_text(r.since),
            from_text(r.leased_until),
            r.draft,
            from_text(r.last_started) if r.last_started else None,
        )
        for r in rows
    ]
