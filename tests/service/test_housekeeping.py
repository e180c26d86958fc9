"""The limit on installed versions: what it takes away, what it leaves alone, and that a revert brings it back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.builds import housekeeping
from jupyter_dataflow_envs.builds.housekeeping import plan, sweep
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.domain.policy import Policy
from jupyter_dataflow_envs.domain.review import ReviewState
from jupyter_dataflow_envs.domain.version import Version
from jupyter_dataflow_envs.kernels import leases
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.store import environments, reviews
from tests.channel.index import index_server, index_url
from tests.service.deployments import (
    ALICE,
    BOSS,
    build,
    create,
    deployment_in,
    details_of,
    edit,
    ended,
    log_of,
    minor_of,
    query,
)
from tests.service.installed import records
from tests.service.warm import warm


@pytest.fixture(scope="module")
def deployment(
    database_kind: str, channel: Path, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
    with (
        index_server(wheelhouse) as index,
        deployment_in(root, channel.as_uri(), pip_index_url=index_url(index)) as opened,
    ):
        yield opened
    remove_tree(root)


@pytest.fixture(scope="module")
def python(channel: Path) -> str:
    return minor_of(channel)


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch, deployment: Deployment) -> Iterator[None]:
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    yield
    deployment.policies.set(BOSS, Policy())


def _limit(deployment: Deployment, most: int) -> None:
    deployment.policies.set(BOSS, Policy(max_versions=most))


def _sweep(deployment: Deployment) -> None:
    """Twice: what is released by the first has no version from then on."""
    for _ in range(2):
        sweep(deployment.workshop, lambda: leases.running(deployment.root.path), whole=False)


def _versions(deployment: Deployment, name: str, python: str, number: int, wheel: str) -> list[Version]:
    """So many builds of one environment, each with other packages, oldest first; none equal to those with another
    `wheel`, a version of tinywheel-00."""
    create(deployment, name, python, "tiny-001=1.1", pip=(f"tinywheel-00=={wheel}",))
    built = [build(deployment, name)]
    for patch in range(2, number + 1):
        edit(deployment, name, f"tiny-001=1.{patch}")
        built.append(build(deployment, name))
    return built


def _installed(deployment: Deployment, name: str) -> list[int]:
    return sorted(v.number for v in deployment.versions.list(ALICE, name) if v.prefix_id is not None)


def _prefix(deployment: Deployment, version: Version) -> Path:
    assert version.prefix_id is not None
    return deployment.workshop.folders.path(version.prefix_id)


def _said(deployment: Deployment, kind: str, prefix: str) -> list[tuple[str | None, int | None, dict[str, Any]]]:
    rows = query(deployment, "SELECT * FROM events WHERE kind = :kind ORDER BY seq", kind=f"housekeeping.{kind}")
    found = [(r.short_name, r.version, details_of(r)) for r in rows if r.actor == "(service)"]
    return [f for f in found if f[2]["prefix"] == prefix]


def test_a_version_beyond_the_limit_comes_back_by_a_revert(deployment: Deployment, python: str) -> None:
    first, second = _versions(deployment, "limit", python, 2, "1.4")
    prefix = _prefix(deployment, first)
    before, log = records(prefix), log_of(deployment, "limit", 1)
    _sweep(deployment)
    assert prefix.exists(), "there is no limit"

    _limit(deployment, 1)
    _sweep(deployment)
    assert not prefix.exists()
    assert _prefix(deployment, second).exists()
    assert _said(deployment, "prefix_released", prefix.name) == [
        ("limit", 1, {"limit": 1, "prefix": prefix.name, "bytes": first.size})
    ]
    assert _said(deployment, "prefix_removed", prefix.name) == [
        (None, None, {"prefix": prefix.name, "bytes": first.size, "why": "limit"})
    ]
    released = deployment.versions.get(ALICE, "limit", 1)
    assert released.version.prefix_id is None
    assert (released.version.digest, released.version.size) == (first.digest, first.size)
    assert released.version.requested == first.requested
    assert len(released.packages) == len(deployment.versions.get(ALICE, "limit", 2).packages)
    assert log_of(deployment, "limit", 1) == log

    deployment.versions.revert(ALICE, "limit", 1)
    third = ended(deployment, "limit")
    assert third.outcome.value == "succeeded", f"{third.reason}\n{log_of(deployment, 'limit', third.number)}"
    assert (third.number, third.reverted_from, third.digest) == (3, 1, first.digest)
    assert third.prefix_id != first.prefix_id
    assert records(_prefix(deployment, third)) == before
    _sweep(deployment)
    assert _installed(deployment, "limit") == [3]


def test_what_is_published_or_under_review_stays(deployment: Deployment, python: str) -> None:
    built = _versions(deployment, "publ", python, 4, "1.5")
    with deployment.database.write() as connection:
        environment = environments.find(connection, "publ", ALICE)
        environments.publish(connection, environment.id, 1, built[0].requested)
        assert built[1].digest is not None
        review = reviews.open_review(connection, environment.id, version=2, digest=built[1].digest, by="alice", note="")
    _limit(deployment, 3)
    _sweep(deployment)
    assert _installed(deployment, "publ") == [1, 2, 4]
    _limit(deployment, 1)
    _sweep(deployment)
    assert _installed(deployment, "publ") == [1, 2, 4]
    assert all(_prefix(deployment, built[n - 1]).exists() for n in (1, 2, 4))
    with deployment.database.write() as connection:
        assert reviews.decide(connection, review.id, ReviewState.REJECTED, by="boss", comment="no")
        environments.unpublish(connection, environment.id)
    _sweep(deployment)
    assert _installed(deployment, "publ") == [4]


def test_the_limit_waits_for_processes(deployment: Deployment, python: str) -> None:
    (first,) = _versions(deployment, "busy", python, 1, "1.6")
    prefix = _prefix(deployment, first)
    deployment.activations.activate(ALICE, "busy")
    (row,) = query(deployment, "SELECT id FROM environments WHERE short_name = 'busy'")
    launcher = deployment.root.path / "launchers" / row[0] / "latest"
    command = [str(launcher), "--run", "python", "-c", "print('up', flush=True); input(); import json, csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        edit(deployment, "busy", "tiny-001=1.2")
        build(deployment, "busy")
        _limit(deployment, 1)
        for _ in range(2):
            _sweep(deployment)
        assert _installed(deployment, "busy") == [2]
        assert (prefix / "bin" / "python").exists()
        assert _said(deployment, "prefix_removed", prefix.name) == []
        waiting = plan(deployment.workshop, lambda: leases.running(deployment.root.path)).waiting
        assert (prefix.name, "limit") in {(r.prefix_id, r.why.value) for r in waiting}
        running.communicate(b"\n")
        assert running.returncode == 0, "what it imported late was still there"
    _sweep(deployment)
    assert not prefix.exists()
    assert len(_said(deployment, "prefix_removed", prefix.name)) == 1


def test_a_new_version_of_a_deleted_ones_number_begins_its_own_log(deployment: Deployment, python: str) -> None:
    (first,) = _versions(deployment, "fresh", python, 1, "1.7")
    stale = deployment.workshop.logs.path(first.environment_id, 2, 1)
    stale.write_text("of a failed version that was deleted\n")
    edit(deployment, "fresh", "tiny-001=1.3")
    assert build(deployment, "fresh").number == 2
    assert "deleted" not in log_of(deployment, "fresh", 2)
    assert log_of(deployment, "fresh", 2).startswith("Building fresh version 2, attempt 1")
