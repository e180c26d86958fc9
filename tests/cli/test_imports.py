"""`jupyter dataflow-envs import`: the account, and an environment made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.client import Malformed
from tests.cli.command_line import CommandLine
from tests.live import LiveServer

TEXT = "name: imported\ndependencies:\n  - python={python}\n  - tiny-001=1.2=0\n  - pip:\n    - -e .\n"


@pytest.fixture
def jupyter(live: LiveServer) -> CommandLine:
    return CommandLine(live.env)


@pytest.fixture
def file(tmp_path: Path, python: str) -> Path:
    path = tmp_path / "environment.yml"
    path.write_bytes(TEXT.format(python=python).replace("\n", "\r\n").encode())
    return path


def test_the_account(jupyter: CommandLine, file: Path, python: str) -> None:
    shown = jupyter("import", str(file))
    assert shown.code == 0, shown.err
    assert f"Read as environment.yml: imported, Python {python}" in shown.out
    assert "line 4: tiny-001=1.2=0 → tiny-001==1.2" in shown.out
    assert "line 6: -e ." in shown.out
    answer = jupyter("import", str(file), "--json").json
    assert answer["spec"]["conda_requirements"] == ["tiny-001==1.2"]
    assert jupyter("import", "-", "--json", stdin=TEXT.format(python=python)).json["spec"] == answer["spec"]


def test_an_environment_of_it(jupyter: CommandLine, client: Client, file: Path, python: str) -> None:
    made = jupyter("import", str(file), "--create", "cimp", "--full-name", "From a file")
    try:
        assert made.code == 0, made.err
        assert "Saved cimp" in made.out
        environment = client.environment("cimp")
        assert (environment["full_name"], environment["python_version"]) == ("From a file", python)
        assert environment["conda_requirements"] == ["tiny-001==1.2"]
    finally:
        client.delete("cimp")


def test_a_python_must_be_chosen(jupyter: CommandLine, client: Client, tmp_path: Path, python: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("rich\n")
    refused = jupyter("import", str(file), "--create", "cimp2")
    assert (refused.code, "--python" in refused.err) == (2, True)
    made = jupyter("import", str(file), "--create", "cimp2", "--python", python, "--json")
    assert made.json["environment"]["pip_requirements"] == ["rich"]
    client.delete("cimp2")


def test_refusals(jupyter: CommandLine, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("name: x\ndependencies: [")
    assert jupyter("import", str(file), "--json").error["code"] == "malformed"
    assert "Line 2" in jupyter("import", str(file)).err
    assert jupyter("import", str(tmp_path / "absent.yml")).code == 2
    assert jupyter("import", str(file), "--full-name", "x").code == 2
    with pytest.raises(Malformed, match="Line 2"):
        client.import_file(file.read_text(), file.name)
