"""Transactions that lose nothing, whoever else writes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from jupyter_dataflow_envs.store import deployment
from jupyter_dataflow_envs.store.database import Database, SchemaUnusable
from tests.store.rows import add, url_of

INCREMENT = """
import sys
from jupyter_dataflow_envs.store import deployment
from jupyter_dataflow_envs.store.database import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    with database.write() as connection:
        deployment.write(connection, "count", deployment.read(connection, "count", 0) + 1)
"""


def increment(database: Database, times: int) -> None:
    for _ in range(times):
        with database.write() as connection:
            deployment.write(connection, "count", deployment.read(connection, "count", 0) + 1)


def count(database: Database) -> int:
    with database.read() as connection:
        return int(deployment.read(connection, "count", 0))


def test_sqlite_is_set_up_for_many_readers_and_no_loss(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_threads_that_read_and_write_lose_nothing(database: Database) -> None:
    threads, times = 8, 25
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(increment, database, times) for _ in range(threads)]:
            done.result()
    assert count(database) == threads * times


def test_processes_and_threads_that_read_and_write_lose_nothing(database: Database) -> None:
    command = [sys.executable, "-c", INCREMENT, url_of(database), "60"]
    others = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
    for other in others:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
    increment(database, 60)
    for other in others:
        _, complaint = other.communicate(timeout=60)
        assert (other.returncode, complaint) == (0, "")
    assert count(database) == 3 * 60


def test_a_write_begins_immediate(sqlite_database: Database) -> None:
    """What another connection must not do between a read and the write that follows from it."""
    with sqlite_database.write() as connection, closing(sqlite3.connect(str(sqlite_database.file), timeout=0)) as other:
        deployment.read(connection, "count")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO deployment VALUES ('count', '5')")
        deployment.write(connection, "count", 1)
    assert count(sqlite_database) == 1


def test_readers_see_a_consistent_view_and_never_wait(database: Database) -> None:
    with database.read() as reading:
        assert deployment.read(reading, "count", 0) == 0
        with database.write() as writing:
            deployment.write(writing, "count", 1)
            assert deployment.read(reading, "count", 0) == 0
        assert deployment.read(reading, "count", 0) == 0
    assert count(database) == 1


def test_what_is_written_in_a_read_is_lost(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        deployment.write(connection, "count", 1)
    assert count(sqlite_database) == 0


def test_a_block_that_raises_writes_nothing_and_frees_the_lock(database: Database) -> None:
    def write_and_raise() -> None:
        with database.write() as connection:
            deployment.write(connection, "count", 1)
            raise LookupError

    with pytest.raises(LookupError):
        write_and_raise()
    assert count(database) == 0
    increment(database, 1)
    assert count(database) == 1


def test_writers_of_one_process_queue_up(database: Database) -> None:
    entered, leave, order = threading.Event(), threading.Event(), []

    def first() -> None:
        with database.write() as connection:
            entered.set()
            assert leave.wait(30)
            deployment.write(connection, "count", 1)
            order.append("first")

    def second() -> None:
        assert entered.wait(30)
        with database.write():
            order.append("second")

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(first), pool.submit(second)]
        assert entered.wait(30)
        leave.set()
        for task in tasks:
            task.result()
    assert order == ["first", "second"]


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(text("INSERT INTO activations VALUES ('nothing', 'ann', 's', '', NULL, '', FALSE)"))


def test_lower_knows_all_letters(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(text("SELECT lower('ÄÉΩЖ Abc'), lower(NULL)")).one() == ("äéωж abc", None)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_does_not_last_is_refused(url: str) -> None:
    with pytest.raises(SchemaUnusable, match="must name a file"):
        Database(url)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "dataflow-envs.sqlite").mkdir()
    database = Database(f"sqlite:///{tmp_path}/dataflow-envs.sqlite")
    with pytest.raises(SchemaUnusable, match="The database can't be opened: unable to open"):
        database.prepare(backups=tmp_path, may_migrate=True, creator="ann")
    database.close()


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "dataflow-envs.sqlite"
    file.write_bytes(b"precious, but no database" * 100)
    database = Database(f"sqlite:///{file}")
    with pytest.raises(SchemaUnusable, match="The database can't be opened: file is not a database"):
        database.prepare(backups=tmp_path, may_migrate=True, creator="ann")
    database.close()
    assert file.read_bytes() == b"precious, but no database" * 100


def test_a_backup_is_whole_while_others_write(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.write() as connection:
        add(connection, "mlenv")
    with sqlite_database.write() as connection:
        add(connection, "later")
        copy = tmp_path / "copies" / "one.sqlite"
        sqlite_database.backup(copy)
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute("SELECT short_name FROM environments").fetchall() == [("mlenv",)]
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_write_that_waits_too_long_says_so(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_dataflow_envs.store.database.BUSY_SECONDS", 0.05)
    impatient = Database(url_of(sqlite_database))
    with sqlite_database.write(), pytest.raises(OperationalError, match="locked"), impatient.write():
        pass
    impatient.close()
