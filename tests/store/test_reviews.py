"""Reviews: one open at a time, decided once, seen by whom they concern."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.domain.environment import Status
from jupyter_dataflow_envs.domain.errors import Conflict, NotFound
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.review import Review, ReviewState
from jupyter_dataflow_envs.domain.version import Outcome
from jupyter_dataflow_envs.store import environments, reviews, tables
from jupyter_dataflow_envs.store.database import Database
from tests.store.rows import add, build, some_lock, submit

ANN, BOB, ADMIN = Person("ann"), Person("bob"), Person("root", is_admin=True)
DECISIONS = [ReviewState.APPROVED, ReviewState.REJECTED, ReviewState.WITHDRAWN]


@pytest.fixture
def open_review(database: Database) -> Review:
    """Of `mlenv` of ann."""
    with database.write() as connection:
        id = add(connection, "mlenv")
        build(connection, id)
        return submit(connection, id)


def test_a_review_tells_what_was_submitted(database: Database, open_review: Review) -> None:
    with database.read() as connection:
        it = environments.find(connection, "mlenv", ANN)
        assert reviews.get(connection, open_review.id) == open_review == it.review
    assert (it.status, it.updated_at >= open_review.submitted_at) == (Status.PENDING_APPROVAL, True)
    assert open_review.submitted_at <= now()
    assert (open_review.environment_id, open_review.version, open_review.digest) == (it.id, 1, some_lock().digest)
    assert (open_review.state, open_review.note, open_review.submitted_by) == (ReviewState.PENDING, "please", "ann")
    assert (open_review.decided_by, open_review.decided_at, open_review.comment) == (None, None, None)


def test_one_is_open_at_a_time(database: Database, open_review: Review) -> None:
    with pytest.raises(Conflict, match="It waits for approval already"), database.write() as connection:
        submit(connection, open_review.environment_id)
    with database.write() as connection:
        other = add(connection, "other")
        build(connection, other)
        submit(connection, other)
        assert reviews.decide(connection, open_review.id, ReviewState.REJECTED, by="root", comment="no")
        again = submit(connection, open_review.environment_id)
        assert environments.find(connection, "mlenv", ANN).review == again
        assert reviews.get(connection, open_review.id).state is ReviewState.REJECTED


@pytest.mark.parametrize("first", DECISIONS)
@pytest.mark.parametrize("second", DECISIONS)
def test_the_first_decision_stands(
    database: Database, open_review: Review, first: ReviewState, second: ReviewState
) -> None:
    before = now()
    with database.write() as connection:
        assert reviews.decide(connection, open_review.id, first, by="root", comment="said")
        decided = reviews.get(connection, open_review.id)
        assert not reviews.decide(connection, open_review.id, second, by="bob", comment="late")
        assert reviews.get(connection, open_review.id) == decided
        it = environments.find(connection, "mlenv", ANN)
    assert (decided.state, decided.decided_by, decided.comment) == (first, "root", "said")
    assert decided.decided_at is not None
    assert before <= decided.decided_at <= now()
    assert (it.review, it.status) == (decided, Status.DRAFT)  # to publish is another step of the service


def test_of_many_at_once_one_decides(database: Database, open_review: Review) -> None:
    together = threading.Barrier(12)

    def decide(n: int) -> bool:
        together.wait(30)
        with database.write() as connection:
            return reviews.decide(connection, open_review.id, DECISIONS[n % 3], by=f"user{n}", comment=str(n))

    with ThreadPoolExecutor(12) as pool:
        won = [n for n, taken in enumerate(pool.map(decide, range(12))) if taken]
    assert len(won) == 1
    with database.read() as connection:
        decided = reviews.get(connection, open_review.id)
    assert (decided.decided_by, decided.comment, decided.state) == (f"user{won[0]}", str(won[0]), DECISIONS[won[0] % 3])


def test_a_review_is_never_opened_again(database: Database, open_review: Review) -> None:
    with pytest.raises(AssertionError, match="not in the table"), database.write() as connection:
        reviews.decide(connection, open_review.id, ReviewState.PENDING, by="root", comment="")


def test_there_is_none(database: Database) -> None:
    with database.write() as connection:
        with pytest.raises(NotFound, match="There is no such review"):
            reviews.get(connection, "nothing")
        assert not reviews.decide(connection, "nothing", ReviewState.APPROVED, by="root", comment="")


def test_the_database_takes_no_second_open_one(database: Database, open_review: Review) -> None:
    with database.read() as connection:
        row = connection.execute(select(tables.reviews)).one()._asdict()
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(tables.reviews.insert().values({**row, "id": "another"}))


def test_reviews_go_with_their_environment(database: Database, open_review: Review) -> None:
    with database.write() as connection:
        environments.remove(connection, open_review.environment_id)
        assert connection.execute(select(tables.reviews)).all() == []


def test_listed_newest_first_for_whom_they_concern(database: Database) -> None:
    with database.write() as connection:
        made = []
        for name, owner in (("one", "ann"), ("two", "bob"), ("three", "ann")):
            id = add(connection, name, owner=owner)
            build(connection, id)
            made.append(submit(connection, id))
        one = made[0]
        reviews.decide(connection, one.id, ReviewState.REJECTED, by="root", comment="no")

        def listed(person: Person, state: ReviewState | None = None, environment: str | None = None) -> list[str]:
            found = reviews.of_person(connection, person, state=state, environment=environment, limit=10)
            for review, _name in found:
                assert review == reviews.get(connection, review.id)
            return [name for _review, name in found]

        assert listed(ADMIN) == ["three", "two", "one"]
        assert listed(ADMIN, ReviewState.PENDING) == ["three", "two"]
        assert listed(ADMIN, environment="ONE") == ["one"]
        assert listed(ANN) == ["three", "one"]
        assert listed(ANN, ReviewState.REJECTED) == ["one"]
        assert listed(ANN, environment="two") == []
        assert listed(Person("cid")) == []
        newest = reviews.of_person(connection, ADMIN, state=None, environment=None, limit=2)
        assert [name for _review, name in newest] == ["three", "two"]

        environments.transfer(connection, one.environment_id, "bob")
        assert listed(BOB) == ["two", "one"]  # its history goes with it
        assert listed(ANN) == ["three"]  # as the environment itself, which she may not see any more


def test_the_latest_review_stays_with_the_environment(database: Database, open_review: Review) -> None:
    id = open_review.environment_id
    with database.write() as connection:
        reviews.decide(connection, open_review.id, ReviewState.REJECTED, by="root", comment="no")
        build(connection, id, Outcome.FAILED)
        it = environments.find(connection, "mlenv", ANN)
        assert it.review is not None
        assert (it.review.comment, it.review.version, it.status) == ("no", 1, Status.FAILED)
