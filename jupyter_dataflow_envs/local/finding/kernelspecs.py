"""The kernelspecs that Jupyter would find, and the prefixes whose Python they start."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...domain.names import shown
from .looks import Looks, real

_LIMIT = 500
_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE)
_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*t?")
_BARE = ("python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}")
"""What Jupyter takes for the server's own."""


@dataclass(frozen=True, slots=True)
class Kernelspec:
    """A kernelspec that starts a Python: which, and of which prefix. `owner`: whose Local environment it is for."""

    name: str
    display_name: str
    python: str
    prefix: str
    owner: str | None


def read_kernelspecs(folders: Sequence[Path], sys_prefix: Path, looks: Looks) -> list[Kernelspec]:
    """Those of Python that name their interpreter. Of equal names the first folder's counts, as for Jupyter."""
    found: dict[str, Kernelspec | None] = {}
    for folder in folders:
        for name in looks.entries(str(folder), _LIMIT):
            if _NAME.fullmatch(name) and name.lower() not in found:
                text = looks.text(f"{folder}/{name}/kernel.json")
                if text is not None:
                    found[name.lower()] = _kernelspec(name, text, sys_prefix, looks)
    return [spec for spec in found.values() if spec is not None]


def prefix_of(python: str, looks: Looks) -> str | None:
    """Where an interpreter's packages are: the folder above its `bin`.

    A virtual environment's interpreter is a link to another's and yet has a prefix of its own; a link from some other
    folder has that of what it points to. None: it can't be told.
    """
    link = python
    for _ in range(16):
        looks.at(link)
        folder = os.path.dirname(link)  # noqa: PTH120
        prefix = os.path.dirname(real(folder))  # noqa: PTH120
        if prefix != "/" and _is_prefix(prefix, looks):
            return prefix
        try:
            link = os.path.join(folder, os.readlink(link))  # noqa: PTH115, PTH118
        except (OSError, ValueError):
            break
    folder = os.path.dirname(python)  # noqa: PTH120
    return os.path.dirname(real(folder)) if folder.endswith("/bin") else None  # noqa: PTH120


def _is_prefix(prefix: str, looks: Looks) -> bool:
    if looks.is_file(f"{prefix}/pyvenv.cfg") or looks.is_folder(f"{prefix}/conda-meta"):
        return True
    return any(re.match(r"(?:python|pypy)\d\.\d", name) for name in looks.entries(f"{prefix}/lib"))


def _kernelspec(name: str, text: str, sys_prefix: Path, looks: Looks) -> Kernelspec | None:
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError):
        return None
    argv, metadata = (_of(spec, "argv", list), _of(spec, "metadata", dict))
    if not argv or not isinstance(argv[0], str):
        return None
    owner = _of(_of(metadata, "dataflow_envs", dict), "local_owner", str)
    title = shown(_of(spec, "display_name", str) or name, 100)
    if owner:
        # It starts a launcher, which does not say what it starts.
        prefix = _of(metadata, "conda_env_path", str) or ""
        return Kernelspec(name, title, f"{prefix}/bin/python", prefix, owner) if prefix.startswith("/") else None
    if argv[0] in _BARE:
        return Kernelspec(name, title, f"{sys_prefix}/bin/{argv[0]}", str(sys_prefix), None)
    folder, _, program = argv[0].rpartition("/")
    if not folder.startswith("/") or not _PYTHON.fullmatch(program) or folder.endswith("/shims"):
        return None
    found = prefix_of(argv[0], looks)
    return Kernelspec(name, title, argv[0], found, None) if found else None


def _of(value: Any, key: str, kind: type) -> Any:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, kind) else None
