"""The commands where no server runs."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.channel.server import Server
from tests.cli.command_line import CommandLine
from tests.live import LiveServer, live_server, wait_until
from tests.service.warm import warm


@pytest.fixture
def channel_server(channel: Path) -> Iterator[Server]:
    """One of its own for each test: what is asked of it tells how far a build is."""
    with Server(channel) as server:
        yield server


@pytest.fixture
def stopped(channel: Path, channel_server: Server, tmp_path: Path) -> Iterator[LiveServer]:
    """A deployment whose server has been stopped."""
    with live_server(warm(tmp_path / "root", channel), channel_server.url) as server:
        server.stop()
        yield server


@pytest.fixture
def jupyter(stopped: LiveServer) -> CommandLine:
    return CommandLine(stopped.env)


def servers_of(root: Path) -> list[psutil.Process]:
    """Jupyter servers that have the deployment open."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "jupyter_server" in (process.info["cmdline"] or []):
            try:
                if any(Path(f.path).is_relative_to(root) for f in process.open_files()):
                    found.append(process)
            except psutil.Error:
                continue
    return found


def test_a_command_brings_its_own_server_and_leaves_none(
    jupyter: CommandLine, stopped: LiveServer, channel_server: Server
) -> None:
    listed = jupyter("list")
    assert (listed.code, listed.out) == (0, "No environments.\n")
    assert "starting one" in listed.err
    assert jupyter("list", "--json").err == ""
    assert servers_of(stopped.root) == []
    assert list(stopped.runtime_dir.glob("jpserver-*.json")) == []


def test_a_build_is_followed_to_its_end(jupyter: CommandLine, stopped: LiveServer, python: str) -> None:
    made = jupyter("create", "own", "--python", python, "--conda", "tiny-005", "--build")
    assert made.code == 0, made.err
    assert "following the build" in made.err
    assert "Version 1 of own is built" in made.out
    assert jupyter("activate", "own").code == 0
    assert (stopped.data_dir / "kernels" / "dataflow-own" / "kernel.json").exists()
    # A server that starts later has what was done.
    with stopped.start().client() as client:
        assert client.environment("own")["status"] == "Draft"


def test_interrupting_a_build_hands_it_back(
    jupyter: CommandLine, stopped: LiveServer, channel_server: Server, python: str
) -> None:
    jupyter("create", "own", "--python", python, "--conda", "big-data")
    channel_server.hang("noarch/big-data-*")
    try:
        left = jupyter.interrupted(
            "build", "own", when=lambda: channel_server.wait_for("noarch/big-data-*", timeout=60)
        )
    finally:
        channel_server.heal()
    assert left.code == 130
    assert "handed back" in left.err
    assert servers_of(stopped.root) == []
    with stopped.start().client() as client:
        assert client.wait("own", 60)["outcome"] == "succeeded"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_takes_its_server_along(
    jupyter: CommandLine, stopped: LiveServer, channel_server: Server, number: signal.Signals, python: str
) -> None:
    jupyter("create", "own", "--python", python, "--conda", "big-data")
    channel_server.hang("noarch/big-data-*")
    process = jupyter.start("build", "own")
    try:
        channel_server.wait_for("noarch/big-data-*", timeout=60)
        process.send_signal(number)
        process.communicate(timeout=30)
    finally:
        channel_server.heal()
        if process.poll() is None:
            process.kill()
    assert process.returncode == 128 + number
    wait_until(lambda: not servers_of(stopped.root), "the server's end", 10)


def test_a_root_that_cant_be_written(stopped: LiveServer, jupyter: CommandLine, tmp_path: Path) -> None:
    config = Path(stopped.env["JUPYTER_CONFIG_DIR"]) / "jupyter_server_config.json"
    settings = json.loads(config.read_text())
    settings["DataflowEnvsApp"]["root_dir"] = str(tmp_path / "file" / "root")
    (tmp_path / "file").write_text("a file where a folder is needed")
    config.write_text(json.dumps(settings))
    told = jupyter("doctor")
    assert told.code == 1
    assert "BAD" in told.out


def test_the_doctor_knows_a_newer_database(stopped: LiveServer, jupyter: CommandLine) -> None:
    (database,) = stopped.root.glob("*.sqlite")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_later'")
    connection.close()
    told = jupyter("doctor")
    assert told.code == 1
    assert "9999_later" in told.out
    refused = jupyter("list", "--json")
    assert refused.code == 1
    assert refused.error["code"] == "unavailable"
