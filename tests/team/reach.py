"""`python reach.py COMMAND…`, as root: runs the command where other accounts reach the interpreter and this project.

A person's servers and the builds run under accounts of their own, and these must be able to start the Python that runs
the tests, which may lie in a home that is closed to them. In a mount namespace of its own each such closed folder is
covered by an open one that holds nothing but the way there; nobody else sees that.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

CLONE_NEWNS = 0x00020000


def open_ways(targets: Iterable[Path]) -> None:
    """Let other accounts go through to these folders."""
    hidden = {t: closed for t in targets if (closed := _closed(t)) is not None}
    with tempfile.TemporaryDirectory() as aside:
        kept = {target: Path(aside, str(number)) for number, target in enumerate(hidden)}
        for target, place in kept.items():
            place.mkdir()
            _run("mount", "--bind", target, place)
        for closed in set(hidden.values()):
            _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", closed)
        for target, place in kept.items():
            target.mkdir(parents=True, exist_ok=True)
            _run("mount", "--bind", place, target)
            _run("umount", "--lazy", place)


def _closed(target: Path) -> Path | None:
    """The outermost folder on the way there that others can't go through."""
    return next((p for p in reversed(target.parents) if not p.stat().st_mode & 0o001), None)


def main() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "no mount namespace can be made")
    _run("mount", "--make-rprivate", "/")
    wanted = (Path(sys.base_prefix), Path(sys.prefix), Path(__file__).parents[2])
    open_ways({path.resolve() for path in wanted})
    os.execvp(sys.argv[1], sys.argv[1:])


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    main()
