"""What is PostgreSQL's own: one writer, connections that end, texts, servers that don't fit, and secrets."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from jupyter_dataflow_envs.domain.errors import Unavailable
from jupyter_dataflow_envs.domain.page import Page
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.store import deployment, environments, postgresql, watch
from jupyter_dataflow_envs.store.database import Database, SchemaUnusable
from jupyter_dataflow_envs.store.postgresql import DatabaseAway, shown
from jupyter_dataflow_envs.store.watch import ChangeWatch
from tests.live import free_port, wait_until
from tests.postgresql import PostgreSQL, postgresql_server
from tests.store.rows import add, url_of

ANN = Person("ann")


@pytest.fixture
def database(postgresql_database: Database) -> Database:
    return postgresql_database


def test_a_write_of_another_process_waits(database: Database) -> None:
    """From its beginning: what it reads then is what the one before it has written."""
    waiting, order = threading.Event(), []
    with closing(Database(url_of(database))) as other:

        def second() -> None:
            waiting.set()
            with other.write() as connection:
                order.append(deployment.read(connection, "by"))

        thread = threading.Thread(target=second)
        with database.write() as connection:
            thread.start()
            assert waiting.wait(10)
            query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            wait_until(lambda: connection.execute(query).scalar_one(), "the other to wait", 10)
            deployment.write(connection, "by", "the first")
        thread.join(10)
    assert order == ["the first"]


def test_a_write_that_waits_too_long_says_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.05)
    with (
        closing(Database(url_of(database))) as impatient,
        database.write(),
        pytest.raises(Unavailable, match="busy or full: repeat"),
        impatient.write(),
    ):
        pass


def test_a_transaction_that_hangs_is_ended(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a process that sleeps in one keeps nobody from writing for ever."""
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.2)
    with closing(Database(url_of(database))) as hanging:

        def hang() -> None:
            with hanging.write() as connection:
                with database.write() as other:
                    deployment.write(other, "by", "the other")
                deployment.write(connection, "by", "who hung")

        with pytest.raises(DatabaseAway):
            hang()
    with database.read() as connection:
        assert deployment.read(connection, "by") == "the other"


@pytest.mark.parametrize("kind", ["read", "look"])
def test_what_reads_writes_nothing(database: Database, kind: str) -> None:
    with pytest.raises(Exception, match="read-only transaction"), getattr(database, kind)() as connection:
        deployment.write(connection, "count", 1)


def test_a_read_is_of_one_moment_and_a_look_of_each_statement(database: Database) -> None:
    with database.read() as reading, database.look() as looking:
        before = [deployment.read(c, "count", 0) for c in (reading, looking)]
        with database.write() as connection:
            deployment.write(connection, "count", 1)
        after = [deployment.read(c, "count", 0) for c in (reading, looking)]
    assert (before, after) == ([0, 0], [0, 1])


def test_a_read_ends_with_its_connection(database: Database) -> None:
    """None is left in a transaction, which would show a past moment to whoever gets it next."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")
    with database.read() as connection:
        deployment.read(connection, "count")
        with database.look() as looking:
            assert looking.execute(query).scalar_one() == 1
    with pytest.raises(ZeroDivisionError), database.read() as connection:
        1 / 0  # noqa: B018
    with database.look() as looking:
        assert looking.execute(query).scalar_one() == 0


def test_a_connection_that_was_lost_while_it_was_in_use_costs_one_answer(
    database: Database, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_dataflow_envs.store.postgresql.TRUSTED_SECONDS", 60.0)
    with database.look() as connection:
        deployment.read(connection, "count")
    postgresql.end_connections(url_of(database))
    with pytest.raises(DatabaseAway), database.look() as connection:
        deployment.read(connection, "count")
    with database.look() as connection:
        assert deployment.read(connection, "count", 0) == 0


def test_ended_connections_are_replaced(database: Database, postgresql: PostgreSQL) -> None:
    def write_and_end() -> None:
        with database.write() as connection:
            deployment.write(connection, "by", "who was ended")
            postgresql.end_connections(url_of(database))
            deployment.read(connection, "by")

    with pytest.raises(DatabaseAway, match="can't be reached"):
        write_and_end()
    with database.read() as connection:
        assert deployment.read(connection, "by") is None


@pytest.fixture
def own() -> Iterator[PostgreSQL]:
    with postgresql_server() as server:
        yield server


def test_a_server_that_stops_is_away_and_comes_back(own: PostgreSQL) -> None:
    with closing(Database(own.create_database(prepared=True))) as database, closing(ChangeWatch(database)) as changes:
        assert changes.changed()
        assert not changes.changed()
        own.stop()
        wait_until(changes.changed, "the look, as nobody knows what was missed", 5)
        begun = time.monotonic()
        for use in (database.read, database.write):
            with pytest.raises(DatabaseAway) as caught, use():
                pass
            assert own.password not in caught.value.reason + caught.value.message
            assert "127.0.0.1" not in caught.value.message
        with pytest.raises(DatabaseAway):
            database.own_connection()
        assert time.monotonic() - begun < 5
        own.start()
        with database.write() as connection:
            deployment.write(connection, "by", "who came back")
        wait_until(changes.changed, "the look after the connection", 5)
        wait_until(lambda: not changes.changed(), "nothing new", 5)
        with database.write() as connection:
            deployment.write(connection, "by", "somebody")
        wait_until(changes.changed, "the notification", 1)


def test_it_is_looked_at_now_and_then_without_any_word(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    with closing(ChangeWatch(database)) as changes:
        assert changes.changed()
        wait_until(changes.changed, "a look", 5)


def test_waiting_for_changes_asks_the_server_nothing(database: Database, postgresql: PostgreSQL) -> None:
    name = url_of(database).rpartition("/")[2]

    def seen() -> set[Any]:
        """Its connections, and when each of them last began or ended a statement."""
        return set(postgresql.execute("SELECT pid, state_change FROM pg_stat_activity WHERE datname = %s", name))

    with closing(ChangeWatch(database)) as changes:
        assert changes.changed()
        before = seen()
        assert before
        for _ in range(200):
            assert not changes.changed()
        assert seen() == before
        with database.read() as connection:
            connection.execute(text("SELECT 1"))
        assert seen() != before, "this would be seen"


def test_names_are_sorted_by_bytes_and_found_in_any_case(database: Database, sqlite_database: Database) -> None:
    """As on SQLite, over several pages; the server of the tests sorts by a language where nothing else is said."""
    names = ["zeta", "Zeta", "alpha", "Älpha", "älpha", "Éclair", "_x", "a b", "ab", "A-b", "ΟΔΟΣ", "10", "9"]
    listed = []
    for one in (database, sqlite_database):
        with one.write() as connection:
            for number, name in enumerate(names):
                add(connection, f"e{number}", full_name=name)
        found, cursor = [], None
        with one.read() as connection:
            assert {e.full_name for e in environments.page(connection, Page(text="älp"), ANN)[0]} == {"Älpha", "älpha"}
            assert {e.full_name for e in environments.page(connection, Page(text="ÉCLAIR"), ANN)[0]} == {"Éclair"}
            assert environments.page(connection, Page(text="nul\x00"), ANN)[0] == []
            assert environments.page(connection, Page(owner="a\x00"), ANN)[0] == []
            assert [e.full_name for e in environments.page(connection, Page(text="_"), ANN)[0]] == ["_x"]
            while True:
                items, cursor = environments.page(connection, Page(sort="full_name", limit=4, cursor=cursor), ANN)
                found += [e.full_name for e in items]
                if cursor is None:
                    break
        listed.append(found)
    assert listed[0] == listed[1] == sorted(names, key=str.encode)


def test_a_page_is_read_from_an_index(database: Database) -> None:
    with database.write() as connection:
        for number in range(300):
            add(connection, f"e{number}", owner=f"user{number % 7}", minutes=number)
    with database.write() as connection:
        connection.execute(text("ANALYZE"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        for column in ("created_at", "updated_at", "full_name"):
            query = f"SELECT * FROM environments ORDER BY {column} DESC, id DESC LIMIT 20"
            plan = "\n".join(connection.execute(text(f"EXPLAIN {query}")).scalars())
            assert f"using ix_environments_{column}" in plan
            assert "Sort" not in plan


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_any_url_of_it_means_psycopg(database: Database, scheme: str) -> None:
    url = url_of(database).partition("://")[2]
    with closing(Database(f"{scheme}://{url}")) as opened, opened.read() as connection:
        assert deployment.read(connection, "creator") == "ann"
        assert opened.url.drivername == "postgresql+psycopg"


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "psycopg" else find(name))
    with pytest.raises(Unavailable, match=r"pip install jupyter-dataflow-envs\[team\]"):
        Database("postgresql://somewhere/else")


@pytest.mark.parametrize("url", ["mysql://a:secret@h/x", "no url secret", "postgresql:///"])
def test_what_is_no_url_of_a_database_is_refused_without_its_secrets(url: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught, closing(Database(url)) as database:
        database.prepare(backups=tmp_path, may_migrate=True, creator="ann")
    assert "secret" not in caught.value.message


def test_the_url_is_shown_without_passwords() -> None:
    url = make_url("postgresql://ann:secret@db/x?password=secret2&sslmode=require&sslpassword=secret3")
    assert shown(url) == "postgresql://ann:***@db/x?sslmode=require"


def test_who_may_not_log_in_is_told_so_in_the_log_alone(postgresql: PostgreSQL) -> None:
    url = postgresql.url("postgres").replace(postgresql.password, "wrong-secret")
    with closing(Database(url)) as database, pytest.raises(DatabaseAway) as caught, database.read():
        pass
    assert "password authentication failed" in caught.value.reason
    assert "wrong-secret" not in caught.value.reason
    assert "authentication" not in caught.value.message


def test_a_database_of_another_encoding_is_refused(postgresql: PostgreSQL, tmp_path: Path) -> None:
    postgresql.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
    with closing(Database(postgresql.url("latin"))) as database, pytest.raises(SchemaUnusable, match="ENCODING 'UTF8'"):
        database.prepare(backups=tmp_path, may_migrate=True, creator="ann")
    postgresql.drop_database(postgresql.url("latin"))


def test_servers_that_prepare_one_database_at_once_agree(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url = postgresql.create_database()
    databases = [Database(url) for _ in range(4)]
    threads = [
        threading.Thread(target=one.prepare, kwargs={"backups": tmp_path, "may_migrate": n == 0, "creator": str(n)})
        for n, one in enumerate(databases)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with databases[0].read() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
        assert deployment.read(connection, "id")
    for one in databases:
        one.close()
    postgresql.drop_database(url)


def test_a_port_that_nobody_listens_on_is_told_at_once() -> None:
    begun = time.monotonic()
    url = f"postgresql://ann@127.0.0.1:{free_port()}/x"
    with closing(Database(url)) as database, pytest.raises(DatabaseAway), database.read():
        pass
    assert time.monotonic() - begun < 4
