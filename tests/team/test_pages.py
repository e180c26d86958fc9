"""The commands of the pages about deploying: shell that can be read, our own commands with options that there are."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from jupyter_dataflow_envs.cli.program import program
from tests.hub.hub import REPOSITORY

PAGES = sorted((REPOSITORY / "docs" / "deploy").glob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_shell_can_read_them(page: Path) -> None:
    for block in blocks(page, "bash"):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stderr, block)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_python_can_read_them(page: Path) -> None:
    for block in blocks(page, "python"):
        compile(block.replace("…", "..."), str(page), "exec")


def ours() -> list[str]:
    """Every command of ours, in blocks and in running text, without what stands before and after it."""
    found = set()
    for page in PAGES:
        text = "\n".join([*blocks(page, "bash"), *re.findall(r"`([^`\n]*)`", page.read_text())])
        for line in text.replace("\\\n", " ").splitlines():
            command = re.search(r"jupyter[ -]dataflow-envs +([a-z][^#\"]*(?:\"[^\"]*\"[^#\"]*)*)", line)
            if command is not None:
                found.add(command[1].strip())
    return sorted(found)


@pytest.mark.parametrize("command", ours())
def test_our_commands_are_ones_that_there_are(command: str) -> None:
    name, *words = shlex.split(command)
    found = program.commands[name]
    found.make_context(name, words)


def test_there_are_some() -> None:
    assert {c.split()[0] for c in ours()} >= {"doctor", "create", "backup", "restore", "upgrade-db", "build"}
