"""Activations and their leases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from jupyter_dataflow_envs.domain.clock import from_text, now, to_text
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.store import activations, environments, tables
from jupyter_dataflow_envs.store.activations import LEASE
from jupyter_dataflow_envs.store.database import Database
from tests.store.rows import START, add


@pytest.fixture
def mlenv(database: Database) -> str:
    """Id of an environment of ann."""
    with database.write() as connection:
        return add(connection, "mlenv")


def let_expire(connection: Connection) -> None:
    connection.execute(tables.activations.update().values(leased_until=to_text(now() - timedelta(seconds=1))))


def test_active_once_for_a_person_on_a_server(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        assert activations.activate(connection, mlenv, "ann", "one")
        assert not activations.activate(connection, mlenv, "ann", "one")
        assert activations.activate(connection, mlenv, "ann", "two")
        assert activations.activate(connection, mlenv, "bob", "one")
        found = activations.of_environment(connection, mlenv)
        assert {(a.person, a.server) for a in found} == {("ann", "one"), ("ann", "two"), ("bob", "one")}
        assert {(a.person, a.environment_id) for a in activations.of_server(connection, "one")} == {
            ("ann", mlenv),
            ("bob", mlenv),
        }
        usage = environments.find(connection, "mlenv", Person("ann")).usage
        assert usage.active_people == 2


def test_leased_for_a_quarter_of_an_hour(database: Database, mlenv: str) -> None:
    before = now()
    with database.write() as connection:
        activations.activate(connection, mlenv, "ann", "one")
        (active,) = activations.of_environment(connection, mlenv)
    assert timedelta(minutes=15) == LEASE
    assert before + LEASE <= active.leased_until <= now() + LEASE
    assert before <= active.since <= now()


def test_an_expired_lease_blocks_nothing_and_is_still_known(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        activations.activate(connection, mlenv, "ann", "one")
        let_expire(connection)
        assert activations.of_environment(connection, mlenv) == []
        (expired,) = activations.of_environment(connection, mlenv, leased=False)
        assert expired.leased_until < now()
        assert environments.find(connection, "mlenv", Person("ann")).usage.active_people == 0


def test_activating_again_and_hearing_of_the_server_renew_it(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        activations.activate(connection, mlenv, "ann", "one")
        activations.activate(connection, mlenv, "bob", "two")
        let_expire(connection)
        assert not activations.activate(connection, mlenv, "ann", "one")
        assert [a.person for a in activations.of_environment(connection, mlenv)] == ["ann"]
        let_expire(connection)
        activations.renew(connection, "two")
        assert [a.person for a in activations.of_environment(connection, mlenv)] == ["bob"]
        activations.renew(connection, "three")


def test_deactivated_there_alone(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        activations.activate(connection, mlenv, "ann", "one")
        activations.activate(connection, mlenv, "ann", "two")
        assert activations.deactivate(connection, mlenv, "ann", "one")
        assert not activations.deactivate(connection, mlenv, "ann", "one")
        assert not activations.deactivate(connection, mlenv, "bob", "two")
        assert [a.server for a in activations.of_environment(connection, mlenv)] == ["two"]


def test_a_started_kernel_is_noted_for_its_server(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        activations.activate(connection, mlenv, "ann", "one")
        activations.activate(connection, mlenv, "ann", "two")
        activations.note_started(connection, mlenv, "two", START)
        rows = connection.execute(select(tables.activations.c.server, tables.activations.c.last_started)).all()
    assert {server: moment and from_text(moment) for server, moment in rows} == {"one": None, "two": START}


def test_an_activation_is_of_the_draft_until_it_is_made_anew(database: Database, mlenv: str) -> None:
    with database.write() as connection:
        assert activations.activate(connection, mlenv, "root", "one", draft=True)
        activations.activate(connection, mlenv, "root", "two")
        activations.note_started(connection, mlenv, "one", START)
        found = {a.server: (a.draft, a.last_started) for a in activations.of_environment(connection, mlenv)}
        assert found == {"one": (True, START), "two": (False, None)}
        activations.renew(connection, "one")
        assert activations.of_server(connection, "one")[0].draft
        assert not activations.activate(connection, mlenv, "root", "one")
        assert [(a.draft, a.last_started) for a in activations.of_server(connection, "one")] == [(False, START)]
