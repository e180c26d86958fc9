"""Builds on real Dask workers: the same engine, log, answers and failures as on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from jupyter_dataflow_envs.builds.dask.conversation import Patience
from jupyter_dataflow_envs.builds.dask.runner import DaskRunner
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.domain.errors import Unavailable
from jupyter_dataflow_envs.domain.version import Version
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.builds.dask_cluster import DaskCluster, dask_cluster
from tests.channel.server import Server
from tests.faults.processes import of_root
from tests.live import free_port, wait_until
from tests.service.deployments import ALICE, build, create, deployment_in, ended, log_of, minor_of, query
from tests.service.warm import warm

LOG_BYTES = 1024 * 1024

PATIENCE = Patience(contact_seconds=2.0, lost_seconds=4.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("dask")
    yield made
    remove_tree(made / "root")


@pytest.fixture(scope="module")
def shared_cluster(folder: Path) -> Iterator[DaskCluster]:
    with dask_cluster(folder / "cluster") as made:
        yield made


@pytest.fixture
def cluster(shared_cluster: DaskCluster) -> DaskCluster:
    """A scheduler and two workers, each with room for one build."""
    shared_cluster.whole()
    return shared_cluster


@pytest.fixture(scope="module")
def served(channel: Path) -> Iterator[Server]:
    with Server(channel) as server:
        yield server


@pytest.fixture(scope="module")
def deployment(folder: Path, shared_cluster: DaskCluster, served: Server, channel: Path) -> Iterator[Deployment]:
    shared_cluster.whole()
    root = warm(folder / "root", channel)
    runner = DaskRunner(root, shared_cluster.address, LOG_BYTES, patience=PATIENCE)
    with deployment_in(root, served.url, runner=runner, max_concurrent_builds=8) as opened:
        yield opened


@pytest.fixture(scope="module")
def python(channel: Path) -> str:
    return minor_of(channel)


@pytest.fixture(autouse=True)
def healthy(served: Server) -> Iterator[None]:
    yield
    served.heal()


def latest(deployment: Deployment, name: str) -> Version:
    return deployment.versions.list(ALICE, name)[0]


def row(deployment: Deployment, name: str) -> Any:
    """The latest attempt."""
    return query(
        deployment,
        "SELECT a.* FROM attempts a JOIN environments e ON e.id = a.environment_id WHERE e.short_name = :name "
        "ORDER BY a.id DESC LIMIT 1",
        name=name,
    )[0]


def says(deployment: Deployment, name: str, words: str, timeout: float = 30) -> str:
    """The log, once the words are in it."""
    wait_until(lambda: words in log_of(deployment, name, 1), f"'{words}' in the log of {name}", timeout)
    return log_of(deployment, name, 1)


def slow_downloads(deployment: Deployment, served: Server) -> None:
    served.throttle("noarch/big-data-*", 100_000)
    for cached in deployment.root.cache("packages").glob("big-data-*"):
        remove_tree(cached) if cached.is_dir() else cached.unlink()


@contextmanager
def held(deployment: Deployment, served: Server, python: str, name: str, *more: str) -> Iterator[None]:
    """A build that stays in its downloads until the channel heals."""
    slow_downloads(deployment, served)
    create(deployment, name, python, "big-data", *more)
    deployment.versions.build(ALICE, name, from_scratch=True)
    wait_until(lambda: latest(deployment, name).phase == "downloading", f"the downloads of {name}", 30)
    yield


def test_a_build_is_followed_while_it_runs(
    deployment: Deployment, cluster: DaskCluster, served: Server, python: str
) -> None:
    with held(deployment, served, python, "live", "tiny-001==1.1"):
        log = says(deployment, "live", "Downloading")
        progress = wait_until(lambda: (p := latest(deployment, "live").progress) and p.bytes_done and p, "progress")
        assert 0 < progress.bytes_done < progress.bytes_total
        worker = cluster.holder(log)
        noted = json.loads(row(deployment, "live").process)
        assert (noted["dask"], noted["worker"] in worker.log) == (cluster.address, True)
        engines = of_root(deployment.root.path)
        assert engines
        assert not any(str(os.getpid()) == _parent(e) for e in engines), "the engine is the worker's child"
        served.heal()
    built = ended(deployment, "live")
    assert built.outcome.value == "succeeded", built.reason
    assert [s.name for s in built.steps][:2] == ["solving", "downloading"]
    log = log_of(deployment, "live", 1)
    assert log.index("Building on worker") < log.index("Solved") < log.index("Succeeded.")
    assert "Run out-of-band" not in worker.log
    wait_until(lambda: not list(cluster.folder.rglob("*.jsonl")), "the journal's end", 5)
    # The next one takes what is there; the engine's answer came from here.
    create(deployment, "same", python, "big-data", "tiny-001==1.1")
    same = build(deployment, "same")
    assert same.prefix_id == built.prefix_id
    assert "taking that prefix" in log_of(deployment, "same", 1)
    assert wait_until(
        lambda: deployment.workshop.folders.ids() == {built.prefix_id}, "the end of what was not needed", 5
    )


def _parent(line: str) -> str:
    stat = Path(f"/proc/{line.split()[0]}/stat")
    return stat.read_text().rpartition(")")[2].split()[1] if stat.exists() else ""


def test_two_at_once_and_a_third_that_waits_for_a_place(
    deployment: Deployment, cluster: DaskCluster, served: Server, python: str
) -> None:
    slow_downloads(deployment, served)
    names = [f"par{n}" for n in range(3)]
    for number, name in enumerate(names):
        create(deployment, name, python, "big-data", f"tiny-002==1.{number}")
        deployment.versions.build(ALICE, name, from_scratch=True)
    wait_until(lambda: sum(latest(deployment, n).phase == "downloading" for n in names) == 2, "two builds", 30)
    (third,) = [n for n in names if latest(deployment, n).phase != "downloading"]
    says(deployment, third, "Waiting for a build worker: all of them are busy.")
    served.heal()
    assert {ended(deployment, n).outcome.value for n in names} == {"succeeded"}
    places = {log_of(deployment, n, 1).rpartition("Building on worker ")[2].split(",")[0] for n in names}
    assert len(places) == 2


def test_a_failure_has_its_reason(deployment: Deployment, cluster: DaskCluster, python: str) -> None:
    create(deployment, "bad", python, "conflict-a", "conflict-b")
    deployment.versions.build(ALICE, "bad")
    failed = ended(deployment, "bad")
    assert failed.outcome.value == "failed"
    assert failed.reason is not None
    assert "conflict" in failed.reason
    assert f"Failed: {failed.reason}" in log_of(deployment, "bad", 1)
    assert row(deployment, "bad").interruptions == 0


def test_a_cancel_reaches_the_worker(deployment: Deployment, cluster: DaskCluster, served: Server, python: str) -> None:
    before = deployment.workshop.folders.ids()
    with held(deployment, served, python, "stopd", "tiny-003==1.1"):
        begun = time.monotonic()
        deployment.versions.cancel(ALICE, "stopd")
        failed = ended(deployment, "stopd", 10)
        assert (failed.reason, time.monotonic() - begun < 2) == ("cancelled by alice", True)
        assert of_root(deployment.root.path) == []
        assert deployment.workshop.folders.ids() == before
        served.heal()
    # The place is free again.
    create(deployment, "after", python, "tiny-003==1.1")
    build(deployment, "after")


def _lose(deployment: Deployment, name: str, words: str, timeout: float = 15) -> str:
    return says(deployment, name, words, timeout)


def test_a_killed_worker_s_build_goes_on_at_the_other(
    deployment: Deployment, cluster: DaskCluster, served: Server, python: str
) -> None:
    with held(deployment, served, python, "robus", "tiny-004==1.1"):
        first = row(deployment, "robus")
        cluster.holder(log_of(deployment, "robus", 1)).signal(signal.SIGKILL)
        wait_until(lambda: log_of(deployment, "robus", 1).count("Building on worker") == 2, "the other worker", 15)
        served.heal()
    built = ended(deployment, "robus")
    assert (built.outcome.value, built.number, built.attempt) == ("succeeded", 1, 1), built.reason
    log = log_of(deployment, "robus", 1)
    assert "was lost. The build is taken up again from its place in the queue." in log
    assert "taken up again after an interruption" in log
    now = row(deployment, "robus")
    assert now.interruptions == 1
    assert built.prefix_id not in {
        p.id for p in query(deployment, "SELECT id FROM prefixes WHERE run_id = :r", r=first.run_id)
    }
    assert of_root(deployment.root.path) == []


def test_a_killed_worker_is_not_waited_for(
    folder: Path, cluster: DaskCluster, served: Server, channel: Path, python: str
) -> None:
    """Patience is with those that the scheduler still has."""
    root = warm(folder / "patient" / "root", channel)
    runner = DaskRunner(root, cluster.address, LOG_BYTES, patience=Patience(contact_seconds=200, lost_seconds=400))
    try:
        with (
            deployment_in(root, served.url, runner=runner) as patient,
            held(patient, served, python, "known", "tiny-004==1.2"),
        ):
            cluster.holder(log_of(patient, "known", 1)).signal(signal.SIGKILL)
            wait_until(lambda: log_of(patient, "known", 1).count("Building on worker") == 2, "the other worker", 30)
            served.heal()
            assert ended(patient, "known").outcome.value == "succeeded"
    finally:
        remove_tree(root)


def test_a_build_that_kills_each_worker_is_given_up(
    deployment: Deployment, cluster: DaskCluster, served: Server, python: str
) -> None:
    with held(deployment, served, python, "heavy", "tiny-005==1.1"):
        for time_ in (1, 2, 3):
            wait_until(lambda n=time_: log_of(deployment, "heavy", 1).count("Building on worker") == n, "a worker", 30)
            cluster.holder(log_of(deployment, "heavy", 1)).signal(signal.SIGKILL)
            cluster.whole() if time_ < 3 else None
        failed = ended(deployment, "heavy", 20)
    assert failed.reason is not None
    assert failed.reason.startswith("interrupted: this build broke off 3 times.")


def test_a_scheduler_that_comes_back_gets_the_build_again(
    deployment: Deployment, cluster: DaskCluster, served: Server, python: str
) -> None:
    with held(deployment, served, python, "again", "tiny-006==1.1"):
        assert cluster.scheduler is not None
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        wait_until(lambda: of_root(deployment.root.path) == [], "the end of the engine at the old worker", 10)
        says(deployment, "again", "Waiting for a build worker: there is no connection")
        assert latest(deployment, "again").outcome.value == "building"
        wait_until(lambda: not any(w.is_up() for w in cluster.workers.values()), "the workers' own end", 20)
        cluster.whole()
        served.heal()
    built = ended(deployment, "again")
    assert (built.outcome.value, built.attempt) == ("succeeded", 1), built.reason
    assert "The connection to the Dask scheduler was lost. The build is taken up again" in log_of(
        deployment, "again", 1
    )
    assert row(deployment, "again").interruptions == 0


def test_a_worker_that_was_only_asleep_is_fenced(
    deployment: Deployment, cluster: DaskCluster, served: Server, python: str
) -> None:
    with held(deployment, served, python, "sleep", "tiny-007==1.1"):
        first = row(deployment, "sleep")
        asleep = cluster.holder(log_of(deployment, "sleep", 1))
        asleep.signal(signal.SIGSTOP)
        wait_until(lambda: log_of(deployment, "sleep", 1).count("Building on worker") == 2, "the other worker", 15)
        served.heal()
        built = ended(deployment, "sleep")
        assert built.outcome.value == "succeeded", built.reason
        # Its engine went on all the time, and may even have finished.
        asleep.signal(signal.SIGCONT)
        wait_until(lambda: of_root(deployment.root.path) == [], "the end of the fenced engine", 10)
    (mine,) = query(deployment, "SELECT run_id FROM prefixes WHERE id = :id", id=built.prefix_id)
    assert mine.run_id != first.run_id
    assert latest(deployment, "sleep").prefix_id == built.prefix_id
    wait_until(lambda: not asleep.is_up(), "the dismissed worker's end", 20)
    cluster.whole()
    create(deployment, "sober", python, "tiny-007==1.2")
    build(deployment, "sober")


def test_a_worker_that_is_retired_passes_the_build_on(
    deployment: Deployment, cluster: DaskCluster, served: Server, python: str
) -> None:
    """By an adaptive cluster, say, or at the end of its lifetime."""
    with held(deployment, served, python, "moved", "tiny-009==1.1"):
        leaving = cluster.holder(log_of(deployment, "moved", 1))
        with Client(cluster.address, set_as_default=False) as client:
            client.retire_workers([json.loads(row(deployment, "moved").process)["worker"]], close_workers=True)
        wait_until(lambda: log_of(deployment, "moved", 1).count("Building on worker") == 2, "the other worker", 15)
        wait_until(lambda: not leaving.is_up(), "its end", 20)
        served.heal()
    built = ended(deployment, "moved")
    assert (built.outcome.value, built.attempt) == ("succeeded", 1), built.reason
    # Said by the worker itself, if it comes to that, else by the scheduler.
    assert re.search(r"(has stopped|was retired)\. The build is taken up again", log_of(deployment, "moved", 1))
    assert row(deployment, "moved").interruptions == 0
    assert of_root(deployment.root.path) == []


def test_a_service_that_stops_hands_the_build_back(
    folder: Path, cluster: DaskCluster, served: Server, channel: Path, python: str
) -> None:
    root = warm(folder / "second" / "root", channel)
    try:
        runner = DaskRunner(root, cluster.address, LOG_BYTES, patience=PATIENCE)
        with deployment_in(root, served.url, runner=runner) as first, held(first, served, python, "passd"):
            assert of_root(root)
        assert of_root(root) == []
        served.heal()
        with deployment_in(root, served.url, runner=DaskRunner(root, cluster.address, LOG_BYTES)) as second:
            assert ended(second, "passd").outcome.value == "succeeded"
            log = log_of(second, "passd", 1)
            assert "This server does not run the build any more: it goes back" in log
            assert row(second, "passd").interruptions == 0
    finally:
        remove_tree(root)


def test_without_a_scheduler_it_waits_and_can_be_cancelled(tmp_path: Path, channel: Path, python: str) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    runner = DaskRunner(tmp_path / "root", address, LOG_BYTES)
    with deployment_in(tmp_path / "root", channel.as_uri(), runner=runner) as alone:
        create(alone, "alone", python)
        alone.versions.build(ALICE, "alone")
        says(alone, "alone", f"Waiting for a build worker: there is no connection to {address} yet", 20)
        begun = time.monotonic()
        alone.versions.cancel(ALICE, "alone")
        assert ended(alone, "alone", 10).reason == "cancelled by alice"
        assert time.monotonic() - begun < 2


def test_without_a_worker_it_waits_until_one_joins(
    folder: Path, cluster: DaskCluster, deployment: Deployment, python: str
) -> None:
    for worker in cluster.workers.values():
        worker.signal(signal.SIGTERM)
    wait_until(lambda: not any(w.is_up() for w in cluster.workers.values()), "the workers' end", 20)
    cluster.start_worker("other", resource=False)
    cluster.wait_joined("other")
    create(deployment, "patnt", python, "tiny-008==1.1")
    deployment.versions.build(ALICE, "patnt")
    says(deployment, "patnt", "Waiting for a build worker: no worker with the resource dataflow-build has joined")
    cluster.workers["a"].process.wait()
    cluster.start_worker("a")
    assert ended(deployment, "patnt").outcome.value == "succeeded"
    other = cluster.workers.pop("other").process
    other.kill()
    other.wait()


@pytest.mark.parametrize("address", ["tcp://dask.example.org:8786", "tcp://10.0.0.1:8786", "ws://dask.example.org:1"])
def test_no_build_leaves_this_machine_in_the_open(tmp_path: Path, address: str) -> None:
    with pytest.raises(Unavailable, match="not reached by TLS"):
        DaskRunner(tmp_path, address, LOG_BYTES)
    with pytest.raises(Unavailable, match="must be an address"):
        DaskRunner(tmp_path, "scheduler", LOG_BYTES)
