"""What a warm build costs beside the floor: `python bench/build.py [--pairs 7] [--pip rich]`.

Floor and engine take turns. Each timed build holds one tiny package in a version that no build before it held, so that
its digest is new and nothing can be reused; all packages and their bytecode are in the caches. Both count from the
start of their process to its last word, and both link the same packages from the same caches in the same way.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.engine.protocol import Caches, Job, Mode, Sources
from tests.channel.cache import cached_channel
from tests.channel.special import TINY_NAMES, TINY_VERSIONS

ASKED = ("ipykernel", "pandas", "pip")


@dataclass
class Timed:
    """One build: its wall time in seconds, and what it said."""

    seconds: float
    said: dict[str, Any]
    files: int

    @property
    def steps(self) -> dict[str, float]:
        return {s["name"]: s["duration"] for s in self.said["steps"]}


class Bench:
    def __init__(self, root: Path, channel: Path, python: str, pip: str) -> None:
        self.root, self.channel, self.python, self.pip = root, channel, python, pip
        names = ("packages", "repodata", "uv", "bytecode")
        self.caches = Caches(*(str(root / "cache" / n) for n in names))
        self.wheels = ""
        self.count = 0

    def prefix(self) -> Path:
        self.count += 1
        return self.root / "prefixes" / f"{self.count:012x}"

    def engine(self, conda: tuple[str, ...]) -> Timed:
        prefix = self.prefix()
        job = Job(
            mode=Mode.BUILD,
            caches=self.caches,
            sources=Sources((self.channel.as_uri(),)),
            prefix=str(prefix),
            title="bench",
            python_version=self.python,
            conda=conda,
            pip=tuple(self.pip.split()),
        )
        said, say = os.pipe()
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "jupyter_dataflow_envs.engine", str(say)],
            stdin=subprocess.PIPE,
            pass_fds=(say,),
            start_new_session=True,
        )
        os.close(say)
        assert child.stdin is not None
        child.stdin.write(job.to_line().encode())
        child.stdin.flush()
        last: dict[str, Any] = {}
        with os.fdopen(said) as lines:
            for line in lines:
                last = json.loads(line)
                if last["type"] == "lock":
                    child.stdin.write(b'{"answer": "install"}\n')
                    child.stdin.flush()
                elif last["type"] in ("result", "failure"):
                    break
        seconds = time.perf_counter() - started
        child.wait()
        child.stdin.close()
        if last.get("type") != "result":
            raise SystemExit(f"the engine failed: {last}")
        return Timed(seconds, last, self.remove(prefix))

    def floor(self, conda: tuple[str, ...]) -> Timed:
        prefix = self.prefix()
        job = {
            "channel": self.channel.as_uri(),
            "specs": " ".join([f"python={self.python}", *ASKED, *(c for c in conda if c not in ASKED)]),
            "pip": self.pip,
            "wheels": self.wheels,
            "prefix": str(prefix),
            "packages": self.caches.packages,
            "repodata": self.caches.repodata,
            "uv": self.caches.uv,
            "bytecode": self.caches.bytecode,
        }
        command = [sys.executable, str(Path(__file__).with_name("floor.py")), json.dumps(job)]
        started = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        return Timed(seconds, json.loads(done.stdout), self.remove(prefix))

    def remove(self, prefix: Path) -> int:
        """Counts the prefix' files and removes it."""
        files = 0
        for folder, _, names in os.walk(prefix):
            Path(folder).chmod(0o700)
            files += len(names)
        shutil.rmtree(prefix)
        return files


def table(kind: str, runs: list[Timed]) -> None:
    median = statistics.median(r.seconds for r in runs)
    low, high = min(r.seconds for r in runs), max(r.seconds for r in runs)
    said = runs[-1].said
    held = f"{said['packages']} packages, {runs[-1].files:,} files"
    print(f"{kind:7s} median {median:.3f} s ({low:.3f} to {high:.3f}); {held}")
    steps = {name: statistics.median(r.steps[name] for r in runs) for name in runs[-1].steps}
    print("        " + ", ".join(f"{name} {seconds:.3f}" for name, seconds in steps.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7, help="how many builds of each kind, at most 90")
    parser.add_argument("--python", default=f"{sys.version_info[0]}.{sys.version_info[1]}")
    parser.add_argument("--pip", default="rich", help="the pip part; empty: none")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="dataflow-bench-"))
    try:
        bench = Bench(root, cached_channel(), options.python, options.pip)
        names = [(name, version) for version in TINY_VERSIONS for name in TINY_NAMES]
        needed = sorted({version for _, version in names[: 2 * options.pairs]})
        for version in needed:  # fills the caches, with digests that no timed build has
            warm = bench.engine(("pandas", *(f"{name}=={version}" for name in TINY_NAMES)))
            lock = Lock.from_json(warm.said["lock"])
        bench.wheels = " ".join(p.sha256 for p in lock.packages if p.manager == "pip")
        floors: list[Timed] = []
        engines: list[Timed] = []
        for pair in range(options.pairs):
            one, two = names[2 * pair], names[2 * pair + 1]
            floors.append(bench.floor(("pandas", f"{one[0]}=={one[1]}")))
            engines.append(bench.engine(("pandas", f"{two[0]}=={two[1]}")))
        asked = f"{{python {options.python}, ipykernel, pandas}} + pip {options.pip or 'nothing'}"
        print(f"{asked}, {options.pairs} builds of each, taking turns")
        table("floor", floors)
        table("engine", engines)
        ratios = [e.seconds / f.seconds for e, f in zip(engines, floors, strict=True)]
        medians = statistics.median(e.seconds for e in engines) / statistics.median(f.seconds for f in floors)
        print(f"ratio   {medians:.2f} of the medians, {statistics.median(ratios):.2f} median of the pairs")
    finally:
        for folder, _, _ in os.walk(root):
            Path(folder).chmod(0o700)
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
