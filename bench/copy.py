"""Copy to Local of 50 packages, warm, beside `cp -a` of the same prefix: `python -m bench.copy [--pairs 7]`.

Both take turns, and begin with the file system written out. A copy counts from the request, as the server's worker
thread makes it, until the Local environment is Ready, with its kernel registered. What `cp` makes could not be used:
its files name the prefix that they came from. Exit code 1 when the median of the ratios is above 1.5.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.domain.local import LocalStatus
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.channel.cache import cached_channel, cached_wheelhouse
from tests.channel.index import index_server, index_url
from tests.service.deployments import ALICE, build, create, deployment_in, minor_of

LIMIT = 1.5
LIBRARIES = ("pandas", "requests", "tqdm", "click", "attrs", *(f"tiny-{n:03}" for n in range(6)))
WHEELS = ("tinywheel-00", "tinywheel-01", "tinywheel-02")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    pairs = parser.parse_args().pairs
    folder = Path(tempfile.mkdtemp(prefix="dataflow-bench-"))
    channel = cached_channel()
    copies: list[float] = []
    plain: list[float] = []
    try:
        with (
            index_server(cached_wheelhouse()) as index,
            deployment_in(folder / "root", channel.as_uri(), pip_index_url=index_url(index)) as deployment,
        ):
            create(deployment, "mlenv", minor_of(channel), *LIBRARIES, pip=WHEELS)
            build(deployment, "mlenv")
            packages = len(deployment.versions.get(ALICE, "mlenv", 1).packages)
            prefix = deployment.activations.launcher(ALICE, "mlenv").grant.prefix
            assert prefix is not None
            files = sum(len(names) for _, _, names in os.walk(prefix))
            copy(deployment)  # nothing is measured cold
            for _ in range(pairs):
                plain.append(cp(prefix, folder / "plain"))
                copies.append(copy(deployment))
    finally:
        remove_tree(folder)
    ratios = [ours / theirs for ours, theirs in zip(copies, plain, strict=True)]
    print(f"{packages} packages, {files:,} files, {pairs} pairs, warm")
    print(f"cp -a {told(plain)}; Copy to Local {told(copies)}")
    print(f"ratio: median {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}; target: {LIMIT})")
    return int(statistics.median(ratios) > LIMIT)


def cp(prefix: Path, target: Path) -> float:
    os.sync()
    began = time.perf_counter()
    subprocess.run(["cp", "-a", prefix, target], check=True)
    seconds = time.perf_counter() - began
    remove_tree(target)
    return seconds


def copy(deployment: Deployment) -> float:
    local = deployment.local.environments
    os.sync()
    began = time.perf_counter()
    deployment.local.copy_to_local(ALICE, "mlenv", "copy")
    while (found := local.get("copy")).status is LocalStatus.IN_PROGRESS:
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    if found.status is not LocalStatus.READY or found.kernel is None:
        raise SystemExit(f"the copy failed: {found.reason}")
    local.delete("copy")
    return seconds


def told(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    sys.exit(main())
