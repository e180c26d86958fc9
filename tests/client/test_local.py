"""Local environments through the client, on a real server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs.client import Client, Conflict, InvalidSpec, LocalNameTaken, NotFound, Unreproducible
from tests.client.unreliable import TOKEN, Script, unreliable_server
from tests.live import LiveServer


@pytest.fixture(scope="module")
def source(live: LiveServer, python: str) -> str:
    """A Dataflow environment with one version."""
    with live.client() as client:
        client.create("src", full_name="Source", python_version=python, conda_requirements=["tiny-000=1.3"])
        client.build("src")
        assert client.wait("src", 120)["outcome"] == "succeeded"
    return "src"


@pytest.fixture
def copy(client: Client, source: str) -> Iterator[str]:
    made = client.copy_to_local(source, "mine")
    assert (made["id"], made["status"], made["work"]) == ("mine", "In Progress", "copy")
    assert client.wait_local("mine", 120)["status"] == "Ready"
    yield "mine"
    client.delete_local("mine")


@pytest.fixture
def venv(live: LiveServer) -> Path:
    """With a package that no name and version would bring."""
    prefix = live.person_dir / ".virtualenvs/edited"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(prefix)], check=True)
    (site,) = prefix.glob("lib/python3*/site-packages")
    info = site / "mylib-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mylib\nVersion: 0.1\n")
    (info / "direct_url.json").write_text('{"url": "file:///src/mylib", "dir_info": {"editable": true}}')
    return prefix


def test_a_copy_and_back(client: Client, source: str, copy: str) -> None:
    assert copy in {e["id"] for e in client.local_environments()}
    local = client.local_environment(copy, size=True)
    assert local["copied_from"] is not None
    assert (local["copied_from"]["short_name"], local["copied_from"]["version"]) == (source, 1)
    assert (local["size"] or 0) > 1000
    assert client.local_environment(copy)["size"] is None
    with pytest.raises(LocalNameTaken) as taken:
        client.copy_to_local(source, copy)
    assert taken.value.more == {"suggestion": "mine-2"}

    part = client.local_log(copy)
    assert part.complete
    assert client.local_log(copy, offset=9).text == part.text.encode()[9:].decode()
    stream = client.follow_local_log(copy, offset=9)
    assert ("".join(stream), stream.outcome) == (part.text.encode()[9:].decode(), "succeeded")
    drift = client.drift(copy)
    assert (drift["added"], drift["removed"], drift["changed"]) == ([], [], [])

    assert client.remove_local_kernel(copy)["kernel"] is None
    kernel = client.register_local_kernel(copy)["kernel"]
    assert kernel is not None
    assert kernel["name"] == "local-mine"
    with pytest.raises(Conflict, match="already"):
        client.register_local_kernel(copy)

    assert "tiny-000==1.3" in client.reproduction(copy)["conda_requirements"]
    made = client.copy_to_dataflow(copy, "back", full_name="Back", description="Again")
    assert made["copied_from"] is not None
    assert (made["copied_from"]["name"], made["description"]) == (copy, "Again")
    assert client.wait("back", 120)["outcome"] == "succeeded"


def test_made_cancelled_and_made_on_a_base(client: Client, source: str, python: str) -> None:
    made = client.create_local("Notes", python_version=python, conda_requirements=["tiny-001=1.2"])
    client.cancel_local(made["id"])
    failed = client.wait_local("notes", 60)
    assert (failed["status"], failed["reason"]) == ("Failed", "cancelled")
    stream = client.follow_local_log("notes")
    assert ("Failed: cancelled." in "".join(stream), stream.outcome) == (True, "failed")
    with pytest.raises(Conflict, match="Nothing is being done"):
        client.cancel_local("notes")
    client.create_local("notes", base=(source, 1))
    ready = client.wait_local("notes", 120)
    assert ready["status"] == "Ready", client.local_log("notes").text
    assert ready["requested"] is not None
    assert ready["requested"]["base"] == {"short_name": source, "version": 1}
    client.delete_local("notes")
    with pytest.raises(NotFound, match="notes"):
        client.local_environment("notes")


def test_what_cannot_be_had_elsewhere(client: Client, venv: Path) -> None:
    found = next(e for e in client.local_environments() if e["prefix"] == str(venv))
    assert [p["name"] for p in client.reproduction(found["id"])["unreproducible"]] == ["mylib"]
    with pytest.raises(Unreproducible, match="mylib can't be reproduced") as refused:
        client.copy_to_dataflow(found["id"], "fresh", full_name="x")
    assert [(e.text, e.message) for e in refused.value.errors] == [
        ("mylib", "installed in editable mode from /src/mylib")
    ]
    made = client.copy_to_dataflow(found["id"], "fresh", full_name="x", skip_unreproducible=True)
    assert made["pip_requirements"] == []
    client.wait("fresh", 120)


def test_refusals(client: Client, source: str, python: str) -> None:
    with pytest.raises(InvalidSpec, match="name: ") as refused:
        client.create_local("../x", python_version=python)
    assert refused.value.errors[0].field == "name"
    for id in ("nothing", "../records", "a/b", "..", ""):
        for call in (
            client.local_environment,
            client.delete_local,
            client.cancel_local,
            client.drift,
            client.local_log,
        ):
            with pytest.raises(NotFound):
                call(id)
        with pytest.raises(NotFound):
            list(client.follow_local_log(id))
    with pytest.raises(NotFound):
        client.copy_to_local("nothing")


def test_waiting_has_an_end(client: Client, source: str) -> None:
    client.copy_to_local(source, "slow")
    with pytest.raises(TimeoutError, match="What is done with slow has not ended in 0 seconds"):
        client.wait_local("slow", 0)
    assert client.wait_local("slow", 120)["status"] == "Ready"
    client.delete_local("slow")


def test_a_broken_connection_is_taken_up_at_its_byte() -> None:
    script = Script([([(0, "one\n")], "drop"), ([(4, "two\n")], "complete")])
    with unreliable_server(script) as url, Client(url, TOKEN) as client:
        stream = client.follow_local_log("mine")
        assert ("".join(stream), stream.outcome) == ("one\ntwo\n", "succeeded")
    assert (script.offsets, script.attempts) == ([0, 4], ["", ""])
