"""The audit trail."""

from __future__ import annotations

import pytest

from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.store import environments, events, tables
from jupyter_dataflow_envs.store.database import Database
from tests.store.rows import add


def test_an_event_tells_who_what_which_and_when(database: Database) -> None:
    before = now()
    with database.write() as connection:
        assert events.last(connection) == 0
        assert events.since(connection, 0) == []
        events.record(
            connection,
            EventKind.BUILD_FAILED,
            "ann",
            environment_id="e1",
            short_name="mlenv",
            version=3,
            reason="it broke",
            attempt=2,
        )
        events.record(connection, EventKind.POLICY_CHANGED, "root")
        first, second = events.since(connection, 0)
    assert (first.kind, first.actor, first.environment_id, first.short_name, first.version) == (
        EventKind.BUILD_FAILED,
        "ann",
        "e1",
        "mlenv",
        3,
    )
    assert first.details == {"reason": "it broke", "attempt": 2}
    assert before <= first.at <= second.at <= now()
    assert (second.environment_id, second.short_name, second.version, second.details) == (None, None, None, {})


def test_followed_by_sequence_number(database: Database) -> None:
    with database.write() as connection:
        for n in range(7):
            events.record(connection, EventKind.EDITED, f"person {n}")
        every = events.since(connection, 0)
        assert [e.seq for e in every] == [1, 2, 3, 4, 5, 6, 7]
        assert events.since(connection, 4) == every[4:]
        assert events.since(connection, 7) == []
        assert events.since(connection, 0, limit=3) == every[:3]
        assert events.since(connection, 3, limit=3) == every[3:6]
        assert events.last(connection) == 7


def test_kept_or_lost_with_the_change_it_tells_of(database: Database) -> None:
    def change_and_fail() -> None:
        with database.write() as connection:
            events.record(connection, EventKind.CREATED, "ann")
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()
    with database.read() as connection:
        assert events.last(connection) == 0


def test_the_trail_outlives_what_it_tells_of_and_never_counts_back(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        events.record(connection, EventKind.CREATED, "ann", environment_id=id, short_name="mlenv")
        environments.remove(connection, id)
        assert [e.environment_id for e in events.since(connection, 0)] == [id]
        connection.execute(tables.events.delete())
        events.record(connection, EventKind.DELETED, "ann")
        assert events.last(connection) == 2
