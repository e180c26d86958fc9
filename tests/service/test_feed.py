"""What happens, told once to whoever listens in a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.errors import Unavailable
from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.domain.version import Progress
from jupyter_dataflow_envs.service.feed import Feed, News
from jupyter_dataflow_envs.store import events, queue
from jupyter_dataflow_envs.store.database import Database
from tests.live import wait_until
from tests.service.deployments import url_of
from tests.store.rows import add, claim, enqueue

ANN, CAROL = Person("ann"), Person("carol")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(url_of(tmp_path))) as database:
        database.prepare(backups=tmp_path, may_migrate=True, creator="ann")
        yield database


def _record(database: Database, *actors: str) -> None:
    with database.write() as connection:
        for actor in actors:
            events.record(connection, EventKind.EDITED, actor)


def _tell(database: Database, feed: Feed, since: int) -> None:
    """What the watching thread does."""
    with database.read() as connection:
        feed.tell(events.since(connection, since))


def test_who_listens_hears_all_that_comes_after_where_it_began(database: Database) -> None:
    feed = Feed(database, 0, "d1")
    _record(database, "ann", "ann")
    _tell(database, feed, 0)  # to nobody
    first: list[News] = []
    second: list[News] = []
    assert feed.listen(first.append) == 2
    _record(database, "bob")
    _tell(database, feed, 2)
    assert feed.listen(second.append) == 3
    _record(database, "bob", "ann")
    _tell(database, feed, 3)
    feed.silence(first.append)
    feed.silence(first.append)
    _record(database, "ann")
    _tell(database, feed, 5)
    assert [[e.seq for e in n.events] for n in first] == [[3], [4, 5]]
    assert [[e.seq for e in n.events] for n in second] == [[4, 5], [6]]


def test_the_end_is_told_and_nobody_comes_after_it(database: Database) -> None:
    feed = Feed(database, 0, "d1")
    told: list[News] = []
    feed.listen(told.append)
    feed.end()
    assert told == [News(ended=True)]
    with pytest.raises(Unavailable):
        feed.listen(told.append)
    _record(database, "ann")
    _tell(database, feed, 0)
    feed.look(True)
    assert len(told) == 1


def test_an_opening_holds_what_a_person_missed(database: Database) -> None:
    feed = Feed(database, 0, "d1")
    _record(database, "ann", "bob", "ann")
    opening = feed.opening(ANN, 1)
    assert (opening.seq, opening.snapshot, [e.seq for e in opening.missed]) == (3, False, [3])
    assert feed.opening(CAROL, 0).missed == []
    assert not feed.opening(ANN, 3, "d1").snapshot
    for since, deployment_id in ((None, None), (4, None), (3, "d2")):
        opening = feed.opening(ANN, since, deployment_id)
        assert (opening.seq, opening.snapshot, opening.missed) == (3, True, [])


def test_how_far_builds_are_is_told_when_it_changes_and_not_too_often(database: Database) -> None:
    feed = Feed(database, 0, "d1")
    told: list[News] = []

    def heard(count: int) -> list[tuple[str, str | None]]:
        """Once so many have come, all of them."""

        def come() -> bool:
            feed.look(False)
            return len(told) >= count

        wait_until(come, f"{count} looks", 5)
        return [(h.short_name, h.phase) for n in told for h in n.hints]

    with database.write() as connection:
        ids = [add(connection, name) for name in ("one", "two")]
        for id in ids:
            enqueue(connection, id)
    feed.look(True)  # nobody listens: nothing is read
    feed.listen(told.append)
    assert heard(1) == [("one", "queued"), ("two", "queued")]
    with database.write() as connection:
        run, _ = claim(connection, ids[0])
    feed.look(True)
    assert len(told) == 1, "that was too soon"
    assert heard(2)[2:] == [("one", "solving"), ("two", "queued")], "the second has moved up"
    assert told[1].hints[1].queue_position == 1
    with database.write() as connection:
        for done in range(5):
            queue.note_progress(connection, run, "linking", Progress(done, 10))
    feed.look(True)
    assert heard(3)[4:] == [("one", "linking")]
    assert told[2].hints[0].progress == Progress(4, 10)
    assert [h.short_name for h in feed.opening(ANN, 0).hints] == ["one", "two"]
    assert feed.opening(CAROL, 0).hints == []
