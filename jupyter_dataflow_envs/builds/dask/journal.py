"""What an engine said on a worker: one JSON line each, in a file that the service pulls by offset."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from ...engine.credentials import mask
from ...engine.protocol import Message

READ_LIMIT = 1024 * 1024
"""Bytes that one read returns, but for the rest of a longer line."""

SHOWN = ("text", "reason", "details")
"""What people read of messages: credentials are masked before they are written anywhere."""


class Journal:
    """Written by the thread of one execution; read by any.

    Lines are `{"heard": Message}`, `{"printed": text}` and at the end `{"last": Message | null}`, or
    `{"broken_off": true}`. After `limit` characters of texts further ones are left out: the service's log has its cut
    by then.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self._left = limit
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._whole = 0
        self._closing = threading.Lock()

    def heard(self, message: Message) -> None:
        if message["type"] != "log" or self._has_room(message["text"]):
            self._write({"heard": _masked(message)})

    def printed(self, text: str) -> None:
        if self._has_room(text):
            self._write({"printed": mask(text)})

    def break_off(self) -> None:
        """The worker has ended it: it may go on elsewhere."""
        self._write({"broken_off": True})

    def end(self, last: Message | None) -> None:
        self._write({"last": _masked(last) if last else None})

    def read(self, offset: int) -> tuple[str, int]:
        """Whole lines from the offset on, and the offset after them."""
        with self._closing:
            if self._file < 0:
                return "", offset
            end = self._whole  # what is being written at this moment is for the next time
            data = os.pread(self._file, min(READ_LIMIT, end - offset), offset) if offset < end else b""
            while data and b"\n" not in data:
                data += os.pread(self._file, min(READ_LIMIT, end - offset - len(data)), offset + len(data))
        data = data[: data.rfind(b"\n") + 1]
        return data.decode(), offset + len(data)

    def has_more(self, offset: int) -> bool:
        return self._whole > offset

    def remove(self) -> None:
        with self._closing:
            os.close(self._file)
            self._file = -1
        self.path.unlink(missing_ok=True)

    def _has_room(self, text: str) -> bool:
        self._left -= len(text)
        return self._left >= 0

    def _write(self, line: dict[str, Any]) -> None:
        data = json.dumps(line).encode() + b"\n"
        length = len(data)
        while data:
            written = os.pwrite(self._file, data, self._whole + length - len(data))
            data = data[written:]
        self._whole += length


def _masked(message: Message) -> Message:
    return {k: mask(v) if k in SHOWN and isinstance(v, str) else v for k, v in message.items()}
