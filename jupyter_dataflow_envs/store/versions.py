"""Versions and the attempts at them."""

from __future__ import annotations

import json
import zlib
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, select, union_all, update

from ..domain.clock import from_text, now, to_text
from ..domain.errors import NotFound
from ..domain.lock import Lock
from ..domain.spec import EnvironmentSpec
from ..domain.version import Attempt, Outcome, Progress, StepDuration, Version
from .tables import attempts, environments, locks, prefixes, versions

_COLUMNS: Select[Any] = select(
    versions,
    attempts.c.outcome,
    attempts.c.reason,
    attempts.c.phase,
    attempts.c.progress,
    attempts.c.steps,
    attempts.c.started_at,
    attempts.c.finished_at,
    attempts.c.duration,
).join_from(
    versions,
    attempts,
    and_(
        attempts.c.environment_id == versions.c.environment_id,
        attempts.c.number == versions.c.number,
        attempts.c.attempt == versions.c.attempt,
    ),
)


def find(connection: Connection, environment_id: str, number: int) -> Version:
    """Raises NotFound."""
    row = connection.execute(
        _COLUMNS.where(versions.c.environment_id == environment_id, versions.c.number == number)
    ).first()
    if row is None:
        raise NotFound(f"There is no version {number}.")
    return _version(row)


def of(connection: Connection, environment_id: str) -> list[Version]:
    """Newest first."""
    rows = connection.execute(
        _COLUMNS.where(versions.c.environment_id == environment_id).order_by(versions.c.number.desc())
    )
    return [_version(r) for r in rows]


def attempts_at(connection: Connection, environment_id: str, number: int) -> list[Attempt]:
    """Newest first."""
    rows = connection.execute(
        select(attempts)
        .where(attempts.c.environment_id == environment_id, attempts.c.number == number)
        .order_by(attempts.c.attempt.desc())
    )
    return [Attempt(r.attempt, Outcome(r.outcome), r.reason, _time(r.started_at), _time(r.finished_at)) for r in rows]


def attempt_outcome(connection: Connection, environment_id: str, number: int, attempt: int) -> Outcome:
    """Raises NotFound."""
    outcome = connection.execute(
        select(attempts.c.outcome).where(
            attempts.c.environment_id == environment_id,
            attempts.c.number == number,
            attempts.c.attempt == attempt,
        )
    ).scalar_one_or_none()
    if outcome is None:
        raise NotFound(f"There is no attempt {attempt} at version {number}.")
    return Outcome(outcome)


def enqueue(
    connection: Connection,
    environment_id: str,
    spec: EnvironmentSpec,
    *,
    by: str,
    pin_installed: bool = False,
    from_scratch: bool = False,
    revert: Version | None = None,
) -> tuple[int, int]:
    """Put a build in the queue: a new version, or the next attempt at the latest one when that failed.

    `revert`: a successful version whose lock is installed, without a solve. Returns the version's number and the
    attempt's. The partial unique index refuses a second active build.
    """
    latest = connection.execute(
        select(versions.c.number, versions.c.attempt, attempts.c.outcome)
        .join_from(
            environments,
            versions,
            and_(versions.c.environment_id == environments.c.id, versions.c.number == environments.c.latest_version),
        )
        .join(
            attempts,
            and_(
                attempts.c.environment_id == versions.c.environment_id,
                attempts.c.number == versions.c.number,
                attempts.c.attempt == versions.c.attempt,
            ),
        )
        .where(environments.c.id == environment_id)
    ).first()
    moment = to_text(now())
    asked = {
        "spec": spec.to_json(),
        "spec_digest": spec.digest,
        "base_lock_digest": spec.base.digest if spec.base else None,
        "pin_installed": pin_installed,
        "created_by": by,
        "reverted_from": revert.number if revert else None,
        "install_digest": revert.digest if revert else None,
    }
    if latest is not None and latest.outcome == Outcome.FAILED.value:
        number, attempt = latest.number, latest.attempt + 1
        connection.execute(
            update(versions)
            .where(versions.c.environment_id == environment_id, versions.c.number == number)
            .values(attempt=attempt, created_at=moment, **asked)
        )
    else:
        number, attempt = (latest.number + 1 if latest else 1), 1
        connection.execute(
            versions.insert().values(
                environment_id=environment_id, number=number, attempt=attempt, created_at=moment, **asked
            )
        )
        connection.execute(
            update(environments).where(environments.c.id == environment_id).values(latest_version=number)
        )
    connection.execute(
        attempts.insert().values(
            environment_id=environment_id,
            number=number,
            attempt=attempt,
            outcome=Outcome.QUEUED.value,
            from_scratch=from_scratch,
            interruptions=0,
            phase="queued",
            steps=[],
            queued_at=moment,
        )
    )
    return number, attempt


def delete_failed(connection: Connection, environment_id: str) -> list[tuple[int, int]]:
    """Take failed versions away for good. Returns (number, attempts at it) of each; only the latest can be failed."""
    failed = connection.execute(
        select(versions.c.number, versions.c.attempt)
        .join(
            attempts,
            and_(
                attempts.c.environment_id == versions.c.environment_id,
                attempts.c.number == versions.c.number,
                attempts.c.attempt == versions.c.attempt,
            ),
        )
        .where(versions.c.environment_id == environment_id, attempts.c.outcome == Outcome.FAILED.value)
    ).all()
    for row in failed:
        connection.execute(
            versions.delete().where(versions.c.environment_id == environment_id, versions.c.number == row.number)
        )
    connection.execute(
        update(environments)
        .where(environments.c.id == environment_id)
        .values(
            latest_version=select(func.max(versions.c.number))
            .where(versions.c.environment_id == environment_id)
            .scalar_subquery()
        )
    )
    return [(row.number, row.attempt) for row in failed]


def own_prefixes(connection: Connection, environment_id: str) -> list[str]:
    """Ids of the prefixes that only this environment's versions hold."""
    mine = select(versions.c.prefix_id).where(
        versions.c.environment_id == environment_id, versions.c.prefix_id.is_not(None)
    )
    shared = select(versions.c.prefix_id).where(
        versions.c.environment_id != environment_id, versions.c.prefix_id.is_not(None)
    )
    return list(connection.execute(mine.where(versions.c.prefix_id.not_in(shared)).distinct()).scalars())


def save_lock(connection: Connection, lock: Lock) -> None:
    if connection.execute(select(locks.c.digest).where(locks.c.digest == lock.digest)).first() is None:
        body = zlib.compress(json.dumps(lock.to_json(), separators=(",", ":")).encode(), 6)
        connection.execute(locks.insert().values(digest=lock.digest, body=body))


def lock(connection: Connection, digest: str) -> Lock:
    body = connection.execute(select(locks.c.body).where(locks.c.digest == digest)).scalar_one()
    return Lock.from_json(json.loads(zlib.decompress(body)))


def has_unused_locks(connection: Connection) -> bool:
    """Whether `remove_unused_locks` would remove any."""
    return connection.execute(select(exists().where(_no_one_holds()))).scalar_one()


def remove_unused_locks(connection: Connection) -> None:
    """Those of no version, of no base that somebody builds on, and of no revert that is on its way."""
    connection.execute(locks.delete().where(_no_one_holds()))


def _no_one_holds() -> ColumnElement[bool]:
    holders = (
        versions.c.lock_digest,
        versions.c.install_digest,
        versions.c.base_lock_digest,
        environments.c.base_lock_digest,
    )
    used = union_all(*(select(column).where(column.is_not(None)) for column in holders))
    return locks.c.digest.not_in(used)


def published_digests(connection: Connection) -> dict[str, str]:
    """Environment id → digest of its published version's lock."""
    rows = connection.execute(
        select(environments.c.id, versions.c.lock_digest).join(
            versions,
            and_(versions.c.environment_id == environments.c.id, versions.c.number == environments.c.published_version),
        )
    )
    return {r.id: r.lock_digest for r in rows}


def held_bytes(connection: Connection, owner: str) -> int:
    """What the installed versions of a person's environments take on disk; a shared prefix counts once."""
    held = (
        select(versions.c.prefix_id)
        .join(environments, environments.c.id == versions.c.environment_id)
        .where(environments.c.owner == owner, versions.c.prefix_id.is_not(None))
    )
    size = connection.execute(select(func.sum(prefixes.c.size)).where(prefixes.c.id.in_(held))).scalar()
    return int(size or 0)


def log_names(connection: Connection) -> set[tuple[str, str]]:
    """(environment id, `version.attempt`) of every log that belongs to somebody."""
    rows = connection.execute(select(attempts.c.environment_id, attempts.c.number, attempts.c.attempt)).all()
    return {(r.environment_id, f"{r.number}.{r.attempt}") for r in rows}


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(versions)).scalar_one()


def _version(row: Row[Any]) -> Version:
    return Version(
        environment_id=row.environment_id,
        number=row.number,
        attempt=row.attempt,
        outcome=Outcome(row.outcome),
        reason=row.reason,
        requested=EnvironmentSpec.from_json(row.spec),
        digest=row.lock_digest,
        python=row.python,
        size=row.size,
        prefix_id=row.prefix_id,
        phase=row.phase,
        progress=Progress(**row.progress) if row.progress else None,
        steps=tuple(StepDuration(**s) for s in row.steps),
        created_by=row.created_by,
        created_at=from_text(row.created_at),
        started_at=_time(row.started_at),
        finished_at=_time(row.finished_at),
        duration=row.duration,
        pin_installed=row.pin_installed,
        reverted_from=row.reverted_from,
        warnings=tuple(row.warnings or ()),
    )


def _time(text: str | None) -> Any:
    return from_text(text) if text else None
