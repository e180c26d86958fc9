"""Activating and deactivating through the interface; what kernelspecs do is tested with the kernels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until


def _kernelspec(server: LiveServer, name: str) -> Path:
    return server.data_dir / "kernels" / f"dataflow-{name}" / "kernel.json"


def test_an_environment_becomes_a_kernel_and_ceases_to_be(alice: Rest, built: str, server: LiveServer) -> None:
    assert alice.post(f"/environments/{built}/activate").ok() == {"kernel_name": f"dataflow-{built}"}
    environment = alice.get(f"/environments/{built}").ok()
    assert environment["active"]
    assert environment["usage"]["active_people"] == 1
    assert environment["actions"]["deactivate"]["allowed"]
    spec = json.loads(_kernelspec(server, built).read_text())
    assert spec["display_name"] == "Dataflow · Built Once"
    digest = alice.get(f"/environments/{built}/versions/1").ok()["digest"]
    assert spec["metadata"]["dataflow_envs"]["digest"] == digest
    # Again is no fault, and one activation all the same.
    alice.post(f"/environments/{built.upper()}/activate", {}).ok()
    assert alice.get(f"/environments/{built}").ok()["usage"]["active_people"] == 1

    assert alice.post(f"/environments/{built}/deactivate").ok() == {"kernel_name": f"dataflow-{built}"}
    assert not _kernelspec(server, built).exists()
    assert not alice.get(f"/environments/{built}").ok()["active"]
    alice.post(f"/environments/{built}/deactivate").refused(409, "conflict")


def test_what_was_never_built_can_not_be_activated(alice: Rest, fresh_name: Callable[[], str]) -> None:
    name = fresh_name()
    alice.create(name)
    refusal = alice.post(f"/environments/{name}/activate").refused(409, "conflict")
    assert refusal["message"] == "No version has been built yet: build it first."


def test_a_new_version_and_a_new_name_reach_the_kernel(
    alice: Rest, server: LiveServer, fresh_name: Callable[[], str], minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-008=1.1"])
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "succeeded"
    alice.post(f"/environments/{name}/activate").ok()

    def says(key: str) -> object:
        spec = json.loads(_kernelspec(server, name).read_text())
        return spec["metadata"]["dataflow_envs"].get(key, spec.get(key))

    assert says("version") == 1
    alice.patch(f"/environments/{name}", {"full_name": "Renamed", "conda_requirements": ["tiny-008=1.2"]}).ok()
    wait_until(lambda: says("display_name") == "Dataflow · Renamed", "the new name", 5)
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "succeeded"
    wait_until(lambda: says("version") == 2, "the kernel of version 2", 5)

    alice.delete(f"/environments/{name}").ok(204)
    wait_until(lambda: not _kernelspec(server, name).exists(), "the kernel's end", 5)


def test_a_kernelspec_of_somebody_elses_is_left_alone(
    alice: Rest, server: LiveServer, fresh_name: Callable[[], str], minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-008=1.1"])
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "succeeded"
    foreign = _kernelspec(server, name)
    foreign.parent.mkdir(parents=True)
    foreign.write_text('{"argv": ["true"], "display_name": "theirs", "language": "python"}')
    kept = foreign.read_text()
    alice.post(f"/environments/{name}/activate").refused(409, "conflict")
    assert foreign.read_text() == kept
    assert not alice.get(f"/environments/{name}").ok()["active"]
