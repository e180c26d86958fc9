"""A file of names, one a line, sorted by bytes: asked without reading it all."""

from __future__ import annotations

import mmap
from pathlib import Path


class SortedNames:
    """Found by halving; an index of a whole registry has hundreds of thousands."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def beginning_with(self, prefix: str, limit: int) -> list[str]:
        """At most `limit` names, in order."""
        wanted = prefix.encode("utf-8", "replace")
        with self._file.open("rb") as file:
            if file.seek(0, 2) == 0:
                return []
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                text.seek(self._first(text, wanted))
                found: list[str] = []
                while len(found) < limit and (line := text.readline().rstrip(b"\n")).startswith(wanted) and line:
                    found.append(line.decode())
                return found

    @staticmethod
    def _first(text: mmap.mmap, wanted: bytes) -> int:
        """Where the first line that is not less than `wanted` begins."""
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) // 2
            start = text.rfind(b"\n", 0, middle) + 1
            end = text.find(b"\n", start)
            end = len(text) if end < 0 else end
            if text[start:end] < wanted:
                low = end + 1
            else:
                high = start
        return low
