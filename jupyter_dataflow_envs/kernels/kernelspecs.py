"""Jupyter's entries for environments, in the person's own kernels folder.

They are ordinary files, so everything that reads kernelspecs works with them. Only those that carry this deployment's
id in `metadata.dataflow_envs.deployment` are ever changed or removed.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..domain.errors import Conflict
from .atomic import replace_file
from .launcher import ipykernel_spec, launcher_path

CATEGORY = "Dataflow Environments"
_PREFIX = "dataflow-"
_LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")


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


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a reconciliation did, or, with a reason, could not do."""

    kernel_name: str
    what: Literal["written", "removed", "refused"]
    reason: str | None = None


def kernel_name(short_name: str) -> str:
    """What notebooks refer to."""
    return _PREFIX + short_name


def default_kernels_dir() -> Path:
    """The person's own kernels folder, which every Jupyter of theirs reads."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "kernels"


class Kernelspecs:
    """The kernelspecs that one deployment keeps in one kernels folder.

    Safe to use from several threads and servers of one root at once.
    """

    def __init__(self, kernels_dir: Path, deployment_id: str, root: Path) -> None:
        self.kernels_dir = kernels_dir
        self.deployment_id = deployment_id
        self.root = root

    def write(self, entry: KernelspecEntry) -> str:
        """Write the environment's kernelspec, or put it right, and return its kernel name.

        Raises Conflict when the name belongs to a kernelspec that this deployment did not write.
        """
        name = kernel_name(entry.short_name)
        with self._alone():
            self._write(name, entry)
        return name

    def remove(self, short_name: str) -> bool:
        """Remove the kernelspec; False when there is none, or when it is not this deployment's."""
        name = kernel_name(short_name)
        with self._alone():
            if self._ours(self.kernels_dir / name) is None:
                return False
            self._remove(name)
        return True

    def installed(self) -> dict[str, dict[str, Any]]:
        """Kernel name → metadata, of this deployment's kernelspecs only."""
        try:
            folders = sorted(self.kernels_dir.iterdir())
        except FileNotFoundError:
            return {}
        found = {f.name: self._ours(f) for f in folders if f.name.startswith(_PREFIX)}
        return {name: spec["metadata"] for name, spec in found.items() if spec is not None}

    def reconcile(self, entries: Iterable[KernelspecEntry]) -> list[Change]:
        """Make the folder hold exactly `entries`; what already is right stays untouched.

        A name that belongs to someone else's kernelspec is reported as refused, and the others are still put right.
        """
        wanted = {kernel_name(e.short_name): e for e in entries}
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

    def _write(self, name: str, entry: KernelspecEntry) -> None:
        folder = self.kernels_dir / name
        if self._ours(folder) is None and not self._free(folder):
            raise Conflict(
                f"The kernel name '{name}' is taken by a kernelspec in {folder} that this deployment did not write. "
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

    def _right(self, name: str, entry: KernelspecEntry) -> bool:
        folder = self.kernels_dir / name
        return self._ours(folder) == self._spec(entry) and all((folder / logo.name).exists() for logo in _logos(entry))

    def _ours(self, folder: Path) -> dict[str, Any] | None:
        """The kernelspec in `folder` if this deployment wrote it; a link to elsewhere is somebody else's."""
        if folder.is_symlink():
            return None
        try:
            spec = json.loads((folder / "kernel.json").read_bytes())
        except (OSError, ValueError):
            return None
        metadata = spec.get("metadata") if isinstance(spec, dict) else None
        ours = metadata.get("dataflow_envs") if isinstance(metadata, dict) else None
        return spec if isinstance(ours, dict) and ours.get("deployment") == self.deployment_id else None

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

    def _spec(self, entry: KernelspecEntry) -> dict[str, Any]:
        own = ipykernel_spec(entry.prefix) if entry.prefix else {}
        metadata = own.get("metadata")
        protocol = own.get("kernel_protocol_version")
        return {
            "argv": [str(launcher_path(self.root, entry.environment_id, entry.audience)), "-f", "{connection_file}"],
            "display_name": f"Dataflow · {entry.full_name}",
            "language": "python",
            "interrupt_mode": "signal",
            **({"kernel_protocol_version": protocol} if isinstance(protocol, str) else {}),
            "metadata": {
                **(metadata if isinstance(metadata, dict) else {}),
                "dataflow_envs": {
                    "category": CATEGORY,
                    "short_name": entry.short_name,
                    "version": entry.version,
                    "digest": entry.digest,
                    "deployment": self.deployment_id,
                    "environment_id": entry.environment_id,
                },
                "conda_env_name": entry.short_name,
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


def _logos(entry: KernelspecEntry) -> list[Path]:
    if entry.prefix is None:
        return []
    folder = entry.prefix / "share/jupyter/kernels/python3"
    return [folder / name for name in _LOGOS if (folder / name).exists()]


def _text(spec: dict[str, Any]) -> bytes:
    # ASCII: a tool that reads it in the locale's encoding must not stumble over a full name.
    return (json.dumps(spec, indent=1) + "\n").encode()
