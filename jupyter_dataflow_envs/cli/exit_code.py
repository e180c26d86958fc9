"""What the program says to its caller."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    REFUSED = 1
    USAGE = 2
    BUILD_FAILED = 3
    INTERRUPTED = 130
    NOBODY_READS = 141
