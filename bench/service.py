"""From `POST …/build` to Draft, verification included, beside the floor: `python -m bench.service [--pairs 9]`.

{python, ipykernel, pandas} and pip's rich, with warm caches. The floor (`bench/floor.py`) uses the same caches, link
mode and lock, and nothing but rattler, uv, bytecode links and one kernel start. The two take turns; each timed build
holds one tiny package in a version that no build before it held, so that its digest is new and nothing can be reused.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import yaml

from bench.build import Bench, Timed, table
from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.engine.protocol import Caches
from tests.channel.cache import cached_channel
from tests.channel.special import TINY_NAMES, TINY_VERSIONS
from tests.live import live_server

PIP = "rich"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    pairs = parser.parse_args().pairs
    channel = cached_channel()
    names = [(name, version) for version in TINY_VERSIONS for name in TINY_NAMES]
    folder = Path(tempfile.mkdtemp(prefix="dataflow-bench-"))
    floors: list[Timed] = []
    services: list[Timed] = []
    try:
        bench = Bench(folder / "floor", channel, PYTHON, PIP)
        bench.caches = Caches(*(str(folder / "root" / "cache" / n) for n in ("packages", "repodata", "uv", "bytecode")))
        with live_server(folder / "root", channel.as_uri()) as server, server.client() as client:
            for number, version in enumerate(sorted({version for _, version in names[: 2 * pairs]})):
                build(client, f"w{number}", [f"{name}=={version}" for name in TINY_NAMES])
            bench.wheels = " ".join(wheels(client, "w0"))
            for pair in range(pairs):
                one, two = names[2 * pair], names[2 * pair + 1]
                floors.append(bench.floor(("pandas", f"{one[0]}=={one[1]}")))
                services.append(build(client, f"b{pair}", [f"{two[0]}=={two[1]}"]))
    finally:
        remove_tree(folder)
    print(f"{{python {PYTHON}, ipykernel, pandas}} + pip {PIP}, {pairs} builds of each, taking turns")
    table("floor", floors)
    table("service", services)
    ratio = statistics.median(s.seconds for s in services) / statistics.median(f.seconds for f in floors)
    pairwise = statistics.median(s.seconds / f.seconds for s, f in zip(services, floors, strict=True))
    print(f"ratio   {ratio:.2f} of the medians, {pairwise:.2f} median of the pairs (target: at most 1.25)")


def build(client: Client, short_name: str, more: list[str]) -> Timed:
    """One build through REST. Its time is from the transaction of the POST to the one that makes it Draft."""
    client.create(
        short_name,
        full_name=short_name,
        python_version=PYTHON,
        conda_requirements=["pandas", *more],
        pip_requirements=[PIP],
    )
    client.build(short_name)
    version = client.wait(short_name)
    if version["outcome"] != "succeeded" or version["finished_at"] is None:
        raise SystemExit(f"the build failed: {version['reason']}")
    queued, ended = (datetime.fromisoformat(t) for t in (version["created_at"], version["finished_at"]))
    said = {"steps": version["phases"], "packages": len(version["packages"])}
    files = re.search(r"Sealed: ([0-9,]+) files", client.log(short_name).text)
    return Timed((ended - queued).total_seconds(), said, int(files[1].replace(",", "")) if files else 0)


def wheels(client: Client, short_name: str) -> list[str]:
    """Hashes of the pip part's files, by which the floor finds their bytecode."""
    lock = yaml.safe_load(client.export(short_name, "conda-lock.yml"))
    return [p["hash"]["sha256"] for p in lock["package"] if p["manager"] == "pip"]


if __name__ == "__main__":
    main()
