"""Local environments made of what the deployment offers, and copied both ways, with real packages."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from jupyter_dataflow_envs.domain.clock import now
from jupyter_dataflow_envs.domain.draft import Draft
from jupyter_dataflow_envs.domain.errors import Conflict, InvalidSpec, LocalNameTaken, NotFound, Unreproducible
from jupyter_dataflow_envs.domain.local import Kind, LocalEnvironment, LocalStatus, Work
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.local.records import Maker, Record, Records, State
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.channel.index import index_server, index_url
from tests.live import wait_until
from tests.service.deployments import ALICE, build, create, deployment_in, ended, log_of, minor_of
from tests.service.installed import named
from tests.service.warm import warm

BOB = Person("bob")


@pytest.fixture
def python(channel: Path) -> str:
    return minor_of(channel)


@contextmanager
def opened(folder: Path, channel: Path, **more: bool) -> Iterator[Deployment]:
    with deployment_in(folder / "root", channel.as_uri(), kernels_dir=folder / "kernels", **more) as deployment:
        yield deployment


@pytest.fixture
def deployment(tmp_path: Path, channel: Path) -> Iterator[Deployment]:
    warm(tmp_path / "root", channel)
    with opened(tmp_path, channel) as deployment:
        yield deployment


def settled(deployment: Deployment, id: str) -> LocalEnvironment:
    """Once nothing is being done with it any more."""

    def look() -> LocalEnvironment | None:
        found = deployment.local.environments.get(id)
        return None if found.status is LocalStatus.IN_PROGRESS else found

    return wait_until(look, f"the work on {id}", 120)


def ready(deployment: Deployment, id: str) -> LocalEnvironment:
    found = settled(deployment, id)
    assert found.status is LocalStatus.READY, f"{found.reason}\n{local_log(deployment, id)}"
    return found


def local_log(deployment: Deployment, id: str) -> str:
    return deployment.local.environments.read_log(id, 0, 1024 * 1024).data.decode()


def versions_of(prefix: Path) -> set[tuple[str, str, str]]:
    return {(manager, name, version) for manager, name, version, _ in named(prefix)}


def prefix_of(deployment: Deployment, short_name: str) -> Path:
    return Path(deployment.activations.launcher(ALICE, short_name).grant.prefix or "")


def install(local: LocalEnvironment, requirement: str, wheelhouse: Path) -> None:
    """As a person does it, in a notebook of that kernel."""
    options = ["-q", "--no-index", "--no-deps", "--find-links", wheelhouse]
    done = subprocess.run(
        [local.prefix / "bin/python", "-m", "pip", "install", *options, requirement],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def run_kernel(folder: Path, name: str, code: str) -> str:
    """What a cell prints in that kernel, started as Jupyter starts it."""
    manager = KernelManager(
        kernel_name=name, kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(folder / "kernels")])
    )
    manager.start_kernel()
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        printed: list[str] = []
        client.execute_interactive(
            code, timeout=60, output_hook=lambda m: printed.append(m["content"].get("text", "")), store_history=False
        )
        return "".join(printed)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_round_trip(deployment: Deployment, channel: Path, wheelhouse: Path, python: str, tmp_path: Path) -> None:
    create(deployment, "mlenv", python, "tiny-000=1.3")
    version = build(deployment, "mlenv")
    made = deployment.local.copy_to_local(ALICE, "mlenv", None)
    assert (made.id, made.status, made.kind) == ("mlenv", LocalStatus.IN_PROGRESS, Kind.MADE)
    copy = ready(deployment, "mlenv")
    assert copy.copied_from is not None
    assert (copy.copied_from.short_name, copy.copied_from.version) == ("mlenv", 1)
    assert copy.copied_from.digest == version.digest
    assert versions_of(copy.prefix) == versions_of(prefix_of(deployment, "mlenv"))
    assert "Solving" not in local_log(deployment, "mlenv")

    assert copy.kernel is not None
    assert (copy.kernel.name, copy.kernel.display_name, copy.kernel.ours) == ("local-mlenv", "Local · mlenv", True)
    spec = json.loads((tmp_path / "kernels/local-mlenv/kernel.json").read_text())
    assert spec["metadata"]["dataflow_envs"]["category"] == "Local Environments"
    said = run_kernel(tmp_path, "local-mlenv", "import os, sys; print(sys.prefix, os.environ['CONDA_PREFIX'])")
    assert said.split() == [str(copy.prefix)] * 2

    assert not deployment.local.environments.drift("mlenv")[1].added
    install(copy, "tinywheel-00==1.0", wheelhouse)
    record, drift = deployment.local.environments.drift("mlenv")
    assert record.copied_from == copy.copied_from
    assert [(p.name, p.version, p.manager) for p in drift.added] == [("tinywheel-00", "1.0", "pip")]
    assert (drift.removed, drift.changed) == ((), ())


def test_copy_to_dataflow_builds_what_is_installed(
    tmp_path: Path, channel: Path, wheelhouse: Path, python: str
) -> None:
    warm(tmp_path / "root", channel)
    with index_server(wheelhouse) as index:
        more = {"pip_index_url": index_url(index)}
        with deployment_in(tmp_path / "root", channel.as_uri(), kernels_dir=tmp_path / "kernels", **more) as deployment:
            create(deployment, "mlenv", python, "tiny-000=1.3", pip=("tinywheel-00==1.0",))
            build(deployment, "mlenv")
            deployment.local.copy_to_local(ALICE, "mlenv", "mine")
            local = ready(deployment, "mine")
            install(local, "tinywheel-01==1.0", wheelhouse)

            wanted = deployment.local.reproduction("mine")
            assert "tiny-000==1.3" in wanted.conda_requirements
            assert set(wanted.pip_requirements) == {"tinywheel-00==1.0", "tinywheel-01==1.0"}
            assert wanted.unreproducible == ()
            made = deployment.local.copy_to_dataflow(BOB, "mine", "copy", Draft(full_name="A copy"))
            assert (made.owner, made.spec.python_version) == ("bob", local.python_version)
            assert made.copied_from is not None
            assert (made.copied_from.name, made.copied_from.prefix) == ("mine", str(local.prefix))
            version = ended(deployment, "copy", person=BOB)
            assert (version.number, version.outcome.value) == (1, "succeeded"), version.reason
            launcher = deployment.activations.launcher(BOB, "copy")
            assert launcher.grant.prefix is not None
            assert versions_of(Path(launcher.grant.prefix)) == versions_of(local.prefix)


def test_made_from_the_form(deployment: Deployment, python: str, tmp_path: Path) -> None:
    draft = Draft(python_version=python, conda_requirements=("tiny-001",), pip_requirements=(), base=None)
    deployment.local.create(ALICE, "Notes", draft)
    local = ready(deployment, "notes")
    assert local.requested == {
        "base": None, "python_version": python, "conda_requirements": ["tiny-001"], "pip_requirements": [],
    }  # fmt: skip
    assert local.python_version is not None
    assert local.python_version.startswith(python)
    assert "Solved" in local_log(deployment, "notes")
    assert local_log(deployment, "notes").rstrip().splitlines()[-1].startswith("Succeeded.")
    assert run_kernel(tmp_path, "local-notes", "import sys; print(sys.prefix)").strip() == str(local.prefix)


def test_names(deployment: Deployment, python: str) -> None:
    create(deployment, "mlenv", python)
    with pytest.raises(Conflict, match="No version has been built"):
        deployment.local.copy_to_local(ALICE, "mlenv", None)
    with pytest.raises(NotFound):
        deployment.local.copy_to_local(BOB, "mlenv", None)
    build(deployment, "mlenv")
    with pytest.raises(NotFound):
        deployment.local.copy_to_local(BOB, "mlenv", None)
    deployment.local.copy_to_local(ALICE, "mlenv", None)
    with pytest.raises(LocalNameTaken, match="'mlenv-2' is free") as taken:
        deployment.local.copy_to_local(ALICE, "mlenv", None)
    assert taken.value.more == {"suggestion": "mlenv-2"}
    for name in ("", "Über", "found-1", "base", "a" * 41, "../x", "1st"):
        with pytest.raises(InvalidSpec):
            deployment.local.copy_to_local(ALICE, "mlenv", name)
    ready(deployment, "mlenv")


def test_a_kernelspec_of_somebody_else_keeps_its_name(deployment: Deployment, python: str, tmp_path: Path) -> None:
    create(deployment, "mlenv", python)
    build(deployment, "mlenv")
    folder = tmp_path / "kernels/local-mlenv"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["true"], "display_name": "x", "language": "python"}')
    with pytest.raises(Conflict, match="take another name"):
        deployment.local.copy_to_local(ALICE, "mlenv", None)
    assert "mlenv" not in {e.id for e in deployment.local.environments.list()}


def test_a_failed_one_leaves_nothing_but_its_log(deployment: Deployment, python: str) -> None:
    draft = Draft(python_version=python, conda_requirements=("no-such-thing",), pip_requirements=(), base=None)
    deployment.local.create(ALICE, "mine", draft)
    failed = settled(deployment, "mine")
    assert failed.status is LocalStatus.FAILED
    assert failed.reason is not None
    assert "no-such-thing" in failed.reason
    assert not failed.prefix.exists()
    assert failed.kernel is None
    part = deployment.local.environments.read_log("mine", 0, 1024 * 1024)
    assert (part.outcome, "no-such-thing" in part.data.decode()) == ("failed", True)
    # Its name is free, also for another try.
    deployment.local.create(ALICE, "mine", replace(draft, conda_requirements=()))
    assert ready(deployment, "mine").reason is None
    read = deployment.local.environments.read_log
    assert read("mine", 0, 1024 * 1024).outcome == "succeeded"
    assert read("mine", 0, 1024 * 1024, number=1).outcome == "failed", "who followed the first one stays with it"
    assert read("mine", 0, 10).outcome is None, "there is more to read"


def test_cancelled(deployment: Deployment, python: str) -> None:
    create(deployment, "mlenv", python)
    build(deployment, "mlenv")
    deployment.local.copy_to_local(ALICE, "mlenv", None)
    deployment.local.environments.cancel("mlenv")
    gone = settled(deployment, "mlenv")
    assert (gone.status, gone.reason) == (LocalStatus.FAILED, "cancelled")
    assert not gone.prefix.exists()
    assert "Failed: cancelled." in local_log(deployment, "mlenv")
    with pytest.raises(Conflict, match="Nothing is being done"):
        deployment.local.environments.cancel("mlenv")
    deployment.local.environments.delete("mlenv")
    with pytest.raises(NotFound):
        deployment.local.environments.get("mlenv")


def test_cancelled_in_the_midst_of_it(deployment: Deployment, python: str, tmp_path: Path) -> None:
    create(deployment, "mlenv", python)
    build(deployment, "mlenv")
    before = {p: p.stat().st_mtime_ns for p in prefix_of(deployment, "mlenv").rglob("*") if not p.is_symlink()}
    deployment.local.copy_to_local(ALICE, "mlenv", "mine")
    wait_until(lambda: (tmp_path / "local/environments/mine/lib").exists(), "files of the copy")
    deployment.local.environments.cancel("mine")
    gone = settled(deployment, "mine")
    assert (gone.status, gone.reason) == (LocalStatus.FAILED, "cancelled")
    assert list((tmp_path / "local/environments").iterdir()) == []
    assert list((tmp_path / "local/removed").iterdir()) == []
    assert not (tmp_path / "kernels/local-mine").exists()
    after = {p: p.stat().st_mtime_ns for p in prefix_of(deployment, "mlenv").rglob("*") if not p.is_symlink()}
    assert after == before


def test_one_that_waits_is_cancelled_at_once(tmp_path: Path, channel: Path, python: str) -> None:
    warm(tmp_path / "root", channel)
    with opened(tmp_path, channel) as deployment:
        create(deployment, "mlenv", python)
        build(deployment, "mlenv")
        names = ["one", "two", "three"]  # two go on at a time
        for name in names:
            deployment.local.copy_to_local(ALICE, "mlenv", name)
        deployment.local.environments.cancel("three")
        assert deployment.local.environments.get("three").reason == "cancelled"
        assert [ready(deployment, name).status for name in names[:2]] == [LocalStatus.READY] * 2


def test_delete_waits_for_kernels(deployment: Deployment, python: str, tmp_path: Path) -> None:
    create(deployment, "mlenv", python)
    build(deployment, "mlenv")
    deployment.local.copy_to_local(ALICE, "mlenv", None)
    local = ready(deployment, "mlenv")
    launcher = json.loads((tmp_path / "kernels/local-mlenv/kernel.json").read_text())["argv"][0]
    with subprocess.Popen([launcher, "--run", "python", "-c", "input()"], stdin=subprocess.PIPE) as process:
        wait_until(lambda: not deployment.local.environments.actions(local)["delete"].allowed, "the lease")
        with pytest.raises(Conflict, match="shut that down first"):
            deployment.local.environments.delete("mlenv")
        process.communicate(b"\n")
    deployment.local.environments.delete("mlenv")
    assert not local.prefix.exists()
    assert not (tmp_path / "kernels/local-mlenv").exists()
    assert list((tmp_path / "local/removed").iterdir()) == []
    # One started without its kernelspec counts as well.
    deployment.local.copy_to_local(ALICE, "mlenv", None)
    ready(deployment, "mlenv")
    with subprocess.Popen([local.prefix / "bin/python", "-c", "input()"], stdin=subprocess.PIPE) as process:
        wait_until(lambda: Path(f"/proc/{process.pid}/exe").resolve().is_relative_to(local.prefix), "its start")
        with pytest.raises(Conflict, match=str(process.pid)):
            deployment.local.environments.delete("mlenv")
        process.communicate(b"\n")
    deployment.local.environments.delete("mlenv")


def test_what_cannot_be_reproduced_is_named(deployment: Deployment, python: str, tmp_path: Path) -> None:
    create(deployment, "mlenv", python)
    build(deployment, "mlenv")
    deployment.local.copy_to_local(ALICE, "mlenv", None)
    local = ready(deployment, "mlenv")
    (site,) = local.prefix.glob("lib/python3*/site-packages")
    info = site / "mylib-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mylib\nVersion: 0.1\n")
    (info / "RECORD").write_text("")
    (info / "direct_url.json").write_text('{"url": "file:///src/mylib", "dir_info": {"editable": true}}')
    with pytest.raises(Unreproducible, match="mylib can't be reproduced") as refused:
        deployment.local.copy_to_dataflow(ALICE, "mlenv", "copy", Draft(full_name="Copy"))
    assert [(e.text, "editable" in e.message) for e in refused.value.errors] == [("mylib", True)]
    with pytest.raises(NotFound):
        deployment.environments.get(ALICE, "copy")
    made = deployment.local.copy_to_dataflow(ALICE, "mlenv", "copy", Draft(full_name="Copy"), skip_unreproducible=True)
    assert not [r for r in made.spec.pip_requirements if "mylib" in r]
    version = ended(deployment, "copy")
    assert version.outcome.value == "succeeded", log_of(deployment, "copy", 1)


def test_it_outlives_the_server_and_a_session_does_not(tmp_path: Path, channel: Path, python: str) -> None:
    warm(tmp_path / "root", channel)
    draft = Draft(python_version=python, conda_requirements=(), pip_requirements=(), base=None)
    with opened(tmp_path, channel) as deployment:
        deployment.local.create(ALICE, "kept", draft)
        prefix = ready(deployment, "kept").prefix
    with opened(tmp_path, channel, local_session=True) as deployment:
        assert ready(deployment, "kept").kernel is not None
        deployment.local.create(ALICE, "short", draft)
        short = ready(deployment, "short").prefix
    assert prefix.exists()
    assert not short.exists()
    assert not (tmp_path / "kernels/local-short").exists()


def test_the_server_stops_while_it_is_made(tmp_path: Path, channel: Path, python: str) -> None:
    warm(tmp_path / "root", channel)
    draft = Draft(python_version=python, conda_requirements=(), pip_requirements=(), base=None)
    with opened(tmp_path, channel) as deployment:
        deployment.local.create(ALICE, "mine", draft)
    with opened(tmp_path, channel) as deployment:
        found = deployment.local.environments.get("mine")
        assert (found.status, found.prefix.exists()) == (LocalStatus.FAILED, False)
        assert found.reason is not None
        assert "server stopped" in found.reason


def test_what_a_dead_server_was_making(tmp_path: Path, channel: Path) -> None:
    with opened(tmp_path, channel) as deployment:
        folder = deployment.local.environments._folder
        records = Records(folder)
        maker = replace(Maker.this_process(), created=time.time() - 10**6)
        records.claim(Record("half", State.MAKING, Work.COPY, maker, now()))
        folder.prefix("half").mkdir()
    with opened(tmp_path, channel) as deployment:
        found = deployment.local.environments.get("half")
        assert found.status is LocalStatus.FAILED
        assert not found.prefix.exists()
