"""A channel of a test's own, beside the real one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.channel.archive import Package

_INDEX = """
import asyncio, os, sys
from pathlib import Path
from rattler.index import index_fs
asyncio.run(index_fs(Path(sys.argv[1]), write_shards=False))
os._exit(0)  # rattler can crash while an interpreter shuts down
"""


def extra_channel(folder: Path, *packages: Package) -> str:
    """Packs and indexes them; the channel's URL."""
    for package in packages:
        package.write(folder)
    subprocess.run([sys.executable, "-c", _INDEX, str(folder)], check=True)
    return folder.as_uri()
