"""A real server that builds from the test channel, for the tests of the client and of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.client import Conflict, NotFound
from tests.channel.server import Server
from tests.live import LiveServer, live_server
from tests.service.deployments import minor_of
from tests.service.warm import warm


@pytest.fixture(scope="session")
def channel_server(channel: Path) -> Iterator[Server]:
    """The test channel over HTTP, where downloads can be slowed down."""
    with Server(channel) as server:
        yield server


@pytest.fixture(scope="session")
def live(channel: Path, channel_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A Jupyter server with a deployment of its own."""
    with live_server(warm(tmp_path_factory.mktemp("deployment") / "root", channel), channel_server.url) as server:
        yield server


@pytest.fixture(scope="session")
def python(channel: Path) -> str:
    """A series of Python that the channel holds, such as `3.11`, and that deployments have in their caches."""
    return minor_of(channel)


@pytest.fixture
def client(live: LiveServer) -> Iterator[Client]:
    """A client of that server."""
    with live.client() as client:
        yield client


def clear_away(client: Client, short_name: str) -> None:
    """What a test has left under that name, be it being built."""
    with suppress(NotFound):
        if client.environment(short_name)["status"] == "In Progress":
            with suppress(Conflict):  # it has ended meanwhile
                client.cancel(short_name)
            client.wait(short_name, 30)
        client.delete(short_name, force=True)
