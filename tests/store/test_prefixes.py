"""Prefixes: shared by key, kept while a version holds them, forgotten afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.domain.events import SERVICE, EventKind
from jupyter_dataflow_envs.domain.review import ReviewState
from jupyter_dataflow_envs.domain.version import Outcome
from jupyter_dataflow_envs.store import environments, events, prefixes, queue, reviews, tables, versions
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.queue import BuiltPrefix
from tests.store.rows import SPEC, add, build, claim, enqueue, publish, some_lock

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
    """Those that are noted as unused."""
    prefixes.note_unused(connection)
    assert not prefixes.has_outdated_notes(connection)
    found = {p.id for p in prefixes.unused(connection)}
    noted = connection.execute(select(tables.prefixes.c.id).where(tables.prefixes.c.unused_since.is_not(None)))
    assert found == set(noted.scalars())
    return found


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
        (found,) = prefixes.unused(connection)
        assert (found.id, found.unused_since) == (prefix, None)
        assert prefixes.has_outdated_notes(connection)
        prefixes.note_unused(connection)
        before = now() - timedelta(minutes=5)
        connection.execute(tables.prefixes.update().values(unused_since=to_text(before)))
        prefixes.note_unused(connection)
        (found,) = prefixes.unused(connection)
        assert (found.id, found.unused_since) == (prefix, before)


def test_a_prefix_taken_again_is_noted_so(database: Database) -> None:
    with database.write() as connection:
        prefix = built(connection, "a", key=KEY)
        assert not prefixes.has_outdated_notes(connection)
        connection.execute(tables.prefixes.update().values(unused_since=to_text(now())))
        assert prefixes.has_outdated_notes(connection)
        assert prefixes.unused(connection) == []
        prefixes.note_unused(connection)
        found = prefixes.get(connection, prefix)
        assert found is not None
        assert found.unused_since is None


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


@pytest.fixture
def five(database: Database) -> Iterator[tuple[Connection, str]]:
    """An environment with five installed versions, and a failed sixth."""
    with database.write() as connection:
        environment = add(connection, "many")
        for _ in range(5):
            install(connection, environment)
        build(connection, environment, Outcome.FAILED)
        yield connection, environment


def install(connection: Connection, environment: str) -> None:
    enqueue(connection, environment)
    run, prefix = claim(connection, environment)
    prefixes.mark_ready(connection, prefix, key=None, size=1000)
    assert queue.succeed(connection, run, BuiltPrefix(prefix, some_lock(), 1000), [], 1.0)


def beyond(connection: Connection, most: int) -> list[int]:
    return [h.number for h in prefixes.beyond_limit(connection, most)]


def test_the_oldest_versions_are_beyond_the_limit(five: tuple[Connection, str]) -> None:
    connection, environment = five
    other = add(connection, "few")
    install(connection, other)
    assert [beyond(connection, most) for most in range(7)] == [
        [1, 2, 3, 4],
        [1, 2, 3, 4],
        [1, 2, 3],
        [1, 2],
        [1],
        [],
        [],
    ]
    holding = prefixes.beyond_limit(connection, 4)[0]
    assert (holding.environment_id, holding.short_name, holding.number, holding.size) == (environment, "many", 1, 1000)
    assert prefixes.beyond_limit(connection, 1, [other]) == []
    assert [h.number for h in prefixes.beyond_limit(connection, 1, [environment])] == [1, 2, 3, 4]


def test_what_is_released_is_no_longer_installed(five: tuple[Connection, str]) -> None:
    connection, environment = five
    (holding,) = prefixes.beyond_limit(connection, 4)
    prefixes.release(connection, holding)
    assert beyond(connection, 4) == []
    assert [h.number for h in prefixes.holdings(connection)] == [2, 3, 4, 5]
    version = versions.find(connection, environment, 1)
    assert (version.prefix_id, version.digest, version.size) == (None, some_lock().digest, 1000)
    assert unused(connection) == {holding.prefix_id}


def test_a_published_version_stays_and_counts(five: tuple[Connection, str]) -> None:
    connection, environment = five
    publish(connection, environment, 2)
    assert [beyond(connection, most) for most in range(5)] == [[1, 3, 4], [1, 3, 4], [1, 3, 4], [1, 3], [1]]
    publish(connection, environment, None)
    assert beyond(connection, 2) == [1, 2, 3]


def test_a_version_under_review_stays_until_it_is_decided_on(five: tuple[Connection, str]) -> None:
    connection, environment = five
    review = reviews.open_review(connection, environment, version=3, digest=some_lock().digest, by="ann", note="")
    assert beyond(connection, 2) == [1, 2, 4]
    assert reviews.decide(connection, review.id, ReviewState.REJECTED, by="bo", comment="no")
    assert beyond(connection, 2) == [1, 2, 3]


def test_what_a_revert_goes_back_to_stays_until_it_is_there(five: tuple[Connection, str]) -> None:
    connection, environment = five
    versions.enqueue(connection, environment, SPEC, by="ann", revert=versions.find(connection, environment, 1))
    assert beyond(connection, 2) == [2, 3, 4]
    run, prefix = claim(connection, environment)
    assert beyond(connection, 2) == [2, 3, 4]
    assert queue.succeed(connection, run, BuiltPrefix(prefix, some_lock(), 1000), [], 1.0)
    assert beyond(connection, 2) == [1, 2, 3, 4]


def test_prefixes_that_the_limit_has_taken_are_told_from_others(database: Database) -> None:
    with database.write() as connection:
        environment = add(connection, "a")
        for prefix in ("one", "two"):
            events.record(
                connection, EventKind.PREFIX_RELEASED, SERVICE, environment_id=environment, prefix=prefix, limit=1
            )
        events.record(connection, EventKind.PREFIX_REMOVED, SERVICE, prefix="three")
        assert prefixes.released(connection, ["two", "three", "four"]) == {"two"}
        assert prefixes.released(connection, []) == set()


def test_which_are_images_too_and_who_holds_them(database: Database) -> None:
    with database.write() as connection:
        first, other = built(connection, "first"), built(connection, "other")
        assert built(connection, "again", reuse=first) == first
        prefixes.note_image(connection, first, digest="d" * 64, size=7_000_000_000)
        found = prefixes.get(connection, first)
        assert found is not None
        assert (found.image_digest, found.image_size) == ("d" * 64, 7_000_000_000)
        bare = prefixes.get(connection, other)
        assert bare is not None
        assert (bare.image_digest, bare.image_size) == (None, None)
        assert prefixes.with_images(connection) == {first: 7_000_000_000}
        assert [(h.short_name, h.number) for h in prefixes.holders(connection, first)] == [("again", 1), ("first", 1)]
        assert prefixes.holders(connection, "nothing") == []
