"""Prefixes as folders: whether one is there, what it may hold, and its removal."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_LINKS = 40
"""Links to links that are followed, as systems do."""


def incomplete_mark(prefix: Path) -> Path:
    """A file that is there while something is installed at the prefix' own path, which can't be done atomically."""
    return prefix.parent / f".{prefix.name}.incomplete"


def is_whole(prefix: Path) -> bool:
    """Whether a prefix that the database calls ready is really there."""
    return (
        (prefix / "conda-meta").is_dir()
        and (prefix / "bin" / "python").exists()
        and not incomplete_mark(prefix).exists()
    )


def foreign_entry(tree: Path, prefix: Path) -> str | None:
    """What of a folder no image may hold, in words; None when all is well.

    Files, folders, and links that stay within it are allowed. `prefix` is the path that it has, or is going to have:
    links may name that.
    """
    real = Path(os.path.realpath(tree))
    folders = [os.fspath(tree)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    if not _stays_inside(Path(entry.path), real, prefix):
                        return f"the link {_name(entry, tree)!r} leads out of it"
                    continue
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    folders.append(entry.path)
                elif not stat.S_ISREG(mode):
                    return f"{_name(entry, tree)!r} is neither a file nor a folder nor a link"
                if mode & (stat.S_ISUID | stat.S_ISGID):
                    return f"{_name(entry, tree)!r} would run as somebody else"
    return None


def remove_tree(folder: Path) -> None:
    """Remove a folder whose folders are read-only; files are shared with caches and keep their modes.

    No link is followed, whoever puts one there meanwhile: builds may run under another account, in the same folders.
    """
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    if not folder.exists():
        return
    with suppress(FileNotFoundError):
        for _, _, _, descriptor in os.fwalk(folder):
            os.fchmod(descriptor, stat.S_IRWXU)
    shutil.rmtree(folder, onerror=_raise_unless_gone)


def _name(entry: os.DirEntry[str], tree: Path) -> str:
    return os.path.relpath(entry.path, tree)


def _stays_inside(link: Path, tree: Path, prefix: Path) -> bool:
    """Followed on the disk, as what a link means depends on the links on its way."""
    for _ in range(MOST_LINKS):
        end = Path(os.path.realpath(link))
        if end == tree or tree in end.parents:
            return True
        if end != prefix and prefix not in end.parents:
            return False
        link = tree / end.relative_to(prefix)
    return False


def _raise_unless_gone(_function: Callable[..., Any], _path: str, info: Any) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]
