"""What went wrong below us, in sentences that say what to do."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from ..domain.errors import EngineError
from .credentials import mask

_FULL = re.compile(
    r"no space left on device|database or disk is full|disk quota exceeded|os error (28|122)\b", re.IGNORECASE
)
_DENIED = re.compile(r"permission denied|read-only file system|os error (13|30)\b", re.IGNORECASE)
_PATH = re.compile(r"[`'\"](/[^`'\"]+)[`'\"]")


def explain(error: BaseException, *places: Path) -> EngineError | None:
    """A full disk or a refused write, whoever met it; None when it is something else.

    `places` are the folders that were written to; the first is taken when the error itself names none.
    """
    if isinstance(error, EngineError):
        return error
    if isinstance(error, OSError) and isinstance(error.filename, str):
        places = (Path(error.filename), *places)
    number = error.errno if isinstance(error, OSError) else None
    return explain_text(str(error), *places, number=number)


def explain_text(text: str, *places: Path, number: int | None = None) -> EngineError | None:
    """As `explain`, for what another program wrote."""
    named = [Path(p) for p in _PATH.findall(text)]
    if number in (errno.ENOSPC, errno.EDQUOT) or _FULL.search(text):
        return _full([*named, *places], text)
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or _DENIED.search(text):
        where = str(named[0] if named else places[0] if places else "a folder of this deployment")
        return EngineError(
            f"no permission to write {where}: the service's account needs write access to its root folder", mask(text)
        )
    return None


def _full(places: Iterable[Path], text: str) -> EngineError:
    for place in (existing(p) for p in places):
        free = shutil.disk_usage(place).free
        return EngineError(
            f"the disk that holds {place} is full: {free / 1e6:.0f} MB free; delete environments or give it more room",
            mask(text),
        )
    return EngineError("a disk is full", mask(text))


def existing(path: Path) -> Path:
    """The path, or its nearest ancestor that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
