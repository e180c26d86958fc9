"""Prefixes: shared by key, kept while a version holds them, forgotten afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.store import environments, prefixes, queue, tables
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.queue import BuiltPrefix
from tests.store.rows import add, claim, enqueue, some_lock

KEY = "k" * 64


def built(connection: Connection, short_name: str, *, key: str | None = None, reuse: str | None = None) -> str:
    """A version in a prefix of its own, or in `reuse`; the prefix's id."""
    environment = add(connection, short_name)
    enqueue(connection, environment)
    run, prefix = claim(connection, environment)
    if reuse is None:
        prefixes.mark_ready(connection, prefix, key=key, size=1000)
    assert queue.succeed(connection, run, BuiltPrefix(reuse or prefix, some_lock(), 1000), [], 1.0)
    return reuse or prefix


def remove(connection: Connection, short_name: str) -> None:
    (id,) = connection.execute(
        select(tables.environments.c.id).where(tables.environments.c.short_name == short_name)
    ).one()
    environments.remove(connection, id)


def unused(connection: Connection) -> set[str]:
    prefixes.note_unused(connection)
    return {p.id for p in prefixes.unused_before(connection, now())}


def test_written_down_before_anything_is_on_disk(database: Database) -> None:
    with database.write() as connection:
        environment = add(connection, "mlenv")
        enqueue(connection, environment)
        run, prefix = claim(connection, environment)
        found = prefixes.get(connection, prefix)
        assert found is not None
        assert (found.state, found.key, found.run_id, found.size) == ("building", None, run, None)
        assert prefixes.get(connection, "nothing") is None
        assert prefixes.all_ids(connection) == {prefix}


def test_found_by_its_key_once_it_is_ready(database: Database) -> None:
    with database.write() as connection:
        environment = add(connection, "mlenv")
        enqueue(connection, environment)
        _, prefix = claim(connection, environment)
        connection.execute(tables.prefixes.update().values(key=KEY))
        assert prefixes.ready_by_key(connection, KEY) is None
        connection.execute(tables.prefixes.update().values(key=None))
        prefixes.mark_ready(connection, prefix, key=KEY, size=1000)
        found = prefixes.ready_by_key(connection, KEY)
        assert found is not None
        assert (found.id, found.state, found.size) == (prefix, "ready", 1000)
        assert prefixes.ready_by_key(connection, "x" * 64) is None


def test_one_of_equal_prefixes_is_enough_to_share(database: Database) -> None:
    with database.write() as connection:
        first, second = built(connection, "a", key=KEY), built(connection, "b", key=KEY)
        found = prefixes.ready_by_key(connection, KEY)
        assert found is not None
        assert found.id == first
        later = prefixes.get(connection, second)
        assert later is not None
        assert (later.state, later.key) == ("ready", None)


def test_two_ready_prefixes_with_one_key_are_refused(database: Database) -> None:
    with database.write() as connection:
        built(connection, "a", key=KEY)
        second = built(connection, "b")
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(tables.prefixes.update().where(tables.prefixes.c.id == second).values(key=KEY))


def test_what_must_not_be_shared_is_not_found(database: Database) -> None:
    with database.write() as connection:
        prefix = built(connection, "a", key=KEY)
        prefixes.stop_sharing(connection, prefix)
        assert prefixes.ready_by_key(connection, KEY) is None
        again = built(connection, "b", key=KEY)
        found = prefixes.ready_by_key(connection, KEY)
        assert found is not None
        assert found.id == again


def test_unfinished_are_those_that_no_run_writes(database: Database) -> None:
    with database.write() as connection:
        built(connection, "a")
        environment = add(connection, "b")
        enqueue(connection, environment)
        run, prefix = claim(connection, environment)
        assert prefixes.unfinished(connection) == []
        queue.hand_back(connection, run, interrupted=True)
        assert [p.id for p in prefixes.unfinished(connection)] == [prefix]
        _, next_prefix = claim(connection, environment)
        assert [p.id for p in prefixes.unfinished(connection)] == [prefix]
        environments.remove(connection, environment)
        assert {p.id for p in prefixes.unfinished(connection)} == {prefix, next_prefix}


def test_unused_since_its_last_version_went(database: Database) -> None:
    with database.write() as connection:
        prefix = built(connection, "a")
        built(connection, "b", reuse=prefix)
        kept = built(connection, "c")
        # b's own attempt wrote a prefix row that it did not need
        spare = prefixes.all_ids(connection) - {prefix, kept}
        assert unused(connection) == set()
        remove(connection, "a")
        assert unused(connection) == set()
        remove(connection, "b")
        assert unused(connection) == {prefix}
        assert {p.id for p in prefixes.unfinished(connection)} == spare


def test_the_grace_period_counts_from_when_it_was_first_unused(database: Database) -> None:
    with database.write() as connection:
        prefix = built(connection, "a")
        remove(connection, "a")
        prefixes.note_unused(connection)
        before = to_text(now() - timedelta(minutes=5))
        connection.execute(tables.prefixes.update().values(unused_since=before))
        prefixes.note_unused(connection)
        assert [p.id for p in prefixes.unused_before(connection, now() - timedelta(minutes=4))] == [prefix]
        assert prefixes.unused_before(connection, now() - timedelta(minutes=6)) == []


def test_used_again_it_is_unused_no_longer(database: Database) -> None:
    with database.write() as connection:
        prefix = built(connection, "a", key=KEY)
        remove(connection, "a")
        assert unused(connection) == {prefix}
        built(connection, "b", reuse=prefix)
        assert unused(connection) == set()
        remove(connection, "b")
        connection.execute(tables.prefixes.update().values(unused_since=None))
        assert unused(connection) == {prefix}


def test_forgotten_only_when_no_version_holds_it(database: Database) -> None:
    with database.write() as connection:
        prefix = built(connection, "a")
        assert not prefixes.forget(connection, prefix)
        assert prefix in prefixes.all_ids(connection)
        remove(connection, "a")
        assert prefixes.forget(connection, prefix)
        assert not prefixes.forget(connection, prefix)
        assert prefixes.all_ids(connection) == set()
