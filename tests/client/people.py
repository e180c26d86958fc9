"""A server for several people, of whom boss and grace are administrators."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs import Client
from tests.handlers.identities import TOKENS
from tests.live import LiveServer, live_server
from tests.service.warm import warm

REPOSITORY = Path(__file__).resolve().parents[2]


class People:
    """Each one's client of one server."""

    def __init__(self, server: LiveServer, python: str, clients: ExitStack) -> None:
        self.server = server
        self.python = python
        self._names = (f"e{number}" for number in itertools.count(1))
        self.alice, self.boss, self.carol, self.grace = (
            clients.enter_context(Client(server.url, self.token(name))) for name in ("alice", "boss", "carol", "grace")
        )

    @staticmethod
    def token(name: str) -> str:
        return next(token for token, who in TOKENS.items() if who == name)

    def fresh_name(self) -> str:
        """A short name that nobody has used."""
        return next(self._names)

    def saved(self, **more: Any) -> str:
        """The short name of a new environment of alice's."""
        name = self.fresh_name()
        self.alice.create(name, **{"full_name": "Of alice", "python_version": self.python, **more})
        return name

    def succeed(self, name: str, **edited: Any) -> None:
        """The next version, of what it says then, which must succeed."""
        if edited:
            self.alice.edit(name, **edited)
        self.alice.build(name)
        version = self.alice.wait(name, 120)
        assert version["outcome"] == "succeeded", version["reason"]

    def built(self, **more: Any) -> str:
        """The short name of a new environment of alice's with one version."""
        name = self.saved(**more)
        self.succeed(name)
        return name

    def published(self, **more: Any) -> str:
        """The short name of a new environment of alice's with a published version."""
        name = self.built(**more)
        self.boss.approve(self.alice.submit(name))
        return name


@pytest.fixture(scope="session")
def people(channel: Path, python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """Who they are is told by their tokens."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
    config = {"admins": ["boss", "group:stewards"]}
    env = {"PYTHONPATH": str(REPOSITORY)}
    with live_server(root, channel.as_uri(), config=config, home=home, env=env) as server, ExitStack() as clients:
        yield People(server, python, clients)
        assert "Traceback" not in server.log, server.log[-8000:]


@pytest.fixture(scope="session")
def shelf(people: People) -> str:
    """A published environment that tests leave as it is; version 2 is its owner's draft."""
    name = people.published(conda_requirements=["tiny-000=1.0", "tiny-001=1.2"], description="On the shelf")
    people.succeed(name, conda_requirements=["tiny-000=1.1", "tiny-002=1.5"])
    return name
