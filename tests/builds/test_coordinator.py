"""The queue at work: order, limits, and prefixes that are taken rather than made."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from jupyter_dataflow_envs.builds import coordinator
from jupyter_dataflow_envs.builds.coordinator import Coordinator
from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.domain.errors import Conflict, InvalidSpec
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.store import coordination
from tests.channel.server import Server
from tests.live import wait_until
from tests.service.deployments import (
    ALICE,
    BOSS,
    LOG,
    build,
    create,
    deployment_in,
    edit,
    ended,
    log_of,
    minor_of,
    prefix_ids,
    query,
)
from tests.service.warm import warm


@pytest.fixture(scope="module")
def deployment(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment_in(warm(tmp_path_factory.mktemp("deployment") / "root", channel), channel.as_uri()) as opened:
        yield opened


@pytest.fixture(scope="module")
def python(channel: Path) -> str:
    return minor_of(channel)


def test_builds_run_side_by_side_up_to_the_limit_in_the_order_they_were_asked_for(
    deployment: Deployment, python: str
) -> None:
    names = [f"q{n}" for n in range(6)]
    for name in names:
        create(deployment, name, python, "conflict-a", "conflict-b")
    for name in names:
        deployment.versions.build(ALICE, name)
    versions = [ended(deployment, name) for name in names]
    assert {v.outcome.value for v in versions} == {"failed"}
    spans = [(v.started_at, v.finished_at) for v in versions]
    starts = [s for s, _ in spans if s is not None]
    # Two that begin at once say so side by side.
    assert all(abs(place - n) <= 1 for place, n in enumerate(sorted(range(6), key=starts.__getitem__)))
    beside = [sum(1 for s, e in spans if s and e and s <= moment < e) for moment in starts]
    assert max(beside) == 2, "never more than max_concurrent_builds, and as many as that"


def test_an_equal_lock_takes_the_prefix_that_is_there(deployment: Deployment, python: str) -> None:
    for name in ("eq1", "eq2"):
        create(deployment, name, python, "tiny-000=1.1")
    first = build(deployment, "eq1")
    on_disk = deployment.workshop.folders.ids()
    second = build(deployment, "eq2")
    assert (second.prefix_id, second.digest, second.size) == (first.prefix_id, first.digest, first.size)
    assert "linking" not in {s.name for s in second.steps}
    assert "taking that prefix" in log_of(deployment, "eq2", 1)
    assert deployment.workshop.folders.ids() == on_disk
    wait_until(lambda: prefix_ids(deployment) == on_disk, "the end of the row that was not needed", 5)

    # From scratch goes round it; the older one stays the one to share.
    third = build(deployment, "eq2", from_scratch=True)
    assert third.digest == first.digest
    assert third.prefix_id != first.prefix_id
    assert "linking" in {s.name for s in third.steps}
    create(deployment, "eq3", python, "tiny-000=1.1")
    assert build(deployment, "eq3").prefix_id == first.prefix_id


def test_a_damaged_prefix_is_not_taken(deployment: Deployment, python: str) -> None:
    for name in ("da1", "da2", "da3"):
        create(deployment, name, python, "tiny-000=1.2")
    first = build(deployment, "da1")
    assert first.prefix_id is not None
    folder = deployment.workshop.folders.path(first.prefix_id)
    (folder / "bin").chmod(0o755)
    for interpreter in (folder / "bin").glob("python*"):
        interpreter.unlink()
    second = build(deployment, "da2")
    assert second.digest == first.digest
    assert second.prefix_id != first.prefix_id
    assert build(deployment, "da3").prefix_id == second.prefix_id


def test_equal_builds_at_the_same_time_both_succeed(deployment: Deployment, python: str) -> None:
    for name in ("sa1", "sa2"):
        create(deployment, name, python, "tiny-000=1.3")
        deployment.versions.build(ALICE, name)
    versions = [ended(deployment, name) for name in ("sa1", "sa2")]
    assert [v.outcome.value for v in versions] == ["succeeded"] * 2
    assert versions[0].digest == versions[1].digest
    shared = query(deployment, "SELECT key FROM prefixes WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1")
    assert shared == []
    create(deployment, "sa3", python, "tiny-000=1.3")
    assert build(deployment, "sa3").prefix_id in {v.prefix_id for v in versions}


def test_never_two_builds_of_one_environment(deployment: Deployment, python: str) -> None:
    create(deployment, "two", python, "tiny-000=1.4")
    deployment.versions.build(ALICE, "two")
    with pytest.raises(Conflict, match="in progress"):
        deployment.versions.build(ALICE, "two")
    assert ended(deployment, "two").outcome.value == "succeeded"
    assert len(query(deployment, "SELECT 1 FROM attempts a JOIN environments e ON e.id = a.environment_id "
                                 "WHERE e.short_name = 'two'")) == 1  # fmt: skip


def test_a_build_builds_what_was_saved_when_it_was_asked_for(deployment: Deployment, python: str) -> None:
    create(deployment, "was", python, "tiny-000=1.5")
    deployment.versions.build(ALICE, "was")
    edit(deployment, "was", "tiny-000=1.6")
    version = ended(deployment, "was")
    assert version.requested.conda_requirements == ("tiny-000=1.5",)
    details = deployment.versions.get(ALICE, "was", 1)
    assert {p.package.version for p in details.packages if p.package.name == "tiny-000"} == {"1.5"}
    assert deployment.environments.get(ALICE, "was").modified


def test_a_queued_build_is_cancelled_without_being_started(channel: Path, tmp_path: Path, python: str) -> None:
    with deployment_in(warm(tmp_path / "root", channel), channel.as_uri(), max_concurrent_builds=1) as deployment:
        for name in ("ca1", "ca2"):
            create(deployment, name, python, "tiny-000=1.7")
            deployment.versions.build(ALICE, name)
        deployment.versions.cancel(ALICE, "ca2")
        cancelled = ended(deployment, "ca2", 2)
        assert cancelled.reason == "cancelled by alice"
        assert cancelled.started_at is None
        assert ended(deployment, "ca1").outcome.value == "succeeded"
        assert deployment.workshop.folders.ids() == prefix_ids(deployment)


def test_a_setting_taken_back_refuses_what_was_saved_under_it(channel: Path, tmp_path: Path, python: str) -> None:
    """An administrator who switches extended requirements off must not leave a build that never starts nor ends."""
    root, old = warm(tmp_path / "root", channel), Draft("Full name", "", python, ("tiny-000>=1.1,<1.5",), ())
    with deployment_in(root, channel.as_uri(), extended_requirements=True, max_concurrent_builds=1) as deployment:
        deployment.environments.create(ALICE, "ext", old)
        deployment.environments.create(ALICE, "que", old)
        assert build(deployment, "ext").outcome.value == "succeeded"
        create(deployment, "first", python, "tiny-000=1.8")
        deployment.versions.build(ALICE, "first")
        deployment.versions.build(ALICE, "que")
    with deployment_in(root, channel.as_uri()) as deployment:
        # What was in the queue when the setting changed still comes to an end.
        assert not ended(deployment, "que", 60).outcome.active
        with pytest.raises(InvalidSpec, match="several versions"):
            deployment.versions.build(ALICE, "ext")
        assert deployment.versions.get(ALICE, "ext", 1).packages


def test_a_stopped_deployment_hands_its_builds_back(channel: Path, tmp_path: Path, python: str) -> None:
    root = warm(tmp_path / "root", channel)
    with deployment_in(root, channel.as_uri(), max_concurrent_builds=1) as deployment:
        for name in ("hb1", "hb2"):
            create(deployment, name, python, "tiny-000=1.9")
            deployment.versions.build(ALICE, name)
        wait_until(lambda: deployment.versions.list(ALICE, "hb1")[0].phase not in ("queued", None), "a start", 30)
    with deployment_in(root, channel.as_uri(), max_concurrent_builds=1) as deployment:
        first, second = (ended(deployment, name) for name in ("hb1", "hb2"))
        assert [v.outcome.value for v in (first, second)] == ["succeeded"] * 2
        assert first.started_at is not None
        assert second.started_at is not None
        assert first.started_at < second.started_at, "the one that was handed back kept its place"
        assert first.attempt == 1
        assert "goes back to its place in the queue" in log_of(deployment, "hb1", 1)
        # A stop is no crash: it does not count towards the two interruptions that fail a build.
        assert query(deployment, "SELECT max(interruptions) FROM attempts") == [(0,)]
        folders = deployment.workshop.folders
        wait_until(lambda: folders.ids() == prefix_ids(deployment), "the end of the row that was not needed", 5)


def test_a_build_whose_environment_is_deleted_ends_at_once(channel: Path, tmp_path: Path, python: str) -> None:
    """An administrator may force it; nothing of the build is left, and others are built."""
    root = warm(tmp_path / "root", channel)
    with Server(channel) as served, deployment_in(root, served.url, max_concurrent_builds=1) as deployment:
        served.hang("*repodata*")
        create(deployment, "gone", python, "tiny-000=1.1")
        create(deployment, "next", python, "tiny-000=1.2")
        deployment.versions.build(ALICE, "gone")
        served.wait_for("*repodata*")
        ((process,),) = query(deployment, "SELECT process FROM attempts")
        group = json.loads(process)["group"]
        os.killpg(group, 0)
        (written,) = prefix_ids(deployment)
        begun = time.monotonic()
        deployment.environments.delete(BOSS, "gone", force=True)
        deployment.notify()
        deployment.versions.build(ALICE, "next")
        wait_until(lambda: written not in prefix_ids(deployment), "the end of its row", 10)
        wait_until(lambda: deployment.versions.list(ALICE, "next")[0].phase == "solving", "the next build", 10)
        assert time.monotonic() - begun < 2
        with pytest.raises(ProcessLookupError):
            os.killpg(group, 0)
        served.heal()
        assert ended(deployment, "next").outcome.value == "succeeded"
        assert deployment.workshop.folders.ids() == prefix_ids(deployment)
        (row,) = query(deployment, "SELECT id FROM environments")
        logs = deployment.root.logs
        wait_until(lambda: [f.name for f in logs.iterdir()] == [row[0]], "the end of its log", 5)
        kinds = [r[0] for r in query(deployment, "SELECT kind FROM events WHERE short_name = 'gone' ORDER BY seq")]
        assert kinds[-1] == "environment.deleted"


def test_a_look_at_the_holder_costs_no_take_over(
    channel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks takes the lock for a moment; a server that tries at that moment gets it a moment later."""
    monkeypatch.setattr(coordination, "LOOK_SECONDS", 5.0)
    with deployment_in(tmp_path / "root", channel.as_uri()) as deployment:
        pass
    asking = FileLock(deployment.root.coordinator_lock, thread_local=False)
    asking.acquire()
    other = Coordinator(deployment.workshop, set, LOG)
    assert other.holder() is not None
    threading.Timer(0.05, asking.release).start()
    assert other.try_lock()
    holder = other.holder()
    assert holder is not None
    assert holder["pid"] == os.getpid()
    third = Coordinator(deployment.workshop, set, LOG)
    assert third.holder() == holder
    other.stop()
    assert third.holder() is None


@pytest.mark.parametrize("deleted", [False, True])
def test_the_disk_is_compared_at_start_and_after_a_deletion(
    channel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str, deleted: bool
) -> None:
    monkeypatch.setattr(coordinator, "SWEEP_SECONDS", 0.02)
    root = tmp_path / "root"
    stray, mark = root / "prefixes" / "0123456789ab", root / "logs" / ("e" * 32)
    stray.mkdir(parents=True)
    with deployment_in(root, channel.as_uri()) as deployment:
        wait_until(lambda: not stray.exists(), "the comparison at the start", 10)
        mark.mkdir()
        create(deployment, "del", python)
        if deleted:
            deployment.environments.delete(ALICE, "del")
            wait_until(lambda: not mark.exists(), "the comparison after a deletion", 10)
            return
        _sweeps(deployment, 3)
        assert mark.exists(), "the whole disk is not looked at again so soon"
        monkeypatch.setattr(coordinator, "COMPARE_SECONDS", 0.0)
        wait_until(lambda: not mark.exists(), "the hourly comparison", 10)


def _sweeps(deployment: Deployment, number: int) -> None:
    """Wait for the coordinator's next sweeps."""
    for _ in range(number):
        before = deployment.coordinator._swept
        wait_until(partial(_has_swept, deployment, before), "a sweep", 5)


def _has_swept(deployment: Deployment, before: float) -> bool:
    return deployment.coordinator._swept > before
