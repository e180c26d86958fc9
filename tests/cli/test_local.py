"""The commands on Local environments, against a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_dataflow_envs import Client
from tests.channel.server import Server
from tests.cli.command_line import CommandLine
from tests.live import LiveServer, wait_until


@pytest.fixture
def jupyter(live: LiveServer) -> CommandLine:
    return CommandLine(live.env)


@pytest.fixture(scope="module")
def source(live: LiveServer, python: str) -> str:
    """A Dataflow environment with one version."""
    with live.client() as client:
        client.create("src", full_name="Source", python_version=python, conda_requirements=["tiny-000=1.3"])
        client.build("src")
        assert client.wait("src", 120)["outcome"] == "succeeded"
    return "src"


@pytest.fixture
def twins(live: LiveServer) -> list[Path]:
    """Two virtual environments of one name, in a project each; the second has what can't be had elsewhere."""
    prefixes = [live.person_dir / ".virtualenvs/twin", live.person_dir / ".pyenv/versions/3.11.9/envs/twin"]
    for prefix in prefixes:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(prefix)], check=True)
    (site,) = prefixes[1].glob("lib/python3*/site-packages")
    (site / "mylib-0.1.dist-info").mkdir()
    (site / "mylib-0.1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: mylib\nVersion: 0.1\n")
    text = '{"url": "file:///src/mylib", "dir_info": {"editable": true}}'
    (site / "mylib-0.1.dist-info/direct_url.json").write_text(text)
    return prefixes


def add_distribution(prefix: str, name: str, version: str) -> None:
    (site,) = Path(prefix).glob("lib/python3*/site-packages")
    info = site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_there_and_back(jupyter: CommandLine, source: str) -> None:
    made = jupyter("copy-to-local", source, "--name", "mine", "--follow")
    assert made.code == 0, made.err
    assert f"Copying {source} version 1 to Local environment mine" in made.out
    assert "mine is ready: Python 3." in made.out
    assert "Kernel local-mine can be started now." in made.out
    taken = jupyter("copy-to-local", source, "--name", "mine")
    assert (taken.code, taken.err) == (1, "Error: You have a Local environment 'mine' already; 'mine-2' is free.\n")

    assert re.search(r"^mine +made here +Ready +3\.", jupyter("local", "list").out, re.MULTILINE)
    listed = jupyter("local", "--json").json
    assert listed == jupyter("local", "list", "--json").json
    assert listed[0]["id"] == "mine"
    shown = jupyter("local", "show", "mine", "--size").out
    assert re.search(rf"^copied from: +{source}@1$", shown, re.MULTILINE)
    assert re.search(r"^size: +[0-9.]+ MB$", shown, re.MULTILINE)
    assert re.search(r"^tiny-000 +1\.3 ", shown, re.MULTILINE)
    prefix = jupyter("local", "show", "mine", "--json").json["prefix"]
    assert jupyter("local", "show", prefix, "--json").json["id"] == "mine"

    assert jupyter("local", "drift", "mine").out.startswith("Nothing has changed since ")
    add_distribution(prefix, "more", "1.0")
    drift = jupyter("local", "drift", "mine").out
    assert f", copied from {source}@1: 1 added, 0 removed, 0 changed, " in drift
    assert re.search(r"^added +more +1\.0 +pip *$", drift, re.MULTILINE)
    assert jupyter("local", "drift", "mine", "--json").json["added"][0]["name"] == "more"

    log = jupyter("local", "log", "mine")
    assert "Succeeded." in log.out.splitlines()[-1]
    assert jupyter("local", "log", "mine", "-f").out == log.out
    frames = [json.loads(line) for line in jupyter("local", "log", "mine", "-f", "--json").out.splitlines()]
    assert frames[-1] == {"complete": True, "outcome": "succeeded"}

    assert jupyter("local", "kernel", "remove", "mine").out == "Kernel local-mine is no longer offered.\n"
    assert jupyter("local", "kernel", "remove", "mine").code == 1
    assert jupyter("local", "kernel", "add", "mine").out == "Kernel local-mine can be started now.\n"
    add = jupyter("local", "kernel", "add", "mine", "--json")
    assert (add.code, add.error["code"]) == (1, "conflict")

    # The channels and indexes have no "more": the copy is saved, and its build fails.
    failed = jupyter("copy-to-dataflow", "mine", "back", "--full-name", "Back again", "--follow")
    assert failed.code == 3
    assert "The build of back, version 1, failed: " in failed.err
    assert jupyter("show", "back", "--json").json["environment"]["full_name"] == "Back again"
    (site,) = Path(prefix).glob("lib/python3*/site-packages")
    for path in (site / "more-1.0.dist-info").iterdir():
        path.unlink()
    (site / "more-1.0.dist-info").rmdir()
    built = jupyter("copy-to-dataflow", prefix, "same", "--follow", "--json")
    assert built.code == 0, built.err
    assert built.json["outcome"] == "succeeded"

    assert jupyter("local", "delete", "mine").code == 2
    assert jupyter("local", "delete", "mine", "--yes", "--json").json == {"deleted": "mine"}
    gone = jupyter("local", "show", "mine")
    assert (gone.code, "There is no Local environment mine" in gone.err) == (1, True)


def test_made_here(jupyter: CommandLine, client: Client, python: str) -> None:
    begun = jupyter("local", "create", "notes", "--python", python, "--conda", "tiny-001=1.2")
    assert begun.out.splitlines() == ["Making notes has begun.", "Follow it: jupyter dataflow-envs local log -f notes"]
    followed = jupyter("local", "log", "-f", "notes")
    assert (followed.code, followed.err) == (0, "It succeeded.\n")
    assert client.wait_local("notes", 10)["status"] == "Ready"
    client.delete_local("notes")
    refused = jupyter("local", "create", "no tes", "--python", python)
    assert (refused.code, refused.err.startswith("Error: name: ")) == (1, True)
    refused = jupyter("local", "create", "notes", "--python", python, "--conda", "x", "--conda", "num py!!", "--json")
    assert (refused.code, refused.error["errors"][0]["line"]) == (1, 2)


def test_what_fails(jupyter: CommandLine, client: Client, python: str) -> None:
    arguments = ("local", "create", "bad", "--python", python, "--conda", "conflict-a", "--conda", "conflict-b", "-f")
    failed = jupyter(*arguments)
    assert failed.code == 3
    assert failed.err.startswith("Making bad failed: ")
    assert "jupyter dataflow-envs local log bad" in failed.err
    in_json = jupyter(*arguments, "--json")
    assert (in_json.code, in_json.json["status"], in_json.error["code"]) == (3, "Failed", "work_failed")
    assert jupyter("local", "show", "bad").out.startswith("Failed: ")
    client.delete_local("bad")


def test_interrupted_and_cancelled(jupyter: CommandLine, client: Client, channel_server: Server, python: str) -> None:
    channel_server.throttle("noarch/big-data-*", 200_000)
    try:
        left = jupyter.interrupted(
            *("local", "create", "slow", "--python", python, "--conda", "big-data", "--follow"),
            when=lambda: wait_until(
                lambda: any(e["phase"] == "downloading" for e in client.local_environments()), "the download"
            ),
        )
        assert left.code == 130
        assert "Making slow goes on." in left.err
        assert jupyter("local", "cancel", "slow").out == "What is done with slow is being stopped.\n"
        assert client.wait_local("slow", 30)["reason"] == "cancelled"
    finally:
        channel_server.heal()
    assert jupyter("local", "cancel", "slow").code == 1
    client.delete_local("slow")


def test_one_of_several_of_a_name(jupyter: CommandLine, client: Client, twins: list[Path]) -> None:
    refused = jupyter("local", "show", "twin")
    assert refused.code == 1
    assert "2 Local environments are called twin: say the id or the prefix of one." in refused.err
    assert all(str(prefix) in refused.err for prefix in twins)
    candidates = jupyter("local", "show", "twin", "--json").error["candidates"]
    assert {c["prefix"] for c in candidates} == {str(prefix) for prefix in twins}
    for candidate in candidates:
        for name in (candidate["id"], candidate["prefix"], candidate["prefix"] + "/bin/.."):
            assert jupyter("local", "show", name, "--json").json["id"] == candidate["id"]
    assert jupyter("local", "delete", candidates[0]["id"], "--yes").code == 1


def test_what_cannot_be_had_elsewhere(jupyter: CommandLine, client: Client, twins: list[Path]) -> None:
    refused = jupyter("copy-to-dataflow", str(twins[1]), "twin")
    assert refused.code == 1
    assert "With --skip-unreproducible" in refused.err
    assert "'mylib': installed in editable mode from /src/mylib" in refused.err
    assert jupyter("copy-to-dataflow", str(twins[1]), "twin", "--json").error["code"] == "unreproducible"
    made = jupyter("copy-to-dataflow", str(twins[1]), "twin", "--skip-unreproducible", "--json")
    assert made.code == 0, made.err
    assert made.json["copied_from"]["prefix"] == str(twins[1])
    client.wait("twin", 60)


def test_ipykernel_is_offered(jupyter: CommandLine, twins: list[Path]) -> None:
    refused = jupyter("local", "kernel", "add", str(twins[0]))
    assert (refused.code, "It has no ipykernel: install that first." in refused.err) == (1, True)
    assert "--install-ipykernel" in refused.err


def test_without_a_server_it_is_seen_through(live: LiveServer, channel: Path, python: str, tmp_path: Path) -> None:
    """Which ends with the command."""
    (tmp_path / "config").mkdir()
    config = {"DataflowEnvsApp": {"root_dir": str(tmp_path / "root"), "channels": [channel.as_uri()]}}
    (tmp_path / "config/jupyter_server_config.json").write_text(json.dumps(config))
    folders = {name: str(tmp_path / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")}
    (tmp_path / "home").mkdir()
    jupyter = CommandLine({**live.env, **folders, "JUPYTER_CONFIG_DIR": str(tmp_path / "config")})
    made = jupyter("local", "create", "alone", "--python", python)
    assert made.code == 0, made.err
    assert "this one ends with the command: following it to its end." in made.err
    assert "alone is ready: " in made.out
    assert (tmp_path / "jupyter_data_dir/dataflow-envs-local/environments/alone/bin/python").exists()
