"""The engine as tests run it: real children over the real channel and a real index, caches shared by a session."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.engine.protocol import Sources
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.channel_fixtures import channel, wheelhouse
from tests.engine.driver import Engine

__all__ = ["channel", "wheelhouse"]


@pytest.fixture(scope="session")
def index(wheelhouse: Path) -> Iterator[Server]:
    """The hand-made wheels, served on loopback."""
    with index_server(wheelhouse) as server:
        yield server


@pytest.fixture(scope="session")
def root() -> Iterator[Path]:
    """A deployment's folder that every account of this machine may enter."""
    folder = Path(tempfile.mkdtemp(prefix="dataflow-engine-"))
    folder.chmod(0o755)
    yield folder
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o700)  # noqa: PTH101
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def engine(root: Path, channel: Path, index: Server) -> Engine:
    """Builds with the oldest Python of the channel."""
    pythons = sorted(channel.glob("*/python-3.*"), key=lambda p: int(p.name.split(".")[1]))
    minor = ".".join(pythons[0].name.removeprefix("python-").split(".")[:2])
    return Engine(root, Sources((channel.as_uri(),), index_url(index)), minor)
