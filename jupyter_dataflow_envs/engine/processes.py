"""Runs other programs inside the engine's process group, and ends that group."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FOREIGN = {
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV",
    "__PYVENV_LAUNCHER__",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    out: str
    err: str


def clean_environment(**more: str) -> dict[str, str]:
    """This process' environment without what would make another Python see our packages."""
    return {**{k: v for k, v in os.environ.items() if k not in _FOREIGN}, "PYTHONNOUSERSITE": "1", **more}


def run(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, text: str | None = None) -> Finished:
    """Runs a program to its end; `text` goes to its standard input, which is empty otherwise."""
    done = subprocess.run(
        command,
        env=env,
        cwd=cwd,
        input=text if text is not None else "",
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def lead_group() -> None:
    """Makes this process the leader of a group, so that ending the group ends nothing else."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def end_group() -> None:
    """Ends this process and all it started, at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
