"""A live server for three people, one of them an administrator, and an environment built once for all to look at."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.handlers.identities import TOKENS
from tests.handlers.rest import Rest
from tests.live import LiveServer, live_server

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def minor(channel: Path) -> str:
    """A series of Python that the channel holds."""
    found = {p.name.split("-")[1].rpartition(".")[0] for p in channel.glob("*/python-3.*.conda")}
    return min(found, key=lambda m: int(m.split(".")[1]))


@pytest.fixture(scope="session")
def index(wheelhouse: Path) -> Iterator[Server]:
    with index_server(wheelhouse) as server:
        yield server


@pytest.fixture(scope="session")
def server(channel: Path, index: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Its identity provider knows alice, boss and carol by their tokens; boss is its administrator."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
    config = {"admins": ["boss"], "pip_index_url": index_url(index), "max_concurrent_builds": 2}
    root = tmp_path_factory.mktemp("deployment") / "root"
    env = {"PYTHONPATH": str(REPOSITORY)}
    with live_server(root, channel.as_uri(), config=config, home=home, env=env) as server:
        yield server
    assert "Traceback" not in server.log, server.log[-8000:]


def _person(server: LiveServer, name: str) -> Rest:
    return Rest(server.url, next(token for token, who in TOKENS.items() if who == name))


@pytest.fixture(scope="session")
def alice(server: LiveServer) -> Rest:
    """The owner of what tests create."""
    return _person(server, "alice")


@pytest.fixture(scope="session")
def boss(server: LiveServer) -> Rest:
    """The administrator."""
    return _person(server, "boss")


@pytest.fixture(scope="session")
def carol(server: LiveServer) -> Rest:
    """Anybody else."""
    return _person(server, "carol")


@pytest.fixture(scope="session")
def nobody(server: LiveServer) -> Rest:
    """Without a login."""
    return Rest(server.url, None)


@pytest.fixture(scope="session")
def fresh_name() -> Callable[[], str]:
    """Short names that no test has used."""
    numbers = itertools.count(1)
    return lambda: f"t{next(numbers):04x}"


@pytest.fixture(scope="session")
def rows(server: LiveServer) -> Callable[[], dict[str, Any]]:
    """How many rows each table holds, and the policy."""

    def count() -> dict[str, Any]:
        uri = f"file:{server.root}/dataflow-envs.sqlite?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            tables = ("environments", "versions", "attempts", "events", "locks", "prefixes", "activations")
            found: dict[str, Any] = {t: database.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
            found["revisions"] = database.execute("SELECT sum(revision) FROM environments").fetchone()[0]
            found["policy"] = database.execute("SELECT value FROM deployment WHERE key = 'policy'").fetchone()
            return found

    return count


@pytest.fixture(scope="session")
def built(alice: Rest, minor: str) -> str:
    """An environment of alice's with one version, from both managers. Tests leave it as it is."""
    alice.create(
        "built",
        full_name="Built Once",
        description="ünïcode ✓",
        python_version=minor,
        conda_requirements=["tiny-000=1.3", "activated"],
        pip_requirements=["tinywheel-00==1.4"],
    )
    alice.post("/environments/built/build", {}).ok(202)
    version = alice.wait("built")
    assert version["outcome"] == "succeeded", version["reason"]
    return "built"
