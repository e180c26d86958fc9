"""Thirty environment.yml files as projects publish them, each with the account of it written by hand beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.domain.spec import EnvironmentSpec
from jupyter_dataflow_envs.exchange.account import Imported, Target
from jupyter_dataflow_envs.exchange.exported import Exported, render_requested_yml
from jupyter_dataflow_envs.exchange.lines import decode
from jupyter_dataflow_envs.exchange.reading import read_file
from tests.exchange.creatable import assert_creatable, meaning

FILES = sorted((Path(__file__).parent / "environment_files").glob("*.yml"))
TARGET = Target("linux-64", ("conda-forge",), ("3.13", "3.12", "3.11", "3.10", "3.9"))


def read(file: Path) -> Imported:
    return read_file(decode(file.read_bytes()), TARGET, file.name)


def test_there_are_thirty() -> None:
    assert len(FILES) >= 30


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_account(file: Path) -> None:
    expected: dict[str, Any] = yaml.safe_load(file.with_suffix(".account.yaml").read_text())
    found = read(file)
    assert found.format == "environment.yml"
    assert (found.short_name, found.full_name) == (expected["short_name"], expected["full_name"])
    assert found.python_version == expected.get("python")
    assert list(found.conda_requirements) == expected.get("conda", [])
    assert list(found.pip_requirements) == expected.get("pip", [])

    left_out = expected.get("left_out", {})
    assert [n.line for n in found.left_out] == list(left_out)
    for note in found.left_out:
        assert left_out[note.line] in note.message
    changed = expected.get("changed", {})
    assert [c.line for c in found.changed] == list(changed)
    for change in found.changed:
        assert change.became == changed[change.line]["became"]
        assert changed[change.line]["why"] in change.message
    notes = expected.get("notes", [])
    assert len(found.notes) == len(notes), found.notes
    for part in notes:
        assert any(part in note for note in found.notes), (part, found.notes)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_lines_are_those_of_the_file(file: Path) -> None:
    lines = decode(file.read_bytes()).splitlines()
    for told in (*(found := read(file)).left_out, *found.changed):
        assert told.line is not None
        words = [w for w in told.text.replace('"', " ").replace("'", " ").split() if w.isascii() and "*" not in w]
        assert not words or any(word in lines[told.line - 1] or "&" in lines[told.line - 1] for word in words), told


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_came_of_it_is_creatable_and_exports_to_the_same(file: Path) -> None:
    first = read(file)
    assert_creatable(first)
    short, python = first.short_name or "none0", first.python_version or "3.12"
    spec = EnvironmentSpec(python, first.conda_requirements, first.pip_requirements)
    text = render_requested_yml(Exported(Lock("linux-64", ("conda-forge",)), short, first.full_name, 1, spec, None))
    again = read_file(text, TARGET, "requested.yml")
    assert (again.short_name, again.full_name, again.python_version) == (short, first.full_name, python)
    assert meaning(again.conda_requirements, again.pip_requirements) == meaning(
        first.conda_requirements, first.pip_requirements
    )
    assert again.left_out == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_secret_is_repeated(file: Path) -> None:
    told = repr(read(file))
    for secret in ("secret", "hunter2", "tk-secret-token"):
        assert secret not in told


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_deployment_with_the_extended_grammar_keeps_more(file: Path) -> None:
    extended = Target(TARGET.platform, TARGET.channels, TARGET.pythons, extended=True)
    found = read_file(decode(file.read_bytes()), extended, file.name)
    assert_creatable(found, extended=True)
    assert len(found.changed) <= len(read(file).changed)
    assert not any("could not be kept: one version" in change.message for change in found.changed)
