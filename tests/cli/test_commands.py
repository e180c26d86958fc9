"""The commands against a real server."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_dataflow_envs import Client
from tests.channel.server import Server
from tests.cli.command_line import CommandLine
from tests.live import LiveServer, wait_until
from tests.live_fixtures import clear_away

NUMBERS = itertools.count(1)


@pytest.fixture
def jupyter(live: LiveServer) -> CommandLine:
    return CommandLine(live.env)


@pytest.fixture
def name(client: Client) -> Iterator[str]:
    short_name = f"c{next(NUMBERS)}"
    yield short_name
    clear_away(client, short_name)


def test_a_persons_way(jupyter: CommandLine, name: str, python: str, tmp_path: Path) -> None:
    made = jupyter(
        "create", name, "--full-name", "Life", "--python", python, "--conda", "tiny-001=1.2", "--build", "--follow"
    )
    assert made.code == 0, made.err
    assert "[verifying]" in made.out
    assert f"Version 1 of {name} is built" in made.out

    assert name in jupyter("list", "--mine").out
    assert jupyter("list", name, "--json").json[0]["status"] == "Draft"
    shown = jupyter("show", name)
    assert re.search(r"^tiny-001 +1\.2 .*tiny-001=1\.2$", shown.out, re.MULTILINE)
    assert [v["number"] for v in jupyter("versions", name, "--json").json] == [1]
    assert "succeeded" in jupyter("versions", name).out

    log = jupyter("log", name)
    lines = iter(made.out.splitlines())
    assert all(line in lines for line in log.out.splitlines())  # all of them, in this order
    part = jupyter("log", name, "--json").json
    assert (part["complete"], part["text"].splitlines()) == (True, log.out.splitlines())

    lock = tmp_path / "conda-lock.yml"
    assert jupyter("export", name, "-o", str(lock)).code == 0
    assert lock.read_text().rstrip("\n") == jupyter("export", name).out.rstrip("\n")

    assert jupyter("activate", name, "--json").json == {"kernel_name": f"dataflow-{name}"}
    assert jupyter("deactivate", name).code == 0

    edited = jupyter("edit", name, "--remove", "tiny_001", "--add-conda", "tiny-002")
    assert edited.code == 0, edited.err
    assert jupyter("show", name, "--json").json["environment"]["conda_requirements"] == ["tiny-002"]
    assert "tiny-002" in jupyter("preview", name).out

    kept = tmp_path / "spec.json"
    kept.write_text(jupyter("show", name, "--json").out)
    assert jupyter("delete", name, "--yes").code == 0
    again = jupyter("create", "--from-file", str(kept), "--full-name", "Again", "--json")
    assert (again.json["full_name"], again.json["conda_requirements"]) == ("Again", ["tiny-002"])


def test_in_a_terminal(jupyter: CommandLine, name: str, python: str) -> None:
    assert jupyter("create", name, "--python", python, "--conda", "tiny-003=1.1").code == 0
    built = jupyter.in_terminal("build", name, "--follow")
    assert built.code == 0
    assert "packages" in built.out
    assert "verifying" in built.out
    assert f"Version 1 of {name} is built" in built.out
    assert "\x1b[" in jupyter.in_terminal("list").out


def test_a_refusal_names_field_line_and_text(jupyter: CommandLine, name: str, python: str) -> None:
    arguments = ("create", name, "--python", python, "--conda", "pandas", "--conda", "num py!!")
    refused = jupyter(*arguments)
    assert (refused.code, refused.out) == (1, "")
    assert "conda_requirements, line 2" in refused.err
    assert "num py!!" in refused.err
    in_json = jupyter(*arguments, "--json")
    assert (in_json.code, in_json.out) == (1, "")
    assert in_json.error["code"] == "invalid"
    assert in_json.error["errors"][0]["line"] == 2


def test_a_failed_build(jupyter: CommandLine, name: str, python: str) -> None:
    jupyter("create", name, "--python", python, "--conda", "conflict-a", "--conda", "conflict-b")
    failed = jupyter("build", name, "--follow")
    assert failed.code == 3
    assert failed.err.startswith(f"The build of {name}, version 1, failed: ")
    in_json = jupyter("build", name, "--follow", "--json")
    assert in_json.code == 3
    assert (in_json.json["outcome"], in_json.json["attempt"]) == ("failed", 2)
    assert in_json.error["code"] == "build_failed"
    assert jupyter("show", name).out.startswith("Failed: ")


def test_interrupting_what_one_looks_at(
    jupyter: CommandLine, client: Client, channel_server: Server, name: str, python: str
) -> None:
    jupyter("create", name, "--python", python, "--conda", "big-data")
    channel_server.throttle("noarch/big-data-*", 200_000)
    try:
        left = jupyter.interrupted(
            "build",
            name,
            "--follow",
            "--from-scratch",
            when=lambda: wait_until(lambda: client.environment(name)["phase"] == "downloading", "the download"),
        )
        assert left.code == 130
        assert "goes on" in left.err
        assert f"cancel {name}" in left.err
        assert client.environment(name)["status"] == "In Progress"
        assert jupyter("cancel", name).code == 0
        assert client.wait(name, 10)["outcome"] == "failed"
    finally:
        channel_server.heal()


def test_following_a_log(jupyter: CommandLine, client: Client, name: str, python: str) -> None:
    jupyter("create", name, "--python", python, "--conda", "tiny-004=1.4", "--build")
    followed = jupyter("log", name, "-f")
    assert followed.code == 0
    assert followed.out == client.log(name).text
    frames = [json.loads(line) for line in jupyter("log", name, "-f", "--json").out.splitlines()]
    assert "".join(f.get("text", "") for f in frames) == followed.out
    assert frames[-1] == {"complete": True, "outcome": "succeeded"}


def test_hostile_names_are_only_shown(jupyter: CommandLine, client: Client, name: str, python: str) -> None:
    text = "[red]x[/red] :smile: [link=http://evil]y[/link]"
    client.create(name, full_name=text, description="a\n[bold]b[/bold]", python_version=python)
    out = jupyter("list").out + jupyter("show", name).out
    assert out.count(text) == 2
    assert "a [bold]b[/bold]" in out
    assert text in re.sub(r"\s+", " ", re.sub("\x1b\\[[0-9;]*m", "", jupyter.in_terminal("show", name).out))
    assert "\x1b" not in out


def test_deleting_asks(jupyter: CommandLine, name: str, python: str) -> None:
    jupyter("create", name, "--python", python)
    assert jupyter("delete", name).code == 2
    assert jupyter("show", name).code == 0
    assert jupyter("delete", name, "--yes", "--json").json == {"deleted": name}
    assert jupyter("show", name).code == 1


def test_packages(jupyter: CommandLine) -> None:
    assert "tiny-000" in jupyter("packages", "tiny").out.splitlines()
    assert jupyter("packages", "tiny-000", "--versions").out.splitlines()[0] == "1.9"


def test_policy(jupyter: CommandLine) -> None:
    before = jupyter("policy", "show", "--json")
    wanted = {**before.json, "denied_packages": [{"name": "tiny-019", "specifier": "<1.2", "reason": "[b]too old[/b]"}]}
    assert jupyter("policy", "set", "-", stdin=json.dumps(wanted)).code == 0
    assert "tiny-019 <1.2: [b]too old[/b]" in jupyter("policy", "show").out
    refused = jupyter("policy", "set", "-", stdin=json.dumps({"channel": []}))
    assert (refused.code, "channel" in refused.err) == (1, True)
    assert jupyter("policy", "set", "-", stdin=before.out).code == 0


def test_the_doctor_finds_nothing(jupyter: CommandLine) -> None:
    told = jupyter("doctor")
    assert told.code == 0, told.out
    checks = {c["name"]: c for c in jupyter("doctor", "--json").json["checks"]}
    assert {"versions", "server extension", "Jupyter data folder", "server", "service"} <= set(checks)
    assert len(checks) > 6


def test_who_reads_may_stop(jupyter: CommandLine) -> None:
    process = jupyter.start("list")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert told == ""


def test_before_anything_is_saved(jupyter: CommandLine, name: str, python: str) -> None:
    free = jupyter("short-name", name.upper())
    assert (free.code, free.out) == (0, f"{name} is free.\n")
    preview = jupyter("preview", "--python", python, "--conda", "tiny-001=1.2")
    assert preview.code == 0, preview.err
    assert re.search(r"^tiny-001 +1\.2 ", preview.out, re.MULTILINE)
    assert jupyter("preview", "--pin-installed").code == 2
    jupyter("create", name, "--python", python)
    taken = jupyter("short-name", name)
    assert (taken.code, taken.out) == (1, f"Short name '{name}' is already in use; try another.\n")
    assert jupyter("short-name", "base", "--json").json["available"] is False


def test_no_kernels(jupyter: CommandLine) -> None:
    assert jupyter("kernels").out == "No kernel of an environment runs here.\n"
    assert jupyter("kernels", "--json").json == []
