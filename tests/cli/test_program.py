"""The program without any server: usage, start-up, and what it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_dataflow_envs.cli.environments import _changed
from jupyter_dataflow_envs.cli.program import program, run

HEAVY = ("httpx", "rich", "websocket", "pydantic", "sqlalchemy", "rattler", "jupyter_server", "tornado")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from jupyter_dataflow_envs.cli.program import run; code = run(['--help']);"
        f"print([m for m in {HEAVY!r} if m in sys.modules], code, file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stderr.strip() == "[] 0"
    assert "doctor" in told.stdout


def test_without_arguments_it_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "doctor" in capsys.readouterr().out


WITHOUT_A_SERVER = ("serve", "upgrade-db", "backup", "restore")
"""Are the service, or open the database themselves: their options are other ones."""


@pytest.mark.parametrize("name", sorted(set(program.commands) - {"serve"}))
def test_every_command_says_what_it_is_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 4


@pytest.mark.parametrize(
    "command", [c for name, c in program.commands.items() if name not in WITHOUT_A_SERVER], ids=lambda c: c.name
)
def test_every_command_takes_the_connection_and_json(command: object) -> None:
    names = {name for parameter in command.params for name in parameter.opts}  # type: ignore[attr-defined]
    assert {"--json", "--url", "--token"} <= names


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["policy", "nonsense"],
        ["policy", "--json", "show"],
        ["local", "nonsense"],
        ["local", "--json", "list"],
        ["local", "kernel", "nonsense"],
        ["local", "show"],
        ["local", "create", "x"],
        ["local", "delete", "x", "--json"],
        ["copy-to-local"],
        ["copy-to-dataflow", "x"],
        ["show"],
        ["list", "--status", "Nice"],
        ["create", "x"],
        ["create", "--python", "3.11"],
        ["create", "x", "--python", "3.11", "--follow"],
        ["edit", "x", "--conda", "a", "--add-conda", "b"],
        ["create", "x", "--base", "a b"],
        ["create", "x", "--base", "mlenv@two"],
        ["edit", "x", "--base", "mlenv", "--no-base"],
        ["preview", "x", "--base", "mlenv", "--no-base"],
        ["delete", "x", "--json"],
        ["revert", "x"],
        ["revert", "x", "one"],
        ["compare", "mlenv@1"],
        ["reviews", "--state", "nice"],
        ["reject", "x"],
        ["deprecate", "x"],
        ["transfer", "x"],
        ["policy", "set", "/does/not/exist"],
        ["log", "x", "--offset", "-1"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err


def test_wrong_usage_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["code"] == "usage"


def test_a_spec_file_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("{", "[1]", "[" * 100_000):
        (tmp_path / "spec.json").write_text(text)
        assert run(["create", "--from-file", str(tmp_path / "spec.json")]) == 2
        assert "spec.json" in capsys.readouterr().err


def test_an_address_that_nobody_listens_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--url", "http://127.0.0.1:9/", "--token", "x", "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.err)["code"] == "server_unreachable"
    assert told.out == ""


@pytest.mark.parametrize(
    ("before", "new", "add", "remove", "after"),
    [
        (["pandas>=2", "numpy"], [], [], [], None),
        (["pandas>=2", "numpy"], ["scipy"], [], [], ["scipy"]),
        (["pandas>=2", "numpy"], [""], [], [], []),
        (["pandas>=2", "numpy"], [], ["pandas=2.1"], [], ["numpy", "pandas=2.1"]),
        (["Py_YAML[x] >= 6  # why", "numpy"], [], [], ["py-yaml"], ["numpy"]),
        (["numpy"], [], [], ["pandas"], None),
        (["numpy"], [], ["numpy"], [], None),
    ],
)
def test_changing_a_list(
    before: list[str], new: list[str], add: list[str], remove: list[str], after: list[str] | None
) -> None:
    assert _changed(before, new, add, remove) == after
