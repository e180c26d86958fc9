"""Workers that are not as they should be, and a cluster behind TLS."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import pytest

from jupyter_dataflow_envs._version import __version__
from jupyter_dataflow_envs.builds.dask.runner import DaskRunner
from jupyter_dataflow_envs.engine.protocol import Answer, Caches, Job, Message, Mode, Sources
from tests.builds.dask_cluster import DaskCluster, dask_cluster

OLD = "import jupyter_dataflow_envs._version as v; v.__version__ = '0.0.7'\n"


class Listener:
    def __init__(self) -> None:
        self.text = ""

    def started(self, process: dict[str, Any]) -> None:
        return

    def heard(self, message: Message) -> Answer | None:
        return None

    def printed(self, text: str) -> None:
        self.text += text + "\n"


def asked(cluster: DaskCluster, root: Path, channel: Path) -> Message | None:
    """What the engine answers to a question that takes a moment."""
    root.mkdir(exist_ok=True)
    job = Job(
        mode=Mode.VERSIONS,
        name="tiny-000",
        caches=Caches(*(str(root / "cache" / name) for name in ("packages", "repodata", "uv", "bytecode"))),
        sources=Sources((channel.as_uri(),)),
        prefix=str(root / "prefixes" / "none"),
    )
    runner = DaskRunner(root, cluster.address, 100_000)
    listener, stop = Listener(), threading.Event()
    timer = threading.Timer(30, stop.set)
    timer.start()
    try:
        return runner.run(job, listener, stop)
    finally:
        timer.cancel()
        runner.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A scheduler; each test brings its worker."""
    with dask_cluster(tmp_path_factory.mktemp("dask")) as made:
        made.start_scheduler()
        yield made


def test_a_worker_with_another_version(cluster: DaskCluster, tmp_path: Path, channel: Path) -> None:
    (tmp_path / "preload.py").write_text(OLD)
    cluster.start_worker("old", "--preload", str(tmp_path / "preload.py"))
    cluster.wait_joined("old")
    last = asked(cluster, tmp_path / "root", channel)
    assert last is not None
    assert last["type"] == "failure"
    words = f"has jupyter_dataflow_envs 0.0.7 and the service {__version__}: install the same version on both"
    assert words in last["reason"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")
def test_tls(tmp_path: Path, channel: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "1", "-subj", "/CN=dask", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    files = ("--tls-ca-file", str(certificate), "--tls-cert", str(certificate), "--tls-key", str(key))
    ours = {
        "distributed.comm.tls.ca-file": str(certificate),
        "distributed.comm.tls.client.cert": str(certificate),
        "distributed.comm.tls.client.key": str(key),
    }
    with dask_cluster(tmp_path / "cluster", *files) as secured, dask.config.set(ours):
        secured.start_scheduler()
        secured.start_worker("a")
        secured.wait_joined("a")
        assert secured.address.startswith("tls://")
        last = asked(secured, tmp_path / "root", channel)
    assert last is not None
    assert last["type"] == "result", last
    assert "1.1" in last["values"]
