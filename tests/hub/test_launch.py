"""A server that was launched with an environment: active, and the kernel of new notebooks, as soon as it is up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.live import LiveServer, live_server, wait_until


@contextmanager
def launched(service: LiveServer, channel: Path, chosen: str, **config: object) -> Iterator[LiveServer]:
    """Another server of the same deployment."""
    env = {"DATAFLOW_ENVS_ACTIVATE": chosen}
    with live_server(service.root, channel.as_uri(), config=config, env=env) as server:
        yield server


def kernels(server: LiveServer) -> tuple[str, set[str]]:
    """The default one, and all."""
    headers = {"Authorization": f"token {server.token}"}
    told = httpx.get(f"{server.url}api/kernelspecs", headers=headers, trust_env=False).raise_for_status().json()
    return told["default"], set(told["kernelspecs"])


@pytest.mark.parametrize(("chosen", "default"), [("mlenv", "mlenv"), ("nope, evil,mlenv", "evil")])
def test_the_first_of_the_chosen_is_the_default_kernel(
    service: LiveServer, channel: Path, chosen: str, default: str
) -> None:
    with launched(service, channel, chosen) as server:
        wait_until(lambda: kernels(server)[0] == f"dataflow-{default}", "the default kernel")
        wait_until(lambda: "dataflow-mlenv" in kernels(server)[1], "the kernel")
        assert ("'nope' was not activated: " in server.log) == ("nope" in chosen)
        assert "Traceback" not in server.log


def test_what_cannot_be_activated_stops_nothing(service: LiveServer, channel: Path) -> None:
    """What the configuration activates is no choice: the default kernel stays."""
    with launched(service, channel, "nope,old", activate=["mlenv"]) as server:
        wait_until(lambda: "dataflow-mlenv" in kernels(server)[1], "the kernel")
        assert kernels(server)[0] == "python3"
        for name in ("nope", "old"):
            assert f"'{name}' was not activated: " in server.log
        assert "Traceback" not in server.log
