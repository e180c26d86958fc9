"""A Jupyter server with jupyter-scheduler, configured as docs/jupyter-scheduler.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_dataflow_envs import Client
from tests.channel.server import Server
from tests.live import LiveServer, live_server
from tests.live_fixtures import python
from tests.scheduler.jobs import Jobs
from tests.service.warm import warm

__all__ = ["python"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "jupyter-scheduler.md"


@pytest.fixture(scope="module")
def server(channel: Path, channel_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    lines = re.findall(r'^c\.\w+\.\w+ = ".*"$', PAGE.read_text(), re.MULTILINE)
    (home / "config" / "jupyter_server_config.py").write_text("\n".join(lines[:2]))
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
    with live_server(root, channel_server.url, home=home, extensions=["jupyter_scheduler"]) as server:
        yield server


@pytest.fixture(scope="module")
def jobs(server: LiveServer) -> Iterator[Jobs]:
    with closing(Jobs(server)) as jobs:
        yield jobs


@pytest.fixture(scope="module")
def person(server: LiveServer) -> Iterator[Client]:
    """Whom the server belongs to."""
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def built(person: Client, python: str) -> str:
    """The short name of an environment that is built and was never activated."""
    person.create("mlenv", full_name="Machine Learning", description="For the course", python_version=python)
    person.build("mlenv")
    assert person.wait("mlenv")["outcome"] == "succeeded"
    return "mlenv"
