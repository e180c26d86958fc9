"""The folder that holds everything of a deployment, and what lies where in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Root:
    """Paths below `root_dir`; see docs/architecture.md."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "dataflow-envs.sqlite"

    @property
    def backups(self) -> Path:
        return self.path / "backups"

    @property
    def coordinator_lock(self) -> Path:
        return self.path / "coordinator.lock"

    @property
    def coordinator_note(self) -> Path:
        return self.path / "coordinator.json"

    @property
    def reserve(self) -> Path:
        return self.path / "reserve"

    @property
    def prefixes(self) -> Path:
        return self.path / "prefixes"

    @property
    def removed(self) -> Path:
        """Of prefixes that were set aside, to be cleared away."""
        return self.path / "removed"

    @property
    def built(self) -> tuple[Path, ...]:
        """What engines write into."""
        return self.prefixes, self.removed, self.previews, self.path / "cache"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def previews(self) -> Path:
        return self.path / "previews"

    @property
    def names(self) -> Path:
        return self.path / "cache" / "names"

    def cache(self, name: str) -> Path:
        return self.path / "cache" / name

    def create(self, *, shared: bool = False) -> None:
        """Make what is missing. Raises Unavailable when the folder can't be written.

        `shared`: people of other accounts run from its prefixes. They can go through the folders that hold these, not
        list them, and nothing else is theirs to read.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for folder in (self.prefixes, self.removed, self.logs, self.previews, self.names):
                folder.mkdir(parents=True, exist_ok=True)
            for folder in self.path.iterdir():
                if shared and folder.is_dir():
                    folder.chmod(0o711 if folder == self.prefixes else 0o700)
            self.path.chmod(0o711 if shared else 0o700)
        except OSError as error:
            raise Unavailable(
                f"The folder of environments {self.path} can't be written ({error.strerror}): set "
                "DataflowEnvsApp.root_dir to one that can."
            ) from error
