"""A server that several people can reach serves its owner's environments to its owner alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket

from tests.handlers.rest import Rest
from tests.live import LiveServer
from tests.service.warm import warm
from tests.serving import LiveService, live_service, persons_server, token_of


@pytest.fixture(scope="module")
def service(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(warm(tmp_path_factory.mktemp("service") / "root", channel), channel.as_uri()) as service:
        yield service


@pytest.fixture(scope="module")
def own(service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Alice's, on a hub that lets others in too: its identity provider knows each of them."""
    folder = tmp_path_factory.mktemp("alice")
    (folder / "config").mkdir()
    login = {"ServerApp": {"identity_provider_class": "tests.handlers.identities.TokenUsers"}}
    (folder / "config" / "jupyter_config.json").write_text(json.dumps(login))
    env = {
        "JUPYTERHUB_USER": "alice",
        "JUPYTERHUB_API_TOKEN": token_of("alice"),
        "DATAFLOW_ENVS_SERVICE_TOKEN": "",
    }
    with persons_server(service, "alice", folder, env=env) as own:
        yield own
    assert token_of("alice") not in own.log


def test_its_owner_is_served_with_the_hubs_token(own: LiveServer) -> None:
    assert Rest(own.url, token_of("alice")).get("/me").ok()["name"] == "alice"


@pytest.mark.parametrize("name", ["carol", "boss"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"),
        ("GET", "/environments"),
        ("POST", "/environments"),
        ("GET", "/local"),
        ("POST", "/environments/any/activate"),
        ("GET", "/kernels"),
        ("GET", "/health"),
    ],
)
def test_nobody_else_is(own: LiveServer, name: str, method: str, path: str) -> None:
    refusal = Rest(own.url, token_of(name)).request(method, path).refused(403, "not_allowed")
    assert "somebody else's" in refusal["message"]


@pytest.mark.parametrize("path", ["/events", "/local-events", "/environments/any/versions/1/log/stream"])
def test_nobody_else_may_listen(own: LiveServer, path: str) -> None:
    with (
        pytest.raises(websocket.WebSocketBadStatusException) as refused,
        Rest(own.url, token_of("carol")).stream(path),
    ):
        pass
    assert refused.value.status_code == 403
    assert "somebody else's" in json.loads(refused.value.resp_body)["message"]
