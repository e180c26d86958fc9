"""Environments: found, listed by page, created, edited, deleted."""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    and_,
    asc,
    bindparam,
    delete,
    desc,
    exists,
    func,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from ..domain.clock import now, to_text
from ..domain.environment import Environment, LocalOrigin, Status
from ..domain.errors import Malformed, NotFound, ShortNameTaken, Stale
from ..domain.page import Page
from ..domain.permissions import Person
from ..domain.review import ReviewState
from ..domain.spec import EnvironmentSpec
from ..domain.version import Outcome
from .columns import given, lowered
from .environment_rows import ASKING, COLUMNS, full_name, seen, visible
from .tables import attempts, environments, reviews

NEWEST_FIRST = {"short_name": False, "full_name": False, "created": True, "updated": True}
"""By what a listing can be sorted, and whether the newest comes first."""

_COLUMN = {"created": "created_at", "updated": "updated_at"}


_BY_ID = COLUMNS.where(environments.c.id == given("id"))
_BY_SHORT_NAME = COLUMNS.where(environments.c.short_name == given("short_name"))
_VISIBLE_BY_ID = {admin: _BY_ID.where(visible(admin)) for admin in (False, True)}
_VISIBLE_BY_SHORT_NAME = {admin: _BY_SHORT_NAME.where(visible(admin)) for admin in (False, True)}


def find(connection: Connection, short_name: str, person: Person) -> Environment:
    """The environment, as this person may see it. Raises NotFound when there is none, or it is not theirs to see."""
    query = _VISIBLE_BY_SHORT_NAME[person.is_admin]
    rows = connection.execute(query, {"short_name": short_name.lower(), "asking": person.name}).all()
    if not rows:
        raise NotFound(f"There is no environment '{short_name[:40]}'.")
    return seen(connection, rows, person)[0]


def find_by_id(connection: Connection, environment_id: str, person: Person) -> Environment | None:
    """As `find`; None instead of a refusal."""
    query = _VISIBLE_BY_ID[person.is_admin]
    rows = connection.execute(query, {"id": environment_id, "asking": person.name}).all()
    return seen(connection, rows, person)[0] if rows else None


def by_id(connection: Connection, environment_id: str) -> Environment | None:
    """As its owner sees it."""
    row = connection.execute(_BY_ID, {"id": environment_id}).first()
    return seen(connection, [row], Person(row.owner))[0] if row else None


def page(connection: Connection, wanted: Page, person: Person) -> tuple[list[Environment], str | None]:
    """One page, and the cursor of the next. The number of queries does not depend on how many there are."""
    if wanted.sort not in NEWEST_FIRST:
        raise Malformed(f"sort must be one of {', '.join(NEWEST_FIRST)}.")
    words = wanted.text.lower().split()
    asked = {"asking": person.name, "owner": wanted.owner, "most": wanted.limit + 1}
    asked |= {f"word{i}": f"%{_escaped(word)}%" for i, word in enumerate(words)}
    if wanted.cursor:
        asked["after"], asked["after_id"] = _decode(wanted.cursor, wanted.sort)
    shape = _Shape(
        wanted.sort, person.is_admin, len(words), wanted.owner is not None, wanted.status, bool(wanted.cursor)
    )
    rows = connection.execute(_page(shape), asked).all()
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    cursor = _encode(wanted.sort, rows[-1].sorted_by, rows[-1].id) if more else None
    return seen(connection, rows, person), cursor


def published(connection: Connection) -> list[Environment]:
    """All that are published, as an administrator sees them, by short name."""
    everything = Person("", is_admin=True)
    query = COLUMNS.where(environments.c.published_version.is_not(None)).order_by(environments.c.short_name)
    return seen(connection, connection.execute(query).all(), everything)


def based_on(connection: Connection, environment_id: str) -> list[tuple[str, str]]:
    """(short name, owner) of the environments that have it as their base."""
    rows = connection.execute(
        select(environments.c.short_name, environments.c.owner)
        .where(environments.c.base_environment_id == environment_id, environments.c.id != environment_id)
        .order_by(environments.c.short_name)
    )
    return [(r.short_name, r.owner) for r in rows]


def count_owned(connection: Connection, owner: str) -> int:
    return connection.execute(
        select(func.count()).select_from(environments).where(environments.c.owner == owner)
    ).scalar_one()


def is_taken(connection: Connection, short_name: str) -> bool:
    """Whether anybody has an environment of this name, seen or not."""
    query = select(exists().where(environments.c.short_name == short_name))
    return connection.execute(query).scalar_one()


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
                **_asked(environment.spec),
                revision=environment.revision,
                created_at=to_text(environment.created_at),
                updated_at=to_text(environment.updated_at),
                copied_from=_told(environment.copied_from),
            )
        )
    except IntegrityError as error:
        if "short_name" not in str(error.orig):
            raise
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
            **_asked(spec),
            revision=revision + 1,
            updated_at=to_text(now()),
        )
    ).rowcount
    if not changed:
        raise Stale("Someone else has changed this environment: look at it again, then repeat your change.")


def publish(connection: Connection, environment_id: str, version: int, spec: EnvironmentSpec) -> None:
    """Show this version to everybody, under the names that the environment has now.

    A deprecation was of the version before it.
    """
    moment = to_text(now())
    connection.execute(
        update(environments)
        .where(environments.c.id == environment_id)
        .values(
            published_version=version,
            published_full_name=environments.c.full_name,
            published_description=environments.c.description,
            published_spec=spec.to_json(),
            published_at=moment,
            deprecated_reason=None,
            deprecated_at=None,
            updated_at=moment,
        )
    )


def unpublish(connection: Connection, environment_id: str) -> None:
    """`published_at` stays: it has been published once."""
    connection.execute(
        update(environments)
        .where(environments.c.id == environment_id)
        .values(
            published_version=None,
            published_full_name=None,
            published_description=None,
            published_spec=None,
            deprecated_reason=None,
            deprecated_at=None,
            updated_at=to_text(now()),
        )
    )


def deprecate(connection: Connection, environment_id: str, reason: str | None) -> None:
    """None: the deprecation ends."""
    moment = to_text(now())
    connection.execute(
        update(environments)
        .where(environments.c.id == environment_id)
        .values(deprecated_reason=reason, deprecated_at=moment if reason is not None else None, updated_at=moment)
    )


def transfer(connection: Connection, environment_id: str, owner: str) -> None:
    connection.execute(
        update(environments)
        .where(environments.c.id == environment_id)
        .values(owner=owner, revision=environments.c.revision + 1, updated_at=to_text(now()))
    )


def note_started(connection: Connection, environment_id: str, moment: datetime) -> None:
    """A kernel or a command of it was started."""
    connection.execute(
        update(environments).where(environments.c.id == environment_id).values(last_started=to_text(moment))
    )


def remove(connection: Connection, environment_id: str) -> None:
    """With its versions, attempts, reviews and activations; the audit trail stays."""
    connection.execute(delete(environments).where(environments.c.id == environment_id))


def _told(origin: LocalOrigin | None) -> dict[str, str] | None:
    return {"name": origin.name, "prefix": origin.prefix, "at": to_text(origin.at)} if origin else None


def _asked(spec: EnvironmentSpec) -> dict[str, Any]:
    return {
        "spec": spec.to_json(),
        "spec_digest": spec.digest,
        "base_environment_id": spec.base.environment_id if spec.base else None,
        "base_lock_digest": spec.base.digest if spec.base else None,
    }


@dataclass(frozen=True, slots=True)
class _Shape:
    """What decides the text of a listing's statement; all else is given with it."""

    sort: str
    is_admin: bool
    words: int
    of_owner: bool
    status: Status | None
    goes_on: bool


@functools.lru_cache(256)
def _page(shape: _Shape) -> Select[Any] | CompoundSelect[Any]:
    parts = [_part(shape, which, column) for which, column in _parts(shape)]
    query = union_all(*parts) if len(parts) > 1 else parts[0]
    direction = desc if NEWEST_FIRST[shape.sort] else asc
    return query.order_by(direction("sorted_by"), direction("then_by")).limit(bindparam("most", type_=Integer))


def _parts(shape: _Shape) -> list[tuple[ColumnElement[bool], ColumnElement[Any]]]:
    """Which environments by which column: two parts, each along an index, where others don't see what owners do."""
    others = and_(environments.c.owner != ASKING, environments.c.published_version.is_not(None))
    mine = environments.c.owner == ASKING
    if shape.sort == "full_name" and not shape.is_admin:
        return [(mine, environments.c.full_name), (others, environments.c.published_full_name)]
    if shape.sort == "updated" and not shape.is_admin:
        return [(mine, environments.c.updated_at), (others, environments.c.published_at)]
    return [(visible(shape.is_admin), environments.c[_COLUMN.get(shape.sort, shape.sort)])]


def _part(shape: _Shape, which: ColumnElement[bool], column: ColumnElement[Any]) -> Select[Any]:
    query = COLUMNS.add_columns(column.label("sorted_by"), environments.c.id.label("then_by")).where(which)
    for i in range(shape.words):
        pattern = given(f"word{i}")
        query = query.where(
            or_(
                environments.c.short_name.like(pattern, escape="\\"),
                lowered(full_name(shape.is_admin)).like(pattern, escape="\\"),
                lowered(environments.c.owner).like(pattern, escape="\\"),
            )
        )
    if shape.of_owner:
        query = query.where(environments.c.owner == given("owner"))
    if shape.status is not None:
        query = query.where(_has_status(shape.status, shape.is_admin))
    if shape.goes_on:
        place = tuple_(column, environments.c.id)
        last = tuple_(given("after"), given("after_id"))
        query = query.where(place < last if NEWEST_FIRST[shape.sort] else place > last)
    return query


def _escaped(word: str) -> str:
    """As it must stand in LIKE."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _has_status(status: Status, is_admin: bool) -> ColumnElement[bool]:
    """The same table as `derive_status`, for the database; what others see is published, whatever its owner does."""
    succeeded = attempts.c.outcome == Outcome.SUCCEEDED.value
    published = and_(
        environments.c.published_version.is_not(None),
        environments.c.published_version == environments.c.latest_version,
    )
    pending = and_(reviews.c.state.is_not(None), reviews.c.state == ReviewState.PENDING.value)
    has = {
        Status.SAVED: environments.c.latest_version.is_(None),
        Status.IN_PROGRESS: attempts.c.outcome.in_((Outcome.QUEUED.value, Outcome.BUILDING.value)),
        Status.FAILED: attempts.c.outcome == Outcome.FAILED.value,
        Status.PENDING_APPROVAL: and_(succeeded, pending),
        Status.DRAFT: and_(succeeded, ~pending, ~published),
        Status.PUBLISHED: and_(succeeded, ~pending, published),
    }[status]
    if is_admin:
        return has
    others = environments.c.owner != ASKING
    return or_(others, has) if status is Status.PUBLISHED else and_(~others, has)


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
