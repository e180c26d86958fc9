"""A team's service, and Alice's server that uses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from tests.handlers.rest import Rest
from tests.live import LiveServer
from tests.service.warm import warm
from tests.serving import LiveService, live_service, persons_server


@pytest.fixture(scope="session")
def minor(channel: Path) -> str:
    """A series of Python that the channel holds."""
    found = {p.name.split("-")[1].rpartition(".")[0] for p in channel.glob("*/python-3.*.conda")}
    return min(found, key=lambda m: int(m.split(".")[1]))


@pytest.fixture(scope="session")
def service(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("service")
    with live_service(
        warm(folder / "root", channel), channel.as_uri(), image_store=(folder / "images").as_uri()
    ) as service:
        yield service
    assert "Traceback" not in service.log, service.log[-8000:]


@pytest.fixture(scope="session")
def server(service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Alice's."""
    with persons_server(service, "alice", tmp_path_factory.mktemp("alice")) as server:
        yield server
    # Kernels write there as well.
    for failure in ("Uncaught exception", "could not be", "has no business"):
        assert failure not in server.log, server.log[-8000:]


@pytest.fixture(scope="session")
def alice(server: LiveServer) -> Rest:
    """Through her own server."""
    return Rest(server.url, server.token)


@pytest.fixture(scope="session")
def boss(service: LiveService) -> Rest:
    """The administrator, on the service's own pages."""
    return service.person("boss")


@pytest.fixture(scope="session")
def built(alice: Rest, minor: str) -> str:
    """Alice's, with version 1, which tests leave as it is."""
    alice.make("built", full_name="Built", python_version=minor, conda_requirements=["tiny-000=1.3"])
    return "built"


@pytest.fixture(scope="session")
def spec_of(server: LiveServer) -> Callable[[str], dict[str, Any] | None]:
    """What Alice's kernels folder says about an environment; None where there is no kernelspec of it."""

    def read(short_name: str) -> dict[str, Any] | None:
        return kernelspec(server, short_name)

    return read


def kernelspec(server: LiveServer, short_name: str) -> dict[str, Any] | None:
    try:
        spec: dict[str, Any] = json.loads(
            (server.data_dir / "kernels" / f"dataflow-{short_name}/kernel.json").read_text()
        )
    except FileNotFoundError:
        return None
    return spec


def version_of(spec: dict[str, Any] | None) -> int | None:
    return spec["metadata"]["dataflow_envs"]["version"] if spec else None


def run_cell(server: LiveServer, kernel_name: str, code: str) -> str:
    """What a cell prints, or the error that it ends with, in that kernel started as Jupyter starts it."""
    specs = KernelSpecManager(kernel_dirs=[str(server.data_dir / "kernels")])
    manager = KernelManager(kernel_name=kernel_name, kernel_spec_manager=specs)
    manager.start_kernel(env=server.env)
    client = manager.blocking_client()
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        said.append(content.get("text") or content.get("evalue") or "")

    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute_interactive(code, timeout=60, output_hook=hear, store_history=False)
        return "".join(said)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
