"""Numbers of versions and attempts, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from jupyter_dataflow_envs.domain.errors import NotFound
from jupyter_dataflow_envs.domain.version import Outcome, Step, StepDuration
from jupyter_dataflow_envs.store import environments, queue, tables, versions
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.queue import BuiltPrefix
from tests.domain.texts import lock, package
from tests.store.rows import SPEC, add, build, claim, enqueue, new_id, some_lock


def test_the_first_build_is_version_1_and_each_later_one_a_new_number(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        assert [build(connection, id) for _ in range(3)] == [1, 2, 3]
        assert [v.number for v in versions.of(connection, id)] == [3, 2, 1]


def test_a_failed_version_is_built_again_under_its_number(database: Database) -> None:
    changed = replace(SPEC, conda_requirements=("numpy",))
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        assert enqueue(connection, id) == (2, 1)
        run, _ = claim(connection, id)
        queue.fail(connection, run, "it broke", [], 1.0)
        assert enqueue(connection, id, changed) == (2, 2)
        run, prefix = claim(connection, id)
        queue.succeed(connection, run, BuiltPrefix(prefix, some_lock("2"), 5), [], 1.0)
        assert enqueue(connection, id) == (3, 1)
        found = versions.find(connection, id, 2)
        assert (found.attempt, found.outcome, found.requested, found.reason) == (2, Outcome.SUCCEEDED, changed, None)
        assert [(a.number, a.outcome, a.reason) for a in versions.attempts_at(connection, id, 2)] == [
            (2, Outcome.SUCCEEDED, None),
            (1, Outcome.FAILED, "it broke"),
        ]
        assert versions.attempt_outcome(connection, id, 2, 1) is Outcome.FAILED
        assert versions.find(connection, id, 1).requested == SPEC


@pytest.mark.parametrize("outcome", [Outcome.QUEUED, Outcome.BUILDING])
def test_two_builds_of_one_environment_are_refused(database: Database, outcome: Outcome) -> None:
    with database.write() as connection:
        id, other = add(connection, "mlenv"), add(connection, "other")
        build(connection, id, outcome)
    with pytest.raises(IntegrityError), database.write() as connection:
        enqueue(connection, id)
    with database.write() as connection:
        enqueue(connection, other)
        assert [v.number for v in versions.of(connection, id)] == [1]


def test_a_version_tells_what_was_built(database: Database) -> None:
    steps = [StepDuration(Step.SOLVING.value, 0.5), StepDuration(Step.LINKING.value, 1.25)]
    with database.write() as connection:
        id = add(connection, "mlenv")
        versions.enqueue(connection, id, SPEC, by="bob", pin_installed=True, from_scratch=False)
        waiting = versions.find(connection, id, 1)
        assert (waiting.outcome, waiting.phase, waiting.digest, waiting.started_at) == (
            Outcome.QUEUED,
            "queued",
            None,
            None,
        )
        run, prefix = claim(connection, id)
        assert queue.succeed(connection, run, BuiltPrefix(prefix, some_lock(), 12345), steps, 2.5)
        found = versions.find(connection, id, 1)
    assert (found.digest, found.python, found.size, found.prefix_id) == (some_lock().digest, "3.11.7", 12345, prefix)
    assert (found.steps, found.duration, found.created_by, found.pin_installed) == (tuple(steps), 2.5, "bob", True)
    assert (found.phase, found.progress) == (None, None)
    assert found.started_at is not None
    assert found.finished_at is not None
    assert found.created_at <= found.started_at <= found.finished_at


def test_what_is_not_there(database: Database) -> None:
    with database.read() as connection:
        with pytest.raises(NotFound, match="There is no version 3"):
            versions.find(connection, "nothing", 3)
        with pytest.raises(NotFound, match="There is no attempt 2 at version 1"):
            versions.attempt_outcome(connection, "nothing", 1, 2)
        assert versions.of(connection, "nothing") == []
        assert versions.attempts_at(connection, "nothing", 1) == []


def test_a_lock_is_kept_once_and_whole(database: Database) -> None:
    held = lock([package("zlib", depends=("libgcc >=13",), size=7), package("rich", "13", manager="pip", build="")])
    with database.write() as connection:
        versions.save_lock(connection, held)
        versions.save_lock(connection, held)
        assert versions.lock(connection, held.digest) == held
        assert len(connection.execute(select(tables.locks)).all()) == 1


def test_locks_that_no_version_holds_are_removed(database: Database) -> None:
    with database.write() as connection:
        kept, gone = add(connection, "kept"), add(connection, "gone")
        build(connection, kept)
        enqueue(connection, gone)
        run, prefix = claim(connection, gone)
        queue.succeed(connection, run, BuiltPrefix(prefix, some_lock("9"), 5), [], 1.0)
        versions.remove_unused_locks(connection)
        assert len(connection.execute(select(tables.locks)).all()) == 2
        environments.remove(connection, gone)
        versions.remove_unused_locks(connection)
        assert connection.execute(select(tables.locks.c.digest)).scalars().all() == [some_lock().digest]


def test_prefixes_of_one_environment_alone(database: Database) -> None:
    with database.write() as connection:
        first, second = add(connection, "first"), add(connection, "second")
        build(connection, first)
        shared = versions.find(connection, first, 1).prefix_id
        assert shared is not None
        enqueue(connection, second)
        run, _ = claim(connection, second)
        queue.succeed(connection, run, BuiltPrefix(shared, some_lock(), 5), [], 1.0)
        build(connection, second)
        assert versions.own_prefixes(connection, first) == []
        assert versions.own_prefixes(connection, second) == [versions.find(connection, second, 2).prefix_id]
        environments.remove(connection, first)
        assert set(versions.own_prefixes(connection, second)) == {
            shared,
            versions.find(connection, second, 2).prefix_id,
        }


def test_every_attempt_has_a_log(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        for outcome in (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.FAILED, Outcome.QUEUED):
            build(connection, id, outcome)
        assert versions.log_names(connection) == {(id, "1.1"), (id, "2.1"), (id, "2.2"), (id, "2.3")}
        assert versions.count(connection) == 2


def test_ids_of_attempts_are_never_used_again(database: Database, tmp_path: Path) -> None:
    """Their order is the order of the queue."""
    with database.write() as connection:
        first = add(connection, "first")
        enqueue(connection, first)
        (before,) = queue.active(connection)
        environments.remove(connection, first)
        second = add(connection, "second")
        enqueue(connection, second)
        (after,) = queue.active(connection)
    assert after.id > before.id


def test_a_version_refers_to_what_is_there(database: Database) -> None:
    for column in ("prefix_id", "lock_digest"):
        with database.write() as connection:
            id = add(connection, column[:5])
            build(connection, id)
        with pytest.raises(IntegrityError), database.write() as connection:
            connection.execute(
                text(f"UPDATE versions SET {column} = :missing WHERE environment_id = :id"),
                {"missing": new_id(), "id": id},
            )
