"""Bounded looks at folders and files, which remember what was looked at, so that it is known when to look again."""

from __future__ import annotations

import errno
import os
import stat
import time
from itertools import islice

ENTRIES_LIMIT = 20_000
TEXT_LIMIT = 256 * 1024
GRAIN = 1_000_000_000
"""Nanoseconds: what changed so shortly before a look may change again without another time stamp (some network disks
count whole seconds), so that such a look is not trusted."""

Signature = tuple[int, int, int, int] | int
_DENIED = (errno.EACCES, errno.EPERM)


class Looks:
    """Reads and remembers the times of what it read. Nothing here raises for what lies on the disk."""

    def __init__(self) -> None:
        self.seen: dict[str, Signature] = {}
        self._fresh = False

    def at(self, path: str) -> os.stat_result | int:
        """What is there, links followed; or the error's number."""
        try:
            found = os.stat(path)  # noqa: PTH116  Path.stat costs twice as much
        except (OSError, ValueError) as error:
            number = _number(error)
            self.seen[path] = number
            return number
        self.seen[path] = _signature(found)
        self._fresh = self._fresh or abs(time.time_ns() - found.st_ctime_ns) < GRAIN
        return found

    def is_folder(self, path: str) -> bool:
        found = self.at(path)
        return not isinstance(found, int) and stat.S_ISDIR(found.st_mode)

    def is_file(self, path: str) -> bool:
        found = self.at(path)
        return not isinstance(found, int) and stat.S_ISREG(found.st_mode)

    def is_denied(self, path: str) -> bool:
        """Whether it can't be known if it is there."""
        found = self.at(path)
        return isinstance(found, int) and found in _DENIED

    def entries(self, path: str, limit: int = ENTRIES_LIMIT) -> list[str]:
        """The names in a folder, sorted; none where it is missing or can't be read (see `may_list`)."""
        if not self.is_folder(path):
            return []
        try:
            with os.scandir(path) as found:
                return sorted(entry.name for entry in islice(found, limit))
        except OSError:
            return []

    def may_list(self, path: str) -> bool:
        """False only where permission is missing."""
        if self.is_denied(path):
            return False
        try:
            os.scandir(path).close()
        except OSError as error:
            return error.errno not in _DENIED
        except ValueError:
            return True
        return True

    def text(self, path: str, limit: int = TEXT_LIMIT) -> str | None:
        """The beginning of a file; None where there is none that can be read."""
        if not self.is_file(path):
            return None
        content = read_bytes(path, limit)
        return None if content is None else content.decode(errors="replace")

    def hold(self) -> bool:
        """Whether all that was looked at is as it was."""
        return not self._fresh and all(_now(path) == before for path, before in self.seen.items())


def real(path: str) -> str:
    """The path with its links followed; as it is where it can't be a path, as with a NUL in it."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def read_bytes(path: str, limit: int) -> bytes | None:
    """The beginning of an ordinary file; None where there is none that can be read. A pipe does not block it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        size = min(found.st_size, limit)
        content = os.read(descriptor, size)
        while len(content) < size and (more := os.read(descriptor, size - len(content))):
            content += more
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content


def _now(path: str) -> Signature:
    try:
        return _signature(os.stat(path))  # noqa: PTH116
    except (OSError, ValueError) as error:
        return _number(error)


def _signature(found: os.stat_result) -> Signature:
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def _number(error: OSError | ValueError) -> int:
    return (error.errno or errno.EIO) if isinstance(error, OSError) else errno.EINVAL
