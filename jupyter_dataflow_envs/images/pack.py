"""A sealed prefix as one stream: tar, compressed by zstd.

In a fixed order, owned by nobody in particular; modes, links, hard links and times of files in whole seconds, which is
what bytecode compares, stay as they are.
"""

from __future__ import annotations

import hashlib
import os
import selectors
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .image import CHUNK, Image, Stop, Stopped, StoreFailed, Unpackable, never
from .programs import Pipeline, Programs, find_programs
from .trees import foreign_entry

LEVEL = 3
"""Of zstd: its own default. Higher levels take several times as long for a tenth of the size."""

RECORD = CHUNK
"""Bytes that tar writes at a time: with its own records of 10 kB a tenth more goes into handing them over."""

LOOK_SECONDS = 0.1
"""How long who gives up may wait for it while nothing comes out of the programs."""


def pack(prefix: Path, write: Callable[[bytes], object], *, stop: Stop = never) -> Image:
    """Hand the image of a prefix to `write`, in pieces.

    Raises:
        Unpackable: it holds what no image may hold.
        Stopped: `stop` said so.
        OSError: it can't be read.
    """
    foreign = foreign_entry(prefix, prefix)
    if foreign is not None:
        raise Unpackable(foreign)
    counting = _Counting(write, stop)
    programs = find_programs()
    if programs is not None:
        _pack_by_programs(programs, prefix, counting)
    else:
        _pack_by_python(prefix, counting)
    return Image(counting.hash.hexdigest(), counting.size)


class _Counting:
    """Where packed bytes go."""

    def __init__(self, write: Callable[[bytes], object], stop: Stop) -> None:
        self._write = write
        self.stop = stop
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        if self.stop():
            raise Stopped
        self.hash.update(data)
        self.size += len(data)
        self._write(data)
        return len(data)


def _pack_by_programs(programs: Programs, prefix: Path, target: _Counting) -> None:
    # What a prefix holds is sealed: all that changes of its files is the number of links, as other builds link the same
    # ones from the cache.
    as_it_is = ["--warning=no-file-changed", "--owner=0", "--group=0", "--numeric-owner"]
    tar = [programs.tar, "--create", "--file=-", "--format=gnu", "--sort=name", *as_it_is]
    commands = (
        [*tar, f"--blocking-factor={RECORD // 512}", f"--directory={prefix}", "--", "."],
        [programs.zstd, "-q", f"-{LEVEL}", "-T0", "-c"],
    )
    with Pipeline(commands, feed=False, drain=True) as pipeline:
        assert pipeline.last is not None
        for data in _pieces(pipeline.last.fileno(), target.stop):
            target.write(data)
        trouble = pipeline.end(differing=Path(programs.tar).name)
    if trouble:
        raise OSError(f"the environment could not be packed: {trouble}")


def _pieces(descriptor: int, stop: Stop) -> Iterator[bytes]:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if stop():
                raise Stopped
            if selector.select(LOOK_SECONDS):
                data = os.read(descriptor, CHUNK)
                if not data:
                    return
                yield data


def _pack_by_python(prefix: Path, target: _Counting) -> None:
    zstandard = import_zstandard()
    with (
        zstandard.ZstdCompressor(level=LEVEL, threads=-1, write_checksum=True).stream_writer(
            target, write_size=CHUNK, closefd=False
        ) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.GNU_FORMAT, bufsize=CHUNK) as tar,
    ):
        for path, name in _sorted(prefix, "."):
            info = tar.gettarinfo(path, name)
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            if not info.isreg():
                tar.addfile(info)
                continue
            with open(path, "rb") as file:  # noqa: PTH123  # a Path for each of ten thousand files costs more than it
                tar.addfile(info, file)


def _sorted(folder: str | Path, name: str) -> Iterator[tuple[str, str]]:
    """Path and name in the archive, each folder before what is in it."""
    yield os.fspath(folder), name
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: os.fsencode(e.name)):
            if entry.is_dir(follow_symlinks=False):
                yield from _sorted(entry.path, f"{name}/{entry.name}")
            else:
                yield entry.path, f"{name}/{entry.name}"


def import_zstandard() -> Any:
    """Raises StoreFailed where neither the system nor Python can do it."""
    try:
        import zstandard
    except ImportError as error:
        raise StoreFailed(
            "images need the programs tar and zstd, or: pip install 'jupyter-dataflow-envs[team]'"
        ) from error
    return zstandard
