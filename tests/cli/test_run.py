"""The command `run` where something stands in the way: usage, no server, a server far away."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.cli.program import run
from tests.cli.command_line import PROGRAM, CommandLine
from tests.cli.test_own_server import servers_of
from tests.live import LiveServer


@pytest.fixture(scope="module")
def built(live: LiveServer, python: str) -> str:
    with live.client() as client:
        client.create("runs", full_name="Runs", python_version=python, conda_requirements=["tiny-005=1.5"])
        client.build("runs")
        assert client.wait("runs", 120)["outcome"] == "succeeded"
    return "runs"


@pytest.fixture
def jupyter(live: LiveServer) -> CommandLine:
    return CommandLine(live.env)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "Missing argument 'SHORT_NAME'"),
        (["run", "runs"], "Say what to run"),
        (["run", "runs", "--"], "Say what to run"),
        (["run", "runs", "--json", "--", "true"], "--json: options stand before the name"),
        (["run", "--jason", "runs", "--", "true"], "No such option"),
    ],
)
def test_usage(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert told in capsys.readouterr().err


def test_an_option_of_the_command_is_none_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = ["run", "--url", "http://127.0.0.1:9/", "runs", "--", "python", "--json"]
    assert run(unknown) == 1
    assert capsys.readouterr().err.startswith("Error: ")
    assert run([unknown[0], "--json", *unknown[1:]]) == 1
    assert json.loads(capsys.readouterr().err)["code"] == "server_unreachable"


def test_without_dashes_the_command_begins_after_the_name(jupyter: CommandLine, built: str) -> None:
    code = "import sys, tiny_005; print(tiny_005.VERSION, sys.argv[1:]); sys.exit(3)"
    told = jupyter("run", built, "python", "-c", code, "--json", "--", "x")
    assert (told.code, told.out, told.err) == (3, "1.5 ['--json', '--', 'x']\n", "")


def test_a_refusal_is_one(jupyter: CommandLine) -> None:
    told = jupyter("run", "--json", "nope", "--", "true")
    assert (told.code, told.error["code"]) == (1, "not_found")


def test_the_clients_launcher(client: Client, built: str) -> None:
    launcher = client.launcher(built)
    assert launcher["version"] == 1
    done = subprocess.run([launcher["path"], "--run", "sh", "-c", "exit 5"], check=False)
    assert done.returncode == 5
    usage = client.usage(built)
    assert (usage["active_people"], usage["running_kernels"], usage["based_on_it"]) == (0, 0, [])
    assert usage["last_started"] is not None


def test_a_server_of_its_own_has_ended_when_the_command_begins(live: LiveServer, built: str) -> None:
    live.stop()
    try:
        command = CommandLine(live.env)
        with subprocess.Popen(
            [PROGRAM, "run", built, "--", "python", "-c", "print('up', flush=True); print(input())"],
            env=command.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            assert servers_of(live.root) == []
            out, err = process.communicate("from standard input\n")
        assert (process.returncode, out) == (0, "from standard input\n")
        assert "starting one" in err
    finally:
        live.start()


@contextmanager
def far_away(path: Path) -> Iterator[str]:
    """The address of a server whose launchers are not on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"path": str(path), "version": 1, "digest": "0" * 64}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_environments_of_another_machine(jupyter: CommandLine, tmp_path: Path) -> None:
    with far_away(tmp_path / "launcher") as url:
        told = jupyter("run", "--json", "--url", url, "--token", "x", "runs", "--", "true")
        assert told.code == 1
        assert told.error["code"] == "unavailable"
        assert "where this machine can't reach them" in told.error["message"]
        assert str(tmp_path / "launcher") in told.error["message"]
        (tmp_path / "launcher").touch()
        told = jupyter("run", "--url", url, "--token", "x", "runs", "--", "true")
        assert (told.code, told.err) == (1, f"Error: {tmp_path / 'launcher'} can't be started: Permission denied.\n")
