"""Numbers of versions and attempts, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from jupyter_dataflow_envs.domain.environment import Status
from jupyter_dataflow_envs.domain.errors import NotFound
from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.domain.spec import Base, EnvironmentSpec
from jupyter_dataflow_envs.domain.version import Outcome, Step, StepDuration
from jupyter_dataflow_envs.store import environments, prefixes, queue, tables, versions
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.queue import BuiltPrefix
from tests.domain.texts import lock, package
from tests.store.rows import SPEC, add, build, claim, enqueue, new_id, rename, some_lock


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
        first, second = add(connection, "one"), add(connection, "two")
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
        first = add(connection, "one")
        enqueue(connection, first)
        (before,) = queue.active(connection)
        environments.remove(connection, first)
        second = add(connection, "two")
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


# --- reverts, bases, and what is taken away --------------------------------------------------------------------------


def test_a_revert_names_the_version_and_its_lock(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        build(connection, id)
        first = versions.find(connection, id, 1)
        assert versions.enqueue(connection, id, first.requested, by="ann", revert=first) == (3, 1)
        (attempt,) = queue.active(connection)
        assert (attempt.reverted_from, attempt.install_digest) == (1, first.digest)
        assert versions.find(connection, id, 3).reverted_from == 1
        run, prefix = claim(connection, id)
        queue.succeed(connection, run, BuiltPrefix(prefix, some_lock(), 5), [], 1.0)
        done = versions.find(connection, id, 3)
        assert (done.digest, done.requested, done.reverted_from) == (first.digest, first.requested, 1)


def test_a_build_in_the_place_of_a_failed_revert_solves(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        build(connection, id)
        versions.enqueue(connection, id, SPEC, by="ann", revert=versions.find(connection, id, 1))
        run, _ = claim(connection, id)
        queue.fail(connection, run, "it broke", [], 1.0)
        assert versions.enqueue(connection, id, SPEC, by="ann") == (3, 2)
        (attempt,) = queue.active(connection)
        assert (attempt.reverted_from, attempt.install_digest) == (None, None)
        assert versions.find(connection, id, 3).reverted_from is None


def test_warnings_are_kept(database: Database) -> None:
    warnings = ("pandas 2 needs numpy<2", "rich needs pygments")
    with database.write() as connection:
        id = add(connection, "mlenv")
        enqueue(connection, id)
        assert versions.find(connection, id, 1).warnings == ()
        run, prefix = claim(connection, id)
        queue.succeed(connection, run, BuiltPrefix(prefix, some_lock(), 5, warnings), [], 1.0)
        assert versions.find(connection, id, 1).warnings == warnings


def test_a_failed_version_is_deleted_with_its_attempts(database: Database) -> None:
    with database.write() as connection:
        id, other = add(connection, "mlenv"), add(connection, "other")
        build(connection, other, Outcome.FAILED)
        for outcome in (Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.FAILED, Outcome.FAILED):
            build(connection, id, outcome)
        before = versions.of(connection, id)
        assert versions.delete_failed(connection, id) == [(3, 2)]
        assert versions.of(connection, id) == before[1:]
        assert versions.attempts_at(connection, id, 3) == []
        it = environments.by_id(connection, id)
        assert it is not None
        assert it.latest is not None
        assert (it.latest.number, it.latest_success, it.status) == (2, 2, Status.DRAFT)
        assert versions.log_names(connection) == {(id, "1.1"), (id, "2.1"), (other, "1.1")}
        assert enqueue(connection, id) == (3, 1)


def test_only_failed_versions_are_deleted(database: Database) -> None:
    with database.write() as connection:
        for name, outcome in (("q", Outcome.QUEUED), ("b", Outcome.BUILDING), ("s", Outcome.SUCCEEDED)):
            id = add(connection, name)
            build(connection, id)
            build(connection, id, outcome)
            before = environments.by_id(connection, id)
            assert versions.delete_failed(connection, id) == []
            assert environments.by_id(connection, id) == before
            assert len(versions.of(connection, id)) == 2
        alone = add(connection, "alone")
        build(connection, alone, Outcome.FAILED)
        assert versions.delete_failed(connection, alone) == [(1, 1)]
        saved = environments.by_id(connection, alone)
        assert saved is not None
        assert (saved.latest, saved.status) == (None, Status.SAVED)
        assert versions.delete_failed(connection, alone) == []


def _on_base(lock: Lock) -> EnvironmentSpec:
    return EnvironmentSpec("", ("rich",), base=Base("b" * 32, "gone", 1, lock.digest))


def test_the_lock_of_a_base_stays_while_somebody_builds_on_it(database: Database) -> None:
    """The environment that it came from may be gone."""
    base = some_lock("base")
    with database.write() as connection:
        versions.save_lock(connection, base)
        saved, built = add(connection, "saved", spec=_on_base(base)), add(connection, "built", spec=_on_base(base))
        enqueue(connection, built, _on_base(base))

        def kept() -> bool:
            versions.remove_unused_locks(connection)
            return base.digest in connection.execute(select(tables.locks.c.digest)).scalars().all()

        assert kept()
        assert versions.lock(connection, base.digest) == base
        rename(connection, built, "No base any more", spec=SPEC)
        rename(connection, saved, "No base any more", spec=SPEC)
        assert kept()  # version 1 of `built` was asked for on it
        run, prefix = claim(connection, built)
        queue.succeed(connection, run, BuiltPrefix(prefix, some_lock("mine"), 5), [], 1.0)
        assert kept()
        assert versions.find(connection, built, 1).requested == _on_base(base)
        rename(connection, saved, "On it again", spec=_on_base(base))
        environments.remove(connection, built)
        assert kept()
        environments.remove(connection, saved)
        assert not kept()


def test_the_lock_of_a_revert_stays_until_it_has_ended(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        first = versions.find(connection, id, 1)
        versions.enqueue(connection, id, SPEC, by="ann", revert=first)
        connection.execute(tables.versions.update().where(tables.versions.c.number == 1).values(lock_digest=None))
        versions.remove_unused_locks(connection)
        assert versions.lock(connection, some_lock().digest) == some_lock()


def test_a_shared_prefix_counts_once(database: Database) -> None:
    with database.write() as connection:
        first, second = add(connection, "one"), add(connection, "two")
        foreign = add(connection, "third", owner="bob")
        assert versions.held_bytes(connection, "ann") == 0
        build(connection, first)
        shared = versions.find(connection, first, 1).prefix_id
        assert shared is not None
        prefixes.mark_ready(connection, shared, key="k" * 64, size=1000)
        for id in (first, second, foreign):
            enqueue(connection, id)
            run, _ = claim(connection, id)
            queue.succeed(connection, run, BuiltPrefix(shared, some_lock(), 1000), [], 1.0)
        assert [versions.held_bytes(connection, owner) for owner in ("ann", "bob", "cid")] == [1000, 1000, 0]
        enqueue(connection, second)
        run, own = claim(connection, second)
        prefixes.mark_ready(connection, own, key=None, size=70)
        queue.succeed(connection, run, BuiltPrefix(own, some_lock("9"), 70), [], 1.0)
        assert [versions.held_bytes(connection, owner) for owner in ("ann", "bob")] == [1070, 1000]
        environments.transfer(connection, second, "bob")
        assert [versions.held_bytes(connection, owner) for owner in ("ann", "bob")] == [1000, 1070]
        environments.remove(connection, second)
        assert [versions.held_bytes(connection, owner) for owner in ("ann", "bob")] == [1000, 1000]
