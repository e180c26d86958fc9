"""A live server for several people, some of them administrators, and an environment built once for all to look at."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.handlers.identities import STEWARDS, TOKENS
from tests.handlers.rest import EMPTY_POLICY, Rest
from tests.live import LiveServer, live_server, rows_in
from tests.service.warm import warm

ON_BOTH = ("test_concurrency", "test_listing", "test_reviews")
"""Modules whose tests run on PostgreSQL too: what many do at once, and what is searched and sorted."""

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
        kinds = ["sqlite", "postgresql"] if both else ["sqlite"]
        metafunc.parametrize("server", kinds, indirect=True, scope="session")


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
def server(
    request: pytest.FixtureRequest, channel: Path, index: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """Its identity provider knows people by their tokens; boss and the stewards are its administrators."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
    config = {"admins": ["boss", "group:stewards"], "pip_index_url": index_url(index), "max_concurrent_builds": 2}
    if request.param == "postgresql":
        config["database_url"] = request.getfixturevalue("postgresql").create_database()
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
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
    """An administrator by name."""
    return _person(server, "boss")


@pytest.fixture(scope="session")
def carol(server: LiveServer) -> Rest:
    """Anybody else."""
    return _person(server, "carol")


@pytest.fixture(scope="session")
def dave(server: LiveServer) -> Rest:
    """Somebody else again."""
    return _person(server, "dave")


@pytest.fixture(scope="session")
def grace(server: LiveServer) -> Rest:
    """An administrator by her group."""
    return _person(server, "grace")


@pytest.fixture(scope="session")
def stewards(server: LiveServer) -> list[Rest]:
    """Fifty more administrators by their group."""
    return [_person(server, name) for name in STEWARDS[1:]]


@pytest.fixture(scope="session")
def nobody(server: LiveServer) -> Rest:
    """Without a login."""
    return Rest(server.url, None)


@pytest.fixture(scope="session")
def fresh_name() -> Callable[[], str]:
    """Short names that no test has used."""
    numbers = itertools.count(1)
    return lambda: f"t{next(numbers):04x}"


STORED = {
    "environments": "SELECT * FROM environments ORDER BY id",
    "versions": "SELECT * FROM versions ORDER BY environment_id, number",
    "attempts": "SELECT id, environment_id, number, attempt, outcome, reason, cancel_requested_by FROM attempts",
    "reviews": "SELECT * FROM reviews ORDER BY id",
    "activations": "SELECT environment_id, person, server, since, draft FROM activations ORDER BY 1, 2, 3",
    "events": "SELECT * FROM events WHERE kind NOT LIKE 'housekeeping.%' ORDER BY seq",
    "policy": "SELECT value FROM deployment WHERE key = 'policy'",
}
"""All that people can change; how far builds are, leases and housekeeping go on by themselves."""


@pytest.fixture(scope="session")
def rows(server: LiveServer) -> Callable[[], dict[str, Any]]:
    """What the database holds of all that people can change."""

    def stored() -> dict[str, Any]:
        return {name: rows_in(server.database_url, query) for name, query in STORED.items()}

    return stored


@pytest.fixture
def policy(boss: Rest) -> Iterator[Rest]:
    """The administrator, who takes back what a test sets of the policy."""
    yield boss
    boss.put("/policy", EMPTY_POLICY).ok()


@pytest.fixture(scope="session")
def publish(alice: Rest, boss: Rest, fresh_name: Callable[[], str], minor: str) -> Callable[..., str]:
    """Publishes an environment of alice's that says what is given, and returns its short name."""

    def published(**more: Any) -> str:
        name = fresh_name()
        alice.make(name, **{"python_version": minor, **more})
        boss.approve(alice.submit(name))
        return name

    return published


@pytest.fixture(scope="session")
def built(alice: Rest, minor: str) -> str:
    """An environment of alice's with one version, from both managers. Tests leave it as it is."""
    alice.make(
        "built",
        full_name="Built Once",
        description="ünïcode ✓",
        python_version=minor,
        conda_requirements=["tiny-000=1.3", "activated"],
        pip_requirements=["tinywheel-00==1.4"],
    )
    return "built"
