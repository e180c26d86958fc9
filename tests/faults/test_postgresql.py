"""A deployment on PostgreSQL: its coordinator, its connections and its database end in the middle of a build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.processes import of_root
from tests.faults.site import Site, doctor, rest_of, site_in
from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until
from tests.postgresql import PostgreSQL, postgresql_server

RIGHT_SECONDS = 10.0
"""Until everything is right again, once what had ended is up."""


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgreSQL]:
    """It is stopped here; the shared one is not."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, channel: Path, wheelhouse: Path, own_postgresql: PostgreSQL
) -> Iterator[Site]:
    """In the place of the one on SQLite."""
    with site_in(tmp_path_factory.mktemp("site"), channel, wheelhouse, own_postgresql.create_database()) as made:
        yield made


def _runs_the_queue(server: LiveServer) -> bool:
    said = doctor(rest_of(server)).get("coordinator", "")
    return "(this server)" in said and f"process {server.process.pid} on " in said


def _ends_well(site: Site, person: Rest, *names: str) -> None:
    """All of them are built, once, and nothing else is left."""
    site.heal()
    versions = [person.wait(name) for name in names]
    assert [v["outcome"] for v in versions] == ["succeeded"] * len(names), [v["reason"] for v in versions]
    wait_until(site.accounted_for, "the end of what was not needed", RIGHT_SECONDS)
    for name in names:
        told = [
            e["kind"] for e in site.query("SELECT kind FROM events WHERE short_name = :name ORDER BY seq", name=name)
        ]
        assert told.count("build.queued") == told.count("build.succeeded") == 1, told
        assert told[-1] == "build.succeeded"
    seqs = [row["seq"] for row in site.query("SELECT seq FROM events ORDER BY seq")]
    assert len(seqs) == len(set(seqs))


def _taken_up(site: Site, name: str, before: dict[str, Any]) -> None:
    wait_until(
        lambda: site.row(name)["run_id"] not in (None, before["run_id"]), "the build to be taken up", RIGHT_SECONDS
    )


def test_another_server_takes_over_from_one_that_is_killed(site: Site) -> None:
    with site.server() as first, site.server() as second:
        person = rest_of(second)
        assert [_runs_the_queue(s) for s in (first, second)] == [True, False]
        assert f"process {first.process.pid} on " in doctor(person)["coordinator"]
        name = site.build_up_to(person, "downloading")
        waiting = site.create(person)
        person.post(f"/environments/{waiting}/build", {}).ok(202)
        before = site.row(name)
        first.kill()
        wait_until(lambda: _runs_the_queue(second), "the other to take over", 5)
        _taken_up(site, name, before)
        _ends_well(site, person, name, waiting)
        assert site.row(name)["interruptions"] == 1


def test_the_coordinator_is_killed_and_started_again(site: Site) -> None:
    with site.server() as server:
        name = site.build_up_to(rest_of(server), "downloading")
        before = site.row(name)
        server.kill()
        server.start()
        _taken_up(site, name, before)
        _ends_well(site, rest_of(server), name)


def test_all_connections_are_ended(site: Site, own_postgresql: PostgreSQL) -> None:
    with site.server() as server:
        person = rest_of(server)
        with person.stream("/events") as events:
            events.recv()
            name = site.build_up_to(person, "downloading")
            before = site.row(name)
            assert own_postgresql.end_connections(site.database_url) >= 2
            _taken_up(site, name, before)
            wait_until(lambda: _runs_the_queue(server), "the queue to be run again", RIGHT_SECONDS)
            person.get("/environments").ok()
            site.heal()
            heard = ""
            while "build.succeeded" not in heard:
                heard = events.recv()
        _ends_well(site, person, name)
        # It was handed back by itself: that is no crash of its server.
        assert site.row(name)["interruptions"] == 0


def test_the_database_is_stopped_and_started_again(site: Site, own_postgresql: PostgreSQL) -> None:
    with site.server() as server:
        person = rest_of(server)
        name = site.build_up_to(person, "downloading")
        before = site.row(name)
        own_postgresql.stop()
        try:
            refusal = person.get("/environments").refused(503, "unavailable")
            assert "can't be reached" in refusal["message"]
            health = server.health()
            assert health is not None
            assert not health["coordinator_alive"]
            wait_until(lambda: not of_root(site.root), "the end of the build's processes", 5)
        finally:
            own_postgresql.start()
        wait_until(lambda: person.get("/environments").status == 200, "the database to be used again", RIGHT_SECONDS)
        _taken_up(site, name, before)
        _ends_well(site, person, name)
        assert "The database is back" in server.log
        assert server.log.count("The database is away") == 1
        assert "Traceback" not in server.log


def test_a_server_that_starts_before_the_database_comes_up_with_it(site: Site, own_postgresql: PostgreSQL) -> None:
    own_postgresql.stop()
    try:
        with site.server(ready=False) as server:
            wait_until(lambda: (server.health() or {}).get("status") == "disabled", "its word that it waits", 60)
            own_postgresql.start()
            person = rest_of(server)
            wait_until(lambda: person.get("/environments").status == 200, "the deployment", RIGHT_SECONDS, 0.2)
    finally:
        if own_postgresql.process.poll() is not None:
            own_postgresql.start()


def test_the_password_is_told_to_nobody(site: Site, own_postgresql: PostgreSQL) -> None:
    with site.server() as server:
        said = doctor(rest_of(server))
        assert f"@127.0.0.1:{own_postgresql.port}/" in said["database"]
        assert own_postgresql.password not in str(said)
        own_postgresql.execute("ALTER ROLE dataflow PASSWORD 'changed'", database=site.database_url.rpartition("/")[2])
        own_postgresql.password, old = "changed", own_postgresql.password
        own_postgresql.end_connections(site.database_url)
        try:
            wait_until(lambda: "The database is away" in server.log, "its word that it can't log in", 10)
            answer = rest_of(server).get("/environments")
            assert answer.status == 503
        finally:
            own_postgresql.execute(f"ALTER ROLE dataflow PASSWORD '{old}'")
            own_postgresql.password = old
        wait_until(lambda: rest_of(server).get("/environments").status == 200, "the database again", RIGHT_SECONDS)
        assert old not in server.log + answer.text
