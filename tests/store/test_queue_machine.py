"""Any order of builds, claims, results, cancels and hand-backs, against a small model of what the rules say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jupyter_dataflow_envs.domain.version import TRANSITIONS, Outcome
from jupyter_dataflow_envs.store import environments, prefixes, queue, versions
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.queue import BuiltPrefix
from jupyter_dataflow_envs.store.tables import attempts
from tests.store.rows import SPEC, add, emptied, new_id, some_lock


@dataclass
class Told:
    """What the model knows of one attempt."""

    environment: str
    number: int
    attempt: int
    outcome: Outcome = Outcome.QUEUED
    run: str | None = None
    prefix: str | None = None
    cancelled: bool = False


@dataclass
class Model:
    attempts: dict[int, Told] = field(default_factory=dict)
    successes: dict[tuple[str, int], str] = field(default_factory=dict)
    """(environment, number) → the digest it succeeded with, for ever."""

    def active(self, environment: str) -> Told | None:
        return next((t for t in self.attempts.values() if t.environment == environment and t.outcome.active), None)

    def latest(self, environment: str) -> Told | None:
        mine = [t for t in self.attempts.values() if t.environment == environment]
        return mine[-1] if mine else None


class Queue(RuleBasedStateMachine):
    runs = Bundle("runs")
    """Ids of all runs there ever were: fenced and ended ones go on trying."""

    database: Database

    @initialize()
    def start(self) -> None:
        emptied(self.database)
        self.model = Model()
        self.seen: dict[int, Outcome] = {}
        self.digests = 0
        with self.database.write() as connection:
            self.environments = [add(connection, name) for name in ("a", "b", "c")]

    @rule(which=st.integers(0, 2))
    def enqueue(self, which: int) -> None:
        id = self.environments[which]
        latest = self.model.latest(id)
        try:
            with self.database.write() as connection:
                number, attempt = versions.enqueue(
                    connection, id, SPEC, by="ann", pin_installed=False, from_scratch=False
                )
                attempt_id = max(a.id for a in queue.active(connection))
        except IntegrityError:
            assert self.model.active(id) is not None
            return
        assert self.model.active(id) is None
        if latest is None:
            assert (number, attempt) == (1, 1)
        elif latest.outcome is Outcome.FAILED:
            assert (number, attempt) == (latest.number, latest.attempt + 1)
        else:
            assert (number, attempt) == (latest.number + 1, 1)
        assert (id, number) not in self.model.successes
        self.model.attempts[attempt_id] = Told(id, number, attempt)

    @precondition(lambda self: self.model.attempts)
    @rule(target=runs, data=st.data())
    def claim(self, data: st.DataObject) -> Any:
        queued = sorted(id for id, told in self.model.attempts.items() if told.outcome is Outcome.QUEUED)
        attempt_id = data.draw(st.sampled_from(queued or sorted(self.model.attempts)))
        told = self.model.attempts[attempt_id]
        run, prefix = new_id(), new_id()
        with self.database.write() as connection:
            claimed = queue.claim(connection, attempt_id, run, prefix)
        assert claimed == (told.outcome is Outcome.QUEUED)
        if claimed:
            told.outcome, told.run, told.prefix = Outcome.BUILDING, run, prefix
        return run if claimed else multiple()

    def _running(self, run: str) -> Told | None:
        return next(
            (t for t in self.model.attempts.values() if t.run == run and t.outcome is Outcome.BUILDING),
            None,
        )

    @rule(run=runs)
    def succeed(self, run: str) -> None:
        told = self._running(run)
        self.digests += 1
        lock = some_lock(str(self.digests))
        with self.database.write() as connection:
            prefix = told.prefix if told and told.prefix else "never"
            taken = queue.succeed(connection, run, BuiltPrefix(prefix, lock, 1), [], 1.0)
        assert taken == (told is not None and not told.cancelled)
        if taken:
            assert told is not None
            told.outcome = Outcome.SUCCEEDED
            self.model.successes[told.environment, told.number] = lock.digest

    @rule(run=runs)
    def fail(self, run: str) -> None:
        told = self._running(run)
        with self.database.write() as connection:
            assert queue.fail(connection, run, "it broke", [], 1.0) == (told is not None)
        if told is not None:
            told.outcome = Outcome.FAILED

    @rule(run=runs, interrupted=st.booleans())
    def hand_back(self, run: str, interrupted: bool) -> None:
        told = self._running(run)
        with self.database.write() as connection:
            assert queue.hand_back(connection, run, interrupted=interrupted) == (told is not None)
        if told is not None:
            told.outcome, told.run = Outcome.QUEUED, None

    @rule(which=st.integers(0, 2))
    def request_cancel(self, which: int) -> None:
        told = self.model.active(self.environments[which])
        with self.database.write() as connection:
            assert queue.request_cancel(connection, self.environments[which], "ann") == (told is not None)
        if told is not None:
            told.cancelled = True

    @precondition(lambda self: any(told.cancelled for told in self.model.attempts.values()))
    @rule(data=st.data())
    def fail_queued(self, data: st.DataObject) -> None:
        cancelled = sorted(id for id, told in self.model.attempts.items() if told.cancelled)
        attempt_id = data.draw(st.sampled_from(cancelled))
        told = self.model.attempts[attempt_id]
        with self.database.write() as connection:
            ended = queue.fail_queued(connection, attempt_id, "cancelled by ann")
        assert ended == (told.outcome is Outcome.QUEUED)
        if ended:
            told.outcome = Outcome.FAILED

    @invariant()
    def outcomes_change_only_along_the_table(self) -> None:
        with self.database.read() as connection:
            now = {r.id: Outcome(r.outcome) for r in connection.execute(select(attempts.c.id, attempts.c.outcome))}
        for attempt_id, before in self.seen.items():
            assert now[attempt_id] is before or now[attempt_id] in TRANSITIONS[before]
        for attempt_id in now.keys() - self.seen.keys():
            assert now[attempt_id] is Outcome.QUEUED
        self.seen = now
        assert now == {id: told.outcome for id, told in self.model.attempts.items()}

    @invariant()
    def the_queue_is_in_the_order_of_asking(self) -> None:
        with self.database.read() as connection:
            active = queue.active(connection)
        assert [a.id for a in active] == sorted(id for id, told in self.model.attempts.items() if told.outcome.active)
        assert len({a.environment_id for a in active}) == len(active)
        for attempt in active:
            told = self.model.attempts[attempt.id]
            assert attempt.run_id == told.run
            assert (attempt.cancel_requested_by is not None) == told.cancelled

    @invariant()
    def a_successful_version_never_changes(self) -> None:
        with self.database.read() as connection:
            for id in self.environments:
                built = [number for (environment, number) in self.model.successes if environment == id]
                it = environments.by_id(connection, id)
                assert it is not None
                assert it.latest_success == max(built, default=None)
                latest = self.model.latest(id)
                assert (it.latest.number if it.latest else None) == (latest.number if latest else None)
                numbers = [v.number for v in versions.of(connection, id)]
                assert numbers == sorted(set(numbers), reverse=True)
                for version in versions.of(connection, id):
                    assert version.digest == self.model.successes.get((id, version.number))

    @invariant()
    def a_prefix_is_unfinished_just_when_no_run_writes_it(self) -> None:
        with self.database.read() as connection:
            unfinished = {p.id for p in prefixes.unfinished(connection)}
            written = {t.prefix for t in self.model.attempts.values() if t.outcome is Outcome.BUILDING}
            assert unfinished == prefixes.all_ids(connection) - written


def test_queue(shared_database: Database) -> None:
    Queue.database = shared_database
    run_state_machine_as_test(Queue, settings=settings(max_examples=40, stateful_step_count=40))
