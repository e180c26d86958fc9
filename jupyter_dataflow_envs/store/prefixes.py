"""The prefixes on disk, as the database knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from ..domain.clock import from_text, now, to_text
from .tables import attempts, prefixes, versions


@dataclass(frozen=True, slots=True)
class Prefix:
    id: str
    state: str
    key: str | None
    run_id: str
    size: int | None
    created_at: datetime


def ready_by_key(connection: Connection, key: str) -> Prefix | None:
    """A verified prefix that holds the same packages."""
    row = connection.execute(select(prefixes).where(prefixes.c.key == key, prefixes.c.state == "ready")).first()
    return _prefix(row) if row else None


def get(connection: Connection, prefix_id: str) -> Prefix | None:
    row = connection.execute(select(prefixes).where(prefixes.c.id == prefix_id)).first()
    return _prefix(row) if row else None


def mark_ready(connection: Connection, prefix_id: str, *, key: str | None, size: int) -> None:
    """The key stays empty when an equal prefix was ready first: one is enough to share."""
    if key is not None and ready_by_key(connection, key) is not None:
        key = None
    connection.execute(update(prefixes).where(prefixes.c.id == prefix_id).values(state="ready", key=key, size=size))


def stop_sharing(connection: Connection, prefix_id: str) -> None:
    """What is on disk is not what the row says: no further version may take it."""
    connection.execute(update(prefixes).where(prefixes.c.id == prefix_id).values(key=None))


def all_ids(connection: Connection) -> set[str]:
    return set(connection.execute(select(prefixes.c.id)).scalars())


def unfinished(connection: Connection) -> list[Prefix]:
    """Those that no active run writes any more."""
    running = select(attempts.c.run_id).where(attempts.c.outcome == "building", attempts.c.run_id.is_not(None))
    rows = connection.execute(select(prefixes).where(prefixes.c.state == "building", prefixes.c.run_id.not_in(running)))
    return [_prefix(r) for r in rows]


def of_run(connection: Connection, run_id: str) -> list[str]:
    """Ids of what a run was installing."""
    rows = connection.execute(select(prefixes.c.id).where(prefixes.c.run_id == run_id, prefixes.c.state == "building"))
    return list(rows.scalars())


def note_unused(connection: Connection) -> None:
    """Keep for each ready prefix since when no version holds it."""
    held = select(versions.c.prefix_id).where(versions.c.prefix_id.is_not(None))
    connection.execute(update(prefixes).where(prefixes.c.id.in_(held)).values(unused_since=None))
    connection.execute(
        update(prefixes)
        .where(prefixes.c.id.not_in(held), prefixes.c.state == "ready", prefixes.c.unused_since.is_(None))
        .values(unused_since=to_text(now()))
    )


def unused_before(connection: Connection, moment: datetime) -> list[Prefix]:
    rows = connection.execute(select(prefixes).where(prefixes.c.unused_since <= to_text(moment)))
    return [_prefix(r) for r in rows]


def forget(connection: Connection, prefix_id: str) -> bool:
    """Take the row away, unless a version has come to hold it meanwhile."""
    held = select(versions.c.prefix_id).where(versions.c.prefix_id == prefix_id)
    gone = connection.execute(delete(prefixes).where(prefixes.c.id == prefix_id, ~held.exists())).rowcount
    return bool(gone)


def _prefix(row: Row[Any]) -> Prefix:
    return Prefix(row.id, row.state, row.key, row.run_id, row.size, from_text(row.created_at))
