"""Disk against database: what belongs to nobody goes, what somebody uses stays."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from jupyter_dataflow_envs.builds import coordinator, housekeeping
from jupyter_dataflow_envs.builds.housekeeping import missing, plan, sweep
from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.kernels import leases
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.store import events, queue
from jupyter_dataflow_envs.store.watch import ChangeWatch
from tests.live import wait_until
from tests.service.deployments import (
    ALICE,
    BOSS,
    build,
    create,
    deployment_in,
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


def _sweep(deployment: Deployment) -> None:
    sweep(deployment.workshop, lambda: leases.running(deployment.root.path))


def _done(deployment: Deployment, since: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """What housekeeping has said it did: (kind, details)."""
    rows = query(
        deployment,
        "SELECT kind, actor, details FROM events WHERE seq > :since AND kind LIKE 'housekeeping.%' ORDER BY seq",
        since=since,
    )
    assert {r.actor for r in rows} <= {"(service)"}
    return [(r.kind.removeprefix("housekeeping."), json.loads(r.details)) for r in rows]


def _last(deployment: Deployment) -> int:
    with deployment.database.read() as connection:
        return events.last(connection)


def _kept(deployment: Deployment, name: str) -> Path:
    version = build(deployment, name)
    assert version.prefix_id is not None
    return deployment.workshop.folders.path(version.prefix_id)


def test_strays_go_and_everything_else_stays(deployment: Deployment, python: str) -> None:
    create(deployment, "stay", python, "tiny-001=1.1")
    prefix = _kept(deployment, "stay")
    log = log_of(deployment, "stay", 1)
    root = deployment.root
    stray = root.prefixes / "0123456789ab"
    (stray / "lib" / "deep").mkdir(parents=True)
    (stray / "lib" / "deep" / "file").write_text("partial")
    (stray / "lib" / "deep").chmod(0o555)
    (root.logs / ("e" * 32)).mkdir()
    (root.logs / ("e" * 32) / "1.1.log").write_text("of a deleted environment")
    own = next(f for f in root.logs.iterdir() if f.name != "e" * 32)
    (own / "9.9.log").write_text("of no version")
    (root.logs / "a stray file").write_text("")
    (root.prefixes / "a stray file").write_text("")
    old, young = root.previews / "old", root.previews / "young"
    for preview in (old, young):
        (preview / "x").mkdir(parents=True)
    os.utime(old, (0, 0))
    five_minutes_ago = now().timestamp() - 300
    os.utime(young, (five_minutes_ago, five_minutes_ago))
    seen = _last(deployment)

    _sweep(deployment)

    assert prefix.exists()
    assert log_of(deployment, "stay", 1) == log
    assert not stray.exists()
    assert not (root.logs / ("e" * 32)).exists()
    assert not (own / "9.9.log").exists()
    assert not old.exists()
    assert young.exists(), "a preview may be at work there"
    wait_until(lambda: not list((root.path / "removed").iterdir()), "the files' end", 10)
    assert deployment.workshop.folders.ids() == prefix_ids(deployment)
    young.joinpath("x").rmdir()
    young.rmdir()
    assert _done(deployment, seen) == [
        ("prefix_removed", {"prefix": "0123456789ab", "bytes": None, "why": "stray"}),
        ("prefix_removed", {"prefix": "old", "bytes": None, "why": "left by a preview"}),
        ("logs_removed", {"logs": 2, "environments": 1}),
    ]


def test_a_sweep_that_finds_nothing_writes_nothing(channel: Path, tmp_path: Path, python: str) -> None:
    """Every server looks up when something is written."""
    with deployment_in(warm(tmp_path / "root", channel), channel.as_uri()) as deployment:
        for name in ("no1", "no2"):
            create(deployment, name, python, "tiny-001=1.1")
            build(deployment, name)
    _sweep(deployment)  # the second build's own row may have been left to it
    watch = ChangeWatch(deployment.database)
    writes: list[str] = []
    event.listen(deployment.database.engine, "begin", lambda c: writes.append(str(c.get_execution_options())))
    assert watch.changed()
    seen = _last(deployment)
    for whole in (True, False):
        sweep(deployment.workshop, lambda: leases.running(deployment.root.path), whole=whole)
    assert not watch.changed()
    assert _last(deployment) == seen
    assert writes
    assert not [w for w in writes if "dataflow_write" in w]
    watch.close()
    deployment.database.close()


def test_looking_removes_nothing(channel: Path, tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    with deployment_in(warm(tmp_path / "root", channel), channel.as_uri()) as deployment:
        create(deployment, "look", python, "tiny-001=1.1")
        prefix = _kept(deployment, "look")
        (log_folder,) = deployment.root.logs.iterdir()
        deployment.environments.delete(ALICE, "look")
    sweep(deployment.workshop, lambda: (), whole=False)
    (deployment.root.prefixes / "0123456789ab").mkdir()
    found = plan(deployment.workshop, lambda: ())
    assert [(r.prefix_id, r.why.value) for r in found.removals] == [
        (prefix.name, "no version holds it"),
        ("0123456789ab", "stray"),
    ]
    assert found.removals[0].size
    assert [(s.environment_id, s.names, s.whole) for s in found.logs] == [(log_folder.name, ("1.1.log",), True)]
    assert plan(deployment.workshop, lambda: ()) == found
    assert plan(deployment.workshop, lambda: (prefix.name, "0123456789ab")).removals == ()
    assert [r.prefix_id for r in plan(deployment.workshop, lambda: (prefix.name,)).waiting] == [prefix.name]
    assert prefix.exists()
    assert log_folder.exists()
    seen = _last(deployment)
    _sweep(deployment)
    assert not prefix.exists()
    assert not log_folder.exists()
    assert _done(deployment, seen) == [
        ("prefix_removed", {"prefix": prefix.name, "bytes": found.removals[0].size, "why": "no version holds it"}),
        ("prefix_removed", {"prefix": "0123456789ab", "bytes": None, "why": "stray"}),
        ("logs_removed", {"logs": 1, "environments": 1}),
    ]
    deployment.database.close()


def test_much_is_removed_in_several_sweeps(
    channel: Path, tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "MOST", 3)
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    with deployment_in(tmp_path / "root", channel.as_uri()) as deployment:
        pass
    for number in range(7):
        (deployment.root.prefixes / f"{number:012x}").mkdir()
        (deployment.root.logs / f"{number:032x}").mkdir()
    counts = []
    for _ in range(3):
        done = sweep(deployment.workshop, lambda: ())
        counts.append((done, len(deployment.workshop.folders.ids()), len(list(deployment.root.logs.iterdir()))))
    assert counts == [(False, 4, 4), (False, 1, 1), (True, 0, 0)]
    with deployment_in(tmp_path / "root", channel.as_uri()) as deployment:
        for number in range(7):
            (deployment.root.prefixes / f"{number:012x}").mkdir()
        deployment.coordinator.stop()
    with deployment_in(tmp_path / "root", channel.as_uri()) as deployment:
        wait_until(lambda: not deployment.workshop.folders.ids(), "the coordinator's sweeps, one after the other", 5)


def test_files_that_somebody_else_removed_are_missed(deployment: Deployment, python: str) -> None:
    create(deployment, "miss", python, "tiny-001=1.8")
    prefix = _kept(deployment, "miss")
    assert missing(deployment.workshop) == []
    prefix.chmod(0o755)
    prefix.rename(deployment.root.path / "elsewhere")
    (found,) = missing(deployment.workshop)
    assert (found.short_name, found.number, found.prefix_id) == ("miss", 1, prefix.name)
    (deployment.root.path / "elsewhere").rename(prefix)
    assert missing(deployment.workshop) == []


def test_an_unused_prefix_goes_after_the_grace_and_not_before(
    deployment: Deployment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(deployment, "grac", python, "tiny-001=1.2")
    prefix = _kept(deployment, "grac")
    deployment.environments.delete(ALICE, "grac")
    _sweep(deployment)
    _sweep(deployment)
    assert prefix.exists(), "a kernel may be about to start in it"
    assert query(deployment, "SELECT count(*) FROM locks") == query(
        deployment, "SELECT count(DISTINCT lock_digest) FROM versions"
    )
    seen = _last(deployment)
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    _sweep(deployment)
    assert not prefix.exists()
    assert deployment.workshop.folders.ids() == prefix_ids(deployment)
    ((kind, details),) = _done(deployment, seen)
    assert (kind, details["prefix"], details["why"]) == ("prefix_removed", prefix.name, "no version holds it")
    assert details["bytes"] > 0


def test_a_prefix_that_is_taken_again_within_the_grace_stays(
    deployment: Deployment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(deployment, "back", python, "tiny-001=1.3")
    prefix = _kept(deployment, "back")
    deployment.environments.delete(ALICE, "back")
    _sweep(deployment)
    create(deployment, "back", python, "tiny-001=1.3")
    assert _kept(deployment, "back") == prefix
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    _sweep(deployment)
    assert prefix.exists()


def test_a_prefix_goes_only_with_the_last_version_that_holds_it(
    deployment: Deployment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sh1", "sh2"):
        create(deployment, name, python, "tiny-001=1.4")
    prefix = _kept(deployment, "sh1")
    assert _kept(deployment, "sh2") == prefix
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    deployment.environments.delete(ALICE, "sh1")
    for _ in range(2):
        _sweep(deployment)
    assert prefix.exists()
    deployment.environments.delete(ALICE, "sh2")
    for _ in range(2):
        _sweep(deployment)
    assert not prefix.exists()


def test_a_prefix_that_a_process_runs_from_is_never_removed(
    deployment: Deployment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(deployment, "held", python, "tiny-001=1.5")
    prefix = _kept(deployment, "held")
    deployment.activations.activate(ALICE, "held")
    (row,) = query(deployment, "SELECT id FROM environments WHERE short_name = 'held'")
    launcher = deployment.root.path / "launchers" / row[0] / "latest"
    command = [str(launcher), "--run", "python", "-c", "print('up', flush=True); input()"]
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with pytest.raises(Exception, match="1 running kernel use"):
            deployment.environments.delete(ALICE, "held")
        # Its rows go by force; its files wait for the process.
        deployment.environments.delete(BOSS, "held", force=True)
        for _ in range(3):
            _sweep(deployment)
        assert (prefix / "bin" / "python").exists()
        running.communicate(b"\n")
    _sweep(deployment)
    assert not prefix.exists()
    assert not leases.lease_folder(deployment.root.path, prefix.name).exists()


def test_a_deleted_environment_leaves_nothing_on_disk(
    channel: Path, tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself: nobody calls the sweep but the coordinator."""
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(seconds=0.2))
    monkeypatch.setattr(coordinator, "SWEEP_SECONDS", 0.1)
    kernels = tmp_path / "kernels"
    with deployment_in(warm(tmp_path / "root", channel), channel.as_uri(), kernels_dir=kernels) as deployment:
        create(deployment, "gone", python, "tiny-001=1.6")
        prefix = _kept(deployment, "gone")
        name = deployment.activations.activate(ALICE, "gone")
        assert (kernels / name / "kernel.json").exists()
        (launchers,) = (deployment.root.path / "launchers").iterdir()
        (log,) = deployment.root.logs.iterdir()
        begun = time.monotonic()
        deployment.environments.delete(ALICE, "gone")
        deployment.notify()
        wait_until(lambda: not (kernels / name).exists(), "the kernel's end", 2)
        wait_until(lambda: not prefix.exists(), "the prefix's end", 10)
        assert time.monotonic() - begun >= 0.2
        wait_until(lambda: not log.exists(), "the log's end", 10)
        assert not launchers.exists()
        assert prefix_ids(deployment) == set()
        assert query(deployment, "SELECT count(*) FROM locks") == [(0,)]
        # The audit trail stays.
        kinds = [row[0] for row in query(deployment, "SELECT kind FROM events WHERE short_name = 'gone' ORDER BY seq")]
        assert (kinds[0], kinds[-1]) == ("environment.created", "environment.deleted")


def test_a_run_that_died_is_taken_up_once_and_then_failed(channel: Path, tmp_path: Path, python: str) -> None:
    """Rows as a killed server leaves them: claimed by a run of nobody's, with a partial prefix on disk."""
    root = warm(tmp_path / "root", channel)
    with deployment_in(root, channel.as_uri()) as deployment:
        create(deployment, "died", python, "tiny-001=1.7")
    for interruption in (1, 2):
        with deployment_in(root, channel.as_uri(), max_concurrent_builds=0) as deployment:
            if interruption == 1:
                deployment.versions.build(ALICE, "died")
        with deployment.database.write() as connection:
            (waiting,) = queue.active(connection)
            assert waiting.interruptions == interruption - 1
            assert queue.claim(connection, waiting.id, f"run {interruption}", f"{interruption:012x}")
        partial = deployment.workshop.folders.path(f"{interruption:012x}")
        (partial / "lib").mkdir(parents=True)
        deployment.database.close()
        with deployment_in(root, channel.as_uri(), max_concurrent_builds=0) as deployment:
            wait_until(lambda folder=partial: not folder.exists(), "the partial prefix's end", 5)
            wait_until(lambda: prefix_ids(deployment) == set(), "its row's end", 5)
            latest = deployment.versions.list(ALICE, "died")[0]
            assert latest.outcome.value == ("queued" if interruption == 1 else "failed")
            removed = {"prefix": partial.name, "bytes": None, "why": "partial"}
            assert ("prefix_removed", removed) in _done(deployment)
    assert latest.reason is not None
    assert latest.reason.startswith("interrupted")
    with deployment_in(root, channel.as_uri()) as deployment:
        text = log_of(deployment, "died", 1)
        assert "taken up again" in text
        assert "Failed: interrupted" in text
        again = build(deployment, "died")
        assert (again.number, again.attempt) == (1, 2)
