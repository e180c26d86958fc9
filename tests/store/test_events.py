"""The audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.domain.events import PUBLIC, Event, EventKind, TrailPage
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.store import environments, events, tables
from jupyter_dataflow_envs.store.database import Database
from tests.store.rows import START, add, build, prepared, publish

ANN, BOB, BOSS = Person("ann"), Person("bob"), Person("boss", is_admin=True)


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


def test_an_event_keeps_whom_it_concerns_then(database: Database) -> None:
    with database.write() as connection:
        id = add(connection, "mlenv")
        number = build(connection, id)
        events.record(connection, EventKind.ACTIVATED, "ann", environment_id=id, short_name="mlenv", version=number)
        publish(connection, id, number)
        for kind in EventKind:
            events.record(connection, kind, "ann", environment_id=id, short_name="mlenv", version=number)
        environments.transfer(connection, id, "bob")
        events.record(connection, EventKind.RECEIVED, "boss", environment_id=id, short_name="mlenv")
        before, *while_published, received = events.since(connection, 0)
    assert (before.owner, before.public) == ("ann", False)
    assert {e.kind for e in while_published if e.public} == PUBLIC
    assert {e.owner for e in while_published} == {"ann"}
    assert received.owner == "bob"


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """100,000 events, one a minute: of 50 people's environments, and what they did to others'."""
    database = prepared(tmp_path_factory.mktemp("trail"))
    kinds = list(EventKind)
    with database.write() as connection:
        connection.execute(
            tables.events.insert(),
            [
                {
                    "at": to_text(START + timedelta(minutes=n)),
                    "actor": f"user{n % 47}",
                    "kind": kinds[n % len(kinds)].value,
                    "environment_id": f"{n % 500:032x}",
                    "short_name": f"e{n % 500}",
                    "version": n % 9,
                    "details": {"n": n},
                    "owner": f"user{n % 500 % 50}",
                    "public": n % 3 == 0,
                }
                for n in range(100_000)
            ],
        )
    yield database
    database.close()


@pytest.fixture(scope="module")
def everything(trail: Database) -> list[Event]:
    with trail.read() as connection:
        return events.since(connection, 0, limit=200_000)


def _all(database: Database, wanted: TrailPage, person: Person, most: int = 10_000) -> list[Event]:
    """Page by page."""
    found: list[Event] = []
    before: int | None = None
    with database.read() as connection:
        while len(found) < most:
            shown, before = events.page(connection, _before(wanted, before), person)
            assert len(shown) <= wanted.limit
            found += shown
            if before is None:
                break
            assert len(shown) == wanted.limit
    return found


def _before(wanted: TrailPage, before: int | None) -> TrailPage:
    fields: dict[str, Any] = {name: getattr(wanted, name) for name in TrailPage.__slots__}
    return TrailPage(**{**fields, "before": before})


REVIEWS = (EventKind.SUBMITTED, EventKind.APPROVED)
MIDDLE = START + timedelta(minutes=50_000)


@pytest.mark.parametrize("person", [BOSS, Person("user3"), Person("nobody")], ids=lambda p: p.name)
@pytest.mark.parametrize(
    "wanted",
    [
        TrailPage(limit=333),
        TrailPage(environment="E3", limit=10),
        TrailPage(actor="user3", limit=100),
        TrailPage(actor="user4", limit=7),
        TrailPage(kinds=REVIEWS, limit=1000),
        TrailPage(environment="e3", actor="user3", limit=2),
        TrailPage(since=MIDDLE, limit=500),
        TrailPage(until=MIDDLE, limit=500),
        TrailPage(since=MIDDLE, until=MIDDLE + timedelta(minutes=700), kinds=REVIEWS, limit=5),
        TrailPage(environment="nope"),
    ],
    ids=lambda w: str({n: getattr(w, n) for n in ("environment", "actor", "kinds", "since") if getattr(w, n)}),
)
def test_pages_put_together_are_what_was_asked_for(
    trail: Database, everything: list[Event], wanted: TrailPage, person: Person
) -> None:
    expected = [
        e
        for e in reversed(everything)
        if e.full_for(person)
        and (wanted.environment is None or e.short_name == wanted.environment.lower())
        and (wanted.actor is None or e.actor == wanted.actor)
        and (not wanted.kinds or e.kind in wanted.kinds)
        and (wanted.since is None or e.at >= wanted.since)
        and (wanted.until is None or e.at < wanted.until)
    ]
    found = _all(trail, wanted, person, most=4000)
    assert found == expected[: len(found)]
    assert len(found) == len(expected) or len(found) >= 4000


@pytest.mark.parametrize("person", [BOSS, Person("user3")], ids=lambda p: p.name)
@pytest.mark.parametrize(
    "wanted",
    [
        TrailPage(environment="e3"),
        TrailPage(environment="e3", before=50_000),
        TrailPage(environment="e3", kinds=REVIEWS, since=MIDDLE),
        TrailPage(actor="user4"),
        TrailPage(actor="user4", before=50_000, until=MIDDLE),
        TrailPage(environment="e3", actor="user4"),
    ],
    ids=str,
)
def test_what_is_asked_for_is_found_by_an_index_and_never_sorted(
    trail: Database, wanted: TrailPage, person: Person
) -> None:
    for plan in _plans(trail, wanted, person):
        assert all("SEARCH events USING INDEX ix_events_" in step for step in plan), plan


@pytest.mark.parametrize("wanted", [TrailPage(), TrailPage(kinds=REVIEWS), TrailPage(since=MIDDLE, before=9)], ids=str)
def test_a_person_never_reads_all_of_the_others_events(trail: Database, wanted: TrailPage) -> None:
    owned, done = _plans(trail, wanted, Person("user3"))
    assert len(owned) == len(done) == 1, "nothing is to be sorted"
    assert "USING INDEX ix_events_owner (owner=?" in owned[0]
    assert "USING INDEX ix_events_actor (actor=?" in done[0]


def test_a_page_without_filters_is_read_in_its_order(trail: Database) -> None:
    (plan,) = _plans(trail, TrailPage(before=50_000), BOSS)
    assert plan == ["SEARCH events USING INTEGER PRIMARY KEY (rowid<?)"]


def _plans(database: Database, wanted: TrailPage, person: Person) -> list[list[str]]:
    """What SQLite says it does for each query."""
    plans = []
    with database.read() as connection:
        for query in events.queries(wanted, person):
            sql = str(query.limit(101).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
            plans.append([row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")])
    return plans
