"""The service that a hub asks: a server with the same routes, and published environments in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.handlers.rest import Rest
from tests.live import LiveServer, live_server
from tests.live_fixtures import python
from tests.service.warm import warm

__all__ = ["python"]

REPOSITORY = Path(__file__).resolve().parents[2]

EVIL = '<script>alert(1)</script> & "friends"'


@pytest.fixture(scope="session")
def service(channel: Path, python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """With `mlenv` and `evil`, which are published, `old`, which is deprecated, and `draft`, which is alice's alone."""
    home = tmp_path_factory.mktemp("service")
    (home / "config").mkdir()
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (home / "config" / "jupyter_config.json").write_text(json.dumps(login))
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
    config = {"admins": ["boss"], "max_concurrent_builds": 1}
    with live_server(root, channel.as_uri(), config=config, home=home, env={"PYTHONPATH": str(REPOSITORY)}) as server:
        alice, boss = Rest(server.url, "token-of-alice"), Rest(server.url, "token-of-boss")
        described = {
            "mlenv": ("Machine Learning", "For the course\nin May"),
            "evil": (EVIL, EVIL),
            "old": ("Old One", ""),
            "draft": ("Alice's Draft", ""),
        }
        for name, (full_name, description) in described.items():
            alice.make(name, full_name=full_name, description=description, python_version=python)
            if name != "draft":
                boss.approve(alice.submit(name))
        boss.post("/environments/old/deprecate", {"reason": "Take mlenv"}).ok()
        yield server


@pytest.fixture(scope="session")
def token() -> str:
    """Of somebody who is neither owner nor administrator there, as the hub is to have it."""
    return "token-of-carol"
