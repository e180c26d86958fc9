"""Facts about the deployment, and the folder it lies in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.domain.errors import Unavailable
from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy
from jupyter_dataflow_envs.store import deployment
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.root import Root


@pytest.mark.parametrize("value", [0, "", [], {"a": [1, None, "ü"]}, True, 1.5])
def test_facts_are_kept_as_they_are(database: Database, value: Any) -> None:
    with database.write() as connection:
        assert deployment.read(connection, "fact") is None
        assert deployment.read(connection, "fact", "default") == "default"
        for kept in ("before", value):
            deployment.write(connection, "fact", kept)
        assert deployment.read(connection, "fact", "default") == value


def test_everything_is_allowed_until_a_policy_is_set(database: Database) -> None:
    policy = Policy(("main",), ("index",), (DeniedPackage("x", "<2", "old"),), ("pip",), ("3.11",), 5, 3, 10**12)
    with database.write() as connection:
        assert deployment.policy(connection) == Policy()
        deployment.write(connection, "policy", policy.to_json())
        assert deployment.policy(connection) == policy


def test_the_root_is_private(tmp_path: Path) -> None:
    root = Root(tmp_path / "below" / "root")
    root.create()
    root.create()
    assert root.path.stat().st_mode & 0o777 == 0o700
    for folder in (root.prefixes, root.logs, root.previews, root.names):
        assert folder.is_dir()
    assert {root.database, root.backups, root.coordinator_lock, root.coordinator_note} == {
        root.path / name for name in ("dataflow-envs.sqlite", "backups", "coordinator.lock", "coordinator.json")
    }
    assert root.cache("uv") == root.path / "cache" / "uv"


def test_a_root_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        Unavailable, match=r"file/root can't be written \(Not a directory\): set DataflowEnvsApp.root_dir"
    ):
        Root(tmp_path / "file" / "root").create()
