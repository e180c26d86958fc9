"""Commands in a published environment, as somebody who does not own it: through the interface, and as `run`."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import PROGRAM, CommandLine, Ended
from tests.handlers.rest import Rest
from tests.live import LiveServer, wait_until

WAITING = """\
import os, signal, sys, time
def end(number, frame):
    print(signal.Signals(number).name, flush=True)
    sys.exit(7)
if len(sys.argv) > 1:
    signal.signal(getattr(signal, sys.argv[1]), end)
print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def published(alice: Rest, publish: Callable[..., str]) -> str:
    """Version 1 is published; version 2 is its owner's alone."""
    name = publish(conda_requirements=["tiny-004=1.3", "activated"])
    alice.succeed(name, conda_requirements=["tiny-004=1.4", "activated"])
    return name


@pytest.fixture(scope="module")
def prefix(carol: Rest, published: str, server: LiveServer) -> Path:
    """Of the published version; nothing but its launcher says where it is."""
    launcher = carol.get(f"/environments/{published}/launcher").ok()["path"]
    found = subprocess.check_output([launcher, "--run", "python", "-c", "import sys; print(sys.prefix)"], text=True)
    return Path(found.strip())


@pytest.fixture
def jupyter(server: LiveServer) -> CommandLine:
    return CommandLine(server.env)


@pytest.fixture
def run(jupyter: CommandLine, published: str) -> Callable[..., Ended]:
    def as_carol(*words: str, **more: Any) -> Ended:
        return jupyter("run", "--token=token-of-carol", published, "--", *words, **more)

    return as_carol


@pytest.fixture
def start(jupyter: CommandLine, published: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command that goes on; it is killed if it outlives the test."""
    begun: list[subprocess.Popen[str]] = []

    def started(*words: str) -> subprocess.Popen[str]:
        command = [PROGRAM, "run", "--token=token-of-carol", published, "--", *words]
        process = subprocess.Popen(
            command,
            env=jupyter.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # It would be handed on if these tests themselves ignored it, as under nohup.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        begun.append(process)
        return process

    yield started
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_each_gets_the_launcher_of_their_own_version(alice: Rest, boss: Rest, carol: Rest, published: str) -> None:
    own, administrators, others = (p.get(f"/environments/{published}/launcher").ok() for p in (alice, boss, carol))
    assert administrators == others
    assert (own["version"], others["version"]) == (2, 1)
    assert own["path"] != others["path"]
    for answer, number in ((own, 2), (others, 1)):
        version = alice.get(f"/environments/{published}/versions/{number}").ok()
        assert answer["digest"] == version["digest"]
        ask = "import tiny_004; print(tiny_004.VERSION)"
        printed = subprocess.check_output([answer["path"], "--run", "python", "-c", ask], text=True)
        assert printed == f"1.{number + 2}\n"
    assert not carol.show(published)["active"]


def test_what_can_not_be_run(alice: Rest, boss: Rest, carol: Rest, fresh_name: Callable[[], str]) -> None:
    name = fresh_name()
    alice.create(name)
    carol.get(f"/environments/{name}/launcher").refused(404, "not_found")
    assert alice.get(f"/environments/{name}/launcher").refused(409)["message"].startswith("No version has been built")
    assert boss.get(f"/environments/{name}/launcher").refused(409)["message"] == "It is not published."


def test_the_environment_is_activated(run: Callable[..., Ended], prefix: Path, tmp_path: Path) -> None:
    ask = (
        "import json, os, site, sys, tiny_004; names = 'PYTHONNOUSERSITE CONDA_PREFIX ACTIVATED_SUM PYTHONPATH KEPT';"
        "print(json.dumps([tiny_004.VERSION, sys.prefix, os.getcwd(), site.ENABLE_USER_SITE, sys.argv[1:],"
        "*(os.environ.get(n) for n in names.split())]))"
    )
    words = ["--json", "-h", "--", "two words", "", "$HOME"]
    told = run("python", "-c", ask, *words, env={"PYTHONPATH": str(tmp_path), "KEPT": "ü\n"})
    assert (told.code, told.err) == (0, "")
    assert told.json == ["1.3", str(prefix), str(Path.cwd()), False, words, "1", str(prefix), "42", None, "ü\n"]


def test_input_output_and_exit_code_are_the_commands_own(run: Callable[..., Ended], prefix: Path) -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read().upper()); print('oops', file=sys.stderr); sys.exit(7)"
    told = run("python", "-c", code, stdin="piped\nthrough\n")
    assert (told.code, told.out, told.err) == (7, "PIPED\nTHROUGH\n", "oops\n")


def test_what_is_not_there_and_what_is_no_program(run: Callable[..., Ended], published: str, tmp_path: Path) -> None:
    told = run("no-such-command", "--json")
    assert (told.code, told.out) == (127, "")
    assert told.err == f"There is no command 'no-such-command' in version 1 of '{published}'.\n"
    file = tmp_path / "file"
    file.write_text("no program")
    told = run(str(file))
    assert (told.code, told.err) == (126, f"{file} is not an executable file.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_command(
    start: Callable[..., subprocess.Popen[str]], number: signal.Signals, server: LiveServer
) -> None:
    """There is but one process, and it is the command."""
    handled = start("python", "-c", WAITING, number.name)
    assert handled.stdout is not None
    assert int(handled.stdout.readline()) == handled.pid
    handled.send_signal(number)
    assert (handled.stdout.read(), handled.wait(30)) == (f"{number.name}\n", 7)
    plain = start("python", "-c", WAITING)
    assert plain.stdout is not None
    plain.stdout.readline()
    plain.send_signal(number)
    assert plain.wait(30) == -number


def test_nothing_is_ignored_that_was_not_before(run: Callable[..., Ended], start: Callable[..., Any]) -> None:
    """As in a shell: a command ends when nobody reads what it writes."""
    status = Path("/proc/self/status")
    if status.exists():
        ask = ["grep", "SigIgn", str(status)]
        assert run(*ask).out == subprocess.check_output(ask, text=True)
    endless = start("sh", "-c", "while :; do echo more; done")
    assert endless.stdout.readline() == "more\n"
    endless.stdout.close()
    endless.stdout = None
    assert endless.wait(30) == -signal.SIGPIPE


def test_what_runs_is_in_use_until_it_ends(
    start: Callable[..., subprocess.Popen[str]], alice: Rest, published: str, prefix: Path
) -> None:
    def running() -> int:
        return int(alice.get(f"/environments/{published}/usage").ok()["running_kernels"])

    assert running() == 0
    process = start("python", "-c", WAITING)
    assert process.stdout is not None
    process.stdout.readline()
    assert running() == 1
    usage = alice.get(f"/environments/{published}/usage").ok()
    assert (usage["active_people"], usage["activations"]) == (0, [])
    assert usage["last_started"] is not None
    process.kill()
    process.wait()
    wait_until(lambda: running() == 0, "its end", 5)


def test_the_command_line_tells_who_uses_it(jupyter: CommandLine, carol: Rest, published: str) -> None:
    carol.post(f"/environments/{published}/activate").ok()
    told = jupyter("usage", "--token=token-of-boss", published)
    assert told.code == 0, told.err
    assert "carol" in told.out
    assert "active for:         1" in told.out
    assert jupyter("usage", "--token=token-of-boss", published, "--json").json["active_people"] == 1
    refused = jupyter("usage", "--token=token-of-carol", published, "--json")
    assert (refused.code, refused.error["code"]) == (1, "not_allowed")
    draft = jupyter("activate", "--token=token-of-boss", "--draft", published)
    assert draft.code == 0, draft.err
    for token in ("boss", "carol"):
        assert jupyter("deactivate", f"--token=token-of-{token}", published).code == 0
