"""The system's `tar` and `zstd` in a pipe, which no shell joins; where they are not there, Python's own do it."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .image import CHUNK

TOLD = 500
"""Characters of what a program complained about that are kept."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Absolute paths."""

    tar: str
    zstd: str


@functools.cache
def find_programs() -> Programs | None:
    """GNU's tar, whose options and refusals are relied on, and zstd; None: one of them is not there."""
    tar, zstd = shutil.which("gtar") or shutil.which("tar"), shutil.which("zstd")
    if tar is None or zstd is None:
        return None
    about = subprocess.run([tar, "--version"], capture_output=True, text=True, check=False, env=_environment())
    return Programs(tar, zstd) if "GNU tar" in about.stdout else None


class Pipeline:
    """Programs, each reading what the one before it writes. A context that leaves none of them behind.

    `first`: where to write to; `last`: where to read from.
    """

    def __init__(self, commands: Sequence[Sequence[str]], *, feed: bool, drain: bool) -> None:
        # Not pipes, which would fill up while nobody reads them.
        self._complaints = [tempfile.TemporaryFile() for _ in commands]  # noqa: SIM115
        self._children: list[subprocess.Popen[bytes]] = []
        source: IO[bytes] | int | None = subprocess.PIPE if feed else subprocess.DEVNULL
        try:
            for number, command in enumerate(commands):
                last = number == len(commands) - 1
                child = subprocess.Popen(
                    command,
                    stdin=source,
                    stdout=subprocess.PIPE if drain or not last else subprocess.DEVNULL,
                    stderr=self._complaints[number],
                    env=_environment(),
                    pipesize=CHUNK,
                    bufsize=0,
                )
                self._children.append(child)
                if number:
                    # Only the next program may hold it: the one before must notice when that one ends.
                    previous = self._children[number - 1].stdout
                    assert previous is not None
                    previous.close()
                source = child.stdout
        except BaseException:
            self.close()
            raise
        self.first = self._children[0].stdin
        self.last = self._children[-1].stdout

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def end(self, differing: str = "") -> str:
        """Wait until all have ended by themselves; what they complained about, or that they failed. Empty: all well.

        `differing`: a tar that may end with 1 if it says nothing: files were other than it found them first. One that
        wrote on when the next had read enough, as tar has before its last padding, is no failure.
        """
        if self.first is not None:
            self.first.close()
        told = []
        for child, complaints in zip(self._children, self._complaints, strict=True):
            code = child.wait()
            complaints.seek(0)
            text = complaints.read(TOLD).decode("utf-8", "replace").strip()
            name = Path(str(child.args[0])).name  # type: ignore[index]
            if text or (code > 0 and (code, name) != (1, differing)):
                told.append(text or f"{name} ended with {code}")
            elif code < 0 and not (code == -signal.SIGPIPE and child is not self._children[-1]):
                told.append(f"{name} was ended by signal {-code}")
        return "; ".join(told)

    def close(self) -> None:
        for child in self._children:
            if child.poll() is None:
                child.kill()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
            child.wait()
        for complaints in self._complaints:
            complaints.close()


def _environment() -> dict[str, str]:
    """Nothing of ours: no credentials, and no options that somebody set for their own tar."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
