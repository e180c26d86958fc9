"""The route of images: to those who may see the version, in pieces, and from elsewhere where the store can sign."""

from __future__ import annotations

import hashlib
import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.images import How, Image, ensure_prefix
from tests.handlers.conftest import REPOSITORY
from tests.handlers.rest import BASE, Rest
from tests.handlers.stores import SIGNS
from tests.live import LiveServer, live_server, wait_until
from tests.service.warm import warm

PATH = "/environments/mlenv/versions/1/image"
LARGE = 400_000_000
"""Bytes of an image that nobody may keep in memory."""


@pytest.fixture(scope="module")
def server(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
    (home / "config" / "jupyter_server_config.py").write_text("import tests.handlers.stores\n")
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
    config = {"admins": ["boss"], "image_store": f"maysign://{home / 'images'}"}
    env = {"PYTHONPATH": str(REPOSITORY)}
    with live_server(root, channel.as_uri(), config=config, home=home, env=env) as server:
        yield server
    assert "Traceback" not in server.log, server.log[-8000:]
    remove_tree(root)


@pytest.fixture(scope="module")
def alice(server: LiveServer, minor: str) -> Rest:
    """Whose `mlenv` is built."""
    rest = Rest(server.url, "token-of-alice")
    rest.make("mlenv", python_version=minor, conda_requirements=["tiny-001"])
    return rest


@pytest.fixture
def file(server: LiveServer, alice: Rest) -> Path:
    """The image of `mlenv`."""
    (found,) = (server.home / "images").glob("*/*.tar.zst")
    return found


@contextmanager
def asked(server: LiveServer) -> Iterator[HTTPConnection]:
    """A connection on which alice has asked for the image."""
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("GET", BASE + PATH, headers={"Authorization": "token token-of-alice"})
    try:
        yield connection
    finally:
        connection.close()


def test_the_image_comes_with_what_it_must_be(alice: Rest, file: Path) -> None:
    answer = alice.get(PATH)
    assert answer.status == 200
    assert answer.body == file.read_bytes()
    digest = hashlib.sha256(answer.body).hexdigest()
    assert answer.headers["x-image-digest"] == f"sha256:{digest}"
    assert answer.headers["etag"] == f'"sha256:{digest}"'
    assert answer.headers["content-type"] == "application/zstd"
    assert answer.headers["content-length"] == answer.headers["x-image-size"] == str(len(answer.body))
    assert answer.headers["x-prefix-id"] == file.name.partition(".")[0]
    assert answer.headers["cache-control"] == "no-store"


def test_another_machine_makes_the_prefix_of_it(alice: Rest, server: LiveServer, tmp_path: Path) -> None:
    """As people's servers do: what must come is told by the answer."""
    prefix = tmp_path / "prefixes" / alice.get(PATH).headers["x-prefix-id"]

    def open_image() -> tuple[Image, Iterator[bytes]]:
        answer = connection.getresponse()
        digest = (answer.getheader("X-Image-Digest") or "").removeprefix("sha256:")
        return Image(digest, int(answer.getheader("X-Image-Size") or 0)), iter(lambda: answer.read(100_000), b"")

    with asked(server) as connection:
        assert ensure_prefix(prefix, open_image, lambda: pytest.fail("installed"), say=pytest.fail) is How.FETCHED
    assert (prefix / "bin" / "python").exists()
    remove_tree(prefix)


def test_it_is_for_those_who_may_see_the_version(server: LiveServer, alice: Rest) -> None:
    Rest(server.url, None).get(PATH).refused(403, "not_logged_in")
    Rest(server.url, "token-of-carol").get(PATH).refused(404, "not_found")
    assert Rest(server.url, "token-of-boss").get(PATH).status == 200
    alice.get("/environments/mlenv/versions/2/image").refused(404, "not_found")
    alice.get("/environments/nope/versions/1/image").refused(404, "not_found")


def test_where_the_store_signs_the_reader_is_sent_there(server: LiveServer, file: Path) -> None:
    (file.parent / SIGNS).touch()
    try:
        with asked(server) as connection:
            answer = connection.getresponse()
            assert answer.status == 307
            assert answer.getheader("Location") == f"https://store.example/{file.name}?expires=3600&signature=abc"
            assert answer.getheader("X-Image-Digest") == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
            assert answer.getheader("X-Image-Size") == str(file.stat().st_size)
        assert "signature" not in server.log
    finally:
        (file.parent / SIGNS).unlink()


def test_an_image_that_is_gone_is_not_found(alice: Rest, file: Path) -> None:
    away = file.rename(file.with_name("away"))
    try:
        refusal = alice.get(PATH).refused(404, "not_found")
        assert refusal["message"] == "There is no image of version 1 of 'mlenv'."
        file.write_bytes(b"not all of it")
        alice.get(PATH).refused(404, "not_found")
    finally:
        away.rename(file)


@pytest.fixture
def large(server: LiveServer, file: Path) -> Iterator[Path]:
    """In the place of mlenv's image one of a size that shows when it is kept in memory."""
    away = file.rename(file.with_name("away"))
    with file.open("wb") as made:
        made.truncate(LARGE)
    database = server.root / "dataflow-envs.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        (size,) = connection.execute("SELECT image_size FROM prefixes").fetchone()
        connection.execute("UPDATE prefixes SET image_size = ?", (LARGE,))
    yield file
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE prefixes SET image_size = ?", (size,))
    away.rename(file)


def test_who_reads_slowly_costs_the_server_nothing(server: LiveServer, large: Path) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with asked(server) as slow, asked(server) as another:
        assert slow.getresponse().read(1000) == bytes(1000)
        answer = another.getresponse()
        most = taken = 0
        while data := answer.read(4_000_000):
            taken += len(data)
            most = max(most, process.memory_info().rss)
            if taken % 40_000_000 == 0:
                began = time.monotonic()
                assert server.health()
                assert time.monotonic() - began < 2
        assert taken == LARGE
        assert most - before < 80_000_000
    wait_until(lambda: not [f for f in process.open_files() if f.path == str(large)], "the file's closing", 10)


def test_an_image_that_breaks_off_ends_early(server: LiveServer, large: Path) -> None:
    """Its reader can tell: fewer bytes came than were announced."""
    with asked(server) as connection:
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        answer = connection.getresponse()
        assert answer.read(1000) == bytes(1000)
        with large.open("r+b") as file:
            file.truncate(LARGE // 2)
        taken = 0
        with suppress(ConnectionResetError):
            while data := answer.read(10_000_000):
                taken += len(data)
        assert taken < LARGE
    wait_until(lambda: "An image could not be read to its end" in server.log, "the server's word", 10)
