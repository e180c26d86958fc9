"""A build's log: by pages over HTTP, and as a stream."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import websocket

from jupyter_dataflow_envs.builds.log import Logs
from tests.handlers.rest import Answer, Rest
from tests.live import LiveServer, wait_until

LINES = [f"{n} héllo ✓ 日本語 🐍 {'x' * (n % 7)}" for n in range(20_000)]


@dataclass
class Long:
    """A failed build with a log of a megabyte in characters of one to four bytes."""

    name: str
    data: bytes

    @property
    def path(self) -> str:
        return f"/environments/{self.name}/versions/1/log"


@pytest.fixture(scope="module")
def long(alice: Rest, server: LiveServer, fresh_name: Callable[[], str], minor: str) -> Long:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["no-such-package"])
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "failed"
    with closing(sqlite3.connect(server.root / "dataflow-envs.sqlite")) as database:
        (environment_id,) = database.execute("SELECT id FROM environments WHERE short_name = ?", [name]).fetchone()
    logs = Logs(server.root / "logs", 64 * 1024 * 1024)
    with_more = logs.open(environment_id, 1, 1)
    with_more.write("\n".join(LINES))
    with_more.close()
    return Long(name, logs.path(environment_id, 1, 1).read_bytes())


def _pages(person: Rest, path: str, limit: int, offset: int = 0) -> list[Answer]:
    pages = []
    while True:
        page = person.get(f"{path}?offset={offset}&limit={limit}")
        assert page.status == 200
        assert page.headers["content-type"].lower() == "text/plain; charset=utf-8"
        page.body.decode()  # whole characters
        assert int(page.headers["x-next-offset"]) == offset + len(page.body)
        pages.append(page)
        offset += len(page.body)
        if page.headers["x-log-complete"] == "true":
            return pages
        assert page.body


def test_a_whole_log_in_one_answer(alice: Rest, built: str) -> None:
    answer = alice.get(f"/environments/{built}/versions/1/log")
    assert answer.headers["x-log-complete"] == "true"
    assert answer.text.startswith(f"Building {built} version 1, attempt 1, asked for by alice, ")
    assert "Succeeded." in answer.text.splitlines()[-1]


@pytest.mark.parametrize("limit", [50_001, 262_144, 1_048_576])
def test_pages_put_together_are_the_log(alice: Rest, long: Long, limit: int) -> None:
    pages = _pages(alice, long.path, limit)
    assert b"".join(p.body for p in pages) == long.data
    assert all(len(p.body) <= limit for p in pages)


def test_small_pages_never_cut_a_character(alice: Rest, long: Long) -> None:
    start = len(long.data) - 300
    while long.data[start] & 0xC0 == 0x80:
        start += 1
    assert b"".join(p.body for p in _pages(alice, long.path, 1, start)) == long.data[start:]


def test_an_offset_at_and_past_the_end_is_empty_and_complete(alice: Rest, long: Long) -> None:
    for offset in (len(long.data), len(long.data) + 10, 10**15):
        answer = alice.get(f"{long.path}?offset={offset}")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["x-log-complete"] == "true"
        assert answer.headers["x-next-offset"] == str(offset)


@pytest.mark.parametrize(
    "query", ["offset=-1", "offset=x", "offset=1e3", "offset=" + "9" * 30, "limit=-5", "limit=1048577", "attempt=a"]
)
def test_bad_numbers_are_refused(alice: Rest, long: Long, query: str) -> None:
    alice.get(f"{long.path}?{query}").refused(400, "malformed")


def _frames(socket: websocket.WebSocket, most: int | None = None) -> list[dict[str, Any]]:
    """Frames up to the end, or so many of them."""
    frames: list[dict[str, Any]] = []
    while most is None or len(frames) < most:
        frame = json.loads(socket.recv())
        frames.append(frame)
        if frame.get("complete"):
            return frames
    return frames


def _joined(frames: list[dict[str, Any]], offset: int = 0) -> bytes:
    """The frames' text, each of which must begin where the one before ended."""
    data = b""
    for frame in frames:
        if "text" in frame:
            assert frame.keys() == {"offset", "text"}
            assert frame["offset"] == offset + len(data)
            data += frame["text"].encode()
    return data


def test_a_stream_brings_every_byte_then_the_outcome_and_closes(alice: Rest, long: Long) -> None:
    with alice.stream(f"{long.path}/stream") as socket:
        frames = _frames(socket)
        assert _joined(frames) == long.data
        assert frames[-1] == {"complete": True, "outcome": "failed"}
        opcode, data = socket.recv_data()
        assert (opcode, int.from_bytes(data[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 1000)


def test_who_was_cut_off_goes_on_at_its_byte(alice: Rest, long: Long) -> None:
    """The ends of frames lie wherever 256 KiB end, in the middle of characters too."""
    data, cuts = b"", 0
    chosen = random.Random(7)
    while True:
        with alice.stream(f"{long.path}/stream?offset={len(data)}") as socket:
            frames = _frames(socket, chosen.choice([1, 2]))
        data += _joined(frames, len(data))
        if frames[-1].get("complete"):
            break
        cuts += 1
    assert data == long.data
    assert cuts >= 2


def test_a_stream_from_the_end_says_only_the_outcome(alice: Rest, long: Long) -> None:
    with alice.stream(f"{long.path}/stream?offset={len(long.data)}") as socket:
        assert _frames(socket) == [{"complete": True, "outcome": "failed"}]


def test_a_build_is_followed_while_it_runs(alice: Rest, fresh_name: Callable[[], str], minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-006=1.6"])
    alice.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
    path = f"/environments/{name}/versions/1/log"
    with alice.stream(f"{path}/stream") as socket:
        first = _frames(socket, 1)
        running = alice.get(f"/environments/{name}").ok()["status"]
    data = _joined(first)
    assert running == "In Progress", "the first lines came only when the build had ended"
    while True:
        with alice.stream(f"{path}/stream?offset={len(data)}&attempt=1") as socket:
            frames = _frames(socket, 2)
        data += _joined(frames, len(data))
        if frames[-1].get("complete"):
            break
    assert frames[-1]["outcome"] == "succeeded"
    assert data == alice.get(path).body
    # The outcome is committed by then: who has seen the end finds a Draft.
    assert alice.get(f"/environments/{name}").ok()["status"] == "Draft"


def test_an_incomplete_log_says_so(alice: Rest, fresh_name: Callable[[], str], minor: str) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-007=1.6"])
    alice.post(f"/environments/{name}/build", {"from_scratch": True}).ok(202)
    path = f"/environments/{name}/versions/1/log"
    begun = wait_until(lambda: (got := alice.get(path)).body and got, "the first line", 30)
    assert begun.headers["x-log-complete"] == "false"
    alice.post(f"/environments/{name}/cancel").ok(202)
    assert alice.wait(name)["outcome"] == "failed"
    ended = alice.get(path)
    assert ended.headers["x-log-complete"] == "true"
    assert ended.body.startswith(begun.body)
    assert "cancelled by alice" in ended.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/environments/built/versions/2/log/stream", 404),
        ("/environments/none/versions/1/log/stream", 404),
        ("/environments/built/versions/1/log/stream?attempt=2", 404),
        ("/environments/built/versions/x/log/stream", 404),
        ("/environments/built/versions/1/log/stream?offset=-1", 400),
    ],
)
def test_a_stream_of_nothing_is_refused(alice: Rest, built: str, path: str, status: int) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, alice.stream(path):
        pass
    assert refused.value.status_code == status
    assert json.loads(refused.value.resp_body or b"{}").keys() >= {"code", "message", "errors"}


def test_a_stream_of_what_one_may_not_see_is_refused(carol: Rest, nobody: Rest, built: str) -> None:
    path = f"/environments/{built}/versions/1/log/stream"
    for person, status in ((carol, 404), (nobody, 403)):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused, person.stream(path):
            pass
        assert refused.value.status_code == status


def test_what_a_client_says_into_the_stream_changes_nothing(alice: Rest, long: Long) -> None:
    with alice.stream(f"{long.path}/stream?offset={len(long.data) - 10}") as socket:
        socket.send("\x00{not json")
        socket.send_binary(b"\xff\xfe")
        assert _frames(socket)[-1]["complete"]
