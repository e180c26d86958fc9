"""Notices writes, whoever makes them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.store import deployment, events
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.watch import ChangeWatch
from tests.live import wait_until
from tests.store.rows import url_of

WRITE = """
import sys
from jupyter_dataflow_envs.store import deployment
from jupyter_dataflow_envs.store.database import Database
with Database(sys.argv[1]).write() as connection:
    deployment.write(connection, "other", 1)
"""


@pytest.fixture
def watch(database: Database) -> Iterator[ChangeWatch]:
    with closing(ChangeWatch(database)) as watch:
        wait_until(watch.changed, "the word of a write", 5)
        yield watch


def test_nothing_happens_nothing_changed(database: Database, watch: ChangeWatch) -> None:
    assert not watch.changed()
    with database.read() as connection:
        events.last(connection)
    assert not watch.changed()


def test_sees_writes_of_this_process_once(database: Database, watch: ChangeWatch) -> None:
    with database.write() as connection:
        events.record(connection, EventKind.EDITED, "ann")
        assert not watch.changed()
    wait_until(watch.changed, "the word of a write", 5)
    assert not watch.changed()


def test_sees_writes_of_another_process(database: Database, watch: ChangeWatch) -> None:
    subprocess.run([sys.executable, "-c", WRITE, url_of(database)], check=True)
    wait_until(watch.changed, "the word of a write", 5)
    assert not watch.changed()


def test_does_not_see_what_was_not_committed(database: Database, watch: ChangeWatch) -> None:
    def write_and_raise() -> None:
        with database.write() as connection:
            deployment.write(connection, "other", 1)
            raise LookupError

    with pytest.raises(LookupError):
        write_and_raise()
    assert not watch.changed()


def test_each_watch_looks_for_itself(database: Database, watch: ChangeWatch) -> None:
    with closing(ChangeWatch(database)) as other:
        wait_until(other.changed, "the word of a write", 5)
        with database.write() as connection:
            deployment.write(connection, "other", 1)
        wait_until(watch.changed, "the word of a write", 5)
        wait_until(other.changed, "the word of a write", 5)
