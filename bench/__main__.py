"""Every figure that the project promises, one after another: `make bench`; `python -m bench NAME…` for some."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from pathlib import Path

BENCHES = (
    "build",
    "service",
    "kernel_start",
    "server_start",
    "log",
    "listing",
    "revert",
    "events",
    "panel",
    "local",
    "copy",
    "image",
    "team",
    "growth",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)} (default: all)")
    names = parser.parse_args().names or BENCHES
    print(f"Python {platform.python_version()} on {platform.platform()}", flush=True)
    missed = 0
    for name in names:
        print(f"\n== {name}", flush=True)
        # Each in a process of its own: none measures what another has left in memory.
        missed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=Path(__file__).parent.parent).returncode
    return missed


if __name__ == "__main__":
    sys.exit(main())
