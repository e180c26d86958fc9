"""The prefixes on disk, as the database knows them, and the versions that hold them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, delete, exists, func, or_, select, update

from ..domain.clock import from_text, now, to_text
from ..domain.events import SERVICE, EventKind
from ..domain.review import ReviewState
from ..domain.version import Outcome
from .tables import attempts, environments, events, prefixes, reviews, versions


@dataclass(frozen=True, slots=True)
class Prefix:
    id: str
    state: str
    key: str | None
    run_id: str
    size: int | None
    created_at: datetime
    warnings: tuple[str, ...] = ()
    unused_since: datetime | None = None
    """Since when no version holds it, as far as that is noted."""
    image_digest: str | None = None
    """SHA-256 of its image, in hex; None: it has none."""
    image_size: int | None = None
    """Bytes of its image."""


@dataclass(frozen=True, slots=True)
class Holding:
    """An installed version, and what it is installed in."""

    environment_id: str
    short_name: str
    number: int
    prefix_id: str
    size: int
    """Bytes of the prefix, which other versions may hold too."""


_HELD: Select[Any] = select(
    versions.c.environment_id, environments.c.short_name, versions.c.number, versions.c.prefix_id, prefixes.c.size
).select_from(
    versions.join(environments, environments.c.id == versions.c.environment_id).join(
        prefixes, prefixes.c.id == versions.c.prefix_id
    )
)


_IS_HELD = exists().where(versions.c.prefix_id == prefixes.c.id)
_TAKEN_AGAIN = and_(prefixes.c.unused_since.is_not(None), _IS_HELD)
_COME_FREE = and_(prefixes.c.unused_since.is_(None), prefixes.c.state == "ready", ~_IS_HELD)


def ready_by_key(connection: Connection, key: str) -> Prefix | None:
    """A verified prefix that holds the same packages."""
    row = connection.execute(select(prefixes).where(prefixes.c.key == key, prefixes.c.state == "ready")).first()
    return _prefix(row) if row else None


def get(connection: Connection, prefix_id: str) -> Prefix | None:
    row = connection.execute(select(prefixes).where(prefixes.c.id == prefix_id)).first()
    return _prefix(row) if row else None


def mark_ready(
    connection: Connection, prefix_id: str, *, key: str | None, size: int, warnings: Sequence[str] = ()
) -> None:
    """The key stays empty when an equal prefix was ready first: one is enough to share."""
    if key is not None and ready_by_key(connection, key) is not None:
        key = None
    connection.execute(
        update(prefixes)
        .where(prefixes.c.id == prefix_id)
        .values(state="ready", key=key, size=size, warnings=list(warnings))
    )


def note_image(connection: Connection, prefix_id: str, *, digest: str, size: int) -> None:
    """The prefix is in the image store as well: by these bytes it is known."""
    connection.execute(update(prefixes).where(prefixes.c.id == prefix_id).values(image_digest=digest, image_size=size))


def with_images(connection: Connection) -> dict[str, int]:
    """Bytes of the image of each prefix that has one."""
    query = select(prefixes.c.id, prefixes.c.image_size).where(prefixes.c.image_digest.is_not(None))
    return {row.id: row.image_size for row in connection.execute(query)}


def holders(connection: Connection, prefix_id: str) -> list[Holding]:
    """The versions that are installed in it, by name and number; all have the same packages."""
    query = _HELD.where(versions.c.prefix_id == prefix_id).order_by(environments.c.short_name, versions.c.number)
    return [_holding(r) for r in connection.execute(query)]


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


def unused(connection: Connection) -> list[Prefix]:
    """Ready ones that no version holds, the longest unused first; those not noted yet come last."""
    rows = connection.execute(
        select(prefixes)
        .where(prefixes.c.state == "ready", ~_IS_HELD)
        .order_by(prefixes.c.unused_since.is_(None), prefixes.c.unused_since, prefixes.c.id)
    )
    return [_prefix(r) for r in rows]


def has_outdated_notes(connection: Connection) -> bool:
    """Whether `note_unused` would change anything."""
    return connection.execute(select(exists().where(or_(_TAKEN_AGAIN, _COME_FREE)))).scalar_one()


def note_unused(connection: Connection) -> None:
    """Keep for each ready prefix since when no version holds it."""
    connection.execute(update(prefixes).where(_TAKEN_AGAIN).values(unused_since=None))
    connection.execute(update(prefixes).where(_COME_FREE).values(unused_since=to_text(now())))


def forget(connection: Connection, prefix_id: str) -> bool:
    """Take the row away, unless a version has come to hold it meanwhile."""
    held = select(versions.c.prefix_id).where(versions.c.prefix_id == prefix_id)
    gone = connection.execute(delete(prefixes).where(prefixes.c.id == prefix_id, ~held.exists())).rowcount
    return bool(gone)


def holdings(connection: Connection) -> list[Holding]:
    """All installed versions, by name and number."""
    rows = connection.execute(_HELD.order_by(environments.c.short_name, versions.c.number))
    return [_holding(r) for r in rows]


def beyond_limit(connection: Connection, most: int, environment_ids: Collection[str] | None = None) -> list[Holding]:
    """Of each environment (of `environment_ids` only, when given): the installed versions that are too many.

    The latest successful version, the published one, one under an open review and one that a revert on its way goes
    back to stay, and count; up to `most`, the newest of the others stay too.
    """
    stays = case((_stays(), 0), else_=1)
    place = func.row_number().over(partition_by=versions.c.environment_id, order_by=(stays, versions.c.number.desc()))
    query = _HELD.add_columns(stays.label("may_go"), place.label("place"))
    if environment_ids is not None:
        query = query.where(versions.c.environment_id.in_(environment_ids))
    placed = query.subquery()
    rows = connection.execute(
        select(placed).where(placed.c.place > most, placed.c.may_go == 1).order_by(placed.c.short_name, placed.c.number)
    )
    return [_holding(r) for r in rows]


def release(connection: Connection, holding: Holding) -> None:
    """The version keeps its requirements, lock, log and size, and is no longer installed."""
    connection.execute(
        update(versions)
        .where(versions.c.environment_id == holding.environment_id, versions.c.number == holding.number)
        .values(prefix_id=None)
    )


def released(connection: Connection, prefix_ids: Collection[str]) -> set[str]:
    """Those of `prefix_ids` that a version has lost to the limit."""
    if not prefix_ids:
        return set()
    prefix_id = events.c.details["prefix"].as_string()
    # By actor first: the index on it leaves few of a long trail's events.
    rows = connection.execute(
        select(prefix_id).where(
            events.c.actor == SERVICE,
            events.c.kind == EventKind.PREFIX_RELEASED.value,
            prefix_id.in_(prefix_ids),
        )
    )
    return set(rows.scalars())


def _stays() -> ColumnElement[bool]:
    later = versions.alias()
    reviewed = exists().where(
        reviews.c.environment_id == versions.c.environment_id,
        reviews.c.version == versions.c.number,
        reviews.c.state == ReviewState.PENDING.value,
    )
    gone_back_to = exists().where(
        later.c.environment_id == versions.c.environment_id,
        later.c.reverted_from == versions.c.number,
        attempts.c.environment_id == later.c.environment_id,
        attempts.c.number == later.c.number,
        attempts.c.outcome.in_((Outcome.QUEUED.value, Outcome.BUILDING.value)),
    )
    return or_(
        versions.c.number == environments.c.latest_success,
        versions.c.number == environments.c.published_version,
        reviewed,
        gone_back_to,
    )


def _holding(row: Row[Any]) -> Holding:
    return Holding(row.environment_id, row.short_name, row.number, row.prefix_id, row.size or 0)


def _prefix(row: Row[Any]) -> Prefix:
    return Prefix(
        id=row.id,
        state=row.state,
        key=row.key,
        run_id=row.run_id,
        size=row.size,
        created_at=from_text(row.created_at),
        warnings=tuple(row.warnings or ()),
        unused_since=from_text(row.unused_since) if row.unused_since else None,
        image_digest=row.image_digest,
        image_size=row.image_size,
    )
