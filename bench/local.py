"""Finding 50 environments, cold and warm, and reading the packages of a prefix that holds 400."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_dataflow_envs.local.finding import looks
from jupyter_dataflow_envs.local.finding.inventory import Inventory, packages_of
from jupyter_dataflow_envs.local.finding.places import Surroundings

RUNS = 15
SITE = "lib/python3.11/site-packages"


def main() -> None:
    # What has just been written is not kept, as it may change again: not what is measured here.
    looks.GRAIN = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for number in range(25):
            conda(home / f"miniforge3/envs/conda-{number}", packages=60, by_pip=5)
            venv(home / f".virtualenvs/venv-{number}", packages=60)
        around = Surroundings(home, {}, (), home / ".virtualenvs/venv-0", system=home / "none")
        count = len(Inventory(around).look())
        cold = median(lambda: Inventory(around).look())
        kept = Inventory(around)
        kept.look()
        warm = median(kept.look)
        print(
            f"{count} environments of 60 packages, half of them conda's: read for the first time {cold * 1000:.0f} ms, "
            f"again {warm * 1000:.1f} ms (target: under 200 ms)"
        )
        large = home / "large"
        conda(large, packages=300, by_pip=100)
        count = len(packages_of(large))
        print(f"packages of a prefix that holds {count}: {median(lambda: packages_of(large)) * 1000:.0f} ms (150 ms)")


def median(work: Callable[[], object]) -> float:
    """Seconds. The files are in the machine's memory, as those of environments in use are."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def venv(prefix: Path, packages: int) -> None:
    _python(prefix)
    (prefix / "pyvenv.cfg").write_text(f"home = {prefix}/bin\nversion = 3.11.7\n")
    for number in range(packages):
        _distribution(prefix, f"package_{number}")


def conda(prefix: Path, packages: int, by_pip: int) -> None:
    """Every third package has no Python part; records are as large as real ones' usually are, some 60 kB."""
    _python(prefix)
    (prefix / "conda-meta").mkdir()
    _record(prefix, "python-3.11.7-hab00c5b_0_cpython", [f"lib/python3.11/module_{i}.py" for i in range(3000)])
    for number in range(packages):
        python = number % 3 != 0
        files = [f"{SITE if python else 'include'}/package_{number}/module_{i}.x" for i in range(200)]
        if python:
            files += [f"{SITE}/package_{number}-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL")]
            _distribution(prefix, f"package_{number}")
        _record(prefix, f"package-{number}-1.0-{'pyhd8ed1ab_0' if python else 'h166bdaf_0'}", files)
    for number in range(by_pip):
        _distribution(prefix, f"by_pip_{number}")


def _python(prefix: Path) -> None:
    (prefix / SITE).mkdir(parents=True)
    (prefix / "bin").mkdir()
    (prefix / "bin/python").write_text("#!/bin/sh\n")
    (prefix / "bin/python").chmod(0o755)


def _distribution(prefix: Path, name: str) -> None:
    folder = prefix / SITE / f"{name}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{'x' * 4000}")


def _record(prefix: Path, stem: str, files: list[str]) -> None:
    paths = [{"_path": f, "path_type": "hardlink", "sha256": "0" * 64, "size_in_bytes": 1000} for f in files]
    record = {
        "build": stem.rpartition("-")[2], "channel": "https://channel.invalid/main", "files": files,
        "paths_data": {"paths": paths, "paths_version": 1},
    }  # fmt: skip
    (prefix / f"conda-meta/{stem}.json").write_text(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
