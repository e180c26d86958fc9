"""Reviews: opened once at a time for an environment, and decided once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.exc import IntegrityError

from ..domain.clock import from_text, now, to_text
from ..domain.errors import Conflict, NotFound
from ..domain.permissions import Person
from ..domain.review import REVIEW_TRANSITIONS, Review, ReviewState
from .tables import environments, reviews

_COLUMNS: Select[Any] = select(reviews, environments.c.short_name, environments.c.owner).join_from(
    reviews, environments, environments.c.id == reviews.c.environment_id
)


def open_review(
    connection: Connection, environment_id: str, *, version: int, digest: str, by: str, note: str
) -> Review:
    """Raises Conflict when one is open."""
    review_id = uuid.uuid4().hex
    try:
        connection.execute(
            reviews.insert().values(
                id=review_id,
                environment_id=environment_id,
                version=version,
                digest=digest,
                state=ReviewState.PENDING.value,
                note=note,
                submitted_by=by,
                submitted_at=to_text(now()),
            )
        )
    except IntegrityError as error:
        raise Conflict("It waits for approval already.") from error
    connection.execute(
        update(environments)
        .where(environments.c.id == environment_id)
        .values(latest_review=review_id, updated_at=to_text(now()))
    )
    return get(connection, review_id)


def decide(connection: Connection, review_id: str, state: ReviewState, *, by: str, comment: str) -> bool:
    """Compare and set: False when it has been decided already."""
    if state not in REVIEW_TRANSITIONS[ReviewState.PENDING]:
        raise AssertionError(f"pending → {state.value} is not in the table of transitions")
    changed = connection.execute(
        update(reviews)
        .where(reviews.c.id == review_id, reviews.c.state == ReviewState.PENDING.value)
        .values(state=state.value, decided_by=by, decided_at=to_text(now()), comment=comment)
    ).rowcount
    return bool(changed)


def get(connection: Connection, review_id: str) -> Review:
    """Raises NotFound."""
    row = connection.execute(select(reviews).where(reviews.c.id == review_id)).first()
    if row is None:
        raise NotFound("There is no such review.")
    return review_of(row._mapping)


def of_person(
    connection: Connection, person: Person, *, state: ReviewState | None, environment: str | None, limit: int
) -> list[tuple[Review, str]]:
    """(review, short name), newest first: administrators all, others those of their own environments."""
    query = _COLUMNS.order_by(reviews.c.submitted_at.desc(), reviews.c.id).limit(limit)
    if not person.is_admin:
        query = query.where(environments.c.owner == person.name)
    if state is not None:
        query = query.where(reviews.c.state == state.value)
    if environment is not None:
        query = query.where(environments.c.short_name == environment.lower())
    return [(review_of(r._mapping), r.short_name) for r in connection.execute(query)]


def review_of(values: Mapping[Any, Any]) -> Review:
    """By the names of the columns."""
    decided_at = values["decided_at"]
    return Review(
        id=values["id"],
        environment_id=values["environment_id"],
        version=values["version"],
        digest=values["digest"],
        state=ReviewState(values["state"]),
        note=values["note"],
        submitted_by=values["submitted_by"],
        submitted_at=from_text(values["submitted_at"]),
        decided_by=values["decided_by"],
        decided_at=from_text(decided_at) if decided_at else None,
        comment=values["comment"],
    )
