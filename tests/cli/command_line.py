"""`jupyter dataflow-envs` as a person starts it: in a process of its own, in a pipe or in a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sysconfig.get_path("scripts")) / "jupyter-dataflow-envs"
SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """What a command left behind; in a terminal both streams are `out`."""

    code: int
    out: str
    err: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.err)
        return found


class CommandLine:
    """Runs commands with one environment."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = {k: v for k, v in env.items() if not k.startswith(("JUPYTER_TOKEN", "JUPYTER_DATAFLOW"))}

    def __call__(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
        done = subprocess.run(
            [PROGRAM, *arguments],
            env={**self.env, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that goes on: to be interrupted."""
        return subprocess.Popen(
            [PROGRAM, *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupted(self, *arguments: str, when: Callable[[], object]) -> Ended:
        """A command that gets Ctrl-C as soon as `when` returns."""
        process = self.start(*arguments)
        try:
            when()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        return Ended(process.returncode, out, err)

    def in_terminal(self, *arguments: str, typed: str = "") -> Ended:
        """A command that sees a terminal, at which a person types."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            env={**self.env, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        try:
            out = _read_all(ours)
            code = process.wait(SECONDS)
        finally:
            os.close(ours)
            if process.poll() is None:
                process.kill()
                process.wait()
        return Ended(code, out)


def _read_all(terminal: int) -> str:
    pieces, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        with contextlib.suppress(OSError):  # how Linux says that nobody holds the other end any more
            if piece := os.read(terminal, 65536):
                pieces.append(piece)
                continue
        return b"".join(pieces).decode(errors="replace")
    raise AssertionError("the command did not end: " + b"".join(pieces).decode(errors="replace"))
