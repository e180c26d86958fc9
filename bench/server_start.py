"""What the extension adds to the start of a Jupyter server: time from its process's start until `GET /api` answers."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.live import OTHER_EXTENSIONS, free_port

RUNS = 15
GIVE_UP = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        start(home, extension=True)  # makes the root, so that no run measures that
        with_it, without = [], []
        for _ in range(runs):
            with_it.append(start(home, extension=True))
            without.append(start(home, extension=False))
    differences = [a - b for a, b in zip(with_it, without, strict=True)]
    print(f"server without the extension: median {statistics.median(without) * 1000:.0f} ms of {runs}")
    print(f"server with the extension:    median {statistics.median(with_it) * 1000:.0f} ms of {runs}")
    added = statistics.median(differences) * 1000
    print(f"the extension adds, median of the pairs: {added:.0f} ms (target: at most 50 ms)")


def start(home: Path, *, extension: bool) -> float:
    """Seconds until the server answers."""
    port = free_port()
    folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    extensions = {**dict.fromkeys(OTHER_EXTENSIONS, False), "jupyter_dataflow_envs": extension}
    command = [
        sys.executable, "-m", "jupyter_server", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        "--ServerApp.open_browser=False", "--ServerApp.allow_root=True",
        f"--ServerApp.jpserver_extensions={extensions}",
        "--IdentityProvider.token=bench",
    ]  # fmt: skip
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **folders}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home
    )
    try:
        while time.perf_counter() - began < GIVE_UP:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=GIVE_UP):
                    return time.perf_counter() - began
            except OSError:
                time.sleep(0.001)
        raise TimeoutError("the server did not answer")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
