"""`python -m tests.channel [DEST]`: make a conda channel from this machine's Pythons, and print its folder."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .cache import cached_channel, channel_at
from .interpreter import Interpreter, UnusableInterpreterError
from .wheel import DownloadError


def main(arguments: list[str] | None = None) -> int:
    """Make the channel; the folder goes to standard output, figures and errors to standard error."""
    parser = argparse.ArgumentParser(prog="python -m tests.channel", description=__doc__)
    parser.add_argument("dest", nargs="?", type=Path, help="the folder to make it in (default: one in the cache)")
    parser.add_argument("--python", action="append", type=Path, help="an interpreter to take (default: found)")
    parser.add_argument("--small", action="store_true", help="only python, ipykernel, pandas, pip and what they need")
    options = parser.parse_args(arguments)

    def told(figures: object) -> None:
        sys.stderr.write(f"{figures}\n")

    try:
        interpreters = [Interpreter.probe(p) for p in options.python] if options.python else None
        if options.dest:
            folder = channel_at(options.dest, options.small, interpreters, told)
        else:
            folder = cached_channel(options.small, interpreters, told)
    except (DownloadError, UnusableInterpreterError, FileExistsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # py-rattler can crash while an interpreter shuts down
