"""Events are followed through whatever happens to the connection, and the trail is read page by page."""

from __future__ import annotations

import itertools
from datetime import datetime, timezone
from typing import Any

import pytest

from jupyter_dataflow_envs.client import Client, Malformed, NotFound, ServerError, ServerUnreachable
from tests.client.scripted import TOKEN, Connection, Script, scripted_server
from tests.live import LiveServer

NUMBERS = itertools.count(1)


def hello(seq: int, deployment: str = "d1") -> dict[str, Any]:
    return {"type": "hello", "seq": seq, "deployment": deployment}


def snapshot(seq: int) -> dict[str, Any]:
    return {"type": "snapshot", "seq": seq}


def position(seq: int) -> dict[str, Any]:
    return {"type": "position", "seq": seq}


def event(seq: int, kind: str = "environment.edited", short_name: str = "mlenv") -> dict[str, Any]:
    return {
        "type": "event",
        "seq": seq,
        "at": "2026-05-04T12:30:00.000000+00:00",
        "kind": kind,
        "short_name": short_name,
        "version": None,
        "actor": "ann",
        "details": {},
    }


PROGRESS = {"type": "progress", "short_name": "mlenv", "phase": "linking", "progress": None, "queue_position": None}


def heard(script: Script, most: int, **more: Any) -> list[tuple[str, int]]:
    """So many frames, by type and number."""
    with scripted_server(script) as url, Client(url, TOKEN) as client:
        stream = client.events(**more)
        found: list[Any] = []
        for frame in stream:
            found.append((frame["type"], frame.get("seq", 0)))
            if len(found) == most:
                stream.close()
        return found


@pytest.mark.parametrize("ends", [None, 1001, 1013, 1006 - 6])
def test_a_broken_connection_is_taken_up_after_the_last_event(ends: int | None) -> None:
    script = Script(
        [
            Connection([hello(12), event(11), event(12)], ends),
            Connection([hello(14), position(14)], ends),
            Connection([hello(14), event(15)], stays=True),
        ]
    )
    assert heard(script, 3, since=10) == [("event", 11), ("event", 12), ("event", 15)]
    assert [q.get("since") for q in script.queries] == ["10", "12", "14"]
    assert [q.get("deployment") for q in script.queries] == [None, "d1", "d1"]
    assert script.authorization == [f"token {TOKEN}"] * 3


def test_the_greeting_is_no_position() -> None:
    """What was missed comes after it: who is cut off in between has not had it."""
    script = Script([Connection([hello(12)]), Connection([hello(12), event(11), event(12)], stays=True)])
    assert heard(script, 2, since=10) == [("event", 11), ("event", 12)]
    assert [q["since"] for q in script.queries] == ["10", "10"]


def test_what_was_heard_already_is_not_told_again() -> None:
    script = Script([Connection([hello(3), event(2), event(1), event(2), event(3), event(3), event(4)], stays=True)])
    assert heard(script, 3, since=1) == [("event", 2), ("event", 3), ("event", 4)]


def test_from_now_on_begins_with_a_snapshot() -> None:
    script = Script([Connection([hello(7), snapshot(7), event(8)]), Connection([hello(8), event(9)], stays=True)])
    assert heard(script, 3) == [("snapshot", 7), ("event", 8), ("event", 9)]
    assert [q.get("since") for q in script.queries] == [None, "8"]


def test_another_database_counts_from_its_own_number() -> None:
    script = Script(
        [Connection([hello(50), event(51)]), Connection([hello(3, "d2"), snapshot(3), event(4)], stays=True)]
    )
    assert heard(script, 3, since=50) == [("event", 51), ("snapshot", 3), ("event", 4)]


def test_hints_are_for_who_asks_for_them() -> None:
    frames = [hello(1), PROGRESS, event(2), PROGRESS, event(3)]
    assert heard(Script([Connection(frames, stays=True)]), 2, since=1) == [("event", 2), ("event", 3)]
    script = Script([Connection(frames, stays=True)])
    expected = [("progress", 0), ("event", 2), ("progress", 0), ("event", 3)]
    assert heard(script, 4, since=1, progress=True) == expected


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([hello(12), event(11), position(12)], [("event", 11)]),
        ([hello(12), event(11), event(12)], [("event", 11), ("event", 12)]),
        ([hello(10)], []),
        ([hello(12), snapshot(12)], [("snapshot", 12)]),
        ([hello(3), snapshot(3)], [("snapshot", 3)]),
    ],
)
def test_without_following_it_ends_with_what_had_happened(
    frames: list[dict[str, Any]], expected: list[tuple[str, int]]
) -> None:
    assert heard(Script([Connection(frames, stays=True)]), 99, since=10, follow=False) == expected


def test_a_server_that_stays_away_is_given_up_with_the_number_to_go_on_from() -> None:
    script = Script([Connection([hello(2), event(2)]), *[Connection(refused=503)] * 50])
    with scripted_server(script) as url, Client(url, TOKEN) as client:
        stream = client.events(1, patience=0.5)
        with pytest.raises(ServerUnreachable):
            list(stream)
        assert stream.position == 2


def test_a_refusal_is_not_tried_again() -> None:
    script = Script([Connection(refused=400)])
    with pytest.raises(Malformed, match="since must be a number"):
        heard(script, 1, since=-1)
    assert len(script.queries) == 1


@pytest.mark.parametrize("frame", ["{", "[1]", '{"type": "event"}', '{"type": "event", "seq": "7"}'])
def test_what_is_no_frame_is_said(frame: str) -> None:
    with pytest.raises(ServerError, match="not a frame"):
        heard(Script([Connection([hello(1), frame], stays=True)]), 1, since=1)


def test_it_can_be_closed_before_it_begins() -> None:
    with Client("http://127.0.0.1:9/", TOKEN) as client:
        stream = client.events(1)
        stream.close()
        assert list(stream) == []


# Against the real server.


@pytest.fixture
def done(client: Client) -> str:
    """An environment that was created, edited and deleted."""
    name = f"ev{next(NUMBERS)}"
    client.create(name, full_name="x", python_version="3.11")
    client.edit(name, full_name="y")
    client.delete(name)
    with pytest.raises(NotFound):
        client.environment(name)
    return name


KINDS = ["environment.created", "environment.edited", "environment.deleted"]


def test_what_happens_and_what_happened(live: LiveServer, client: Client) -> None:
    stream = client.events()
    frames = iter(stream)
    first = next(frames)
    assert first["type"] == "snapshot"
    before = stream.position
    name = f"ev{next(NUMBERS)}"
    client.create(name, full_name="x", python_version="3.11")
    told: Any = next(frames)
    assert (told["kind"], told["short_name"], told["actor"]) == (KINDS[0], name, client.me()["name"])
    # Also through a restart of the server.
    live.restart()
    client.edit(name, full_name="y")
    client.delete(name)
    assert [next(frames)["kind"] for _ in range(2)] == KINDS[1:]  # type: ignore[typeddict-item]
    stream.close()
    again: list[Any] = list(client.events(before, follow=False))
    assert [f["kind"] for f in again] == KINDS


def test_the_trail_is_read_newest_first(client: Client, done: str) -> None:
    found = list(client.audit(environment=done))
    assert [e["kind"] for e in found] == KINDS[::-1]
    assert list(client.audit(environment=done, kind="environment.edited")) == [found[1]]
    assert list(client.audit(environment=done, user="nobody")) == []
    moment = datetime.fromisoformat(found[1]["at"])
    assert list(client.audit(environment=done, since=moment)) == found[:2]
    assert list(client.audit(environment=done, until=moment.astimezone(timezone.utc))) == found[2:]
    assert list(client.audit(environment=done, until=found[1]["at"])) == found[2:]
    assert list(client.audit(environment=done, limit=2)) == found[:2]
    assert list(client.audit(limit=0)) == []
    with pytest.raises(Malformed, match=r"environment\.created"):
        list(client.audit(kind="x"))


def test_the_trail_is_read_over_many_pages(client: Client, done: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(client.audit())
    monkeypatch.setattr("jupyter_dataflow_envs.client.trail.PAGE", 2)
    assert list(client.audit()) == whole
    assert list(client.audit(limit=3)) == whole[:3]
    assert len(whole) >= 3
