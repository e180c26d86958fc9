"""Room on the disk that is kept free of packages: a build that filled the disk must still be ended in the database."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

BYTES = 4 * 1024 * 1024
LEAST = 1024 * 1024
"""Free bytes below which the reserve is given up."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """A file that takes room while there is enough, and gives it back when there is none."""

    path: Path

    def keep(self) -> None:
        """Make it anew if there is room for it and more."""
        if self.path.exists() or shutil.disk_usage(self.path.parent).free < 2 * BYTES:
            return
        draft = self.path.with_suffix(".new")
        # Random bytes: some file systems store nothing for zeros.
        draft.write_bytes(os.urandom(BYTES))
        draft.replace(self.path)

    def make_room(self) -> bool:
        """When the disk is full, let the database write what must be written; False when even that is not enough."""
        if self._is_short():
            self.path.unlink(missing_ok=True)
        return not self._is_short()

    def _is_short(self) -> bool:
        return shutil.disk_usage(self.path.parent).free < LEAST
