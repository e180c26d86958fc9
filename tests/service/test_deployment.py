"""A deployment as a whole: who administers it, what it follows, and when it refuses to open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from jupyter_dataflow_envs.domain.clock import now, to_text
from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.domain.errors import Unavailable
from jupyter_dataflow_envs.domain.page import Page
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.tables import metadata
from tests.handlers.rest import Rest
from tests.live import LiveServer, live_server, wait_until
from tests.service.deployments import ALICE, BOSS, create, deployment_in, query, url_of

CHANNEL = "file:///no/such/channel"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a deployment that was opened once, and closed."""
    with deployment_in(tmp_path / "root", CHANNEL) as deployment:
        create(deployment, "first", "3.11")
    return tmp_path / "root"


def _rows(root: Path) -> list[Any]:
    with closing(Database(url_of(root))) as database, database.read() as connection:
        return [connection.execute(select(table)).all() for table in metadata.sorted_tables]


def _change(root: Path, sql: str, **values: str) -> None:
    with closing(Database(url_of(root))) as database, database.write() as connection:
        connection.execute(text(sql), values)


@pytest.mark.sqlite
def test_its_folder_is_its_owners_alone(root: Path) -> None:
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "dataflow-envs.sqlite").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("admins", "name", "groups", "is_admin"),
    [
        ((), "boss", (), True),
        ((), "alice", (), False),
        ((), "alice", ("boss",), False),
        (("alice",), "alice", (), True),
        (("alice",), "boss", (), False),
        (("group:data",), "carol", ("data", "x"), True),
        (("group:data",), "data", (), False),
        (("group:data",), "carol", (), False),
    ],
)
def test_administrators(
    tmp_path: Path, admins: tuple[str, ...], name: str, groups: tuple[str, ...], is_admin: bool
) -> None:
    """By the setting; without it whoever created the deployment."""
    with deployment_in(tmp_path / "root", CHANNEL, admins=admins) as deployment:
        assert deployment.person(name, groups) == Person(name, is_admin)


@pytest.mark.parametrize(
    ("setting", "sole", "approves_own"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_who_approves_what_they_submitted_themselves(
    tmp_path: Path, setting: bool | None, sole: bool, approves_own: bool
) -> None:
    """Where the operating system's user is the only identity, unless the setting says otherwise."""
    with deployment_in(tmp_path / "root", CHANNEL, allow_self_approval=setting) as deployment:
        assert deployment.person("boss", sole=sole) == Person("boss", is_admin=True, approves_own=approves_own)


def test_who_created_it_is_kept(root: Path) -> None:
    _change(root, "UPDATE deployment SET value = :value WHERE key = 'creator'", value=json.dumps("founder"))
    with deployment_in(root, CHANNEL, admins=()) as deployment:
        assert deployment.person("founder").is_admin
        assert not deployment.person("boss").is_admin


def test_its_id_outlives_it(root: Path) -> None:
    with deployment_in(root, CHANNEL) as deployment:
        first = deployment.id
    with deployment_in(root, CHANNEL) as deployment:
        assert deployment.id == first
        assert deployment.environments.get(ALICE, "first").owner == "alice"


def test_one_opens_beside_another_and_takes_over(root: Path) -> None:
    with deployment_in(root, CHANNEL) as first:
        assert first.coordinator.here
        with deployment_in(root, CHANNEL, kernels_dir=root.parent / "other") as second:
            assert not second.coordinator.here
            holder = second.coordinator.holder()
            assert holder is not None
            assert holder["pid"]
            first.coordinator.stop()
            wait_until(lambda: second.coordinator.here, "the second to take over", 5)


def test_more_events_than_one_page_are_all_followed(root: Path) -> None:
    """A kernelspec must not stay because a thousand edits came between two looks."""
    with deployment_in(root, CHANNEL) as deployment:
        seen = query(deployment, "SELECT max(seq) FROM events")[0][0]
        values = [
            {"at": to_text(now()), "actor": "x", "kind": "environment.edited", "details": "{}"} for _ in range(2500)
        ]
        with deployment.database.write() as connection:
            connection.execute(
                text("INSERT INTO events (at, actor, kind, details) VALUES (:at, :actor, :kind, :details)"), values
            )
        deployment.notify()
        wait_until(lambda: deployment._seen >= seen + 2500, "all of them", 10)


def test_each_change_leaves_one_event(root: Path) -> None:
    with deployment_in(root, CHANNEL) as deployment:
        deployment.environments.edit(ALICE, "first", Draft(full_name="New"), None)
        deployment.environments.edit(ALICE, "first", Draft(full_name="New"), None)
        deployment.environments.delete(BOSS, "first")
        trail = query(deployment, "SELECT kind, actor FROM events ORDER BY seq")
        assert [tuple(row) for row in trail] == [
            ("environment.created", "alice"),
            ("environment.edited", "alice"),
            ("environment.deleted", "boss"),
        ]
        assert deployment.environments.list(BOSS, Page())[0] == []


# When it can't be opened.


def test_a_newer_schema_is_refused_and_left_alone(root: Path) -> None:
    _change(root, "UPDATE alembic_version SET version_num = :version", version="9999")
    before = _rows(root)
    with pytest.raises(Unavailable, match="newer than this release"), deployment_in(root, CHANNEL):
        pass
    assert _rows(root) == before


@pytest.mark.sqlite
def test_another_machine_is_refused_while_it_is_heard_of(root: Path) -> None:
    def seen(ago: timedelta) -> str:
        return json.dumps({"name": "elsewhere", "seen": to_text(now() - ago)})

    _change(root, "UPDATE deployment SET value = :value WHERE key = 'host'", value=seen(timedelta(seconds=10)))
    with pytest.raises(Unavailable, match="in use on the machine 'elsewhere'"), deployment_in(root, CHANNEL):
        pass
    _change(root, "UPDATE deployment SET value = :value WHERE key = 'host'", value=seen(timedelta(minutes=10)))
    with deployment_in(root, CHANNEL) as deployment:
        assert deployment.coordinator.here


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "dataflow-envs.sqlite").write_text("this is no database, and nobody may lose what it is" * 50)
    with pytest.raises(Exception, match="not a database"), deployment_in(tmp_path / "root", CHANNEL):
        pass


@pytest.fixture(scope="module", params=["newer schema", "no folder"])
def disabled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveServer, str]]:
    """A Jupyter server whose deployment can't be opened, and a word of the reason."""
    base = tmp_path_factory.mktemp("disabled")
    if request.param == "no folder":
        (base / "file").write_text("")
        root, word = base / "file" / "root", "root_dir"
    else:
        root, word = base / "root", "newer than this release"
        with deployment_in(root, CHANNEL):
            pass
        _change(root, "UPDATE alembic_version SET version_num = :version", version="9999")
    with live_server(root, CHANNEL) as server:
        yield server, word


@pytest.mark.sqlite
def test_a_server_that_can_not_open_it_says_why_and_works_otherwise(disabled: tuple[LiveServer, str]) -> None:
    server, word = disabled
    person = Rest(server.url, server.token)
    health = Rest(server.url, None).get("/health").json
    assert health["status"] == "disabled"
    assert word in health["message"]
    assert not health["coordinator_alive"]
    for method, path in (("GET", "/environments"), ("GET", "/me"), ("POST", "/environments/x/build")):
        answer = person.request(method, path)
        refusal = answer.refused(503, "unavailable")
        assert word in refusal["message"]
        assert answer.headers["retry-after"]
    Rest(server.url, None).get("/me").refused(403)
    assert word in server.log
    server.stop(10)
    server.start()


@pytest.mark.sqlite
def test_it_is_opened_as_soon_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "parent").write_text("")
    with live_server(tmp_path / "parent" / "root", CHANNEL) as server:
        person = Rest(server.url, server.token)
        person.get("/environments").refused(503)
        (tmp_path / "parent").unlink()
        wait_until(lambda: person.get("/environments").status == 200, "the deployment", 10, 0.2)
        assert person.get("/health").ok()["status"] == "up"
