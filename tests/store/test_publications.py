"""What everybody sees of a published environment: as it was then, until the next is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.domain.environment import Deprecation, Environment, Publication, Status
from jupyter_dataflow_envs.domain.errors import NotFound
from jupyter_dataflow_envs.domain.page import Page
from jupyter_dataflow_envs.domain.permissions import Person, Situation, actions
from jupyter_dataflow_envs.domain.review import ReviewState
from jupyter_dataflow_envs.domain.version import Outcome
from jupyter_dataflow_envs.store import environments, queue, reviews, versions
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.environments import NEWEST_FIRST
from tests.store.rows import SPEC, add, build, claim, emptied, publish, rename, submit

ANN, BOB, ADMIN = Person("ann"), Person("bob"), Person("root", is_admin=True)
LATER = replace(SPEC, conda_requirements=("secret",))


@pytest.fixture
def mlenv(database: Database) -> str:
    """Id of an environment of ann: version 1 published as `Full mlenv`, then edited to `Secret plans`."""
    with database.write() as connection:
        id = add(connection, "mlenv", description="as published")
        build(connection, id)
        publish(connection, id, 1)
        rename(connection, id, "Secret plans", description="secret", spec=LATER)
    return id


def test_published_as_it_was_then(database: Database, mlenv: str) -> None:
    with database.read() as connection:
        shown = environments.find(connection, "mlenv", BOB)
        for person in (ANN, ADMIN):
            own = environments.find(connection, "mlenv", person)
            assert (own.full_name, own.description, own.spec, own.modified) == ("Secret plans", "secret", LATER, True)
    assert own.publication is not None
    assert own.publication.at <= now()
    assert own.publication == Publication(1, "Full mlenv", "as published", SPEC, own.publication.at)
    assert (shown.full_name, shown.description, shown.spec) == ("Full mlenv", "as published", SPEC)
    assert (shown.status, shown.modified, shown.updated_at) == (Status.PUBLISHED, False, own.publication.at)


def test_what_was_built_is_shown_and_not_what_is_saved(database: Database) -> None:
    """The names are those at the approval; the requirements those of the version."""
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        rename(connection, id, "New name", spec=LATER)
        publish(connection, id, 1)
        shown = environments.find(connection, "mlenv", BOB)
    assert (shown.full_name, shown.spec) == ("New name", SPEC)


def test_the_next_publication_takes_its_place_and_ends_the_deprecation(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        first = environments.find(connection, "mlenv", BOB)
        environments.deprecate(connection, mlenv, "too old")
        assert versions.enqueue(connection, mlenv, LATER, by="ann") == (2, 1)
        run, prefix = claim(connection, mlenv)
        built = queue.BuiltPrefix(prefix, versions.lock(connection, _digest(connection, mlenv, 1)), 5)
        queue.succeed(connection, run, built, [], 1.0)
        publish(connection, mlenv, 2)
        shown = environments.find(connection, "mlenv", BOB)
    assert (shown.published, shown.full_name, shown.spec, shown.deprecated) == (2, "Secret plans", LATER, None)
    assert shown.updated_at > first.updated_at
    assert shown.etag != first.etag


def _digest(connection: Connection, environment_id: str, number: int) -> str:
    digest = versions.find(connection, environment_id, number).digest
    assert digest is not None
    return digest


def test_a_deprecation_is_seen_by_all_and_can_be_undone(database: Database, mlenv: str) -> None:
    before = now()
    with database.write() as connection:
        shown = environments.find(connection, "mlenv", BOB)
        environments.deprecate(connection, mlenv, "too old")
        for person in (ANN, BOB, ADMIN):
            deprecated = environments.find(connection, "mlenv", person).deprecated
            assert deprecated is not None
            assert deprecated == Deprecation("too old", deprecated.at)
            assert before <= deprecated.at <= now()
        environments.deprecate(connection, mlenv, None)
        assert environments.find(connection, "mlenv", BOB) == shown


def test_unpublished_it_is_its_owners_again(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        environments.deprecate(connection, mlenv, "too old")
        assert [e.id for e in environments.published(connection)] == [mlenv]
        environments.unpublish(connection, mlenv)
        with pytest.raises(NotFound):
            environments.find(connection, "mlenv", BOB)
        assert environments.find_by_id(connection, mlenv, BOB) is None
        it = environments.find(connection, "mlenv", ANN)
        assert environments.published(connection) == []
        assert (it.publication, it.deprecated, it.ever_published, it.status) == (None, None, True, Status.DRAFT)
        publish(connection, mlenv, 1)
        shown = environments.find(connection, "mlenv", BOB)
        assert (shown.full_name, shown.deprecated) == ("Secret plans", None)


def test_a_transfer_is_an_edit(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        before = environments.find(connection, "mlenv", ANN)
        environments.transfer(connection, mlenv, "cid")
        after = environments.find(connection, "mlenv", Person("cid"))
        assert environments.find(connection, "mlenv", ANN).full_name == "Full mlenv"
    assert (after.owner, after.full_name, after.spec) == ("cid", "Secret plans", LATER)
    assert after.etag != before.etag
    assert after.updated_at > before.updated_at


def test_nothing_hidden_is_found_or_put_in_order(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        build(connection, mlenv, Outcome.FAILED)
        rename(connection, mlenv, "Zzz secret")
        for n, name in enumerate(("Beta", "Zeta")):
            id = add(connection, f"o{n}", full_name=name, owner="cid")
            build(connection, id)
            publish(connection, id, 1)

        def found(person: Person, **wanted: Any) -> list[str]:
            return [e.short_name for e in environments.page(connection, Page(**wanted), person)[0]]

        assert found(BOB, text="secret") == []
        assert found(BOB, text="full") == ["mlenv"]
        assert found(ANN, text="secret") == found(ADMIN, text="secret") == ["mlenv"]
        assert found(ANN, text="full") == []
        assert found(BOB, sort="full_name") == ["o0", "mlenv", "o1"]
        assert found(ANN, sort="full_name") == found(ADMIN, sort="full_name") == ["o0", "o1", "mlenv"]
        assert found(BOB, sort="updated") == ["o1", "o0", "mlenv"]
        rename(connection, mlenv, "Zzz secret 2")
        assert found(BOB, sort="updated") == ["o1", "o0", "mlenv"]
        assert found(ANN, sort="updated") == ["mlenv", "o1", "o0"]
        assert found(BOB, status=Status.FAILED) == []
        assert found(ANN, status=Status.FAILED) == ["mlenv"]
        assert found(BOB, status=Status.PUBLISHED) == ["mlenv", "o0", "o1"]
        assert found(ANN, status=Status.PUBLISHED) == ["o0", "o1"]


# --- nothing flickers ------------------------------------------------------------------------------------------------


def _edit(connection: Connection, id: str, n: int) -> None:
    rename(
        connection, id, f"Aardvark {n}", description=f"secret {n}", spec=replace(SPEC, conda_requirements=(f"x{n}",))
    )


def _build(outcome: Outcome) -> Callable[[Connection, str, int], None]:
    def act(connection: Connection, id: str, _n: int) -> None:
        it = _own(connection, id)
        if it.status not in (Status.IN_PROGRESS, Status.PENDING_APPROVAL):
            build(connection, id, outcome)

    return act


def _cancel(connection: Connection, id: str, _n: int) -> None:
    queue.request_cancel(connection, id, "ann")
    for attempt in queue.active(connection):
        if attempt.environment_id == id and not queue.fail_queued(connection, attempt.id, "cancelled by ann"):
            assert attempt.run_id is not None
            queue.fail(connection, attempt.run_id, "cancelled by ann", [], 1.0)


def _submit(connection: Connection, id: str, _n: int) -> None:
    it = _own(connection, id)
    if it.status in (Status.DRAFT, Status.FAILED) and it.latest_success != it.published:
        versions.delete_failed(connection, id)
        submit(connection, id)


def _end_review(state: ReviewState) -> Callable[[Connection, str, int], None]:
    def act(connection: Connection, id: str, _n: int) -> None:
        review = _own(connection, id).review
        if review is not None:
            reviews.decide(connection, review.id, state, by="root", comment="said")

    return act


def _own(connection: Connection, id: str) -> Environment:
    it = environments.by_id(connection, id)
    assert it is not None
    return it


DEEDS = {
    "edit": _edit,
    "queue": _build(Outcome.QUEUED),
    "start": _build(Outcome.BUILDING),
    "build": _build(Outcome.SUCCEEDED),
    "fail": _build(Outcome.FAILED),
    "cancel": _cancel,
    "submit": _submit,
    "reject": _end_review(ReviewState.REJECTED),
    "withdraw": _end_review(ReviewState.WITHDRAWN),
}


ASKED = [
    *(Page(text, sort=sort, limit=2) for sort in NEWEST_FIRST for text in ("", "full", "secret", "aardvark")),
    *(Page(status=status) for status in Status),
]


def answers(connection: Connection, person: Person) -> list[Any]:
    """All that this person is told, by every way of asking, cursors included."""
    told = [(wanted, _all_of(items, person), cursor) for wanted, items, cursor in _pages(connection, person)]
    return [*told, _all_of([environments.find(connection, "mlenv", person)], person)]


def _pages(connection: Connection, person: Person) -> Iterator[tuple[Page, list[Environment], str | None]]:
    for wanted in ASKED:
        items, cursor = environments.page(connection, wanted, person)
        yield wanted, items, cursor
        while cursor is not None:
            items, cursor = environments.page(connection, replace(wanted, cursor=cursor), person)
            yield wanted, items, cursor


def _all_of(items: list[Environment], person: Person) -> list[Any]:
    return [(e, e.etag, e.status, e.modified, actions(Situation.of(e, person))) for e in items]


@settings(max_examples=15)
@given(st.lists(st.sampled_from(sorted(DEEDS)), min_size=1, max_size=8))
def test_others_are_told_the_same_whatever_its_owner_does(shared_database: Database, deeds: list[str]) -> None:
    with emptied(shared_database).write() as connection:
        ids = {}
        for name, owner in (("mlenv", "ann"), ("geo", "cid"), ("mine", "bob")):
            ids[name] = add(connection, name, owner=owner)
            build(connection, ids[name])
            publish(connection, ids[name], 1)
        hidden = add(connection, "new", full_name="Full of hidden things")
        before = answers(connection, BOB)
        for n, deed in enumerate(deeds):
            for id in (ids["mlenv"], hidden):
                DEEDS[deed](connection, id, n)
            assert answers(connection, BOB) == before, deed
