"""A service whose builds run on Dask: cancelled in every phase, killed in the middle of a build."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.builds.dask_cluster import DaskCluster, dask_cluster
from tests.faults.processes import of_root
from tests.faults.site import PHASES, Site, rest_of
from tests.live import LiveServer, wait_until


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask")) as made:
        made.whole()
        yield made


@pytest.fixture(scope="module")
def server(site: Site, cluster: DaskCluster) -> Iterator[LiveServer]:
    """Runs again after each test."""
    with site.server(dask_scheduler=cluster.address, max_concurrent_builds=4) as server:
        yield server
        assert "Traceback" not in server.log, server.log[-4000:]


@pytest.mark.parametrize("phase", PHASES)
def test_cancel(site: Site, server: LiveServer, phase: str) -> None:
    person = rest_of(server)
    name = site.build_up_to(person, phase)
    begun = time.monotonic()
    person.post(f"/environments/{name}/cancel").ok(202)
    failed = person.wait(name, 10)
    took = time.monotonic() - begun
    assert failed["reason"] == f"cancelled by {person.get('/me').ok()['name']}"
    assert took < 2
    assert of_root(site.root) == []
    wait_until(lambda: site.prefixes() == site.prefix_rows(), "the partial prefix's end", 2)


def test_a_killed_service_s_build_is_ended_and_taken_up_again(
    site: Site, server: LiveServer, cluster: DaskCluster
) -> None:
    person = rest_of(server)
    name = site.build_up_to(person, "downloading")
    wait_until(lambda: "execution" in json.loads(site.row(name)["process"]), "the note of its worker", 5)
    before = site.row(name)
    partial = site.prefixes() - site.prefix_rows("ready")
    server.kill()
    assert of_root(site.root), "nobody has told the worker yet"
    server.start()
    wait_until(lambda: site.row(name)["run_id"] not in (before["run_id"], None), "another run", 10)
    wait_until(lambda: len(_engines(site)) == 1, "the end of the old engine", 10)
    site.heal()
    built = rest_of(server).wait(name)
    assert (built["outcome"], built["attempt"]) == ("succeeded", 1), built["reason"]
    log = rest_of(server).get(f"/environments/{name}/versions/1/log").text
    assert "Interrupted: the server stopped." in log
    assert not partial & site.prefixes()
    assert site.accounted_for()


def _engines(site: Site) -> list[str]:
    return [line for line in of_root(site.root) if "jupyter_dataflow_envs.engine" in line]
