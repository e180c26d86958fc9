"""One append-only file for each attempt: constant cost a line, readable from any byte offset while it grows."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from ..engine.credentials import mask

READ_LIMIT = 1024 * 1024
"""Bytes that one read returns at most."""

RESERVE = 16 * 1024
"""Bytes kept for what is said after the cut: why and how the build ended."""


class BuildLog:
    """Appends to one attempt's log.

    Credentials in URLs are masked. Past `limit` bytes a line says that the log is cut, and only closing lines are kept.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self._limit = max(limit - RESERVE, RESERVE)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._written = os.fstat(self._file).st_size
        self._cut = self._written > self._limit
        self._writing = threading.Lock()

    def write(self, text: str) -> None:
        """One or more whole lines; nothing once it is closed."""
        data = _encode(text)
        with self._writing:
            if self._cut or self._file < 0:
                return
            if self._written + len(data) > self._limit:
                self._cut = True
                data = _encode(
                    f"[The log is cut here: it has reached {self._limit + RESERVE:,} bytes. The build goes on.]"
                )
            self._append(data)

    def close(self, last_words: str = "") -> None:
        """`last_words` are written even to a log that was cut, unless that would need more than what was reserved."""
        with self._writing:
            if self._file < 0:
                return
            if last_words:
                self._append(_shortened(_encode(last_words), RESERVE // 2))
            os.close(self._file)
            self._file = -1

    def _append(self, data: bytes) -> None:
        self._written += len(data)
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._cut = True  # the build must still come to its end, which says that the disk is full


@dataclass(frozen=True, slots=True)
class Logs:
    """Where the logs of a deployment are."""

    folder: Path
    limit: int

    def path(self, environment_id: str, number: int, attempt: int) -> Path:
        return self.folder / environment_id / f"{number}.{attempt}.log"

    def open(self, environment_id: str, number: int, attempt: int) -> BuildLog:
        """An attempt that is taken up again goes on in the same log."""
        return BuildLog(self.path(environment_id, number, attempt), self.limit)

    def read(
        self, environment_id: str, number: int, attempt: int, offset: int, limit: int = READ_LIMIT
    ) -> tuple[bytes, int]:
        """Whole characters from a byte offset on, and the offset of what comes next. A log not begun yet is empty."""
        try:
            with self.path(environment_id, number, attempt).open("rb") as file:
                if offset >= os.fstat(file.fileno()).st_size:  # file systems refuse to seek much further
                    return b"", offset
                file.seek(offset)
                data = file.read(max(min(limit, READ_LIMIT), 4))
        except FileNotFoundError:
            return b"", offset
        whole = _whole_characters(data)
        return data[:whole], offset + whole


def _encode(text: str) -> bytes:
    text = mask(text)
    return (text if text.endswith("\n") else text + "\n").encode("utf-8", "replace")


def _shortened(data: bytes, limit: int) -> bytes:
    if len(data) <= limit:
        return data
    short = data[: limit - 1]
    return short[: _whole_characters(short)] + b"\n"


def _whole_characters(data: bytes) -> int:
    """How many of the bytes form whole UTF-8 characters."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return len(data)
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) if back >= length else len(data) - back
    return len(data)
