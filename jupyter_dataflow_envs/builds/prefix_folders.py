"""The folders that environments are installed into: named at random, never renamed while anything uses them."""

from __future__ import annotations

import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path

from ..images import is_whole, remove_tree

__all__ = ["PrefixFolders", "remove_tree"]


class PrefixFolders:
    """The folders below `prefixes/`.

    Removing ten thousand files takes seconds on a busy disk, and who cancels a build must not wait for them: a prefix
    is set aside at once and cleared away later.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aside = folder.parent / "removed"

    def new_id(self) -> str:
        """Short, as conda writes the prefix's path into binaries that reserve 255 bytes for it."""
        return uuid.uuid4().hex[:12]

    def path(self, prefix_id: str) -> Path:
        return self.folder / prefix_id

    def is_whole(self, prefix_id: str) -> bool:
        """Whether a prefix that the database calls ready is really there."""
        return is_whole(self.path(prefix_id))

    def ids(self) -> set[str]:
        """Without what is being unpacked, which has a name of its own until it is whole."""
        return {
            entry.name
            for entry in os.scandir(self.folder)
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        }

    def set_aside(self, prefix_id: str) -> None:
        """Take a prefix away that nothing uses; `clear` removes its files."""
        self.aside.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            self.path(prefix_id).chmod(stat.S_IRWXU)  # a folder must be writable to be moved
            self.path(prefix_id).rename(self.aside / prefix_id)

    def clear(self) -> None:
        """Remove what was set aside; may run in several threads."""
        self.aside.mkdir(exist_ok=True)
        for entry in os.scandir(self.aside):
            remove_tree(self.aside / entry.name)

    def remove(self, prefix_id: str) -> None:
        self.set_aside(prefix_id)
        remove_tree(self.aside / prefix_id)
