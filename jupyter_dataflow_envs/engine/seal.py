"""Closes a finished prefix: its files become read-only, and pip is told why it can't write there.

Or opens it, where it is a person's own: its files become writable, and nobody else's.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .faults import explain

EXTERNALLY_MANAGED = """\
[externally-managed]
Error=This is the Dataflow environment '{title}'. It is shared and was built once, from a lock: nothing can be
 installed into it, removed from it or upgraded in it.
 .
 To add packages for yourself, copy it to Local to change it: Dataflow panel, '{title}', "Copy to Local".
 To add packages for everyone who uses it, edit its requirements and build a new version.
"""


@dataclass(slots=True)
class Extent:
    """How much there is in a prefix: regular files, and their bytes."""

    files: int = 0
    size: int = 0


def forbid_installs(stdlib: Path, title: str) -> None:
    """Writes the file that stops pip and uv (PEP 668); `stdlib` is the prefix' `lib/pythonX.Y`."""
    (stdlib / "EXTERNALLY-MANAGED").write_text(EXTERNALLY_MANAGED.format(title=title or "this one"), encoding="utf-8")


def make_read_only(prefix: Path, leave: Path) -> Extent:
    """Files become 0444 or 0555, folders 0555, but for `leave` and for the prefix itself, which `close` ends with.

    Most files are hard links to the package caches and are read-only from an earlier build; those cost no call.
    """
    extent = Extent()
    _walk(os.fspath(prefix), os.fspath(leave), extent)
    return extent


def make_writable(prefix: Path, leave: Path) -> Extent:
    """Files and folders get their owner's permission to write; `leave` is left out.

    A file that others share by a hard link is replaced by a copy: what is written here must change nothing elsewhere.
    """
    extent = Extent()
    _open(os.fspath(prefix), os.fspath(leave), extent)
    return extent


def close(prefix: Path) -> None:
    prefix.chmod(0o555)


def _open(folder: str, leave: str, extent: Extent) -> None:
    _add_mode(folder, 0o700)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.path != leave:
                    _open(entry.path, leave, extent)
                continue
            state = entry.stat(follow_symlinks=False)
            extent.files += 1
            extent.size += state.st_size
            if state.st_nlink > 1:
                _unshare(entry.path)
            if not state.st_mode & 0o200:
                _set_mode(entry.path, state.st_mode & 0o7777 | 0o200)


def _unshare(path: str) -> None:
    copy = f"{path}.{os.getpid()}.copy"
    shutil.copy2(path, copy)
    os.replace(copy, path)  # noqa: PTH105


def _add_mode(folder: str, bits: int) -> None:
    mode = os.stat(folder).st_mode & 0o7777  # noqa: PTH116
    if mode & bits != bits:
        _set_mode(folder, mode | bits)


def _walk(folder: str, leave: str, extent: Extent) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.path != leave:
                    _walk(entry.path, leave, extent)
                    _set_mode(entry.path, 0o555)
                continue
            state = entry.stat(follow_symlinks=False)
            extent.files += 1
            extent.size += state.st_size
            mode = 0o555 if state.st_mode & 0o111 else 0o444
            if state.st_mode & 0o7777 != mode:
                _set_mode(entry.path, mode)


def _set_mode(path: str, mode: int) -> None:
    try:
        os.chmod(path, mode)  # noqa: PTH101  # a Path for each of ten thousand files costs more than the call
    except PermissionError as error:
        known = explain(error)
        raise known if known is not None else error from None
