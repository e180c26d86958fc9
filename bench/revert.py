"""Going back to a version that is installed still, from POST to Draft: `python -m bench.revert [--rounds 20]`.

Two versions of {python, ipykernel, pandas}, a small package and a wheel; then back and forth between their packages,
over a real server. Channel and index are asked for nothing meanwhile, which is counted. Exit code 1 when the median is
not under a second, or when anything was asked for.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from jupyter_dataflow_envs import Client
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from tests.channel.cache import cached_channel, cached_wheelhouse
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.handlers.rest import Rest
from tests.live import live_server

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
LIMIT = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp(prefix="dataflow-bench-"))
    seen: list[float] = []
    inside: list[float] = []
    try:
        with Server(cached_channel()) as channel, index_server(cached_wheelhouse()) as index:
            config = {"pip_index_url": index_url(index)}
            with (
                live_server(folder / "root", channel.url, config=config) as server,
                server.client() as client,
            ):
                packages = two_versions(client)
                asked = len(channel.requests) + len(index.requests)
                rest = Rest(server.url, server.token)
                for number in range(rounds):
                    seconds, version = revert(client, rest, 1 + number % 2)
                    seen.append(seconds)
                    inside.append(version)
                downloads = len(channel.requests) + len(index.requests) - asked
    finally:
        remove_tree(folder)
    print(f"{{python {PYTHON}, ipykernel, pandas}} + a wheel, {packages} packages, {rounds} reverts, warm")
    print(f"seen by a client that asks every 5 ms: {_told(seen)} (target: under {LIMIT:.0f} s)")
    print(f"from the POST's transaction to Draft's: {_told(inside)}")
    print(f"requests to channel and index meanwhile: {downloads} (target: 0)")
    return int(statistics.median(seen) >= LIMIT or downloads > 0)


def two_versions(client: Client) -> int:
    """Built one after the other; the number of packages of the first."""
    wheel = ["tinywheel-00==1.1"]
    client.create(
        "bench",
        full_name="Bench",
        python_version=PYTHON,
        conda_requirements=["pandas", "tiny-000==1.1"],
        pip_requirements=wheel,
    )
    for conda in (["pandas", "tiny-000==1.1"], ["pandas", "tiny-001==1.2"]):
        client.edit("bench", conda_requirements=conda)
        client.build("bench")
        version = client.wait("bench")
        if version["outcome"] != "succeeded":
            raise SystemExit(f"the build failed: {version['reason']}")
    return len(client.version("bench", 1)["packages"])


def revert(client: Client, rest: Rest, number: int) -> tuple[float, float]:
    """Seconds from the request until the environment is seen as Draft, and between the two transactions."""
    began = time.perf_counter()
    made = rest.post("/environments/bench/revert", {"version": number}).ok(202)
    while (shown := client.environment("bench"))["status"] == "In Progress":
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    version = client.version("bench", made["number"])
    before = client.version("bench", number)
    if shown["status"] != "Draft" or version["digest"] != before["digest"] or version["finished_at"] is None:
        raise SystemExit(f"the revert failed: {version['reason']}")
    queued, ended = (datetime.fromisoformat(t) for t in (version["created_at"], version["finished_at"]))
    return seconds, (ended - queued).total_seconds()


def _told(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds) * 1000:.0f} ms ({min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f})"


if __name__ == "__main__":
    sys.exit(main())
