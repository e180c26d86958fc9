"""`upgrade-db`, `backup` and `restore`, and a deployment that moves from SQLite to PostgreSQL by them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_dataflow_envs.store import migration
from jupyter_dataflow_envs.store.database import Database
from jupyter_dataflow_envs.store.tables import SCHEMA_VERSION
from tests.cli.command_line import CommandLine
from tests.live import rows_in
from tests.postgresql import PostgreSQL
from tests.service.deployments import ALICE, BOSS, create, deployment_in, edit, ended
from tests.service.scripted_runner import ScriptedRunner
from tests.store.rows import add, prepared


@pytest.fixture
def commands(tmp_path: Path) -> CommandLine:
    """Of a person whose Jupyter is configured for the deployment in `root`."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text(f"c.DataflowEnvsApp.root_dir = {str(tmp_path / 'root')!r}\n")
    folders = {"HOME": tmp_path, "JUPYTER_CONFIG_DIR": config, "JUPYTER_DATA_DIR": tmp_path / "data"}
    return CommandLine({"PATH": "/usr/bin:/bin", **{name: str(folder) for name, folder in folders.items()}})


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    """An empty database."""
    made = postgresql.create_database()
    yield made
    postgresql.drop_database(made)


def test_a_deployment_moves_to_postgresql(commands: CommandLine, tmp_path: Path, url: str) -> None:
    root, file = tmp_path / "root", tmp_path / "moving.zip"
    with deployment_in(root, "file:///scripted", runner=ScriptedRunner({"numpy": 1}, waits=False)) as before:
        create(before, "one", "3.11", "numpy==1")
        before.versions.build(ALICE, "one")
        assert ended(before, "one").outcome.value == "succeeded"
        review, _ = before.reviews.submit(ALICE, "one", "please")
        before.reviews.approve(BOSS, review.id, review.digest, "good")
        edit(before, "one", "numpy==2")
        before.versions.build(ALICE, "one")
        assert ended(before, "one").number == 2
        before.activations.activate(ALICE, "one")
        identity, seen = before.id, before.environments.get(ALICE, "one")
        first = before.versions.get(ALICE, "one", 1)
        # One moment of a deployment that runs.
        assert commands("backup", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    trail = rows_in(f"sqlite:///{root}/dataflow-envs.sqlite", "SELECT seq, kind, actor FROM events ORDER BY seq")

    environ = {"DATAFLOW_ENVS_DATABASE_URL": url}
    done = commands("restore", str(file), "--json", env=environ)
    assert done.code == 0, done.err
    assert done.json["deployment"] == identity
    assert rows_in(url, "SELECT seq, kind, actor FROM events ORDER BY seq") == trail
    again = commands("restore", str(file), env=environ)
    assert again.code == 1
    assert "holds a deployment already" in again.err

    runner = ScriptedRunner({"numpy": 1}, waits=False)
    with deployment_in(root, "file:///scripted", runner=runner, database_url=url) as after:
        assert after.id == identity
        assert after.environments.get(ALICE, "one") == seen
        assert after.versions.get(ALICE, "one", 1) == first
        create(after, "next", "3.11")
        after.versions.build(ALICE, "next")
        assert ended(after, "next").outcome.value == "succeeded"
        newer = [row["seq"] for row in rows_in(url, "SELECT seq FROM events ORDER BY seq")][len(trail) :]
        assert newer
        assert newer[0] == trail[-1]["seq"] + 1
        assert [row["id"] for row in rows_in(url, "SELECT id FROM attempts ORDER BY id")] == [1, 2, 3]
        for command in (("restore", str(file)), ("upgrade-db",)):
            refused = commands(*command, "--json", env=environ)
            assert refused.code == 1
            assert "server of this deployment is running" in refused.error["message"]


def test_and_back_to_sqlite(commands: CommandLine, tmp_path: Path, url: str) -> None:
    with closing(Database(url)) as database:
        database.prepare(backups=tmp_path, may_migrate=True, creator="ann")
        with database.write() as connection:
            add(connection, "mlenv")
    assert commands("backup", "back.zip", "--database-url", url, "--root-dir", str(tmp_path / "root")).code == 0
    done = commands("restore", "back.zip")
    assert done.code == 0, done.err
    assert "1 environments" in done.out
    file = tmp_path / "root" / "dataflow-envs.sqlite"
    assert file.stat().st_mode & 0o777 == 0o600
    assert rows_in(f"sqlite:///{file}", "SELECT short_name FROM environments") == [{"short_name": "mlenv"}]
    Path("back.zip").unlink()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_old_database_is_upgraded_after_a_backup(
    commands: CommandLine, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    place = f"sqlite:///{root}/dataflow-envs.sqlite" if kind == "sqlite" else request.getfixturevalue("url")
    environ = {"DATAFLOW_ENVS_DATABASE_URL": place}
    empty = commands("upgrade-db", env=environ)
    assert empty.code == 1
    assert "no database" in empty.err or "is empty" in empty.err
    with closing(Database(place)) as database:
        migration.upgrade(database, "0002")
    assert commands("upgrade-db", "--json", env=environ).json == {"before": "0002", "after": SCHEMA_VERSION}
    (backup,) = (root / "backups").iterdir()
    assert "schema-0002" in backup.name
    said = commands("upgrade-db", env=environ)
    assert f"is up to date: schema {SCHEMA_VERSION}" in said.out
    assert len(list((root / "backups").iterdir())) == 1


def test_a_running_server_keeps_both_out(commands: CommandLine, tmp_path: Path) -> None:
    prepared_root = tmp_path / "root"
    with deployment_in(prepared_root, "file:///nowhere"):
        refused = commands("upgrade-db")
    assert refused.code == 1
    assert "server of this deployment is running: stop all of them first" in refused.err


def test_no_password_is_ever_printed(commands: CommandLine, postgresql: PostgreSQL, url: str) -> None:
    wrong = url.replace(postgresql.password, "wrong-secret")
    for command in (("upgrade-db",), ("backup", "x.zip"), ("restore", "x.zip")):
        refused = commands(*command, env={"DATAFLOW_ENVS_DATABASE_URL": wrong})
        assert refused.code == 1
        assert "password authentication failed" in refused.err
        assert "wrong-secret" not in refused.err + refused.out
    assert not Path("x.zip").exists()


def test_a_configuration_that_can_not_be_read_is_told(commands: CommandLine, tmp_path: Path) -> None:
    with closing(prepared(tmp_path)):
        (tmp_path / "config" / "jupyter_server_config.py").write_text("c.DataflowEnvsApp.root_dir = (\n")
    refused = commands("backup", "x.zip")
    assert refused.code == 1
    assert "Jupyter's configuration can't be read" in refused.err
