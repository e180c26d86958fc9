"""Disk against database: what belongs to nobody goes, what somebody uses stays."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_dataflow_envs.builds import coordinator, housekeeping
from jupyter_dataflow_envs.builds.housekeeping import sweep
from jupyter_dataflow_envs.kernels import leases
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.store import queue
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
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    _sweep(deployment)
    assert not prefix.exists()
    assert deployment.workshop.folders.ids() == prefix_ids(deployment)


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
    _sweep(deployment)
    assert prefix.exists()
    deployment.environments.delete(ALICE, "sh2")
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
    assert latest.reason is not None
    assert latest.reason.startswith("interrupted")
    with deployment_in(root, channel.as_uri()) as deployment:
        text = log_of(deployment, "died", 1)
        assert "taken up again" in text
        assert "Failed: interrupted" in text
        again = build(deployment, "died")
        assert (again.number, again.attempt) == (1, 2)
