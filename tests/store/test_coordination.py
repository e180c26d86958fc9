"""One coordinator at a time, on either kind of database; who was it before can write nothing any more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jupyter_dataflow_envs.store import coordination, deployment
from jupyter_dataflow_envs.store.coordination import Coordination, coordination_of
from jupyter_dataflow_envs.store.database import Database, Fenced
from jupyter_dataflow_envs.store.postgresql import DatabaseAway
from jupyter_dataflow_envs.store.root import Root
from tests.live import wait_until
from tests.postgresql import PostgreSQL
from tests.store.rows import url_of

HOLD = """
import sys
from pathlib import Path
from jupyter_dataflow_envs.store.coordination import coordination_of
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.root import Root
lock = coordination_of(Database(sys.argv[1]), Root(Path(sys.argv[2])))
print(lock.take() and lock.begin(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


@pytest.fixture
def two(database: Database, root: Root) -> Iterator[tuple[Coordination, Coordination]]:
    """Of two servers."""
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            other = Database(url_of(database))
            stack.callback(other.close)
            lock = coordination_of(other, root)
            stack.callback(lock.release)
            made.append(lock)
        yield made[0], made[1]


def test_one_holds_it_and_the_other_follows(two: tuple[Coordination, Coordination]) -> None:
    first, second = two
    assert first.holder() is None
    assert first.take()
    assert first.begin() == 1
    assert (first.held, first.keep()) == (True, True)
    assert not second.take()
    assert (second.held, second.keep()) == (False, False)
    for one in two:
        holder = one.holder()
        assert holder is not None
        assert holder["pid"] == os.getpid()
        assert set(holder) == {"pid", "host", "since"}
    first.release()
    assert not first.held
    wait_until(lambda: second.holder() is None, "the end of its session", 5)
    assert second.take()
    assert second.begin() == 2


def test_who_is_killed_holds_it_no_more(database: Database, root: Root, two: tuple[Coordination, Coordination]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url_of(database), str(root.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "1\n"
        assert not two[0].take()
        holder = two[0].holder()
        assert holder is not None
        assert holder["pid"] == other.pid
        other.send_signal(signal.SIGKILL)
        wait_until(two[0].take, "the lock", 5)
    assert two[0].begin() == 2


def test_an_ended_epoch_writes_nothing(database: Database, two: tuple[Coordination, Coordination]) -> None:
    with pytest.raises(Fenced), database.write_as_coordinator():
        raise AssertionError("it has never been one")
    assert two[0].take()
    database.epoch = two[0].begin()
    with database.write_as_coordinator() as connection:
        deployment.write(connection, "by", "the first")
    two[0].release()
    with database.write_as_coordinator() as connection:
        deployment.write(connection, "by", "the first, while nobody follows")
    assert two[1].take()
    two[1].begin()
    with pytest.raises(Fenced), database.write_as_coordinator() as connection:
        deployment.write(connection, "by", "nobody")
    with database.read() as connection:
        assert deployment.read(connection, "by") == "the first, while nobody follows"


def test_a_lost_connection_is_a_lost_lock(
    postgresql_database: Database, postgresql: PostgreSQL, root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordination, "CONFIRM_SECONDS", 0.0)
    lock = coordination_of(postgresql_database, root)
    assert lock.take()
    assert lock.begin() == 1
    assert lock.keep()
    postgresql.end_connections(url_of(postgresql_database))
    assert not lock.keep()
    assert not lock.held
    assert lock.take()
    assert lock.begin() == 2
    # Unnoticed: what it begins then is no epoch, and whoever has the lock is not disturbed.
    postgresql.end_connections(url_of(postgresql_database))
    with pytest.raises(DatabaseAway):
        lock.begin()
    with postgresql_database.read() as connection:
        assert deployment.read(connection, "epoch") == 2
    lock.release()
