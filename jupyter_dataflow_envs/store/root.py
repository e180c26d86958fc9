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

    def create(self) -> None:
        """Make what is missing. Raises Unavailable when the folder can't be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            for folder in (self.prefixes, self.logs, self.previews, self.names):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"The folder of environments {self.path} can't be written ({error.strerror}): set "
                "DataflowEnvsApp.root_dir to one that can."
            ) from error
