"""An image back as a prefix, atomically: a folder beside the final place, renamed once its digest is right."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from .image import CHUNK, Image, ImageUnusable, Progress, Stop, Stopped
from .pack import import_zstandard
from .programs import Pipeline, Programs, find_programs
from .trees import foreign_entry, remove_tree

PARTIAL = ".partial-"
"""What the names of folders begin with that are being unpacked."""

MISFITS = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError)
"""What an entry meets that no packed prefix has: one that is there twice, or below something that is no folder."""

FULL = (errno.ENOSPC, errno.EDQUOT)


def unpack(image: Image, pieces: Iterator[bytes], prefix: Path, *, progress: Progress, stop: Stop) -> None:
    """Make `prefix`, which is not there, of the image's bytes.

    Raises:
        ImageUnusable: they can't be read, are not those of this image, or hold what no image may hold.
        Stopped: `stop` said so.
        OSError: it can't be written; when the disk is full, its message says so.
    """
    prefix.parent.mkdir(parents=True, exist_ok=True)
    partial = prefix.parent / f"{PARTIAL}{prefix.name}-{uuid.uuid4().hex[:8]}"
    partial.mkdir(mode=0o700)
    try:
        arriving = _Arriving(image, pieces, progress, stop)
        programs = find_programs()
        try:
            if programs is not None:
                _unpack_by_programs(programs, arriving, partial)
            else:
                _unpack_by_python(arriving, partial)
        except OSError as error:
            if error.errno in FULL:
                raise _full(partial) from error
            raise
        arriving.check()
        foreign = foreign_entry(partial, prefix)
        if foreign is not None:
            raise ImageUnusable(f"the image is refused: {foreign}")
        partial.rename(prefix)
    except BaseException:
        remove_tree(partial)
        raise


class _Arriving:
    """The image's bytes on their way: counted and hashed."""

    def __init__(self, image: Image, pieces: Iterator[bytes], progress: Progress, stop: Stop) -> None:
        self._image = image
        self._pieces = pieces
        self._progress = progress
        self._stop = stop
        self._hash = hashlib.sha256()
        self._size = 0
        self._rest = b""

    def __iter__(self) -> Iterator[bytes]:
        while data := self._next():
            yield data

    def read(self, size: int = -1) -> bytes:
        """As a file's, for who reads instead of being fed; may return less than `size`."""
        data = self._rest or self._next()
        if size < 0:
            size = len(data)
        self._rest = data[size:]
        return data[:size]

    def check(self) -> None:
        """Raises ImageUnusable when these were not the image's bytes."""
        for _ in self:
            pass
        if self._size != self._image.size:
            raise ImageUnusable(f"the image is cut off: {self._size:,} of {self._image.size:,} bytes came")
        if self._hash.hexdigest() != self._image.digest:
            raise ImageUnusable("the image is damaged: its digest is not the one that was recorded")

    def _next(self) -> bytes:
        if self._stop():
            raise Stopped
        try:
            data = next(self._pieces, b"")
        except ImageUnusable:
            raise
        except Exception as error:  # each store, and each HTTP client, has errors of its own
            raise ImageUnusable(f"the image can't be read to its end: {type(error).__name__}") from error
        self._hash.update(data)
        self._size += len(data)
        if self._size > self._image.size:
            raise ImageUnusable(f"the image is damaged: it has more than {self._image.size:,} bytes")
        if data:
            self._progress(self._size, self._image.size)
        return data


def _unpack_by_programs(programs: Programs, arriving: _Arriving, folder: Path) -> None:
    """tar refuses names that lead out of the folder, and makes links last: nothing is written through them."""
    tar = [programs.tar, "--extract", "--file=-", f"--directory={folder}", "--no-same-owner", "--same-permissions"]
    commands = ([programs.zstd, "-q", "-d", "-c"], [*tar, "--numeric-owner"])
    with Pipeline(commands, feed=True, drain=False) as pipeline:
        assert pipeline.first is not None
        with suppress(BrokenPipeError):  # one of them has ended early: it says why
            for data in arriving:
                _write_all(pipeline.first, data)
        trouble = pipeline.end()
    if "No space left" in trouble or "quota exceeded" in trouble:
        raise OSError(errno.ENOSPC, trouble)
    if trouble:
        arriving.check()  # what is damaged is better told so than by what it led to
        raise ImageUnusable(f"the image is refused: {trouble}")


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]


def _unpack_by_python(arriving: _Arriving, folder: Path) -> None:
    zstandard = import_zstandard()
    try:
        with (
            zstandard.ZstdDecompressor().stream_reader(arriving, read_size=CHUNK, closefd=False) as plain,
            tarfile.open(fileobj=plain, mode="r|", bufsize=CHUNK, encoding="utf-8", errors="surrogateescape") as tar,
        ):
            _Extraction(folder).run(tar)
    except MISFITS as error:
        raise ImageUnusable(f"the image is refused: its entries do not fit together ({error.strerror})") from error
    except (tarfile.TarError, EOFError, zstandard.ZstdError) as error:
        arriving.check()
        raise ImageUnusable(f"the image is refused: {error}") from error


class _Extraction:
    """Links are made last, so that nothing is written through them; so are the modes of folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.fspath(folder)
        self._links: dict[str, tarfile.TarInfo] = {}
        self._hard_links: list[tuple[str, str]] = []
        self._folders: list[tuple[str, tarfile.TarInfo]] = []

    def run(self, tar: tarfile.TarFile) -> None:
        for member in tar:
            self._take(tar, member, self._place(member.name))
        for path, member in self._links.items():
            os.symlink(member.linkname, path)  # noqa: PTH211
            if os.utime in os.supports_follow_symlinks:
                os.utime(path, (member.mtime, member.mtime), follow_symlinks=False)
        for path, target in self._hard_links:
            os.link(target, path, follow_symlinks=False)
        for path, member in reversed(self._folders):
            _settle(path, member)

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        if member.isdir():
            if path != self._folder:
                os.mkdir(path, 0o700)  # noqa: PTH102
            self._folders.append((path, member))
        elif member.issym():
            self._links[path] = member
        elif member.islnk():
            target = self._place(member.linkname)
            if target in self._links:
                self._hard_links.append((path, target))
            else:
                os.link(target, path, follow_symlinks=False)
        elif member.isreg():
            source = tar.extractfile(member)
            assert source is not None
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                shutil.copyfileobj(source, file, CHUNK)
            _settle(path, member)
        else:
            raise ImageUnusable(f"the image is refused: {member.name!r} is neither a file nor a folder nor a link")

    def _place(self, name: str) -> str:
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "\0" in name:
            raise ImageUnusable(f"the image is refused: the name {name!r} leads out of it")
        return os.path.join(self._folder, *(p for p in parts if p not in ("", ".")))  # noqa: PTH118


def _settle(path: str, member: tarfile.TarInfo) -> None:
    os.chmod(path, member.mode & 0o7777)  # noqa: PTH101
    os.utime(path, (member.mtime, member.mtime))


def _full(folder: Path) -> OSError:
    free = shutil.disk_usage(folder).free
    return OSError(
        errno.ENOSPC,
        f"the disk that holds {folder.parent} is full: {free / 1e6:.0f} MB free; delete environments or give it more "
        "room",
    )
