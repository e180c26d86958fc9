"""Environments: found, listed by page, created, edited, deleted."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from ..domain.clock import from_text, now, to_text
from ..domain.environment import Environment, LatestVersion, Status, Usage
from ..domain.errors import Malformed, NotFound, ShortNameTaken, Stale
from ..domain.page import Page
from ..domain.permissions import Person
from ..domain.spec import EnvironmentSpec
from ..domain.version import Outcome, Progress
from .tables import activations, attempts, environments, versions

SORTS: dict[str, tuple[ColumnElement[Any], bool]] = {
    "short_name": (environments.c.short_name, False),
    "full_name": (environments.c.full_name, False),
    "created": (environments.c.created_at, True),
    "updated": (environments.c.updated_at, True),
}
"""Column, and whether the newest comes first."""

_SOURCE = environments.outerjoin(
    versions,
    and_(versions.c.environment_id == environments.c.id, versions.c.number == environments.c.latest_version),
).outerjoin(
    attempts,
    and_(
        attempts.c.environment_id == versions.c.environment_id,
        attempts.c.number == versions.c.number,
        attempts.c.attempt == versions.c.attempt,
    ),
)
_COLUMNS: Select[Any] = select(
    environments,
    versions.c.spec_digest.label("built_digest"),
    attempts.c.id.label("attempt_id"),
    attempts.c.outcome,
    attempts.c.phase,
    attempts.c.progress,
    attempts.c.reason,
).select_from(_SOURCE)


def find(connection: Connection, short_name: str, person: Person) -> Environment:
    """The environment, as this person may see it. Raises NotFound when there is none, or it is not theirs to see."""
    rows = connection.execute(_COLUMNS.where(environments.c.short_name == short_name.lower(), _visible(person))).all()
    if not rows:
        raise NotFound(f"There is no environment '{short_name[:40]}'.")
    return _environments(connection, rows, person)[0]


def by_id(connection: Connection, environment_id: str) -> Environment | None:
    """As its owner sees it."""
    row = connection.execute(_COLUMNS.where(environments.c.id == environment_id)).first()
    return _environments(connection, [row], Person(row.owner))[0] if row else None


def page(connection: Connection, wanted: Page, person: Person) -> tuple[list[Environment], str | None]:
    """One page, and the cursor of the next. The number of queries does not depend on how many there are."""
    if wanted.sort not in SORTS:
        raise Malformed(f"sort must be one of {', '.join(SORTS)}.")
    column, descending = SORTS[wanted.sort]
    query = _COLUMNS.where(_visible(person))
    if wanted.text:
        pattern = "%" + wanted.text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(
            or_(
                environments.c.short_name.like(pattern, escape="\\"),
                func.lower(environments.c.full_name).like(pattern, escape="\\"),
                func.lower(environments.c.owner).like(pattern, escape="\\"),
            )
        )
    if wanted.owner is not None:
        query = query.where(environments.c.owner == wanted.owner)
    if wanted.status is not None:
        query = query.where(_has_status(wanted.status))
    if wanted.cursor:
        place = tuple_(column, environments.c.id)
        last = tuple_(*_decode(wanted.cursor, wanted.sort))
        query = query.where(place < last if descending else place > last)
    order = (column.desc(), environments.c.id.desc()) if descending else (column, environments.c.id)
    rows = connection.execute(query.order_by(*order).limit(wanted.limit + 1)).all()
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    cursor = _encode(wanted.sort, rows[-1]._mapping[column], rows[-1].id) if more else None
    return _environments(connection, rows, person), cursor


def count_owned(connection: Connection, owner: str) -> int:
    return connection.execute(
        select(func.count()).select_from(environments).where(environments.c.owner == owner)
    ).scalar_one()


def insert(connection: Connection, environment: Environment) -> None:
    """Raises ShortNameTaken."""
    try:
        connection.execute(
            environments.insert().values(
                id=environment.id,
                short_name=environment.short_name,
                full_name=environment.full_name,
                description=environment.description,
                owner=environment.owner,
                spec=environment.spec.to_json(),
                spec_digest=environment.spec.digest,
                revision=environment.revision,
                created_at=to_text(environment.created_at),
                updated_at=to_text(environment.updated_at),
            )
        )
    except IntegrityError as error:
        raise ShortNameTaken(environment.short_name) from error


def edit(
    connection: Connection,
    environment_id: str,
    *,
    revision: int,
    full_name: str,
    description: str,
    spec: EnvironmentSpec,
) -> None:
    """Raises Stale unless the environment still has that revision."""
    changed = connection.execute(
        update(environments)
        .where(environments.c.id == environment_id, environments.c.revision == revision)
        .values(
            full_name=full_name,
            description=description,
            spec=spec.to_json(),
            spec_digest=spec.digest,
            revision=revision + 1,
            updated_at=to_text(now()),
        )
    ).rowcount
    if not changed:
        raise Stale("Someone else has changed this environment: look at it again, then repeat your change.")


def remove(connection: Connection, environment_id: str) -> None:
    """With its versions, attempts and activations; the audit trail stays."""
    connection.execute(delete(environments).where(environments.c.id == environment_id))


def _visible(person: Person) -> ColumnElement[bool]:
    if person.is_admin:
        return environments.c.id.is_not(None)
    return or_(environments.c.owner == person.name, environments.c.published_version.is_not(None))


def _has_status(status: Status) -> ColumnElement[bool]:
    """The same table as `derive_status`, for the database."""
    succeeded = attempts.c.outcome == Outcome.SUCCEEDED.value
    published = environments.c.published_version == environments.c.latest_version
    return {
        Status.SAVED: environments.c.latest_version.is_(None),
        Status.IN_PROGRESS: attempts.c.outcome.in_((Outcome.QUEUED.value, Outcome.BUILDING.value)),
        Status.FAILED: attempts.c.outcome == Outcome.FAILED.value,
        Status.DRAFT: and_(succeeded, or_(environments.c.published_version.is_(None), ~published)),
        Status.PUBLISHED: and_(succeeded, published),
        Status.PENDING_APPROVAL: environments.c.id.is_(None),
    }[status]


def _environments(connection: Connection, rows: Sequence[Row[Any]], person: Person) -> list[Environment]:
    ids = [r.id for r in rows]
    usage = _usage(connection, ids)
    active = set(
        connection.execute(
            select(activations.c.environment_id).where(
                activations.c.environment_id.in_(ids), activations.c.person == person.name
            )
        ).scalars()
    )
    places = _queue_places(connection) if any(r.outcome == Outcome.QUEUED.value for r in rows) else {}
    return [
        Environment(
            id=r.id,
            short_name=r.short_name,
            full_name=r.full_name,
            description=r.description,
            owner=r.owner,
            spec=EnvironmentSpec.from_json(r.spec),
            revision=r.revision,
            created_at=from_text(r.created_at),
            updated_at=from_text(r.updated_at),
            latest=_latest(r, places),
            latest_success=r.latest_success,
            published=r.published_version,
            usage=usage.get(r.id, Usage()),
            active=r.id in active,
            spec_digest=r.spec_digest,
        )
        for r in rows
    ]


def _latest(row: Row[Any], places: Mapping[int, int]) -> LatestVersion | None:
    if row.latest_version is None:
        return None
    return LatestVersion(
        number=row.latest_version,
        outcome=Outcome(row.outcome),
        spec_digest=row.built_digest,
        phase=row.phase,
        progress=Progress(**row.progress) if row.progress else None,
        queue_position=places.get(row.attempt_id),
        reason=row.reason,
    )


def _usage(connection: Connection, ids: Sequence[str]) -> dict[str, Usage]:
    rows = connection.execute(
        select(
            activations.c.environment_id,
            func.count(activations.c.person.distinct()).filter(activations.c.leased_until > to_text(now())).label("n"),
            func.max(activations.c.last_started).label("last"),
        )
        .where(activations.c.environment_id.in_(ids))
        .group_by(activations.c.environment_id)
    )
    return {r.environment_id: Usage(r.n, from_text(r.last) if r.last else None) for r in rows}


def _queue_places(connection: Connection) -> dict[int, int]:
    """Attempt id → place in the queue, from 1."""
    ids = connection.execute(
        select(attempts.c.id).where(attempts.c.outcome == Outcome.QUEUED.value).order_by(attempts.c.id)
    ).scalars()
    return {attempt_id: place for place, attempt_id in enumerate(ids, 1)}


def _encode(sort: str, value: str, environment_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, value, environment_id]).encode()).decode()


def _decode(cursor: str, sort: str) -> tuple[str, str]:
    try:
        named, value, environment_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        f"{value}{environment_id}".encode()  # a database takes no halves of surrogate pairs
    except (ValueError, TypeError, RecursionError) as error:
        raise Malformed("cursor is not one that this server gave.") from error
    if named != sort or not isinstance(value, str) or not isinstance(environment_id, str):
        raise Malformed("cursor belongs to another listing: start again without it.")
    return value, environment_id
