"""The README's commands, pasted into a shell one after the other."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import PROGRAM
from tests.live import LiveServer

README = Path(__file__).resolve().parents[2] / "README.md"
COMMANDS = [line for line in README.read_text().splitlines() if line.startswith("jupyter dataflow-envs ")]
ENDLESS = ("jupyter dataflow-envs events --follow",)
INSTEAD = {"pandas": "tiny-000=1.1", " --pip rich": "", "scipy": "tiny-001=1.2", "matplotlib": "tiny-002"}
"""What the test channel has, for what the README's reader would take."""


def test_they_work_in_their_order(live: LiveServer, python: str, tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text(f"name: x\ndependencies: [python={python}, tiny-003]\n")
    (tmp_path / "job.py").write_text("import sys, tiny_000; print(tiny_000.VERSION, sys.stdin.read())\n")
    (tmp_path / "in.csv").write_text("1,2\n")
    env = {**live.env, "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"}
    told = {}
    for command in COMMANDS:
        if command in ENDLESS:
            continue
        typed = command.replace("--python 3.11", f"--python {python}")
        for name, instead in INSTEAD.items():
            typed = typed.replace(name, instead)
        done = subprocess.run(
            ["bash", "-c", typed], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, (typed, done.stderr)
        told[command.partition("#")[0].strip()] = done.stdout
    assert "1.1 1,2" in told["jupyter dataflow-envs run mlenv -- python job.py < in.csv"]
    assert "Version 3 of mlenv is built" in told["jupyter dataflow-envs revert mlenv 1 --follow"]
    assert "review.approved" in told["jupyter dataflow-envs audit --environment mlenv"]


@pytest.mark.parametrize("command", ENDLESS)
def test_what_is_left_out_is_there(command: str) -> None:
    assert command in COMMANDS
