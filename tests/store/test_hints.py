"""How far builds are, without an event."""

from __future__ import annotations

from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.version import Outcome, Progress
from jupyter_dataflow_envs.store import hints, queue
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.hints import BuildHint
from tests.store.rows import add, build, claim, enqueue


def test_active_builds_are_told_in_the_order_of_the_queue(database: Database) -> None:
    with database.write() as connection:
        assert hints.active(connection) == []
        ids = [add(connection, name) for name in ("one", "two", "three", "four")]
        build(connection, ids[3], Outcome.SUCCEEDED)
        for id in ids[:3]:
            enqueue(connection, id)
        run, _ = claim(connection, ids[0])
        queue.note_progress(connection, run, "linking", Progress(3, 10, 300, 1000))
        assert hints.active(connection) == [
            BuildHint("one", "ann", "linking", Progress(3, 10, 300, 1000), None),
            BuildHint("two", "ann", "queued", None, 1),
            BuildHint("three", "ann", "queued", None, 2),
        ]


def test_a_build_is_its_owners_and_administrators_to_follow() -> None:
    hint = BuildHint("one", "ann", "pip", None, None)
    people = (Person("ann"), Person("boss", is_admin=True), Person("carol"))
    assert [hint.visible_to(p) for p in people] == [True, True, False]
