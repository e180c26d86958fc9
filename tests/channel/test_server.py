"""The server's faults, as the real clients meet them."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rattler import Channel, Gateway, install, solve

from .server import Server


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        body: bytes = answer.read()
        return body


def status(url: str, **headers: str) -> int:
    try:
        get(url, **headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    return 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "small.txt").write_bytes(b"small")
    (folder / "large.bin").write_bytes(bytes(400_000))
    (tmp_path / "secret.txt").write_text("outside")
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with Server(folder) as server:
        yield server


def test_files_are_served_and_counted(server: Server) -> None:
    assert get(f"{server.url}/small.txt") == b"small"
    assert status(f"{server.url}/absent.txt") == 404
    assert status(f"{server.url}/%2e%2e/secret.txt") == 404
    assert (server.count(), server.count("small*"), server.count("*", "HEAD")) == (3, 1, 0)
    assert [r.status for r in server.requests] == [200, 404, 404]


def test_what_has_not_changed_is_not_sent_again(server: Server) -> None:
    with urllib.request.urlopen(f"{server.url}/small.txt", timeout=30) as answer:
        tag = answer.headers["ETag"]
    assert status(f"{server.url}/small.txt", **{"If-None-Match": tag}) == 304


def test_a_failing_path_fails_until_it_is_healed(server: Server) -> None:
    server.fail("small*", 503)
    assert (status(f"{server.url}/small.txt"), status(f"{server.url}/large.bin")) == (503, 200)
    server.heal()
    assert status(f"{server.url}/small.txt") == 200


def test_a_throttled_path_takes_its_time_and_others_do_not(server: Server) -> None:
    server.throttle("large.bin", 1_000_000)
    started = time.monotonic()
    assert len(get(f"{server.url}/large.bin")) == 400_000
    assert time.monotonic() - started >= 0.35
    assert get(f"{server.url}/small.txt") == b"small"


def test_a_slow_download_can_be_watched_and_hurried(server: Server) -> None:
    server.throttle("large.bin", 20_000)  # 20 s unless healed
    with ThreadPoolExecutor(1) as pool:
        download = pool.submit(get, f"{server.url}/large.bin")
        seen = server.wait_for("large.bin", sent=2_000)
        assert not seen.done
        server.heal()
        assert len(download.result(10)) == 400_000


def test_a_hanging_path_answers_when_healed(server: Server) -> None:
    server.hang("small.txt")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, f"{server.url}/small.txt")
        server.wait_for("small.txt")
        assert not waiting.done()
        server.heal()
        assert waiting.result(10) == b"small"


def test_closing_ends_what_hangs(folder: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Server(folder) as server:
            server.hang("*")
            waiting = pool.submit(get, f"{server.url}/small.txt")
            server.wait_for("small.txt")
        assert isinstance(waiting.exception(10), ConnectionError | urllib.error.URLError)


def test_waiting_in_vain_says_what_was_seen(server: Server) -> None:
    get(f"{server.url}/small.txt")
    with pytest.raises(TimeoutError, match=r"no request for other\.txt .* small\.txt \(5 bytes\)"):
        server.wait_for("other.txt", timeout=0.01)


def test_only_those_who_know_the_secret_come_in(folder: Path) -> None:
    with Server(folder, user="ann", password="pass", token="tok") as server:
        assert status(f"{server.url}/small.txt") == 401
        assert status(f"{server.url}/t/wrong/small.txt") == 401
        assert status(f"{server.url}/t/tok/small.txt") == 200
        assert status(f"{server.url}/small.txt", Authorization="Bearer tok") == 200
        assert status(f"{server.url}/small.txt", Authorization="Basic YW5uOnBhc3M=") == 200
        assert {r.path for r in server.requests} == {"small.txt"}


def test_rattler_downloads_over_http(channel: Path, tmp_path: Path) -> None:
    async def download(url: str) -> None:
        records = await solve([Channel(url)], ["tiny-003 ==1.4", "big-data"], gateway=Gateway(tmp_path / "repodata"))
        await install(records, tmp_path / "prefix", cache_dir=tmp_path / "packages", show_progress=False)

    with Server(channel) as server:
        server.throttle("noarch/big-data-*", 2_000_000)  # 15 s unless healed
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(asyncio.run, download(server.url))
            server.wait_for("noarch/big-data-*", sent=100_000)
            assert not work.done()
            server.heal()
            work.result(60)
        assert server.count("noarch/tiny-003-1.4-*") == 1
    assert (tmp_path / "prefix" / "share" / "big-data" / "noise.bin").stat().st_size == 30_000_000


def test_rattler_names_a_channel_that_fails(channel: Path, tmp_path: Path) -> None:
    with Server(channel) as server:
        server.fail("*repodata*", 404)
        with pytest.raises(Exception, match=server.netloc):
            asyncio.run(solve([Channel(server.url)], ["tiny-003"], gateway=Gateway(tmp_path)))
