"""The example for Kubernetes: its parts run together as processes, behind a hub with the chart's `extraConfig`."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.channel.cache import cached_channel
from tests.handlers.rest import EMPTY_POLICY, Rest
from tests.hub.hub import Hub
from tests.live import free_port, wait_until
from tests.live_fixtures import python

from . import manifests

__all__ = ["python"]

ACCESS = "access:services!service=environments"
DECIDE = "custom:dataflow-envs:decide"

AS_THE_CHART = """
import os

# What the chart sets before it runs extraConfig, for its own spawner.
c.SimpleLocalProcessSpawner.environment = {{}}
c.JupyterHub.load_groups = {{"environment-administrators": {{"users": ["grace"]}}}}
c.JupyterHub.services.append({{"name": "prometheus", "api_token": {prometheus!r}, "display": False}})
c.JupyterHub.load_roles.append({{"name": "prometheus", "services": ["prometheus"], "scopes": [{access!r}]}})
exec({extra!r})
"""


@dataclass
class Team:
    hub: Hub
    service: str
    prometheus: str
    store: Path
    folder: Path

    def asked_by(self, name: str, *scopes: str) -> Rest:
        return Rest(self.service, self.hub.token_of(name, [ACCESS, *scopes]))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("kubernetes")
    subprocess.run(["bash", "-ec", manifests.commands("openssl x509")], cwd=folder, check=True, capture_output=True)
    token, prometheus = secrets.token_hex(16), secrets.token_hex(16)
    port, scheduler_port = free_port(), free_port()
    config = AS_THE_CHART.format(prometheus=prometheus, access=ACCESS, extra=manifests.extra_config())
    own = {"DATAFLOW_ENVS_API_TOKEN": token, "DATAFLOW_ENVS_URL": f"http://127.0.0.1:{port}"}
    with ExitStack() as stack:
        hub = stack.enter_context(Hub(folder / "hub", config, env=own))
        hub.add_user("alice")
        for component in ("scheduler", "worker", "service"):
            here = {
                "/etc/dataflow-envs-tls": str(folder / "dask-tls" / component),
                "/etc/dataflow-envs/": f"{manifests.FOLDER}/",
                "/srv/dataflow": str(folder / "srv"),
                "/tmp": str(folder),
                "environments-scheduler:8786": f"127.0.0.1:{scheduler_port}",
                "port=8786": f"port={scheduler_port}",
                "port=8788": f"port={free_port()}",
                "http://hub:8081/": hub.url,
                "http://0.0.0.0:8998": f"http://127.0.0.1:{port}",
                "s3://YOUR-BUCKET": (folder / "store").as_uri(),
            }
            instead = {"DASK_TEMPORARY_DIRECTORY": str(folder)}
            if component == "service":
                instead = {
                    "DATAFLOW_ENVS_DATABASE_URL": f"sqlite:///{folder}/database.sqlite",
                    "DATAFLOW_ENVS_CHANNELS": cached_channel().as_uri(),
                    "JUPYTERHUB_API_TOKEN": token,
                }
            # Nothing of a test listens anywhere else.
            loopback = () if component == "service" else ("--host=127.0.0.1",)
            log = folder / f"{component}.log"
            process = stack.enter_context(manifests.running(component, log, here, instead, *loopback))

        def ready() -> bool:
            assert process.poll() is None, log.read_text()
            return _probes_answer(port)

        wait_until(ready, "the service", interval=0.1)
        yield Team(hub, f"{hub.url}services/environments/", prometheus, folder / "store", folder)


def _probes_answer(port: int) -> bool:
    """As Kubernetes asks them: at the pod itself, without a token."""
    probes = [manifests.container("service")[kind]["httpGet"]["path"] for kind in ("readinessProbe", "livenessProbe")]
    try:
        return all(
            httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=5).status_code == 200
            for path in probes
        )
    except httpx.HTTPError:
        return False


def test_the_hub_knows_the_service_and_who_may_use_it(team: Team) -> None:
    boss = team.hub.token_of("boss")
    service = team.hub.api("GET", "services/environments", token=boss).raise_for_status().json()
    assert service["prefix"] == manifests.plain_variables("service")["JUPYTERHUB_SERVICE_PREFIX"]
    assert service["command"] == [], "it runs elsewhere"
    assert service["admin"] is False
    choice = team.hub.api("GET", "services/environments-choice", token=boss).raise_for_status().json()
    assert choice["roles"] == ["environments-choice"]
    alice = team.hub.api("GET", "user", token=team.hub.token_of("alice")).raise_for_status().json()
    assert ACCESS in alice["scopes"]
    assert DECIDE not in alice["scopes"]
    team.asked_by("alice").get("/me").ok()
    # A token that is for something else.
    Rest(team.service, team.hub.token_of("alice", ["read:users:name!user=alice"])).get("/me").refused(403)


def test_the_group_of_administrators_decides(team: Team) -> None:
    grace = team.asked_by("grace", DECIDE)
    assert grace.get("/me").ok()["is_admin"]
    grace.put("/policy", EMPTY_POLICY).ok()
    team.asked_by("grace").put("/policy", EMPTY_POLICY).refused(403, "not_allowed")
    assert team.hub.api("POST", "users/alice/tokens", {"scopes": [DECIDE]}).status_code == 400


def test_administrators_come_to_the_pages_by_the_hubs_login(team: Team) -> None:
    browser = team.hub.browser("grace")
    try:
        page = browser.get(team.service)
        assert page.status_code == 200, page.text
        assert str(page.url) == team.service
        assert "Waiting" in page.text
    finally:
        browser.close()


def test_prometheus_reads_metrics_and_decides_nothing(team: Team) -> None:
    told = httpx.get(
        f"{team.service}metrics", headers={"Authorization": f"Bearer {team.prometheus}"}, trust_env=False, timeout=20
    )
    assert told.status_code == 200
    assert "dataflow_envs_builds_active" in told.text
    Rest(team.service, team.prometheus).put("/policy", EMPTY_POLICY).refused(403, "not_allowed")
    assert httpx.get(f"{team.service}metrics", trust_env=False, timeout=20).status_code == 403


def test_alices_server_builds_on_a_worker_and_gets_the_image(team: Team, python: str) -> None:
    server = Rest(team.hub.start_server("alice"), team.hub.token_of("alice"))
    try:
        # Her server was told where the service is, although its spawner has variables of its own.
        server.create("pods", full_name="From a pod", python_version=python)
        server.succeed("pods")
        log = server.get("/environments/pods/versions/1/log").text
        assert "Building on worker tls://" in log
        assert "into an image of" in log
        (image,) = team.store.glob("environments/*/*.tar.zst")
        assert team.asked_by("alice").show("pods")["owner"] == "alice"
        assert server.post("/environments/pods/activate", {}).ok()["kernel_name"] == "dataflow-pods"
        assert (team.folder / "srv" / "envs" / "prefixes" / image.name.partition(".")[0]).is_dir()
    finally:
        team.hub.stop_server("alice")
