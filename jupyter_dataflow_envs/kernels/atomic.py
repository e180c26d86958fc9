"""Files that others see whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int, *, durable: bool = False) -> None:
    """Put `content` at `path` in one step; a shell that is just running the old file keeps reading the old one.

    Raises OSError when the folder is missing or the disk is full; the old file is then untouched.
    A power cut may still empty it unless it is `durable`: what comes from the database anew at each start need not be.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
