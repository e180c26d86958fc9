"""Installing a lock: the very same packages, and with warm caches no network."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.engine.protocol import Job, Mode
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.engine.driver import Engine


def installed(prefix: Path, lock: Lock) -> None:
    """Whether the prefix holds the lock's packages, by conda's and by pip's own records."""
    conda = {p.name: (p.version, p.build, p.sha256) for p in lock.packages if p.manager == "conda"}
    found = [json.loads(path.read_text()) for path in (prefix / "conda-meta").glob("*.json")]
    assert {r["name"]: (r["version"], r["build"], r["sha256"]) for r in found} == conda
    by_pip = {f"{p.name.replace('-', '_')}-{p.version}" for p in lock.packages if p.manager == "pip"}
    brought = {f.rpartition("/")[0].rpartition("/")[2] for r in found for f in r["files"] if f.endswith("/METADATA")}
    folders = {p.name for p in prefix.glob("lib/python3*/site-packages/*.dist-info")}
    assert {name.removesuffix(".dist-info") for name in folders - brought} == by_pip


def test_same_packages_from_nothing_and_without_a_network(
    engine: Engine, channel: Path, wheelhouse: Path, tmp_path: Path
) -> None:
    own = Engine(tmp_path, engine.sources, engine.python)
    with Server(channel) as conda, index_server(wheelhouse) as pip:
        sources = replace(engine.sources, channels=(conda.url,), pip_index_url=index_url(pip))
        lock = own.build("tiny-000=1.3", pip=["tinywheel-00==1.4"], sources=sources).lock

        def install(engine: Engine) -> Job:
            job = engine.job(Mode.INSTALL, lock=lock, sources=sources, python_version="")
            run = engine.run(job, env={"UV_HTTP_RETRIES": "0"})
            assert run.lock == lock
            installed(Path(job.prefix), lock)
            return job

        install(Engine(tmp_path / "fresh", engine.sources, engine.python))
        seen = len(conda.requests), len(pip.requests)
        install(own)
        assert (len(conda.requests), len(pip.requests)) == seen
    install(own)
    assert not list(tmp_path.glob("fresh/cache/repodata/*")), "nothing is solved, so nobody asks for repodata"
