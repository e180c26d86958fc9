"""The commands that show what was done and what happens."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.cli.audit import details_of
from jupyter_dataflow_envs.cli.program import run
from tests.cli.command_line import CommandLine
from tests.live import LiveServer, wait_until

NUMBERS = itertools.count(1)


@pytest.fixture
def jupyter(live: LiveServer) -> CommandLine:
    return CommandLine(live.env)


@pytest.fixture
def done(client: Client) -> str:
    """An environment that was created, edited and deleted."""
    name = f"a{next(NUMBERS)}"
    client.create(name, full_name="x", python_version="3.11")
    client.edit(name, full_name="y")
    client.delete(name)
    return name


def test_the_trail_as_a_table_and_as_json(jupyter: CommandLine, client: Client, done: str) -> None:
    me = client.me()["name"]
    lines = jupyter("audit", "--environment", done).out.splitlines()
    assert lines[0].split() == ["seq", "when", "who", "what", "environment", "version", "details"]
    kinds = ["environment.deleted", "environment.edited", "environment.created"]
    for line, kind in zip(lines[1:], kinds, strict=True):
        assert re.match(rf" *\d+ +\d{{4}}-\d\d-\d\d \d\d:\d\d +{re.escape(me)} +{re.escape(kind)} +{done}\b", line), (
            line
        )
    found = jupyter("audit", "--environment", done, "--json").json
    assert found == list(client.audit(environment=done))
    one = jupyter("audit", "--environment", done, "--user", me, "--kind", kinds[1], "--limit", "1", "--json").json
    assert one == [found[1]]
    assert jupyter("audit", "--environment", done, "--since", found[1]["at"], "--json").json == found[:2]
    assert jupyter("audit", "--environment", done, "--until", found[1]["at"], "--json").json == found[2:]
    assert jupyter("audit", "--environment", "nope").out == "Nothing found.\n"
    refused = jupyter("audit", "--kind", "x")
    assert refused.code == 1
    assert "environment.created" in refused.err


def test_what_has_happened_since(jupyter: CommandLine, client: Client, done: str) -> None:
    *_, created = client.audit(environment=done)
    before = str(created["seq"] - 1)
    lines = jupyter("events", "--since", before).out.splitlines()
    assert [line.split()[3:5] for line in lines if done in line.split()] == [
        ["environment.created", done],
        ["environment.edited", done],
        ["environment.deleted", done],
    ]
    told = [json.loads(line) for line in jupyter("events", "--since", before, "--json").out.splitlines()]
    assert [e["seq"] for e in told if e["short_name"] == done] == sorted(
        e["seq"] for e in client.audit(environment=done)
    )
    late = jupyter("events", "--since", "999999999")
    assert (late.code, late.out) == (0, "")
    assert "Too much has happened" in late.err


def test_what_happens_is_followed_until_interrupted(jupyter: CommandLine, client: Client) -> None:
    name = f"a{next(NUMBERS)}"
    process = jupyter.start("events", "--follow", "--json")
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["type"] == "snapshot"
        client.create(name, full_name="x", python_version="3.11")
        told = json.loads(process.stdout.readline())
        assert (told["kind"], told["short_name"]) == ("environment.created", name)
        process.send_signal(2)
        wait_until(lambda: process.poll() is not None, "the command's end", 10)
        assert process.returncode == 130
    finally:
        process.kill()
        process.communicate()
        client.delete(name)


def test_it_must_be_said_what_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["events"]) == 2
    assert "--follow" in capsys.readouterr().err


def test_details_are_one_clean_line() -> None:
    details = {"reason": "a\nb\x1b[31m", "none": None, "list": ["ä", {"n": 1}], "empty": ""}
    event = {"seq": 1, "at": "", "kind": "", "short_name": None, "version": None, "actor": None, "details": details}
    assert details_of(event) == 'reason: a b, list: ["ä", {"n": 1}]'  # type: ignore[arg-type]
