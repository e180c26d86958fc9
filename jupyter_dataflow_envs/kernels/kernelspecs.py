"""Jupyter's entries for environments, in the person's own kernels folder.

They are ordinary files, so everything that reads kernelspecs works with them. Only those that carry their keeper's id
in `metadata.dataflow_envs` are ever changed or removed: as `deployment` those of Dataflow environments, and as
`local_owner` those of Local ones.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from ..domain.errors import Conflict
from .atomic import replace_file
from .launcher import ipykernel_spec, launcher_path

CATEGORY = "Dataflow Environments"
LOCAL_CATEGORY = "Local Environments"
_LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")


class Entry(Protocol):
    """What a kernelspec is written from. `prefix` is None when what it would start is gone."""

    @property
    def kernel_name(self) -> str: ...

    @property
    def display_name(self) -> str: ...

    @property
    def environment_id(self) -> str: ...

    @property
    def audience(self) -> str: ...

    @property
    def environment_name(self) -> str:
        """In the words of conda's tools, which read `conda_env_name`."""

    @property
    def prefix(self) -> Path | None: ...

    def about(self) -> dict[str, Any]:
        """What `metadata.dataflow_envs` says beside its keeper's id. Never a secret: the browser can read it."""


@dataclass(frozen=True, slots=True)
class KernelspecEntry:
    """What one activated environment's kernelspec says. `prefix` is None when the version behind it is gone."""

    environment_id: str
    short_name: str
    full_name: str
    version: int | None
    digest: str | None
    prefix: Path | None
    audience: str

    @property
    def kernel_name(self) -> str:
        return kernel_name(self.short_name)

    @property
    def display_name(self) -> str:
        return f"Dataflow · {self.full_name}"

    @property
    def environment_name(self) -> str:
        return self.short_name

    def about(self) -> dict[str, Any]:
        return {
            "category": CATEGORY,
            "short_name": self.short_name,
            "version": self.version,
            "digest": self.digest,
            "environment_id": self.environment_id,
        }


@dataclass(frozen=True, slots=True)
class LocalKernelspecEntry:
    """What a Local environment's kernelspec says; `environment_id` is its id."""

    kernel_name: str
    environment_id: str
    name: str
    prefix: Path
    audience: str = "latest"

    @property
    def display_name(self) -> str:
        return f"Local · {self.name}"

    @property
    def environment_name(self) -> str:
        return self.name

    def about(self) -> dict[str, Any]:
        return {"category": LOCAL_CATEGORY, "name": self.name, "local_id": self.environment_id}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a reconciliation did, or, with a reason, could not do."""

    kernel_name: str
    what: Literal["written", "removed", "refused"]
    reason: str | None = None


def kernel_name(short_name: str) -> str:
    """What notebooks refer to."""
    return f"dataflow-{short_name}"


def default_kernels_dir() -> Path:
    """The person's own kernels folder, which every Jupyter of theirs reads."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "kernels"


class Kernelspecs:
    """The kernelspecs that one keeper has in one kernels folder: a deployment, or with `owner_key="local_owner"` the
    Local environments of a person.

    Safe to use from several threads and servers of one root at once.
    """

    def __init__(
        self,
        kernels_dir: Path,
        owner: str,
        root: Path,
        owner_key: Literal["deployment", "local_owner"] = "deployment",
    ) -> None:
        self.kernels_dir = kernels_dir
        self.owner = owner
        self.owner_key = owner_key
        self.root = root

    def write(self, entry: Entry) -> str:
        """Write the environment's kernelspec, or put it right, and return its kernel name.

        Raises Conflict when the name belongs to a kernelspec that this keeper did not write.
        """
        with self._alone():
            self._write(entry.kernel_name, entry)
        return entry.kernel_name

    def remove(self, name: str) -> bool:
        """Remove the kernelspec of that kernel name; False when there is none, or when it is somebody else's."""
        with self._alone():
            if self._ours(self.kernels_dir / name) is None:
                return False
            self._remove(name)
        return True

    def installed(self) -> dict[str, dict[str, Any]]:
        """Kernel name → metadata, of this keeper's kernelspecs only."""
        try:
            folders = sorted(self.kernels_dir.iterdir())
        except FileNotFoundError:
            return {}
        found = {f.name: self._ours(f) for f in folders}
        return {name: spec["metadata"] for name, spec in found.items() if spec is not None}

    def reconcile(self, entries: Iterable[Entry]) -> list[Change]:
        """Make the folder hold exactly `entries`; what already is right stays untouched.

        A name that belongs to someone else's kernelspec is reported as refused, and the others are still put right.
        """
        wanted = {e.kernel_name: e for e in entries}
        changes = []
        with self._alone():
            for name in self.installed():
                if name not in wanted:
                    self._remove(name)
                    changes.append(Change(name, "removed"))
            for name, entry in wanted.items():
                if self._right(name, entry):
                    continue
                try:
                    self._write(name, entry)
                except Conflict as conflict:
                    changes.append(Change(name, "refused", conflict.message))
                else:
                    changes.append(Change(name, "written"))
        return changes

    def _write(self, name: str, entry: Entry) -> None:
        folder = self.kernels_dir / name
        if self._ours(folder) is None and not self._free(folder):
            raise Conflict(
                f"The kernel name '{name}' is taken by a kernelspec in {folder} that was not written from here. "
                f"Remove it ('jupyter kernelspec remove {name}') and activate the environment again."
            )
        folder.mkdir(parents=True, exist_ok=True)
        for logo in _logos(entry):
            replace_file(folder / logo.name, logo.read_bytes(), 0o644)
        # Last: without it Jupyter takes the folder for no kernelspec, so that nobody sees half of one.
        replace_file(folder / "kernel.json", _text(self._spec(entry)), 0o644)

    def _remove(self, name: str) -> None:
        folder = self.kernels_dir / name
        (folder / "kernel.json").unlink(missing_ok=True)
        shutil.rmtree(folder)

    def _right(self, name: str, entry: Entry) -> bool:
        folder = self.kernels_dir / name
        return self._ours(folder) == self._spec(entry) and all((folder / logo.name).exists() for logo in _logos(entry))

    def _ours(self, folder: Path) -> dict[str, Any] | None:
        """The kernelspec in `folder` if this keeper wrote it; a link to elsewhere is somebody else's."""
        if folder.is_symlink():
            return None
        try:
            spec = json.loads((folder / "kernel.json").read_bytes())
        except (OSError, ValueError):
            return None
        metadata = spec.get("metadata") if isinstance(spec, dict) else None
        ours = metadata.get("dataflow_envs") if isinstance(metadata, dict) else None
        return spec if isinstance(ours, dict) and ours.get(self.owner_key) == self.owner else None

    def _free(self, folder: Path) -> bool:
        """Whether nothing is there, or nothing but what a write that was cut short leaves."""
        if folder.is_symlink():
            return False
        try:
            return all(_unfinished(file) for file in folder.iterdir())
        except FileNotFoundError:
            return True
        except NotADirectoryError:
            return False

    def _spec(self, entry: Entry) -> dict[str, Any]:
        own = ipykernel_spec(entry.prefix) if entry.prefix else {}
        metadata = own.get("metadata")
        protocol = own.get("kernel_protocol_version")
        return {
            "argv": [str(launcher_path(self.root, entry.environment_id, entry.audience)), "-f", "{connection_file}"],
            "display_name": entry.display_name,
            "language": "python",
            "interrupt_mode": "signal",
            **({"kernel_protocol_version": protocol} if isinstance(protocol, str) else {}),
            "metadata": {
                **(metadata if isinstance(metadata, dict) else {}),
                "dataflow_envs": {**entry.about(), self.owner_key: self.owner},
                "conda_env_name": entry.environment_name,
                "conda_env_path": str(entry.prefix or ""),
                "language": "python",
            },
        }

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold other threads and servers of this root off: a removal would take away what a write just put there."""
        with (self.root / "kernelspecs.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _unfinished(file: Path) -> bool:
    if file.name == "kernel.json":
        return file.is_file() and file.stat().st_size == 0
    return file.name in _LOGOS or file.name.startswith((".logo-", ".kernel.json."))


def _logos(entry: Entry) -> list[Path]:
    if entry.prefix is None:
        return []
    folder = entry.prefix / "share/jupyter/kernels/python3"
    return [folder / name for name in _LOGOS if (folder / name).exists()]


def _text(spec: dict[str, Any]) -> bytes:
    # ASCII: a tool that reads it in the locale's encoding must not stumble over a full name.
    return (json.dumps(spec, indent=1) + "\n").encode()
