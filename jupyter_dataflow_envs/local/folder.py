"""The folder that holds a person's own environments, and what lies where in it; see docs/architecture.md."""

from __future__ import annotations

import fcntl
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import Unavailable
from ..kernels.atomic import replace_file


@dataclass(frozen=True, slots=True)
class LocalFolder:
    path: Path

    @property
    def environments(self) -> Path:
        return self.path / "environments"

    @property
    def records(self) -> Path:
        return self.path / "records"

    @property
    def removed(self) -> Path:
        return self.path / "removed"

    def prefix(self, name: str) -> Path:
        return self.environments / name

    def create(self) -> str:
        """Make what is missing; returns the id that marks kernelspecs as those of this folder.

        Raises Unavailable when the folder can't be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            for folder in (self.environments, self.records, self.removed):
                folder.mkdir(exist_ok=True)
            with self.alone():
                note = self.path / "id"
                if not note.exists():
                    replace_file(note, uuid.uuid4().hex.encode(), 0o600)
                return note.read_text(encoding="ascii")
        except OSError as error:
            raise Unavailable(
                f"The folder of Local environments {self.path} can't be written ({error.strerror}): set "
                "DataflowEnvsApp.local_dir to one that can."
            ) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off other threads and servers of this person."""
        with (self.path / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def set_aside(self, name: str) -> None:
        """Nobody finds the prefix any more from now on; `clear` frees its room."""
        prefix = self.prefix(name)
        if prefix.exists():
            prefix.rename(self.removed / uuid.uuid4().hex)

    def clear(self) -> None:
        for folder in self.removed.iterdir():
            shutil.rmtree(folder, ignore_errors=True)
