"""Caches of packages and bytecode, filled once per machine, for deployments that are to begin warm."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import jupyter_dataflow_envs
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from tests.channel.cache import cache_folder, made
from tests.service.deployments import build, create, deployment_in, minor_of


def warm(root: Path, channel: Path) -> Path:
    """`root`, with caches that hold what every environment needs, as hard links to those of an earlier build.

    They are kept apart for each state of the engine and each channel.
    """
    kept = made(cache_folder() / f"warm-{_digest(channel)}", _digest(channel), lambda folder: _fill(folder, channel))
    root.mkdir(parents=True, exist_ok=True)
    shutil.copytree(kept / "cache", root / "cache", symlinks=True, copy_function=_link)
    return root


def _link(source: str, target: str) -> None:
    # What programs write into is not shared.
    if source.endswith((".lock", ".json", ".bin", ".msgpack", ".cache", ".rkyv")):
        shutil.copy2(source, target)
    else:
        os.link(source, target, follow_symlinks=False)


def _fill(folder: Path, channel: Path) -> None:
    root = Path(tempfile.mkdtemp(prefix="warm-", dir=folder.parent))
    try:
        with deployment_in(root, channel.as_uri(), kernels_dir=root / "kernels") as deployment:
            create(deployment, "warm", minor_of(channel))
            build(deployment, "warm")
        shutil.move(root / "cache", folder / "cache")
    finally:
        remove_tree(root)


def _digest(channel: Path) -> str:
    sha = hashlib.sha256(channel.name.encode())
    for source in sorted((Path(jupyter_dataflow_envs.__file__).parent / "engine").glob("*.py")):
        sha.update(source.read_bytes())
    return sha.hexdigest()[:12]
