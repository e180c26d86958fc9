"""Rows of environments, joined with what belongs to them, as the environments that a person may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, case, func, or_, select

from ..domain.clock import from_text, now, to_text
from ..domain.environment import Deprecation, Environment, LatestVersion, LocalOrigin, Publication, Usage
from ..domain.permissions import Person
from ..domain.review import Review
from ..domain.spec import EnvironmentSpec
from ..domain.version import Outcome, Progress
from .columns import given
from .reviews import review_of
from .tables import activations, attempts, environments, reviews, versions

_SOURCE = (
    environments.outerjoin(
        versions,
        and_(versions.c.environment_id == environments.c.id, versions.c.number == environments.c.latest_version),
    )
    .outerjoin(
        attempts,
        and_(
            attempts.c.environment_id == versions.c.environment_id,
            attempts.c.number == versions.c.number,
            attempts.c.attempt == versions.c.attempt,
        ),
    )
    .outerjoin(reviews, reviews.c.id == environments.c.latest_review)
)
# Statements that are asked many times a second are built once, with parameters in them: building one, and finding its
# text again, takes longer than PostgreSQL needs to answer it.
ASKING = given("asking")
"""Parameter: the name of who asks."""

_children = environments.alias()
COLUMNS: Select[Any] = select(
    environments,
    versions.c.spec_digest.label("built_digest"),
    attempts.c.id.label("attempt_id"),
    attempts.c.outcome,
    attempts.c.phase,
    attempts.c.progress,
    attempts.c.reason,
    *(column.label(f"review_{column.name}") for column in reviews.c),
    select(func.count())
    .select_from(_children)
    .where(_children.c.base_environment_id == environments.c.id, _children.c.id != environments.c.id)
    .correlate(environments)
    .scalar_subquery()
    .label("children"),
).select_from(_SOURCE)


_REVIEW = [column.name for column in reviews.c]
_REVIEW_AT = list(COLUMNS.selected_columns).index(COLUMNS.selected_columns["review_id"])


def visible(is_admin: bool) -> ColumnElement[bool]:
    """To who asks (`ASKING`), as an administrator or not."""
    if is_admin:
        return environments.c.id.is_not(None)
    return or_(environments.c.owner == ASKING, environments.c.published_version.is_not(None))


def full_name(is_admin: bool) -> ColumnElement[Any]:
    """What they see who ask (`ASKING`): by a hidden name nothing may be found, nor put in order."""
    if is_admin:
        return environments.c.full_name
    mine = environments.c.owner == ASKING
    return case((mine, environments.c.full_name), else_=environments.c.published_full_name)


def seen(connection: Connection, rows: Sequence[Row[Any]], person: Person) -> list[Environment]:
    """Of rows of `COLUMNS`; the number of queries does not depend on how many they are."""
    ids = [r.id for r in rows]
    activated = _activated(connection, ids, person)
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
            publication=_publication(r),
            ever_published=r.published_at is not None,
            copied_from=_origin(r),
            review=_review(r),
            usage=_usage(r, activated.get(r.id)),
            active=r.id in activated and bool(activated[r.id].mine),
            draft_active=r.id in activated and bool(activated[r.id].drafts),
            spec_digest=r.spec_digest,
        ).seen_by(person)
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


def _publication(row: Row[Any]) -> Publication | None:
    if row.published_version is None:
        return None
    deprecated = None
    if row.deprecated_reason is not None:
        deprecated = Deprecation(row.deprecated_reason, from_text(row.deprecated_at))
    return Publication(
        version=row.published_version,
        full_name=row.published_full_name,
        description=row.published_description,
        spec=EnvironmentSpec.from_json(row.published_spec),
        at=from_text(row.published_at),
        deprecated=deprecated,
    )


def _origin(row: Row[Any]) -> LocalOrigin | None:
    told = row.copied_from
    return LocalOrigin(told["name"], told["prefix"], from_text(told["at"])) if told else None


def _review(row: Row[Any]) -> Review | None:
    if row.review_state is None:
        return None
    return review_of(dict(zip(_REVIEW, row[_REVIEW_AT : _REVIEW_AT + len(_REVIEW)], strict=True)))


def _activations_in(which: ColumnElement[bool]) -> Select[Any]:
    leased = activations.c.leased_until > given("now")
    people, own = activations.c.person.distinct(), activations.c.person == ASKING
    return (
        select(
            activations.c.environment_id,
            func.count(people).filter(leased).label("n"),
            func.count(people).filter(leased, ~own, activations.c.person != environments.c.owner).label("others"),
            func.count().filter(own).label("mine"),
            func.count().filter(own, activations.c.draft).label("drafts"),
        )
        .join_from(activations, environments, environments.c.id == activations.c.environment_id)
        .where(which)
        .group_by(activations.c.environment_id)
    )


_OF_ONE = _activations_in(activations.c.environment_id == given("id"))
_OF_MANY = _activations_in(activations.c.environment_id.in_(bindparam("ids", expanding=True)))


def _activated(connection: Connection, ids: Sequence[str], person: Person) -> dict[str, Row[Any]]:
    """Of those that are activated: how many people have it (`n`), how many of them are neither owner nor asking
    (`others`), and how often the asking person has it (`mine`), as a draft (`drafts`)."""
    told = {"asking": person.name, "now": to_text(now())}
    one = len(ids) == 1
    rows = connection.execute(_OF_ONE if one else _OF_MANY, {**told, "id": ids[0]} if one else {**told, "ids": ids})
    return {r.environment_id: r for r in rows}


def _usage(row: Row[Any], activated: Row[Any] | None) -> Usage:
    started = from_text(row.last_started) if row.last_started else None
    if activated is None:
        return Usage(0, started, 0, row.children)
    return Usage(activated.n, started, activated.others, row.children)


def _queue_places(connection: Connection) -> dict[int, int]:
    """Attempt id → place in the queue, from 1."""
    ids = connection.execute(
        select(attempts.c.id).where(attempts.c.outcome == Outcome.QUEUED.value).order_by(attempts.c.id)
    ).scalars()
    return {attempt_id: place for place, attempt_id in enumerate(ids, 1)}
