"""Where made channels are kept: in folders named after what they were made from, made once and never by halves."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from .archive import SUBDIR
from .interpreter import Interpreter, find_interpreters
from .maker import Figures, make_channel
from .wheelhouse import make_wheelhouse

SOURCES = ("archive.py", "interpreter.py", "maker.py", "special.py", "wheel.py", "wheelhouse.py")
MARKER = ".made"  # in a finished folder: the digest of what it was made from
KEPT_DAYS = 7  # folders of earlier sources that nobody used for so long are removed


def cache_folder() -> Path:
    """`.cache` of the project, or what DATAFLOW_ENVS_TEST_CACHE names."""
    named = os.environ.get("DATAFLOW_ENVS_TEST_CACHE")
    return Path(named).absolute() if named else Path(__file__).resolve().parents[2] / ".cache"


def cached_channel(
    small: bool = False, interpreters: list[Interpreter] | None = None, told: Callable[[Figures], object] | None = None
) -> Path:
    """The folder of the channel, made if it is not there; `told` hears the figures of a making.

    Raises DownloadError and UnusableInterpreterError.
    """
    interpreters = interpreters or find_interpreters(1 if small else 2)
    kind = "channel-small" if small else "channel"
    return made(cache_folder() / f"{kind}-{digest(interpreters, small)}", *_recipe(interpreters, small, told))


def channel_at(
    folder: Path,
    small: bool = False,
    interpreters: list[Interpreter] | None = None,
    told: Callable[[Figures], object] | None = None,
) -> Path:
    """The channel in a folder of the caller's choice; one made there from other sources is replaced.

    Raises FileExistsError when the folder holds anything else, DownloadError and UnusableInterpreterError.
    """
    interpreters = interpreters or find_interpreters(1 if small else 2)
    return made(folder.absolute(), *_recipe(interpreters, small, told))


def cached_wheelhouse() -> Path:
    """The folder of hand-made wheels behind `index.SimpleIndex`, made if it is not there."""
    sources = digest([], False)
    return made(cache_folder() / f"wheelhouse-{sources}", sources, make_wheelhouse)


def digest(interpreters: list[Interpreter], small: bool) -> str:
    """Twelve hex digits over the makers' sources, the interpreters' versions and the platform."""
    sha = hashlib.sha256(f"{SUBDIR} {small}".encode())
    for name in SOURCES:
        sha.update((Path(__file__).parent / name).read_bytes())
    for interpreter in interpreters:
        sha.update(f"{interpreter.version} {interpreter.prefix}\n".encode())
    return sha.hexdigest()[:12]


def made(folder: Path, marker: str, make: Callable[[Path], object]) -> Path:
    """`folder`, filled by `make` unless it is there already; of several processes one makes it and the others wait.

    Raises FileExistsError when the folder was not made here.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not _is_made(folder, marker):
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not _is_made(folder, marker):
                _make(folder, marker, make)
    os.utime(folder / MARKER)
    return folder


def _make(folder: Path, marker: str, make: Callable[[Path], object]) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise FileExistsError(f"{folder} holds something that was not made here; name another folder")
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        half.chmod(0o755)
        make(half)
        (half / MARKER).write_text(marker)
        if folder.exists():
            shutil.rmtree(folder)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    if folder.parent == cache_folder():
        _sweep(folder)


def _is_made(folder: Path, marker: str) -> bool:
    return (folder / MARKER).is_file() and (folder / MARKER).read_text() == marker


def _sweep(fresh: Path) -> None:
    kind = fresh.name.rpartition("-")[0]
    for old in fresh.parent.glob(f"{kind}-????????????/{MARKER}"):
        if old.parent != fresh and old.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
            shutil.rmtree(old.parent, ignore_errors=True)


def _recipe(
    interpreters: list[Interpreter], small: bool, told: Callable[[Figures], object] | None
) -> tuple[str, Callable[[Path], object]]:
    def make(folder: Path) -> None:
        figures = make_channel(folder, interpreters, cache_folder() / "wheels", small)
        if told is not None:
            told(figures)

    return digest(interpreters, small), make
