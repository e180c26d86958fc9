"""Where images are kept: any place that fsspec can write to. Credentials are those of this process and fsspec's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from ..domain.credentials import mask
from .image import CHUNK, ImageUnusable, StoreFailed

ENDING = ".tar.zst"
PART = ".part"
"""How the name of an upload ends that is not done, or never will be."""

BLOCK = 8 * 1024 * 1024
"""Bytes that are asked of a store at a time."""


class ImageStore:
    """The images below one URL, each by the id of its prefix. All methods may raise StoreFailed."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def __str__(self) -> str:
        """As it may be shown."""
        return mask(self._url).partition("?")[0]

    @contextmanager
    def writing(self, prefix_id: str) -> Iterator[Callable[[bytes], object]]:
        """Write an image; it is there when the block ends well, and nothing is when it does not."""
        part = self._path(f"{prefix_id}.{uuid.uuid4().hex[:8]}{PART}")
        with self._explained():
            file = self._create(part)

        def write(data: bytes) -> None:
            with self._explained():
                file.write(data)

        try:
            yield write
            with self._explained():
                file.close()
                self._files.mv(part, self._path(prefix_id + ENDING))
        except BaseException:
            # Closing a file of an object store is what uploads it: it has to be closed before it can be removed.
            with suppress(Exception):
                file.close()
            with suppress(Exception):
                self._files.rm_file(part)
            raise

    def read(self, prefix_id: str) -> Iterator[bytes]:
        """The bytes of an image. Raises ImageUnusable when it is not there."""
        with self._explained():
            try:
                file = self._files.open(self._path(prefix_id + ENDING), "rb", block_size=BLOCK)
            except FileNotFoundError as error:
                raise ImageUnusable("the image is not in the image store") from error
        with file:
            while data := file.read(CHUNK):
                yield data

    def size(self, prefix_id: str) -> int | None:
        """Bytes of an image; None: it is not there."""
        with self._explained():
            self._files.invalidate_cache()
            try:
                return int(self._files.info(self._path(prefix_id + ENDING))["size"])
            except FileNotFoundError:
                return None

    def remove(self, name: str) -> None:
        """One of `names`; it may have gone already."""
        with self._explained(), suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def names(self) -> dict[str, str]:
        """The names of all that is there, uploads that never ended too, and the id of the prefix of each."""
        with self._explained():
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._folder, detail=False)
            except FileNotFoundError:
                return {}
            names = [str(path).rstrip("/").rpartition("/")[2] for path in found]
        return {n: n.partition(".")[0] for n in names if n.endswith((ENDING, PART))}

    def modified(self, name: str) -> datetime:
        """When one of `names` was last written; where the store does not tell, long ago."""
        with self._explained():
            try:
                moment: datetime = self._files.modified(self._path(name))
            except NotImplementedError:
                return datetime.min.replace(tzinfo=timezone.utc)
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

    def signed_url(self, prefix_id: str, seconds: int) -> str | None:
        """A URL by which anybody can read the image for so long; None where the store can't make one."""
        with self._explained():
            try:
                url = self._files.sign(self._path(prefix_id + ENDING), expiration=seconds)
            except NotImplementedError:
                return None
        return str(url)

    @cached_property
    def _place(self) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise StoreFailed("an image store needs: pip install 'jupyter-dataflow-envs[team]'") from error
        files, folder = url_to_fs(self._url)
        return files, str(folder).rstrip("/")

    @property
    def _files(self) -> Any:
        return self._place[0]

    @property
    def _folder(self) -> str:
        return self._place[1]

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _create(self, path: str) -> Any:
        try:
            return self._files.open(path, "wb", block_size=BLOCK)
        except FileNotFoundError:
            # Only where a folder has to be there: what has none would make a bucket.
            self._files.makedirs(self._folder, exist_ok=True)
            return self._files.open(path, "wb", block_size=BLOCK)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of a store may tell its credentials: of those that are not the system's only the kind is kept."""
        try:
            yield
        except (StoreFailed, ImageUnusable):
            raise
        except Exception as error:
            words = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            raise StoreFailed(f"the image store {self} can't be used: {mask(words)}") from error
