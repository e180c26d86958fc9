"""Attempts on their way: claimed by one run, watched, ended. Every write names the run that may make it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from ..domain.clock import now, to_text
from ..domain.lock import Lock
from ..domain.spec import EnvironmentSpec
from ..domain.version import TRANSITIONS, Outcome, Progress, StepDuration
from .tables import attempts, environments, prefixes, versions
from .versions import save_lock


@dataclass(frozen=True, slots=True)
class QueuedAttempt:
    """What a runner needs to know of one active attempt."""

    id: int
    environment_id: str
    short_name: str
    owner: str
    number: int
    attempt: int
    outcome: Outcome
    spec: EnvironmentSpec
    created_by: str
    pin_installed: bool
    from_scratch: bool
    run_id: str | None
    interruptions: int
    process: dict[str, Any] | None
    cancel_requested_by: str | None
    latest_success: int | None
    install_digest: str | None
    """Of a revert: the lock to install as it is."""
    reverted_from: int | None


@dataclass(frozen=True, slots=True)
class BuiltPrefix:
    """What a successful run made, or found ready-made."""

    id: str
    lock: Lock
    size: int
    warnings: tuple[str, ...] = ()


def active(connection: Connection) -> list[QueuedAttempt]:
    """All that is queued or building, in the order of the queue."""
    rows = connection.execute(
        select(
            attempts,
            versions.c.spec,
            versions.c.pin_installed,
            versions.c.created_by,
            versions.c.install_digest,
            versions.c.reverted_from,
            environments.c.short_name,
            environments.c.owner,
            environments.c.latest_success,
        )
        .join_from(attempts, environments, environments.c.id == attempts.c.environment_id)
        .join(
            versions,
            and_(versions.c.environment_id == attempts.c.environment_id, versions.c.number == attempts.c.number),
        )
        .where(attempts.c.outcome.in_((Outcome.QUEUED.value, Outcome.BUILDING.value)))
        .order_by(attempts.c.id)
    )
    return [_queued(r) for r in rows]


def known(connection: Connection, attempt_ids: Collection[int]) -> set[int]:
    """Those of `attempt_ids` that still have a row: an environment is deleted with its attempts, running ones too."""
    return set(connection.execute(select(attempts.c.id).where(attempts.c.id.in_(attempt_ids))).scalars())


def claim(connection: Connection, attempt_id: int, run_id: str, prefix_id: str) -> bool:
    """Take a queued attempt for one run, and note the prefix it will write. False: it is no longer to be had."""
    taken = _change(
        connection,
        attempts.c.id == attempt_id,
        Outcome.QUEUED,
        Outcome.BUILDING,
        run_id=run_id,
        phase="solving",
        progress=None,
        steps=[],
        started_at=to_text(now()),
    )
    if taken:
        connection.execute(
            prefixes.insert().values(id=prefix_id, state="building", run_id=run_id, created_at=to_text(now()))
        )
    return taken


def note_process(connection: Connection, run_id: str, process: dict[str, Any]) -> None:
    connection.execute(update(attempts).where(*_running(run_id)).values(process=process))


def note_progress(connection: Connection, run_id: str, phase: str, progress: Progress | None) -> None:
    connection.execute(
        update(attempts).where(*_running(run_id)).values(phase=phase, progress=asdict(progress) if progress else None)
    )


def request_cancel(connection: Connection, environment_id: str, by: str) -> bool:
    """False when nothing is active."""
    changed = connection.execute(
        update(attempts)
        .where(
            attempts.c.environment_id == environment_id,
            attempts.c.outcome.in_((Outcome.QUEUED.value, Outcome.BUILDING.value)),
        )
        .values(cancel_requested_by=func.coalesce(attempts.c.cancel_requested_by, by))
    ).rowcount
    return bool(changed)


def succeed(
    connection: Connection, run_id: str, built: BuiltPrefix, steps: list[StepDuration], duration: float
) -> bool:
    """Commit a run's result. False: the run was fenced, or cancelled meanwhile, and its result must be thrown away."""
    row = connection.execute(
        select(attempts.c.environment_id, attempts.c.number).where(
            *_running(run_id), attempts.c.cancel_requested_by.is_(None)
        )
    ).first()
    if row is None or not _end(
        connection, attempts.c.run_id == run_id, Outcome.BUILDING, Outcome.SUCCEEDED, steps, duration=duration
    ):
        return False
    save_lock(connection, built.lock)
    connection.execute(
        update(versions)
        .where(versions.c.environment_id == row.environment_id, versions.c.number == row.number)
        .values(
            lock_digest=built.lock.digest,
            prefix_id=built.id,
            python=built.lock.python,
            size=built.size,
            warnings=list(built.warnings),
        )
    )
    connection.execute(
        update(environments)
        .where(environments.c.id == row.environment_id)
        .values(latest_success=row.number, updated_at=to_text(now()))
    )
    return True


def fail(connection: Connection, run_id: str, reason: str, steps: list[StepDuration], duration: float | None) -> bool:
    """End a run as failed. False: it was fenced."""
    return _end(
        connection,
        attempts.c.run_id == run_id,
        Outcome.BUILDING,
        Outcome.FAILED,
        steps,
        reason=reason,
        duration=duration,
    )


def fail_queued(connection: Connection, attempt_id: int, reason: str) -> bool:
    """End an attempt that no run has claimed."""
    return _end(
        connection, attempts.c.id == attempt_id, Outcome.QUEUED, Outcome.FAILED, [], reason=reason, duration=None
    )


def hand_back(connection: Connection, run_id: str, *, interrupted: bool) -> bool:
    """Put a run's attempt back at its place in the queue; the run is fenced from now on."""
    return _change(
        connection,
        attempts.c.run_id == run_id,
        Outcome.BUILDING,
        Outcome.QUEUED,
        run_id=None,
        process=None,
        phase="queued",
        progress=None,
        started_at=None,
        interruptions=attempts.c.interruptions + int(interrupted),
    )


def _end(
    connection: Connection,
    which: ColumnElement[bool],
    before: Outcome,
    after: Outcome,
    steps: list[StepDuration],
    **values: Any,
) -> bool:
    return _change(
        connection,
        which,
        before,
        after,
        phase=None,
        progress=None,
        process=None,
        steps=[asdict(s) for s in steps],
        finished_at=to_text(now()),
        **values,
    )


def _change(connection: Connection, which: ColumnElement[bool], before: Outcome, after: Outcome, **values: Any) -> bool:
    """Compare and set: the one place where an attempt's outcome changes."""
    if after not in TRANSITIONS[before]:
        raise AssertionError(f"{before.value} → {after.value} is not in the table of transitions")
    changed = connection.execute(
        update(attempts).where(which, attempts.c.outcome == before.value).values(outcome=after.value, **values)
    ).rowcount
    return bool(changed)


def _running(run_id: str) -> tuple[ColumnElement[bool], ...]:
    return (attempts.c.run_id == run_id, attempts.c.outcome == Outcome.BUILDING.value)


def _queued(row: Row[Any]) -> QueuedAttempt:
    return QueuedAttempt(
        id=row.id,
        environment_id=row.environment_id,
        short_name=row.short_name,
        owner=row.owner,
        number=row.number,
        attempt=row.attempt,
        outcome=Outcome(row.outcome),
        spec=EnvironmentSpec.from_json(row.spec),
        created_by=row.created_by,
        pin_installed=row.pin_installed,
        from_scratch=row.from_scratch,
        run_id=row.run_id,
        interruptions=row.interruptions,
        process=row.process,
        cancel_requested_by=row.cancel_requested_by,
        latest_success=row.latest_success,
        install_digest=row.install_digest,
        reverted_from=row.reverted_from,
    )
