"""Attempts on their way: one run wins, and only its result is taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from jupyter_dataflow_envs.domain.version import Outcome, Progress, StepDuration
from jupyter_dataflow_envs.store import environments, prefixes, queue, versions
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.queue import BuiltPrefix
from tests.store.rows import SPEC, START, add, build, claim, enqueue, new_id, some_lock


@pytest.fixture
def mlenv(database: Database) -> str:
    """An environment with one queued build; its id."""
    with database.write() as connection:
        id = add(connection, "mlenv")
        enqueue(connection, id)
    return id


def outcome(database: Database, environment_id: str, number: int = 1) -> Outcome:
    with database.read() as connection:
        return versions.find(connection, environment_id, number).outcome


def result(prefix: str) -> BuiltPrefix:
    return BuiltPrefix(prefix, some_lock(), 1000)


def test_the_queue_is_in_order_and_tells_what_a_runner_needs(database: Database) -> None:
    with database.write() as connection:
        ids = [add(connection, name, owner="bob") for name in ("c", "a", "b")]
        for id in ids:
            versions.enqueue(connection, id, SPEC, by="ann", pin_installed=True, from_scratch=True)
        active = queue.active(connection)
    assert [a.short_name for a in active] == ["c", "a", "b"]
    first = active[0]
    assert (first.environment_id, first.owner, first.created_by, first.number, first.attempt) == (
        ids[0],
        "bob",
        "ann",
        1,
        1,
    )
    assert (first.spec, first.outcome, first.pin_installed, first.from_scratch) == (SPEC, Outcome.QUEUED, True, True)
    assert (first.run_id, first.process, first.cancel_requested_by, first.latest_success, first.interruptions) == (
        None,
        None,
        None,
        None,
        0,
    )


def test_what_has_ended_is_not_in_the_queue(database: Database) -> None:
    with database.write() as connection:
        build(connection, add(connection, "a"))
        build(connection, add(connection, "b"), Outcome.FAILED)
        c = add(connection, "c")
        build(connection, c)
        build(connection, c, Outcome.BUILDING)
        (active,) = queue.active(connection)
    assert (active.short_name, active.outcome, active.latest_success) == ("c", Outcome.BUILDING, 1)


def test_one_of_many_claims_wins(database: Database, mlenv: str) -> None:
    with database.read() as connection:
        (attempt,) = queue.active(connection)
    runs = [new_id() for _ in range(12)]
    together = Barrier(len(runs))

    def try_to_claim(run: str) -> bool:
        together.wait(30)
        with database.write() as connection:
            return queue.claim(connection, attempt.id, run, f"p{run[:11]}")

    with ThreadPoolExecutor(len(runs)) as pool:
        won = [run for run, claimed in zip(runs, pool.map(try_to_claim, runs), strict=True) if claimed]
    assert len(won) == 1
    with database.read() as connection:
        (attempt,) = queue.active(connection)
        assert (attempt.run_id, attempt.outcome) == (won[0], Outcome.BUILDING)
        assert prefixes.all_ids(connection) == {f"p{won[0][:11]}"}


def test_a_claimed_attempt_starts_clean(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        run, _ = claim(connection, mlenv)
        queue.note_progress(connection, run, "linking", Progress(3, 9, 30, 90))
        queue.note_process(connection, run, {"group": 7, "started": 1, "host": "here"})
        assert queue.hand_back(connection, run, interrupted=True)
        claim(connection, mlenv)
        found = versions.find(connection, mlenv, 1)
        (active,) = queue.active(connection)
    assert (found.outcome, found.phase, found.progress, found.steps) == (Outcome.BUILDING, "solving", None, ())
    assert (active.process, active.interruptions) == (None, 1)


def test_progress_is_the_runs_own(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        run, _ = claim(connection, mlenv)
        queue.note_progress(connection, new_id(), "pip", None)
        queue.note_process(connection, new_id(), {"group": 1})
        assert versions.find(connection, mlenv, 1).phase == "solving"
        queue.note_progress(connection, run, "linking", Progress(3, 9, 30, 90))
        queue.note_process(connection, run, {"group": 7})
        found = versions.find(connection, mlenv, 1)
        assert (found.phase, found.progress) == ("linking", Progress(3, 9, 30, 90))
        assert queue.active(connection)[0].process == {"group": 7}


def test_success_moves_the_environment(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        run, prefix = claim(connection, mlenv)
        assert queue.succeed(connection, run, result(prefix), [StepDuration("solving", 1.0)], 2.0)
        it = environments.by_id(connection, mlenv)
    assert it is not None
    assert it.updated_at > START
    assert (it.latest_success, it.published, it.status.value) == (1, None, "Draft")


def test_failure_keeps_what_is_in_use(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        build(connection, id, Outcome.FAILED)
        it = environments.by_id(connection, id)
        found = versions.find(connection, id, 2)
    assert it is not None
    assert it.latest is not None
    assert (it.latest_success, it.latest.number, it.latest.reason, it.status.value) == (1, 2, "it broke", "Failed")
    assert (found.digest, found.prefix_id, found.reason) == (None, None, "it broke")


# --- fencing -------------------------------------------------------------------------------------------------------


def test_nothing_of_a_fenced_run_is_taken(database: Database, mlenv: str) -> None:
    """A server that was thought dead comes back while another builds."""
    with database.write() as connection:
        fenced, old_prefix = claim(connection, mlenv)
        assert queue.hand_back(connection, fenced, interrupted=True)
        for _ in range(2):  # while it waits again, and while the next run has it
            assert not queue.succeed(connection, fenced, result(old_prefix), [], 1.0)
            assert not queue.fail(connection, fenced, "it broke", [], 1.0)
            assert not queue.hand_back(connection, fenced, interrupted=True)
            queue.note_progress(connection, fenced, "verifying", None)
            queue.note_process(connection, fenced, {"group": 1})
            if queue.active(connection)[0].run_id is None:
                run, prefix = claim(connection, mlenv)
        (active,) = queue.active(connection)
        assert (active.run_id, active.process, active.interruptions) == (run, None, 1)
        assert versions.find(connection, mlenv, 1).phase == "solving"
        assert versions.find(connection, mlenv, 1).digest is None
        assert queue.succeed(connection, run, result(prefix), [], 1.0)
        assert {p.id for p in prefixes.unfinished(connection)} == {old_prefix, prefix}


def test_what_has_ended_stays_as_it_ended(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        run, prefix = claim(connection, mlenv)
        assert queue.succeed(connection, run, result(prefix), [], 1.0)
        assert not queue.fail(connection, run, "too late", [], 1.0)
        assert not queue.succeed(connection, run, BuiltPrefix(prefix, some_lock("9"), 1), [], 9.0)
        assert not queue.hand_back(connection, run, interrupted=False)
        assert not queue.request_cancel(connection, mlenv, "ann")
        found = versions.find(connection, mlenv, 1)
    assert (found.outcome, found.digest, found.reason) == (Outcome.SUCCEEDED, some_lock().digest, None)


# --- cancelling ----------------------------------------------------------------------------------------------------


def test_a_cancelled_run_does_not_succeed(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        run, prefix = claim(connection, mlenv)
        assert queue.request_cancel(connection, mlenv, "ann")
        assert queue.request_cancel(connection, mlenv, "bob")
        assert queue.active(connection)[0].cancel_requested_by == "ann"
        assert not queue.succeed(connection, run, result(prefix), [], 1.0)
        assert queue.fail(connection, run, "cancelled by ann", [], 1.0)
        it = environments.by_id(connection, mlenv)
    assert it is not None
    assert (it.latest_success, it.status.value) == (None, "Failed")


def test_cancel_and_success_at_once_end_in_one_of_the_two(database: Database) -> None:
    for n in range(12):
        with database.write() as connection:
            id = add(connection, f"e{n}")
            enqueue(connection, id)
            run, prefix = claim(connection, id)
        together = Barrier(2)

        def cancel(id: str = id, together: Barrier = together) -> bool:
            together.wait(30)
            with database.write() as connection:
                return queue.request_cancel(connection, id, "ann")

        def succeed(run: str = run, prefix: str = prefix, together: Barrier = together) -> bool:
            together.wait(30)
            with database.write() as connection:
                return queue.succeed(connection, run, result(prefix), [], 1.0)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(cancel), pool.submit(succeed)
        cancelled, succeeded = first.result(), second.result()
        assert cancelled != succeeded
        assert outcome(database, id) is (Outcome.SUCCEEDED if succeeded else Outcome.BUILDING)


def test_cancelled_before_it_began(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        assert queue.request_cancel(connection, mlenv, "ann")
        (attempt,) = queue.active(connection)
        assert queue.fail_queued(connection, attempt.id, "cancelled by ann")
        assert not queue.claim(connection, attempt.id, new_id(), new_id())
        assert not queue.fail_queued(connection, attempt.id, "again")
        found = versions.find(connection, mlenv, 1)
        assert (found.outcome, found.reason, found.started_at) == (Outcome.FAILED, "cancelled by ann", None)
        assert found.finished_at is not None
        assert prefixes.all_ids(connection) == set()


def test_a_running_attempt_is_not_ended_as_a_queued_one(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        claim(connection, mlenv)
        (attempt,) = queue.active(connection)
        assert not queue.fail_queued(connection, attempt.id, "cancelled")
    assert outcome(database, mlenv) is Outcome.BUILDING


def test_a_cancelled_attempt_stays_cancelled_when_it_is_handed_back(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        run, _ = claim(connection, mlenv)
        queue.request_cancel(connection, mlenv, "ann")
        queue.hand_back(connection, run, interrupted=True)
        assert queue.active(connection)[0].cancel_requested_by == "ann"


# --- handing back --------------------------------------------------------------------------------------------------


def test_handed_back_to_its_place(database: Database) -> None:
    with database.write() as connection:
        ids = [add(connection, name) for name in ("a", "b", "c")]
        for id in ids:
            enqueue(connection, id)
        run, _ = claim(connection, ids[0])
        assert queue.hand_back(connection, run, interrupted=False)
        active = queue.active(connection)
    assert [a.short_name for a in active] == ["a", "b", "c"]
    assert [(a.run_id, a.interruptions) for a in active] == [(None, 0)] * 3
