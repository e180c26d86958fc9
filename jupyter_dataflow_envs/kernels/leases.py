"""Which processes run from which prefix, by the leases that launchers leave.

A lease is the file `leases/<prefix id>/<pid>`. Its first line is the process's line of /proc, where there is one: pid
and start time (in ticks since boot, so that no change of the clock matters) name a process for good. Its second line
says which version was started: id of the environment, number. A process that ends leaves its lease behind; whoever asks
next clears it away.

People's servers on other machines report theirs to the service, which keeps them as `leases/<prefix id>/@<server>`: its
modification time says when it was last reported, its content how many processes there are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

REPORT_SECONDS = 300.0
"""How long a report counts; servers repeat theirs ten times as often."""

_CLOCK_TOLERANCE = 2.0  # seconds; the kernel's boot time, from which psutil counts, is kept in whole seconds
_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Started:
    """The version that a process was started from; what becomes of the environment since does not matter."""

    environment_id: str
    version: int


def lease_folder(root: Path, prefix_id: str) -> Path:
    """Where the leases of one prefix lie."""
    return root / "leases" / prefix_id


def running(root: Path, *, clear: bool = True) -> dict[str, list[int]]:
    """The pids that run from each prefix; unused prefixes are left out.

    Leases of ended processes are removed, unless `clear` is False.
    """
    found: dict[str, list[int]] = {}
    for folder in _folders(root):
        pids = sorted(pid for pid in _pids(folder) if _holds(folder, pid, clear=clear))
        if pids:
            found[folder.name] = pids
    return found


def in_use(root: Path, prefix_id: str) -> bool:
    """Whether anything runs from the prefix. To remove one: move its launchers away, ask this, wait, ask again."""
    folder = lease_folder(root, prefix_id)
    return any(_holds(folder, pid) for pid in _pids(folder))


def started(root: Path, pids: Collection[int]) -> dict[int, Started]:
    """What those of the processes run that a launcher has started; the others are left out."""
    found = {}
    for folder in _folders(root):
        for pid in _pids(folder):
            if pid in pids and _holds(folder, pid, clear=False) and (version := _started(folder / str(pid))):
                found[pid] = version
    return found


def held(root: Path, *, clear: bool = True) -> set[str]:
    """The prefixes that anything runs from, as far as it is known; `clear` as in `running`."""
    return {*running(root, clear=clear), *reported(root)}


def report(root: Path, server: str, counts: Mapping[str, int]) -> None:
    """Another machine's server runs that many processes from each of these prefixes, and from no others."""
    name = "@" + hashlib.sha256(server.encode()).hexdigest()[:32]
    for folder in _folders(root):
        if folder.name not in counts:
            (folder / name).unlink(missing_ok=True)
    for prefix_id, count in counts.items():
        folder = lease_folder(root, prefix_id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(str(count))


def reported(root: Path) -> dict[str, int]:
    """How many processes of other machines run from each prefix; unused ones are left out, and old reports go."""
    found: dict[str, int] = {}
    for folder in _folders(root):
        for file in folder.glob("@*"):
            with suppress(FileNotFoundError, ValueError):
                if time.time() - file.stat().st_mtime > REPORT_SECONDS:
                    file.unlink()
                elif count := int(file.read_text()):
                    found[folder.name] = found.get(folder.name, 0) + count
    return found


def forget(root: Path, prefix_id: str) -> None:
    """Drop what is kept of a prefix that was removed. Nothing happens when there is nothing."""
    shutil.rmtree(lease_folder(root, prefix_id), ignore_errors=True)


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(f for f in (root / "leases").iterdir() if f.is_dir())
    except FileNotFoundError:
        return []


def _pids(folder: Path) -> Iterator[int]:
    try:
        names = [file.name for file in folder.iterdir()]
    except FileNotFoundError:
        return
    yield from (int(name) for name in names if name.isascii() and name.isdigit())


def _holds(folder: Path, pid: int, *, clear: bool = True) -> bool:
    """Whether the process that left the lease still runs.

    The lease goes only when no process has the pid: a new launcher with this pid may just be writing it anew.
    """
    lease = folder / str(pid)
    try:
        line, written = lease.read_text("utf-8", "replace").partition("\n")[0], lease.stat().st_mtime
    except FileNotFoundError:
        return False
    if not _exists(pid):
        if clear:
            lease.unlink(missing_ok=True)
        return False
    left_by, now_there = _state_and_ticks(line), _state_and_ticks(_stat_line(pid))
    if now_there is not None and now_there[0] in _DEAD:
        return False
    if left_by is not None and now_there is not None:
        return left_by[1] == now_there[1]
    return _not_created_after(pid, written + _CLOCK_TOLERANCE)


def _started(lease: Path) -> Started | None:
    try:
        words = lease.read_text("utf-8", "replace").partition("\n")[2].split()
    except FileNotFoundError:
        return None
    return Started(words[0], int(words[1])) if len(words) == 2 and words[1].isdecimal() and words[1].isascii() else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _stat_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _not_created_after(pid: int, moment: float) -> bool:
    """For leases that do not say who left them (no /proc); a process that can't be looked at counts as the one."""
    import psutil

    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= moment
    except psutil.NoSuchProcess:
        # Hidden from this account (hidepid) rather than gone, unless it ended this very moment.
        return _exists(pid)


def _state_and_ticks(line: str) -> tuple[str, int] | None:
    """Fields 3 and 22 of proc_pid_stat(5); the second field, the name, may hold anything, closing brackets too."""
    fields = line.rpartition(")")[2].split()
    if len(fields) < 20 or not fields[19].isdigit():
        return None
    return fields[0], int(fields[19])
