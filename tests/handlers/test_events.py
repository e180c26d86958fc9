"""What happens, over a WebSocket: who hears what of it, in which order, and from where."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_dataflow_envs.domain.events import EventKind
from jupyter_dataflow_envs.store import events
from jupyter_dataflow_envs.store.database import Database
from tests.handlers.conftest import REPOSITORY
from tests.handlers.listening import Listener, listening
from tests.handlers.rest import Rest
from tests.live import LiveServer, live_server

Name = Callable[[], str]


@pytest.fixture(scope="module")
def database(server: LiveServer) -> Iterator[Database]:
    """Another process's connection to the same deployment."""
    database = Database(f"sqlite:///{server.root}/dataflow-envs.sqlite")
    yield database
    database.close()


def _last(database: Database) -> int:
    with database.read() as connection:
        return events.last(connection)


def _record(database: Database, count: int, actor: str = "(service)", **details: Any) -> int:
    """So many events of nobody's environment, in one transaction; the last one's number."""
    with database.write() as connection:
        for n in range(count):
            events.record(connection, EventKind.POLICY_CHANGED, actor, n=n, **details)
        return events.last(connection)


@pytest.fixture(scope="module")
def published(alice: Rest, boss: Rest, minor: str, fresh_name: Name) -> str:
    """Built, submitted with a note and approved with a comment."""
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-001=1.3"])
    alice.post(f"/environments/{name}/build", {}).ok(202)
    assert alice.wait(name)["outcome"] == "succeeded"
    review = alice.post(f"/environments/{name}/submit", {"comment": "SECRET note"}).ok()
    boss.post(f"/reviews/{review['id']}/approve", {"digest": review["digest"], "comment": "SECRET praise"}).ok()
    return name


def test_a_connection_begins_with_where_it_is(alice: Rest, database: Database) -> None:
    last = _last(database)
    with listening(alice) as new:
        assert new.next() == {"type": "snapshot", "seq": last}
        deployment_id = new.frames[0]["deployment"]
        assert new.frames[0] == {"type": "hello", "seq": last, "deployment": deployment_id}
    with listening(alice, last, deployment=deployment_id) as back:
        seq = _record(database, 1, "alice")
        assert [e["seq"] for e in back.up_to(seq)] == [seq]
        assert [f["type"] for f in back.frames] == ["hello", "event"]


@pytest.mark.parametrize("query", ["since=-1", "since=x", "since=1.5", "since=" + "9" * 20, "since="])
def test_a_number_that_is_none_is_refused(alice: Rest, query: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, alice.stream(f"/events?{query}"):
        pass
    assert refused.value.status_code == 400
    assert json.loads(refused.value.resp_body or b"{}")["code"] == "malformed"


def test_without_a_login_nothing_is_heard(nobody: Rest) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, nobody.stream("/events"):
        pass
    assert refused.value.status_code == 403
    nobody.get("/audit").refused(403, "not_logged_in")


def test_of_a_private_environment_others_hear_nothing(
    alice: Rest, boss: Rest, carol: Rest, database: Database, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    with listening(alice) as owner, listening(boss) as administrator, listening(carol) as other:
        alice.create(name, python_version=minor, full_name="SECRET plan")
        alice.patch(f"/environments/{name}", {"description": "SECRET"}).ok()
        boss.patch(f"/environments/{name}", {"full_name": "Still SECRET"}).ok()
        alice.delete(f"/environments/{name}").ok(204)
        last = _last(database)
        for listener in (owner, administrator, other):
            listener.up_to(last)
    told = ["environment.created", "environment.edited", "environment.edited", "environment.deleted"]
    assert owner.kinds_of(name) == administrator.kinds_of(name) == told
    assert [e["actor"] for e in owner.events if e["short_name"] == name] == ["alice", "alice", "boss", "alice"]
    assert other.events == []
    assert name not in json.dumps(other.frames)


def test_of_a_published_one_others_hear_what_they_can_see_and_no_more(
    alice: Rest, boss: Rest, carol: Rest, database: Database, published: str, minor: str
) -> None:
    path = f"/environments/{published}"
    with listening(alice) as owner, listening(boss) as administrator, listening(carol) as other:
        alice.patch(path, {"description": "SECRET draft"}).ok()
        boss.post(f"{path}/deprecate", {"reason": "too old"}).ok()
        boss.post(f"{path}/undeprecate", {"reason": "SECRET doubt"}).ok()
        boss.post(f"{path}/transfer", {"owner": "dan"}).ok()
        boss.post(f"{path}/transfer", {"owner": "alice"}).ok()
        boss.post(f"{path}/unpublish", {"reason": "SECRET fault"}).ok()
        review = alice.post(f"{path}/submit", {"comment": "SECRET"}).ok()
        boss.post(f"/reviews/{review['id']}/reject", {"digest": review["digest"], "comment": "SECRET no"}).ok()
        review = alice.post(f"{path}/submit", {"comment": "SECRET"}).ok()
        boss.post(f"/reviews/{review['id']}/approve", {"digest": review["digest"], "comment": "SECRET yes"}).ok()
        boss.delete(f"{path}?force=true").ok(204)
        last = _last(database)
        for listener in (owner, administrator, other):
            listener.up_to(last)
    heard = other.kinds_of(published)
    assert heard == [
        "environment.deprecated",
        "environment.undeprecated",
        "environment.transferred",
        "environment.transferred",
        "environment.unpublished",
        "review.approved",
        "environment.deleted",
    ]
    assert {k for e in other.events for k, v in e.items() if v is None} >= {"actor", "details"}
    assert all(e["actor"] is None for e in other.events)
    assert [e["details"] for e in other.events if e["details"]] == [{"reason": "too old"}]
    assert "SECRET" not in json.dumps(other.frames)

    everything = administrator.kinds_of(published)
    assert [k for k in everything if k in heard] == heard
    assert {"environment.edited", "review.submitted", "review.rejected", "environment.received"} < set(everything)
    comments = [e["details"].get("comment") for e in owner.events if e["kind"].startswith("review.")]
    assert "SECRET no" in comments
    assert [e["seq"] for e in administrator.events] == sorted({e["seq"] for e in administrator.events})


def test_who_comes_back_hears_what_was_missed_then_what_happens(
    alice: Rest, boss: Rest, carol: Rest, database: Database
) -> None:
    before = _last(database)
    first = _record(database, 3, "alice")
    _record(database, 3, "boss")
    end = _record(database, 2, "alice")
    alices = [*range(before + 1, first + 1), end - 1, end]
    with listening(alice, before) as owner, listening(boss, before) as administrator, listening(carol, before) as other:
        assert [e["seq"] for e in owner.up_to(end)] == alices
        assert [e["seq"] for e in administrator.up_to(end)] == list(range(before + 1, end + 1))
        assert other.next() == {"type": "position", "seq": end}
        live = _record(database, 1, "alice")
        assert [e["seq"] for e in owner.up_to(live)] == [*alices, live]
        assert [e["seq"] for e in administrator.up_to(live)] == list(range(before + 1, live + 1))
        assert other.events == []


def test_others_events_move_ones_position(carol: Rest, database: Database) -> None:
    """Seldom while they are few, at once when they are many."""
    with listening(carol, _last(database)) as other:
        few = _record(database, 3)
        began = time.monotonic()
        assert other.up_to(few) == []
        assert time.monotonic() - began < 10
        many = [_record(database, 700) for _ in range(5)][-1]
        assert other.up_to(many) == []
        assert {f["type"] for f in other.frames} == {"hello", "position"}
        assert len(other.frames) <= 1 + 1 + 6 + 2
        seqs = [f["seq"] for f in other.frames]
        assert seqs == sorted(seqs)


def test_who_was_away_too_long_reads_its_lists_again(alice: Rest, database: Database) -> None:
    before = _last(database)
    last = _record(database, 2000)
    with listening(alice, before) as back:
        assert back.next() == {"type": "position", "seq": last}
    last = _record(database, 1)
    for since in (before, 0):
        with listening(alice, since) as back:
            assert back.next() == {"type": "snapshot", "seq": last}
            live = _record(database, 1, "alice")
            assert [e["seq"] for e in back.up_to(live)] == [live]
            last = live


def test_a_number_from_another_database_is_answered_with_a_snapshot(alice: Rest, database: Database) -> None:
    last = _last(database)
    with listening(alice, last + 1) as ahead:
        assert ahead.next() == {"type": "snapshot", "seq": last}
    with listening(alice, last, deployment="0" * 32) as elsewhere:
        assert elsewhere.next() == {"type": "snapshot", "seq": last}


def test_what_is_committed_while_one_connects_comes_once(boss: Rest, database: Database) -> None:
    """Many connect at once, so that they wait for each other, while another process writes without a pause."""
    start = _last(database)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set() and _record(database, 1) < start + 1900:
            stop.wait(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        heard = asyncio.run(_heard_by_many(boss, start, sockets=80, frames=60))
    finally:
        stop.set()
        writer.join()
    for seqs in heard:
        assert len(seqs) >= 60
        assert seqs == list(range(start + 1, start + 1 + len(seqs)))


async def _heard_by_many(person: Rest, since: int, *, sockets: int, frames: int) -> list[list[int]]:
    """The numbers of the first events and of some more that come live."""

    async def listen() -> list[int]:
        request = HTTPRequest(
            f"ws{person.url.removeprefix('http')}dataflow-envs/events?since={since}",
            headers={"Authorization": f"token {person.token}"},
            request_timeout=60,
        )
        socket = await websocket_connect(request)
        seqs: list[int] = []
        last = -1
        while len(seqs) < frames or seqs[-1] < last + 20:
            frame = json.loads(str(await socket.read_message()))
            if frame["type"] == "hello":
                last = frame["seq"]
            elif frame["type"] == "event":
                seqs.append(frame["seq"])
        socket.close()
        while await socket.read_message() is not None:
            pass
        return seqs

    return await asyncio.gather(*(listen() for _ in range(sockets)))


def test_a_build_that_one_may_follow_shows_how_far_it_is(
    alice: Rest, boss: Rest, carol: Rest, database: Database, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-002=1.5"])
    with listening(alice) as owner, listening(boss) as administrator, listening(carol) as other:
        alice.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
        assert alice.wait(name)["outcome"] == "succeeded"
        last = _last(database)
        for listener in (owner, administrator, other):
            listener.up_to(last)
    for listener in (owner, administrator):
        hints = [f for f in listener.frames if f["type"] == "progress"]
        assert {h["short_name"] for h in hints} == {name}
        phases = list(dict.fromkeys(h["phase"] for h in hints))
        order = ["queued", "solving", "downloading", "linking", "pip", "verifying"]
        assert len(phases) >= 2, hints
        assert phases == sorted(phases, key=order.index)
        # A hint never comes after the event that ends what it tells of.
        assert listener.frames[-1]["type"] == "event"
        assert listener.frames[-1]["kind"] == "build.succeeded"
    assert [f for f in other.frames if f["type"] in ("progress", "event")] == []


def test_who_comes_back_during_a_build_is_told_how_far_it_is(
    alice: Rest, database: Database, fresh_name: Name, minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-003=1.5"])
    with listening(alice) as first:
        alice.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
        first.until(lambda f: f["type"] == "progress" and f["phase"] != "queued")
    with listening(alice, first.position) as back:
        assert back.until(lambda f: f["type"] == "progress")["short_name"] == name
        alice.post(f"/environments/{name}/cancel", {}).ok(202)
        back.until(lambda f: f.get("kind") == "build.failed")
    alice.wait(name)


def test_a_reader_that_is_too_slow_is_closed_and_misses_nothing(
    server: LiveServer, boss: Rest, database: Database
) -> None:
    start = end = _last(database)
    options = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),)
    slow = websocket.create_connection(
        f"ws{boss.url.removeprefix('http')}dataflow-envs/events?since={start}",
        header={"Authorization": f"token {boss.token}"},
        timeout=60,
        suppress_origin=True,
        sockopt=options,
        http_no_proxy=["*"],
    )
    try:
        listener = Listener(slow)
        assert listener.next()["type"] == "hello"
        with listening(boss, start) as quick:
            while "A listener of boss reads too slowly" not in server.log:
                assert end - start < 10_000, "40 MB are more than what the kernel holds for a socket"
                end = _record(database, 500, padding="x" * 4000)
                quick.up_to(end)
        assert listener.closed() == 1013
    finally:
        slow.shutdown()  # type: ignore[no-untyped-call]
    heard = [e["seq"] for e in listener.events]
    assert heard == list(range(start + 1, start + 1 + len(heard)))
    assert len(heard) < end - start
    with listening(boss, heard[-1]) as back:
        frame = back.next()
        if end - heard[-1] <= 2000:
            assert (frame["type"], frame["seq"]) == ("event", heard[-1] + 1)
        else:
            assert frame["type"] == "snapshot"
            assert frame["seq"] >= end, "the service may have written since"


def test_what_a_client_says_changes_nothing(alice: Rest, database: Database) -> None:
    with listening(alice, _last(database)) as listener:
        listener.socket.send("\x00{not json")
        listener.socket.send_binary(b"\xff\xfe")
        seq = _record(database, 1, "alice")
        assert [e["seq"] for e in listener.up_to(seq)] == [seq]


@contextmanager
def _server(root: Path, home: Path) -> Iterator[LiveServer]:
    """With the three identities, on a root that others may share."""
    (home / "config").mkdir(parents=True)
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
    with live_server(
        root, "conda-forge", config={"admins": ["boss"]}, home=home, env={"PYTHONPATH": str(REPOSITORY)}
    ) as server:
        yield server


def test_two_servers_of_one_root_tell_the_same_and_a_stop_says_goodbye(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with _server(root, tmp_path / "one") as first, _server(root, tmp_path / "two") as second:
        here, there = (Rest(s.url, "token-of-alice") for s in (first, second))
        with listening(here) as near, listening(there) as far:
            assert near.frames[0]["deployment"] == far.frames[0]["deployment"]
            here.create("aa")
            there.create("bb")
            here.delete("/environments/bb").ok(204)
            told = [("environment.created", "aa"), ("environment.created", "bb"), ("environment.deleted", "bb")]
            for listener in (near, far):
                listener.until(lambda f: f.get("kind") == "environment.deleted")
                assert [(e["kind"], e["short_name"]) for e in listener.events] == told
            assert near.events == far.events
            second.stop()
            assert far.closed() == 1001
        # What was heard from the one is gone on from at the other.
        here.create("cc")
        with listening(here, far.position) as moved:
            assert moved.next()["short_name"] == "cc"
        assert "Traceback" not in first.log + second.log, first.log + second.log
