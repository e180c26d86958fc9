"""Kernelspecs, launchers and activations follow the environments behind them, for each person the right version."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jupyter_dataflow_envs.builds import housekeeping
from jupyter_dataflow_envs.builds.housekeeping import sweep
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.domain.draft import WantedBase
from jupyter_dataflow_envs.domain.errors import Conflict, NotAllowed, NotFound
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.kernels import leases
from jupyter_dataflow_envs.kernels.kernelspecs import KernelspecEntry, Kernelspecs
from jupyter_dataflow_envs.kernels.launcher import Target, launcher_path, write_launcher
from jupyter_dataflow_envs.service.deployment import Deployment
from jupyter_dataflow_envs.service.environments import Draft
from jupyter_dataflow_envs.store import environments
from tests.live import wait_until
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, details_of, edit, minor_of, query
from tests.service.warm import warm

CAROL = Person("carol")

WHICH = "import sys, tiny_002; print(tiny_002.VERSION, sys.prefix)"
WAITS = f"{WHICH}; sys.stdout.flush(); input()"


@pytest.fixture(scope="module")
def deployment(database_kind: str, channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """In alice's server."""
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
    with deployment_in(root, channel.as_uri(), kernels_dir=root.parent / "alices") as opened:
        yield opened
    remove_tree(root)


@pytest.fixture(scope="module")
def carols(deployment: Deployment, channel: Path) -> Iterator[Deployment]:
    """The same deployment, in the server of somebody else."""
    root = deployment.root.path
    with deployment_in(root, channel.as_uri(), kernels_dir=root.parent / "carols") as opened:
        yield opened


@pytest.fixture(scope="module")
def python(channel: Path) -> str:
    return minor_of(channel)


def made(deployment: Deployment, name: str, python: str, version: str = "1.1") -> None:
    """Version 1, which holds that version of `tiny-002`."""
    create(deployment, name, python, f"tiny-002={version}")
    build(deployment, name)


def move(deployment: Deployment, name: str, version: str) -> None:
    """The next version, which holds that one of `tiny-002`."""
    edit(deployment, name, f"tiny-002={version}")
    build(deployment, name)


def publish(deployment: Deployment, name: str) -> None:
    review, _ = deployment.reviews.submit(ALICE, name, "")
    deployment.reviews.approve(BOSS, review.id, review.digest, "")


def id_of(deployment: Deployment, name: str) -> str:
    return str(query(deployment, "SELECT id FROM environments WHERE short_name = :n", n=name)[0][0])


def kernel_json(server: Deployment, name: str) -> Path:
    return server.activations.kernels_dir / f"dataflow-{name}" / "kernel.json"


def spec_of(server: Deployment, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kernel_json(server, name).read_text())
    return found


def says(server: Deployment, name: str) -> tuple[str, int, str]:
    """(display name, version, audience) of its kernelspec."""
    spec = spec_of(server, name)
    return spec["display_name"], spec["metadata"]["dataflow_envs"]["version"], Path(spec["argv"][0]).name


def runs(launcher: str | Path) -> str:
    """The version of `tiny-002` that a command finds which is started through the launcher."""
    done = subprocess.check_output([launcher, "--run", "python", "-c", WHICH], text=True)
    return done.split()[0]


def rows(deployment: Deployment, name: str) -> list[tuple[str, bool]]:
    """(person, draft) of its activations."""
    found = query(
        deployment,
        "SELECT person, draft FROM activations WHERE environment_id = :id ORDER BY person",
        id=id_of(deployment, name),
    )
    return [(r.person, bool(r.draft)) for r in found]


def trail(deployment: Deployment, name: str) -> list[tuple[str, str, int | None, dict[str, Any]]]:
    """(what, who, version, details) of what was recorded of its activations."""
    found = query(
        deployment,
        "SELECT kind, actor, version, details FROM events WHERE short_name = :n AND kind LIKE '%activated' "
        "ORDER BY seq",
        n=name,
    )
    return [(r.kind.removeprefix("environment."), r.actor, r.version, details_of(r)) for r in found]


def test_a_deleted_environment_does_not_take_its_successors_kernel(tmp_path: Path) -> None:
    kernels = tmp_path / "kernels"
    with deployment_in(tmp_path / "root", "file:///nowhere", kernels_dir=kernels) as deployment:
        specs = Kernelspecs(kernels, deployment.id, tmp_path / "root")
        specs.write(KernelspecEntry("new", "mlenv", "Machine Learning", 1, "0" * 64, None, "latest"))
        deployment.activations.forget("mlenv", "old")
        spec = json.loads((kernels / "dataflow-mlenv" / "kernel.json").read_text())
        assert spec["metadata"]["dataflow_envs"]["environment_id"] == "new"
        deployment.activations.forget("mlenv", "new")
        assert not (kernels / "dataflow-mlenv").exists()


def test_a_published_version_is_superseded(deployment: Deployment, carols: Deployment, python: str) -> None:
    """Its owner works on, and others notice nothing but the next publication."""
    made(deployment, "super", python)
    publish(deployment, "super")
    deployment.activations.activate(ALICE, "super")
    carols.activations.activate(CAROL, "super")
    deployment.environments.edit(ALICE, "super", Draft(full_name="Not for others yet"), None)
    move(deployment, "super", "1.2")
    wait_until(lambda: says(deployment, "super") == ("Dataflow · Not for others yet", 2, "latest"), "alice's", 5)
    # What carol's server has read of all this must have reached nothing of hers.
    carols.activations.refresh([id_of(deployment, "super")])
    assert says(carols, "super") == ("Dataflow · Full name", 1, "published")
    carols.activations.activate(CAROL, "super")
    assert says(carols, "super") == ("Dataflow · Full name", 1, "published")
    launcher = spec_of(carols, "super")["argv"][0]
    before = spec_of(carols, "super")["metadata"]
    with subprocess.Popen(
        [launcher, "--run", "python", "-c", WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        version, prefix = running.stdout.readline().split()
        assert (version, prefix) == ("1.1", before["conda_env_path"])
        publish(deployment, "super")
        wait_until(lambda: says(carols, "super") == ("Dataflow · Not for others yet", 2, "published"), "carol's", 5)
        after = spec_of(carols, "super")
        assert after["argv"][0] == launcher
        assert after["metadata"]["dataflow_envs"]["digest"] != before["dataflow_envs"]["digest"]
        assert after["metadata"]["conda_env_path"] != prefix
        assert runs(launcher) == "1.2"
        # What runs is left alone, and what it needs is there.
        assert leases.running(deployment.root.path)[Path(prefix).name] == [running.pid]
        out, _ = running.communicate("\n")
    assert (running.returncode, out) == (0, "")
    assert trail(deployment, "super") == [("activated", "alice", 1, {}), ("activated", "carol", 1, {})]


def test_a_draft_is_tried_and_published(deployment: Deployment, carols: Deployment, python: str) -> None:
    made(deployment, "tried", python)
    with pytest.raises(NotFound):
        carols.activations.activate(CAROL, "tried", draft=True)
    with pytest.raises(Conflict, match="It is not published"):
        carols.activations.activate(BOSS, "tried")
    carols.activations.activate(BOSS, "tried", draft=True)
    assert rows(deployment, "tried") == [("boss", True)]
    assert says(carols, "tried") == ("Dataflow · Full name", 1, "latest")
    with deployment.database.read() as connection:
        assert environments.find(connection, "tried", BOSS).draft_active
    # It follows the draft as long as it is one.
    move(deployment, "tried", "1.2")
    wait_until(lambda: says(carols, "tried")[1] == 2, "the newer draft", 5)
    publish(deployment, "tried")
    wait_until(lambda: rows(deployment, "tried") == [("boss", False)], "the draft's end", 5)
    wait_until(lambda: says(carols, "tried") == ("Dataflow · Full name", 2, "published"), "the published one", 5)
    with pytest.raises(Conflict, match="Its latest version is the published one"):
        carols.activations.activate(BOSS, "tried", draft=True)
    # Of what is built from now on an administrator who did not ask for it sees nothing.
    move(deployment, "tried", "1.3")
    carols.activations.refresh([id_of(deployment, "tried")])
    assert says(carols, "tried")[1:] == (2, "published")
    with pytest.raises(NotAllowed, match="Only an administrator can try a draft"):
        carols.activations.activate(CAROL, "tried", draft=True)
    carols.activations.activate(BOSS, "tried", draft=True)
    carols.activations.activate(BOSS, "tried")
    carols.activations.activate(BOSS, "tried")
    carols.activations.deactivate(BOSS, "tried")
    assert not kernel_json(carols, "tried").exists()
    assert trail(deployment, "tried") == [
        ("activated", "boss", 1, {"draft": True}),
        # Everybody hears of these, for it is published: not of the number that they don't see.
        ("activated", "boss", None, {"draft": True, "latest": 3}),
        ("activated", "boss", 2, {}),
        ("deactivated", "boss", 2, {}),
    ]


def test_on_a_shared_server_the_latest_is_there_for_all_who_share_it(
    deployment: Deployment, carols: Deployment, python: str
) -> None:
    made(deployment, "share", python)
    publish(deployment, "share")
    move(deployment, "share", "1.2")
    carols.activations.activate(CAROL, "share")
    assert says(carols, "share")[1:] == (1, "published")
    carols.activations.activate(ALICE, "share")
    assert says(carols, "share")[1:] == (2, "latest")
    carols.activations.deactivate(ALICE, "share")
    assert says(carols, "share")[1:] == (1, "published")
    with pytest.raises(Conflict, match="not active"):
        carols.activations.deactivate(ALICE, "share")
    with pytest.raises(Conflict, match="another notebook server of yours"):
        deployment.activations.deactivate(CAROL, "share")


def test_what_is_unpublished_ends_for_those_who_have_it(
    deployment: Deployment, carols: Deployment, python: str
) -> None:
    made(deployment, "withd", python)
    publish(deployment, "withd")
    deployment.activations.activate(ALICE, "withd")
    carols.activations.activate(BOSS, "withd")
    launcher = spec_of(carols, "withd")["argv"][0]
    deployment.publishing.unpublish(BOSS, "withd")
    wait_until(lambda: rows(deployment, "withd") == [("alice", False)], "the activation's end", 5)
    assert not kernel_json(carols, "withd").exists()
    assert says(deployment, "withd")[1:] == (1, "latest")
    assert trail(deployment, "withd")[-1] == ("deactivated", "(service)", None, {"person": "boss"})
    # Somebody may have kept the path: it starts nothing any more, and says why.
    done = subprocess.run([launcher, "--run", "true"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "'withd' is no longer published.\n")


def test_a_transfer_ends_it_for_the_former_owner(deployment: Deployment, carols: Deployment, python: str) -> None:
    made(deployment, "trans", python)
    deployment.activations.activate(ALICE, "trans")
    carols.activations.activate(BOSS, "trans", draft=True)
    deployment.publishing.transfer(BOSS, "trans", "carol")
    wait_until(lambda: rows(deployment, "trans") == [("boss", True)], "alice's end", 5)
    assert not kernel_json(deployment, "trans").exists()
    assert trail(deployment, "trans")[-1] == ("deactivated", "(service)", None, {"person": "alice"})
    # Who tried the draft of what is theirs now has it as its owner does.
    deployment.publishing.transfer(BOSS, "trans", "boss")
    wait_until(lambda: rows(deployment, "trans") == [("boss", False)], "the draft's end", 5)
    assert says(carols, "trans")[1:] == (1, "latest")


def test_a_transfer_of_what_is_published_moves_the_former_owner(deployment: Deployment, python: str) -> None:
    made(deployment, "trpub", python)
    publish(deployment, "trpub")
    move(deployment, "trpub", "1.2")
    deployment.activations.activate(ALICE, "trpub")
    assert says(deployment, "trpub")[1:] == (2, "latest")
    deployment.publishing.transfer(BOSS, "trpub", "carol")
    wait_until(lambda: says(deployment, "trpub")[1:] == (1, "published"), "the published version", 5)


def test_a_server_that_was_away_puts_all_right_when_it_starts(
    deployment: Deployment, channel: Path, python: str
) -> None:
    root = deployment.root.path
    with ExitStack() as away:
        server = away.enter_context(deployment_in(root, channel.as_uri(), kernels_dir=root.parent / "away"))
        for name in ("gone1", "stays"):
            made(deployment, name, python)
            publish(deployment, name)
            server.activations.activate(CAROL, name)
    with deployment.database.write() as connection:
        connection.execute(text("UPDATE activations SET leased_until = since WHERE person = 'carol'"))
    deployment.publishing.unpublish(BOSS, "gone1")
    stray = write_launcher(root, "deleted", "latest", Target("gone2", 1, None, None, "It was deleted."))
    moved = launcher_path(root, id_of(deployment, "stays"), "published")
    moved.chmod(0o755)
    moved.write_text("of another version")
    with deployment_in(root, channel.as_uri(), kernels_dir=root.parent / "away") as server:
        wait_until(lambda: rows(deployment, "gone1") == [], "the activation's end", 5)
        assert rows(deployment, "stays") == [("carol", False)]
        wait_until(lambda: not stray.parent.exists(), "the stray launchers' end", 5)
        assert not kernel_json(server, "gone1").exists()
        assert says(server, "stays")[1:] == (1, "published")
        assert runs(moved) == "1.1"
        server.activations.deactivate(CAROL, "stays")


def test_a_launcher_for_commands_needs_no_activation(deployment: Deployment, carols: Deployment, python: str) -> None:
    made(deployment, "comma", python)
    with pytest.raises(NotFound):
        carols.activations.launcher(CAROL, "comma")
    with pytest.raises(Conflict, match="It is not published"):
        carols.activations.launcher(BOSS, "comma")
    own = deployment.activations.launcher(ALICE, "comma")
    assert (own.path.name, own.grant.version, runs(own.path)) == ("latest", 1, "1.1")
    publish(deployment, "comma")
    move(deployment, "comma", "1.2")
    wait_until(lambda: runs(own.path) == "1.2", "alice's to move", 5)
    carols_own = carols.activations.launcher(CAROL, "comma")
    assert (carols_own.path.name, carols_own.grant.version, runs(carols_own.path)) == ("published", 1, "1.1")
    assert carols_own.grant.digest == deployment.versions.get(ALICE, "comma", 1).version.digest
    # Nobody has it active, and yet what was handed out moves.
    publish(deployment, "comma")
    wait_until(lambda: runs(carols_own.path) == "1.2", "carol's to move", 5)
    deployment.publishing.deprecate(BOSS, "comma", "too old")
    with pytest.raises(Conflict, match="too old"):
        carols.activations.launcher(CAROL, "comma")


def test_a_command_keeps_its_prefix_and_a_launcher_starts_no_removed_one(
    deployment: Deployment, carols: Deployment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(deployment, "lease", python, "1.7")
    publish(deployment, "lease")
    written = carols.activations.launcher(CAROL, "lease")
    assert written.grant.prefix is not None
    monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))

    def swept() -> None:
        for _ in range(2):
            sweep(deployment.workshop, lambda: leases.running(deployment.root.path))

    with subprocess.Popen(
        [written.path, "--run", "python", "-c", WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        usage = deployment.usages.of(ALICE, "lease")
        assert (usage.running_kernels, usage.active_people) == (1, 0)
        assert usage.last_started is not None
        kept = written.path.read_bytes()
        deployment.environments.delete(BOSS, "lease", force=True)
        swept()
        assert Path(written.grant.prefix, "bin/python").exists()
        running.communicate("\n")
    swept()
    assert not Path(written.grant.prefix).exists()
    # Somebody made a copy: it names a folder that is gone for ever.
    copy = deployment.root.path.parent / "copy"
    copy.write_bytes(kept)
    copy.chmod(0o755)
    done = subprocess.run([copy, "--run", "true"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Version 1 of 'lease' can't start: its folder is gone")


def test_files_that_are_gone_are_a_reason(deployment: Deployment, carols: Deployment, python: str) -> None:
    made(deployment, "lost", python, "1.8")
    publish(deployment, "lost")
    written = carols.activations.launcher(CAROL, "lost")
    assert written.grant.prefix is not None
    remove_tree(Path(written.grant.prefix))
    reason = "'Full name' can't start: its installed files are gone."
    with pytest.raises(Conflict, match=f"{reason} Ask its owner to build it again."):
        carols.activations.launcher(CAROL, "lost")
    with pytest.raises(Conflict, match=f"{reason} Build it again."):
        deployment.activations.launcher(ALICE, "lost")
    done = subprocess.run([written.path, "--run", "true"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"{reason} Ask its owner to build it again.\n")
    # Built anew, from the same lock, it runs again.
    build(deployment, "lost")
    assert runs(deployment.activations.launcher(ALICE, "lost").path) == "1.8"


def test_what_was_started_counts_for_those_whose_version_it_is(
    deployment: Deployment, carols: Deployment, python: str
) -> None:
    for name in ("start", "other"):
        made(deployment, name, python)
        publish(deployment, name)
        deployment.activations.activate(ALICE, name)
        carols.activations.activate(CAROL, name)

    def started(name: str) -> dict[str, Any]:
        return {a.person: a.last_started for a in deployment.usages.of(BOSS, name).activations}

    def renewed() -> None:
        for server in (deployment, carols):
            server.activations.renew()

    renewed()
    assert started("start") == {"alice": None, "carol": None}
    assert deployment.usages.of(ALICE, "start").last_started is None
    runs(carols.activations.launcher(CAROL, "start").path)
    renewed()
    first = started("start")
    assert first["alice"] is None
    assert first["carol"] is not None
    usage = deployment.usages.of(ALICE, "start")
    assert (usage.last_started, usage.active_people) == (first["carol"], 2)
    with deployment.database.read() as connection:
        assert environments.find(connection, "start", CAROL).usage.last_started == first["carol"]
    # The other one has equal packages and hence the same prefix: nobody has started it.
    assert started("other") == {"alice": None, "carol": None}
    # A version that nobody starts any more does not take the moment away.
    move(deployment, "start", "1.4")
    publish(deployment, "start")
    renewed()
    assert started("start") == first
    runs(spec_of(deployment, "start")["argv"][0])
    renewed()
    second = started("start")
    assert second["alice"] is not None
    assert second["alice"] > first["carol"]
    assert second["carol"] == first["carol"]


def test_who_uses_it_is_for_its_owner_and_administrators(
    deployment: Deployment, carols: Deployment, python: str
) -> None:
    made(deployment, "usage", python)
    with pytest.raises(NotFound):
        carols.usages.of(CAROL, "usage")
    publish(deployment, "usage")
    with pytest.raises(NotAllowed, match="Only its owner or an administrator"):
        carols.usages.of(CAROL, "usage")
    carols.activations.activate(CAROL, "usage")
    carols.activations.activate(BOSS, "usage")
    with deployment.database.write() as connection:
        connection.execute(text("UPDATE activations SET leased_until = since WHERE person = 'carol'"))
    usage = deployment.usages.of(ALICE, "usage")
    assert [(a.person, a.draft) for a in usage.activations] == [("boss", False), ("carol", False)]
    assert usage.activations[1].leased_until == usage.activations[1].since
    assert (usage.active_people, usage.running_kernels, usage.based_on_it) == (1, 0, [])
    for person, child in ((ALICE, "chil1"), (CAROL, "chil2"), (CAROL, "chil3")):
        base = WantedBase("usage")
        deployment.environments.create(person, child, Draft("Child", "", None, ("tiny-003",), (), base))
    assert deployment.usages.of(ALICE, "usage").based_on_it == ["chil1"]
    assert deployment.usages.of(BOSS, "usage").based_on_it == ["chil1", "chil2", "chil3"]
