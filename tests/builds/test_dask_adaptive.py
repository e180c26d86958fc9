"""A cluster that has no worker until there is something to build, and one for each build then."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_dataflow_envs.builds.dask.runner import DaskRunner
from jupyter_dataflow_envs.engine.protocol import Caches, Job, Mode, Sources
from tests.builds.test_dask_strangers import Listener
from tests.channel.server import Server
from tests.faults.processes import of_root
from tests.live import free_port, wait_until
from tests.service.deployments import minor_of

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=0, threads_per_worker=1, scheduler_port=int(sys.argv[1]), dashboard_address="127.0.0.1:0",
        resources={"dataflow-build": 1}, memory_limit=0, local_directory=sys.argv[2],
    ) as cluster:
        cluster.adapt(minimum=0, maximum=2, interval="200ms", wait_count=3)
        print("up", flush=True)
        sys.stdin.read()
"""


@contextmanager
def adaptive_cluster(folder: Path) -> Iterator[str]:
    """As docs/deploy/dask.md says it: how long a build may take is told, or Dask thinks of half a second."""
    (folder / "cluster.py").write_text(CLUSTER)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(folder / "cluster.py"), str(port), str(folder)],
        env={**os.environ, "DASK_DISTRIBUTED__SCHEDULER__DEFAULT_TASK_DURATIONS": "{'dataflow-build': '60s'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"up\n"
        yield f"tcp://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(30)


def test_a_worker_for_each_build(tmp_path: Path, channel: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    stop = threading.Event()
    with Server(channel) as served, adaptive_cluster(tmp_path) as address:
        served.hang("*repodata*")
        runner = DaskRunner(root, address, 100_000)
        builds = []
        try:
            for number in range(2):
                job = Job(
                    mode=Mode.BUILD,
                    caches=Caches(*(str(root / "cache" / name) for name in ("packages", "repodata", "uv", "bytecode"))),
                    sources=Sources((served.url,)),
                    prefix=str(root / "prefixes" / f"{number:012x}"),
                    python_version=minor_of(channel),
                )
                listener = Listener()
                thread = threading.Thread(target=runner.run, args=(job, listener, stop))
                thread.start()
                builds.append((thread, listener))
            wait_until(lambda: all("Building on worker" in told.text for _, told in builds), "two workers", 60)
            assert len({told.text.rpartition("worker ")[2] for _, told in builds}) == 2
            assert len([p for p in of_root(root) if "jupyter_dataflow_envs.engine" in p]) == 2
        finally:
            stop.set()
            for thread, _ in builds:
                thread.join(10)
            client = runner._cluster.client()
            try:
                assert client is not None
                wait_until(lambda: not runner._cluster.builders(client), "the workers' retirement", 30)
            finally:
                runner.close()
    assert of_root(root) == []
    assert list((root / "prefixes").iterdir()) == []
