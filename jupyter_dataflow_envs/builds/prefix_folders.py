"""The folders that environments are installed into: named at random, never renamed, removed whole."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any


class PrefixFolders:
    """The folders below `prefixes/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new_id(self) -> str:
        """Short, as conda writes the prefix's path into binaries that reserve 255 bytes for it."""
        return uuid.uuid4().hex[:12]

    def path(self, prefix_id: str) -> Path:
        return self.folder / prefix_id

    def is_whole(self, prefix_id: str) -> bool:
        """Whether a prefix that the database calls ready is really there."""
        return (self.path(prefix_id) / "conda-meta").is_dir() and (self.path(prefix_id) / "bin" / "python").exists()

    def ids(self) -> set[str]:
        return {entry.name for entry in os.scandir(self.folder) if entry.is_dir(follow_symlinks=False)}

    def remove(self, prefix_id: str) -> None:
        remove_tree(self.path(prefix_id))


def remove_tree(folder: Path) -> None:
    """Remove a folder whose folders are read-only; files are shared with caches and keep their modes."""
    if not folder.exists():
        return
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(stat.S_IRWXU)
    shutil.rmtree(folder, onerror=_raise_unless_gone)


def _raise_unless_gone(_function: Callable[..., Any], _path: str, info: Any) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]
