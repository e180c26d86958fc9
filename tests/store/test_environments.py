"""Environments by page: whole, in order, as the person may see them, in a fixed number of queries."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import IntegrityError

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.domain.environment import Environment, Status
from jupyter_dataflow_envs.domain.errors import Malformed, NotFound, ShortNameTaken, Stale
from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.domain.page import Page
from jupyter_dataflow_envs.domain.permissions import Person, may_see
from jupyter_dataflow_envs.domain.spec import Base
from jupyter_dataflow_envs.domain.version import Outcome, Progress
from jupyter_dataflow_envs.store import activations, environments, events, queue, tables
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.environments import NEWEST_FIRST
from tests.store.rows import (
    SPEC,
    START,
    add,
    build,
    claim,
    emptied,
    new_id,
    prepared,
    publish,
    rename,
    some_lock,
    submit,
)

ANN, BOB, ADMIN = Person("ann"), Person("bob"), Person("root", is_admin=True)


def listed(connection: Connection, wanted: Page, person: Person) -> list[Environment]:
    """All pages, one after the other."""
    found, pages = [], 0
    while True:
        items, cursor = environments.page(connection, wanted, person)
        assert len(items) <= wanted.limit
        found += items
        pages += 1
        if cursor is None:
            return found
        assert len(items) == wanted.limit
        assert pages <= 100
        wanted = replace(wanted, cursor=cursor)


# --- one -----------------------------------------------------------------------------------------------------------


def test_found_as_it_was_inserted(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv", description="a\nnote")
        found = environments.find(connection, "MLenv", ANN)
        assert environments.by_id(connection, id) == found
        assert environments.by_id(connection, "nothing") is None
    assert found == Environment(id, "mlenv", "Full mlenv", "a\nnote", "ann", SPEC, 1, START, START)


def test_what_a_person_may_not_see_is_not_there(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        environments.find(connection, "mlenv", ADMIN)
        for name in ("mlenv", "other"):
            with pytest.raises(NotFound, match=f"There is no environment '{name}'."):
                environments.find(connection, name, BOB)
        build(connection, id)
        publish(connection, id, 1)
        assert environments.find(connection, "mlenv", BOB).status is Status.PUBLISHED


def test_a_short_name_is_taken_once_whoever_has_it(database: Database) -> None:
    with database.write() as connection:
        add(connection, "mlenv")
    with pytest.raises(ShortNameTaken, match="'mlenv' is already in use; try another"), database.write() as connection:
        add(connection, "mlenv", owner="bob")
    with database.write() as connection:
        environments.remove(connection, environments.find(connection, "mlenv", ANN).id)
        add(connection, "mlenv", owner="bob")


def test_an_edit_needs_the_revision_that_was_read(database: Database) -> None:
    spec = replace(SPEC, conda_requirements=("numpy",))
    with database.write() as connection:
        id = add(connection, "mlenv")
        environments.edit(connection, id, revision=1, full_name="New", description="why", spec=spec)
        edited = environments.find(connection, "mlenv", ANN)
        assert (edited.full_name, edited.description, edited.spec, edited.revision) == ("New", "why", spec, 2)
        assert edited.updated_at > START
        assert edited.created_at == START
        with pytest.raises(Stale, match="Someone else has changed this environment"):
            environments.edit(connection, id, revision=1, full_name="Other", description="", spec=spec)
        assert environments.find(connection, "mlenv", ANN) == edited


def test_removed_with_all_that_is_its_own(database: Database) -> None:
    with database.write() as connection:
        gone, kept = add(connection, "gone"), add(connection, "kept")
        for id in (gone, kept):
            build(connection, id, Outcome.FAILED)
            build(connection, id)
            activations.activate(connection, id, "ann", "server")
            events.record(connection, EventKind.CREATED, "ann", environment_id=id)
        environments.remove(connection, gone)
        for table in (tables.versions, tables.attempts, tables.activations):
            assert set(connection.execute(select(table.c.environment_id)).scalars()) == {kept}
        assert {e.environment_id for e in events.since(connection, 0)} == {gone, kept}


def test_counted_by_owner(database: Database) -> None:
    with database.write() as connection:
        for name, owner in (("a", "ann"), ("b", "ann"), ("c", "bob")):
            add(connection, name, owner=owner)
        assert [environments.count_owned(connection, owner) for owner in ("ann", "bob", "cid")] == [2, 1, 0]


def test_it_carries_its_build_its_usage_and_its_place(database: Database) -> None:
    with database.write() as connection:
        ids = [add(connection, name) for name in ("a", "b", "c")]
        for id in ids:
            build(connection, id, Outcome.QUEUED)
        run, _ = claim(connection, ids[0])
        queue.note_progress(connection, run, "linking", Progress(1, 5, 10, 50))
        activations.activate(connection, ids[0], "bob", "one")
        activations.activate(connection, ids[0], "bob", "two")
        activations.activate(connection, ids[0], "ann", "three")
        environments.note_started(connection, ids[0], START)
        a, b, c = listed(connection, Page(), ANN)
    assert a.latest is not None
    assert (a.latest.number, a.latest.outcome, a.latest.phase, a.latest.queue_position) == (
        1,
        Outcome.BUILDING,
        "linking",
        None,
    )
    assert a.latest.progress == Progress(1, 5, 10, 50)
    assert (a.usage.active_people, a.usage.last_started, a.active) == (2, START, True)
    assert b.latest is not None
    assert c.latest is not None
    assert (b.latest.queue_position, c.latest.queue_position, b.active) == (1, 2, False)


# --- pages ---------------------------------------------------------------------------------------------------------

OUTCOMES = st.lists(st.sampled_from(Outcome), max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "full_name": st.sampled_from(["Alpha", "alpha", "Beta_1", "Beta%1", "Übung", "übung \\ 2", "Ψ", "B" * 100]),
            "owner": st.sampled_from(["ann", "bob", "Ann_%"]),
            "minutes": st.integers(0, 3),
            "outcomes": OUTCOMES,
            "publish": st.booleans(),
            "renamed": st.none() | st.sampled_from(["Beta_2", "Gamma", "alpha"]),
            "submit": st.booleans(),
        }
    ),
    max_size=12,
)


def fill(connection: Connection, rows: list[dict[str, Any]]) -> None:
    for n, row in enumerate(rows):
        id = add(
            connection, f"{'ba'[n % 2]}{n}", full_name=row["full_name"], owner=row["owner"], minutes=row["minutes"]
        )
        succeeded = None
        for outcome in row["outcomes"]:
            number = build(connection, id, outcome)
            if outcome is Outcome.SUCCEEDED:
                succeeded = number
            if outcome.active:
                break
            if row["publish"] and succeeded:
                publish(connection, id, succeeded)
        if row["renamed"]:
            rename(connection, id, row["renamed"])
        if row["submit"] and succeeded and row["outcomes"][-1] is Outcome.SUCCEEDED:
            submit(connection, id)


SORT_KEYS: dict[str, Callable[[Environment], Any]] = {
    "short_name": lambda e: (e.short_name.encode(), e.id),
    "full_name": lambda e: (e.full_name.encode(), e.id),
    "created": lambda e: (e.created_at, e.id),
    "updated": lambda e: (e.updated_at, e.id),
}
DESCENDING = {"created", "updated"}


@settings(max_examples=40)
@given(
    rows=ROWS,
    person=st.sampled_from([ANN, BOB, ADMIN, Person("stranger")]),
    sort=st.sampled_from(sorted(SORT_KEYS)),
    limit=st.integers(1, 5),
    text=st.sampled_from(["", "a", "B", "%", "_", "_1", "\\", "übung", "ÜBUNG", "ψ", "nothing"]),
    status=st.none() | st.sampled_from(Status),
    owner=st.none() | st.sampled_from(["ann", "bob", "Ann_%"]),
)
def test_pages_together_are_all_that_was_asked_for(
    shared_database: Database,
    rows: list[dict[str, Any]],
    person: Person,
    sort: str,
    limit: int,
    text: str,
    status: Status | None,
    owner: str | None,
) -> None:
    with emptied(shared_database).write() as connection:
        fill(connection, rows)
        ids = connection.execute(select(tables.environments.c.id)).scalars().all()
        every = [environments.by_id(connection, id) for id in ids]
        found = listed(connection, Page(text, status, owner, sort, limit), person)
    expected = [
        e
        for e in (it.seen_by(person) for it in every if it is not None and may_see(it, person))
        if (owner is None or e.owner == owner)
        and (status is None or e.status is status)
        and (any(text.lower() in part.lower() for part in (e.short_name, e.full_name, e.owner)))
    ]
    expected.sort(key=SORT_KEYS[sort], reverse=sort in DESCENDING)
    assert [e.id for e in found] == [e.id for e in expected]


def test_all_sorts_are_tried() -> None:
    assert set(NEWEST_FIRST) == set(SORT_KEYS)
    assert {sort for sort, newest_first in NEWEST_FIRST.items() if newest_first} == DESCENDING


@settings(max_examples=40)
@given(rows=ROWS)
def test_the_database_filters_by_the_status_that_is_derived(
    shared_database: Database, rows: list[dict[str, Any]]
) -> None:
    with emptied(shared_database).write() as connection:
        fill(connection, rows)
        every = listed(connection, Page(), ADMIN)
        assert len(every) == len(rows)
        for status in Status:
            found = listed(connection, Page(status=status), ADMIN)
            assert [e.id for e in found] == [e.id for e in every if e.status is status]


def test_pages_do_not_shift_when_others_come_and_go(database: Database) -> None:
    with database.write() as connection:
        for name in "bdfh":
            add(connection, name)
        first, cursor = environments.page(connection, Page(limit=2), ANN)
        add(connection, "a")
        environments.remove(connection, first[0].id)
        add(connection, "g")
        rest = listed(connection, Page(limit=2, cursor=cursor), ANN)
    assert [e.short_name for e in (*first, *rest)] == ["b", "d", "f", "g", "h"]


@contextmanager
def queries(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The SELECT statements that are run meanwhile, with their parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    event.listen(database.reader, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.reader, "before_cursor_execute", note)


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(database: Database) -> None:
    amounts = []
    for n in range(40):
        with database.write() as connection:
            id = add(connection, f"e{n}")
            build(connection, id)
            build(connection, id, Outcome.FAILED)
            build(connection, id, Outcome.QUEUED)
            activations.activate(connection, id, "ann", "server")
            publish(connection, id, 1)
        if n in (0, 39):
            with database.read() as connection, queries(database) as run:
                items, _ = environments.page(connection, Page(limit=100), ANN)
            assert len(items) == n + 1
            amounts.append(len(run))
    assert amounts == [3, 3]


@pytest.mark.parametrize("sort", sorted(SORT_KEYS))
@pytest.mark.parametrize("person", [ANN, ADMIN], ids=["one of many", "administrator"])
def test_a_page_is_read_from_an_index(sqlite_database: Database, sort: str, person: Person) -> None:
    """Of 10,000 environments only those of the page are looked at: nothing is sorted."""
    with sqlite_database.read() as connection, queries(sqlite_database) as run:
        environments.page(connection, Page(sort=sort), person)
        statement, parameters = run[0]
        steps = [row.detail for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)]
    assert not [s for s in steps if "TEMP B-TREE" in s], steps


@contextmanager
def counted_steps(connection: Connection) -> Iterator[list[int]]:
    """How many hundreds of instructions SQLite carries out meanwhile."""
    sqlite, steps = connection.connection.dbapi_connection, [0]
    assert isinstance(sqlite, sqlite3.Connection)

    def count() -> int:
        steps[0] += 1
        return 0

    sqlite.set_progress_handler(count, 100)
    try:
        yield steps
    finally:
        sqlite.set_progress_handler(None, 0)


@pytest.fixture(scope="module")
def crowds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Database]]:
    """Deployments with so many environments: all published, one in ten of ann, some edited since."""
    made = {}
    for count in (300, 6000):
        database = prepared(tmp_path_factory.mktemp(str(count)))
        spec, moment = SPEC.to_json(), [to_text(START + timedelta(seconds=n * 7919 % 100_000)) for n in range(count)]
        with database.write() as connection:
            connection.execute(
                tables.environments.insert(),
                [
                    {
                        "id": new_id(), "short_name": f"e{n}", "full_name": f"Name {n * 31 % count}",
                        "description": "", "owner": "ann" if n % 10 == 0 else f"user{n % 50}", "spec": spec,
                        "spec_digest": SPEC.digest, "revision": 1, "created_at": moment[n],
                        "updated_at": moment[n * 7 % count], "published_version": 1,
                        "published_full_name": f"Shown {n * 17 % count}", "published_description": "",
                        "published_spec": spec, "published_at": moment[n * 3 % count],
                    }
                    for n in range(count)
                ],
            )  # fmt: skip
        made[count] = database
    yield made
    for database in made.values():
        database.close()


@pytest.mark.parametrize("sort", sorted(SORT_KEYS))
@pytest.mark.parametrize("person", [ANN, BOB, ADMIN], ids=["owner of many", "other", "administrator"])
def test_a_page_costs_the_same_however_many_there_are(crowds: dict[int, Database], sort: str, person: Person) -> None:
    steps = []
    for database in crowds.values():
        with database.read() as connection, counted_steps(connection) as counted:
            items, cursor = environments.page(connection, Page(sort=sort, limit=20), person)
            assert len(items) == 20
            environments.page(connection, Page(sort=sort, limit=20, cursor=cursor), person)
        steps.append(counted[0])
    assert steps[1] < 1.5 * steps[0] + 5


# --- cursors -------------------------------------------------------------------------------------------------------


def encoded(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "====",
        "é",
        "\ud800",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 60_000).decode(),
        encoded(None),
        encoded(5),
        encoded({}),
        encoded([]),
        encoded("abc"),
        encoded(["short_name", "a"]),
        encoded(["short_name", "a", "b", "c"]),
        encoded(["short_name", 1, "b"]),
        encoded(["short_name", "a", None]),
        encoded(["short_name", "\ud800", "a"]),
        encoded(["updated", "a", "b"]),
        encoded([["short_name"], "a", "b"]),
    ],
    ids=repr,
)
def test_a_cursor_that_was_not_given_is_refused(database: Database, cursor: str) -> None:
    with database.read() as connection, pytest.raises(Malformed, match=r"^cursor "):
        environments.page(connection, Page(cursor=cursor), ANN)


@given(
    st.text(st.characters(), max_size=40) | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode())
)
def test_no_cursor_breaks_the_listing(shared_database: Database, cursor: str) -> None:
    with shared_database.read() as connection, suppress(Malformed):
        environments.page(connection, Page(cursor=cursor), ANN)


def test_an_unknown_sort_is_refused(database: Database) -> None:
    with database.read() as connection, pytest.raises(Malformed, match="sort must be one of short_name, full_name"):
        environments.page(connection, Page(sort="id; DROP TABLE environments"), ANN)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("%", ["b"]),
        ("_", ["c"]),
        ("\\", ["d"]),
        ("50%", ["b"]),
        ("x_y", ["c"]),
        ("xzy", ["a"]),
        ("X_Y", ["c"]),
        # Each word for itself, wherever it stands.
        ("off 50", ["b"]),
        ("d slash", ["d"]),
        ("50 slash", []),
        (" ", ["a", "b", "c", "d"]),
    ],
)
def test_what_is_searched_is_text_and_no_pattern(database: Database, text: str, found: list[str]) -> None:
    with database.write() as connection:
        for name, full_name in (("a", "xzy"), ("b", "50% off"), ("c", "x_y"), ("d", "back\\slash")):
            add(connection, name, full_name=full_name)
        assert [e.short_name for e in listed(connection, Page(text=text), ANN)] == found


def test_only_leased_activations_count_as_use(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        activations.activate(connection, id, "bob", "gone")
        connection.execute(tables.activations.update().values(leased_until=to_text(now() - timedelta(seconds=1))))
        activations.activate(connection, id, "cid", "here")
        assert environments.find(connection, "mlenv", ANN).usage.active_people == 1


# --- use -------------------------------------------------------------------------------------------------------------


def test_others_are_neither_its_owner_nor_who_asks(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        publish(connection, id, 1)
        for person, server in (("ann", "a"), ("bob", "b"), ("bob", "c"), ("cid", "d"), ("gone", "e")):
            activations.activate(connection, id, person, server)
        connection.execute(
            tables.activations.update()
            .where(tables.activations.c.person == "gone")
            .values(leased_until=to_text(now() - timedelta(seconds=1)))
        )
        others = {p.name: environments.find(connection, "mlenv", p).usage.others for p in (ANN, BOB, ADMIN)}
        assert others == {"ann": 2, "bob": 1, "root": 2}
        assert environments.find(connection, "mlenv", ADMIN).usage.active_people == 3


def test_children_are_what_is_based_on_it(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        base = Base(id, "mlenv", 1, some_lock().digest)
        on_base = replace(SPEC, python_version="", base=base)
        for name, owner in (("one", "bob"), ("two", "ann")):
            add(connection, name, owner=owner, spec=on_base)
        assert environments.find(connection, "mlenv", ANN).usage.children == 2
        assert environments.find(connection, "one", ADMIN).usage.children == 0
        assert environments.find(connection, "one", BOB).spec == on_base
        assert environments.based_on(connection, id) == [("one", "bob"), ("two", "ann")]
        rename(connection, environments.find(connection, "one", BOB).id, "Alone", spec=SPEC)
        assert environments.based_on(connection, id) == [("two", "ann")]
        assert environments.find(connection, "mlenv", ANN).usage.children == 1


def test_an_environment_on_an_older_version_of_itself_is_in_nobodys_way(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        rename(connection, id, "On itself", spec=replace(SPEC, base=Base(id, "mlenv", 1, some_lock().digest)))
        assert environments.based_on(connection, id) == []
        assert environments.find(connection, "mlenv", ANN).usage.children == 0


def test_only_a_taken_name_is_told_as_one(database: Database) -> None:
    lost = replace(SPEC, base=Base("b" * 32, "geo", 1, "0" * 64))
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.write() as connection:
        add(connection, "mlenv", spec=lost)


def test_a_draft_is_tried_in_one_server_and_not_in_another(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        for server, draft in (("a", False), ("b", True), ("c", False)):
            activations.activate(connection, id, "root", server, draft=draft)
            it = environments.find(connection, "mlenv", ADMIN)
            assert (it.active, it.draft_active) == (True, server != "a")
        activations.activate(connection, id, "root", "b")
        assert not environments.find(connection, "mlenv", ADMIN).draft_active
        assert not environments.find(connection, "mlenv", ANN).active
