"""Activating and deactivating through the interface; what kernelspecs do is tested with the kernels."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import nbformat
import pytest
from jupyter_client import BlockingKernelClient

from tests.handlers.identities import TOKENS
from tests.handlers.rest import Rest
from tests.kernels.session import notebook_of
from tests.live import LiveServer, free_port, wait_until


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


def test_what_activate_takes(alice: Rest, boss: Rest, carol: Rest, fresh_name: Callable[[], str], minor: str) -> None:
    name = fresh_name()
    alice.make(name, python_version=minor, conda_requirements=["tiny-008=1.1"])
    alice.post(f"/environments/{name}/activate", {"draft": "yes"}).refused(422, "invalid")
    alice.post(f"/environments/{name}/activate", {"daft": True}).refused(422, "invalid")
    alice.post(f"/environments/{name}/activate", {"draft": True}).refused(403, "not_allowed")
    carol.post(f"/environments/{name}/activate", {"draft": True}).refused(404, "not_found")
    boss.post(f"/environments/{name}/activate", {"draft": False}).refused(409, "conflict")
    boss.post(f"/environments/{name}/activate", {"draft": True}).ok()
    usage = alice.get(f"/environments/{name}/usage").ok()
    assert [(a["person"], a["draft"], a["last_started"]) for a in usage["activations"]] == [("boss", True, None)]
    assert (usage["active_people"], usage["running_kernels"], usage["based_on_it"]) == (1, 0, [])
    carol.get(f"/environments/{name}/usage").refused(404, "not_found")
    boss.post(f"/environments/{name}/deactivate").ok()


def test_a_build_in_progress_is_a_reason_for_its_keepers_alone(
    alice: Rest, boss: Rest, carol: Rest, publish: Callable[..., str]
) -> None:
    name = publish(conda_requirements=["tiny-008=1.2"])
    alice.patch(f"/environments/{name}", {"conda_requirements": ["tiny-008=1.2", "big-data"]}).ok()
    alice.post(f"/environments/{name}/build").ok(202)
    try:
        for keeper in (alice, boss):
            refusal = keeper.post(f"/environments/{name}/activate").refused(409, "conflict")
            assert refusal["message"] == "A build is in progress: wait for it, or cancel it first."
        boss.post(f"/environments/{name}/activate", {"draft": True}).refused(409, "conflict")
        carol.post(f"/environments/{name}/activate").ok()
        assert [p.get(f"/environments/{name}/launcher").ok()["version"] for p in (alice, boss, carol)] == [1, 1, 1]
    finally:
        alice.wait(name)
    carol.post(f"/environments/{name}/deactivate").ok()


CELL = "import os, sys, tiny_003; print('ran', tiny_003.VERSION, os.environ['ACTIVATED_SUM'], 'in', sys.prefix)"


@pytest.fixture(scope="module")
def notebook(
    alice: Rest, carol: Rest, publish: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """For the kernel of what carol has activated: a published version, whose owner has built another since."""
    name = publish(conda_requirements=["tiny-003=1.3", "activated"])
    kernel = carol.post(f"/environments/{name}/activate").ok()["kernel_name"]
    alice.succeed(name, conda_requirements=["tiny-003=1.4", "activated"])
    content = notebook_of(CELL)
    content.metadata["kernelspec"] = {"name": kernel, "display_name": "", "language": "python"}
    path = tmp_path_factory.mktemp("notebooks") / "notebook.ipynb"
    nbformat.write(content, path)
    yield path
    carol.post(f"/environments/{name}/deactivate").ok()


@pytest.fixture
def expected(notebook: Path, server: LiveServer) -> str:
    """What the cell prints."""
    kernel = nbformat.read(notebook, 4).metadata["kernelspec"]["name"]
    spec = json.loads((server.data_dir / "kernels" / kernel / "kernel.json").read_text())
    assert spec["metadata"]["dataflow_envs"]["version"] == 1
    return f"ran 1.3 42 in {spec['metadata']['conda_env_path']}"


@pytest.mark.parametrize(
    "command",
    [
        ["nbconvert", "--to", "notebook", "--execute", "--output", "{out}", "{notebook}"],
        ["papermill", "{notebook}", "{out}", "--no-progress-bar", "--log-output"],
    ],
    ids=lambda command: str(command[0]),
)
def test_notebooks_are_executed_by_what_knows_nothing_of_us(
    notebook: Path, expected: str, server: LiveServer, tmp_path: Path, command: list[str]
) -> None:
    """In a published version, by the name of its kernel; no server is asked."""
    out = tmp_path / "out.ipynb"
    words = [word.format(out=out, notebook=notebook) for word in command]
    done = subprocess.run(
        [sys.executable, "-m", *words], env=server.env, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    (output,) = [o for o in nbformat.read(out, 4).cells[-1].outputs if o.output_type == "stream" and o.name == "stdout"]
    assert output.text == f"{expected}\n"


def test_voila_serves_an_app_from_a_published_version(
    notebook: Path, expected: str, server: LiveServer, tmp_path: Path
) -> None:
    port = free_port()
    log = tmp_path / "voila.log"
    options = [f"--port={port}", "--Voila.ip=127.0.0.1", "--no-browser", f"--Voila.root_dir={notebook.parent}"]
    with log.open("wb") as file:
        voila = subprocess.Popen(
            [sys.executable, "-m", "voila", *options, str(notebook)],
            env=server.env,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )

    def page() -> str | None:
        assert voila.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=120) as answer:
                text: str = answer.read().decode()
        except URLError:
            return None
        return text

    try:
        shown = wait_until(page, "the app", 60)
        assert expected in shown, log.read_text()
    finally:
        voila.terminate()
        voila.wait(30)


def test_a_kernel_says_which_version_it_runs(
    alice: Rest, boss: Rest, carol: Rest, server: LiveServer, fresh_name: Callable[[], str], minor: str
) -> None:
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-008=1.1"])
    first = alice.succeed(name)
    alice.post(f"/environments/{name}/activate").ok()
    kernel = _kernels(server, "POST", "", {"name": f"dataflow-{name}"})["id"]
    try:

        def shown(person: Rest) -> list[tuple[str, str, int]]:
            running = person.get("/kernels").ok()["items"]
            return [(k["kernel_name"], k["short_name"], k["version"]) for k in running if k["kernel_id"] == kernel]

        def digests() -> list[str]:
            return [k["digest"] for k in alice.get("/kernels").ok()["items"] if k["kernel_id"] == kernel]

        wait_until(lambda: shown(alice) == [(f"dataflow-{name}", name, 1)], "the kernel of version 1", 20)
        assert digests() == [first["digest"]]
        assert shown(boss) == shown(alice)
        assert shown(carol) == []
        # Equal packages, so the same prefix; what runs is version 1 all the same.
        alice.patch(f"/environments/{name}", {"conda_requirements": ["tiny-008==1.1"]}).ok()
        second = alice.succeed(name)
        assert (second["number"], second["digest"]) == (2, first["digest"])
        spec = _kernelspec(server, name)
        wait_until(lambda: json.loads(spec.read_text())["metadata"]["dataflow_envs"]["version"] == 2, "version 2", 5)
        assert shown(alice) == [(f"dataflow-{name}", name, 1)]
        _wait_for_kernel(server, kernel)
        _kernels(server, "POST", f"/{kernel}/restart", {})
        wait_until(lambda: shown(alice) == [(f"dataflow-{name}", name, 2)], "the kernel of version 2", 20)
    finally:
        _wait_for_kernel(server, kernel)  # one that is ended while it starts complains in the server's log
        _kernels(server, "DELETE", f"/{kernel}", None)
    assert shown(alice) == []


def _wait_for_kernel(server: LiveServer, kernel: str) -> None:
    client = BlockingKernelClient()
    client.load_connection_file(str(server.runtime_dir / f"kernel-{kernel}.json"))
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
    finally:
        client.stop_channels()


def _kernels(server: LiveServer, method: str, path: str, body: object) -> Any:
    """Jupyter's own interface."""
    data = None if body is None else json.dumps(body).encode()
    token = next(token for token, who in TOKENS.items() if who == "alice")
    request = urllib.request.Request(
        f"{server.url}api/kernels{path}", data, {"Authorization": f"token {token}"}, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")
