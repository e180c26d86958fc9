"""Making a prefix present on this machine: from its image, or else from its lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from filelock import FileLock, Timeout

from .image import Image, ImageUnusable, Progress, Stop, Stopped, StoreFailed, never
from .trees import incomplete_mark, is_whole, remove_tree
from .unpack import PARTIAL, unpack

LOOK_SECONDS = 0.2
"""How often who waits for another process looks whether to give up."""


ImageSource = Callable[[], tuple[Image, Iterator[bytes]]]


class How(str, Enum):
    """How a prefix came to be there."""

    THERE = "there"
    FETCHED = "fetched"
    INSTALLED = "installed"


def ensure_prefix(
    prefix: Path,
    open_image: ImageSource | None,
    install: Callable[[], object],
    *,
    say: Callable[[str], object],
    progress: Progress = lambda _done, _total: None,
    stop: Stop = never,
) -> How:
    """Make `prefix` present; nothing half is ever there. Of several processes at once one does it, the others wait.

    `open_image` tells what must come and gives its bytes, from an `ImageStore` or over HTTP; it may raise
    ImageUnusable and StoreFailed. `install` installs at `prefix`, which is not there, from the lock, as
    `engine.protocol.Mode.INSTALL` does; it is called when there is no image, or none that can be used. `say` is told
    why, in a sentence.

    Raises:
        Stopped: `stop` said so.
        OSError: the prefix can't be written; when the disk is full, its message says so.
        What `install` raises; then nothing of the prefix is left.
    """
    if is_whole(prefix):
        return How.THERE
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with _alone(prefix, stop):
        if is_whole(prefix):
            return How.THERE
        _remove_remains(prefix)
        if open_image is not None:
            try:
                _fetch(prefix, open_image, progress, stop)
                return How.FETCHED
            except (ImageUnusable, StoreFailed) as error:
                say(f"The image can't be used ({error}): installing from the lock instead.")
        _install(prefix, install)
        return How.INSTALLED


def remove_leftovers(folder: Path) -> None:
    """Remove what processes left in a folder of prefixes that died while they made one."""
    for leftover in (*folder.glob(f"{PARTIAL}*"), *folder.glob(".*.incomplete")):
        name = leftover.name.removeprefix(PARTIAL).rpartition("-")[0] or leftover.name[1:].partition(".")[0]
        try:
            with FileLock(_lock_file(folder / name), timeout=0, thread_local=False):
                _remove_remains(folder / name)
        except Timeout:
            continue  # somebody is at it


def forget_lock(prefix: Path) -> None:
    """Of a prefix that will never be made again."""
    _lock_file(prefix).unlink(missing_ok=True)


def _fetch(prefix: Path, open_image: ImageSource, progress: Progress, stop: Stop) -> None:
    image, pieces = open_image()
    try:
        unpack(image, pieces, prefix, progress=progress, stop=stop)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def _install(prefix: Path, install: Callable[[], object]) -> None:
    """At its own path, which is written into its files: the mark says that it is not whole yet."""
    mark = incomplete_mark(prefix)
    os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    try:
        install()
    except BaseException:
        _remove_remains(prefix)
        raise
    mark.unlink()


def _remove_remains(prefix: Path) -> None:
    """The mark goes last: while anything of it is there, it is not whole."""
    for partial in prefix.parent.glob(f"{PARTIAL}{prefix.name}-*"):
        remove_tree(partial)
    if not is_whole(prefix):
        remove_tree(prefix)
    incomplete_mark(prefix).unlink(missing_ok=True)


def _lock_file(prefix: Path) -> Path:
    return prefix.parent / f".{prefix.name}.lock"


@contextmanager
def _alone(prefix: Path, stop: Stop) -> Iterator[None]:
    lock = FileLock(_lock_file(prefix), thread_local=False)
    while True:
        if stop():
            raise Stopped
        try:
            lock.acquire(timeout=LOOK_SECONDS)
            break
        except Timeout:
            continue
    try:
        yield
    finally:
        lock.release()
