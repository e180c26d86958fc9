"""What `doctor` says of the disk, and that it only looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from jupyter_dataflow_envs.builds import housekeeping
from jupyter_dataflow_envs.builds.housekeeping import sweep
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.domain.policy import Policy
from jupyter_dataflow_envs.kernels import leases
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.service.diagnosis import Check
from jupyter_dataflow_envs.store import prefixes
from jupyter_dataflow_envs.store.tables import metadata
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, edit, minor_of
from tests.service.warm import warm


@pytest.fixture
def stopped(channel: Path, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment that no server runs: one environment with three versions, and one that has been deleted."""
    python = minor_of(channel)
    root = warm(tmp_path / "root", channel)
    with deployment_in(root, channel.as_uri()) as opened:
        create(opened, "three", python, "tiny-001=1.1")
        build(opened, "three")
        for patch in (2, 3):
            edit(opened, "three", f"tiny-001=1.{patch}")
            build(opened, "three")
        create(opened, "gone", python, "tiny-001=1.4")
        build(opened, "gone")
        opened.environments.delete(ALICE, "gone")
    yield opened
    opened.database.close()
    remove_tree(root)


def _check(deployment: Deployment, name: str) -> Check:
    (found,) = [c for c in deployment.diagnosis.checks() if c.name == name]
    return found


def _everything(deployment: Deployment) -> tuple[dict[str, list[object]], dict[str, tuple[int, int]]]:
    """Every row, and every file but the caches' and those that opening the database or asking for a lock touches."""
    with deployment.database.read() as connection:
        rows = {t.name: [tuple(r) for r in connection.execute(select(t)).all()] for t in metadata.sorted_tables}
    root = deployment.root.path
    files = {
        str(path.relative_to(root)): (path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in root.rglob("*")
        if path.relative_to(root).parts[0] != "cache"
        and not path.name.startswith(("dataflow-envs.sqlite", "coordinator"))
    }
    return rows, files  # type: ignore[return-value]


def test_nothing_to_do(stopped: Deployment) -> None:
    for _ in range(2):
        sweep(stopped.workshop, lambda: ())
    assert _check(stopped, "housekeeping") == Check(
        "housekeeping",
        True,
        f"nothing is to be removed; kept while processes may need them: 1 unused prefix ({_size(stopped)})",
    )
    assert _check(stopped, "disk against database").ok


def _size(deployment: Deployment) -> str:
    with deployment.database.read() as connection:
        (size,) = [p.size for p in prefixes.unused(connection)]
    assert size is not None
    return f"{size / 1e6:.1f} MB"


def test_what_the_next_sweep_does_is_said_and_not_done(stopped: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
    sweep(stopped.workshop, lambda: (), whole=False)
    stopped.policies.set(BOSS, Policy(max_versions=1))
    (stopped.root.prefixes / "0123456789ab").mkdir()
    # A process that has gone leaves its lease; even that stays.
    lease = leases.lease_folder(stopped.root.path, "0123456789ab") / "4194399"
    lease.parent.mkdir(parents=True)
    lease.write_text("")
    before = _everything(stopped)
    check = _check(stopped, "housekeeping")
    assert check == Check(
        "housekeeping",
        True,
        f"2 versions beyond the limit of 1, 1 unused prefix ({_size(stopped)}), 1 stray prefix, 1 stray log: "
        "removed at the next sweep",
    )
    assert _everything(stopped) == before
    for _ in range(2):
        sweep(stopped.workshop, lambda: leases.running(stopped.root.path))
    assert _check(stopped, "housekeeping").message == "nothing is to be removed"
    assert [v.number for v in stopped.versions.list(ALICE, "three") if v.prefix_id] == [3]
    assert len(stopped.workshop.folders.ids()) == 1


def test_an_installed_version_without_its_files_is_wrong(stopped: Deployment) -> None:
    for version in stopped.versions.list(ALICE, "three")[:2]:
        assert version.prefix_id is not None
        stopped.workshop.folders.remove(version.prefix_id)
    check = _check(stopped, "disk against database")
    assert not check.ok
    assert check.message.startswith(f"the files of three 2, three 3 are not below {stopped.root.prefixes}: put them")
