"""Builds leave images; machines without the files fetch them, at the same path, or install from the lock."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from jupyter_dataflow_envs.builds.arrival import Arrival
from jupyter_dataflow_envs.builds.image_sweep import missing_images, stray_images, sweep_images
from jupyter_dataflow_envs.domain.errors import NotFound, Unavailable
from jupyter_dataflow_envs.domain.permissions import Person
from jupyter_dataflow_envs.images import ImageStore, is_whole, remove_tree
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.images.folders import contents
from tests.live import wait_until
from tests.service.deployments import ALICE, build, create, deployment_in, ended, log_of, minor_of, query
from tests.service.warm import warm

CAROL = Person("carol")


@pytest.fixture(scope="module")
def deployment(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    root = warm(folder / "root", channel)
    with deployment_in(root, channel.as_uri(), image_store=(folder / "images").as_uri()) as opened:
        yield opened
    remove_tree(root)


@pytest.fixture(scope="module")
def python(channel: Path) -> str:
    return minor_of(channel)


def prefix_of(deployment: Deployment, name: str) -> Path:
    rows = query(
        deployment,
        "SELECT v.prefix_id FROM versions v JOIN environments e ON e.id = v.environment_id "
        "WHERE e.short_name = :n ORDER BY v.number DESC",
        n=name,
    )
    return deployment.workshop.folders.path(rows[0][0])


def image_row(deployment: Deployment, prefix: Path) -> tuple[str | None, int | None]:
    return tuple(query(deployment, "SELECT image_digest, image_size FROM prefixes WHERE id = :i", i=prefix.name)[0])


def store_of(deployment: Deployment) -> ImageStore:
    store = deployment.workshop.images()
    assert store is not None
    return store


def file_of(deployment: Deployment, prefix: Path) -> Path:
    """Of its image."""
    return deployment.root.path.parent / "images" / deployment.id / f"{prefix.name}.tar.zst"


def imports(prefix: Path, what: str) -> str:
    code = f"import sys, {what}; print(sys.prefix)"
    return subprocess.run([prefix / "bin" / "python", "-c", code], check=True, capture_output=True, text=True).stdout


def lose(deployment: Deployment, prefix: Path) -> dict[bytes, tuple[object, ...]]:
    """As on a machine that never had it; returns what was in it."""
    before = contents(prefix)
    deployment.workshop.folders.remove(prefix.name)
    assert not prefix.exists()
    return before


def test_a_build_ends_with_its_image(deployment: Deployment, python: str) -> None:
    create(deployment, "made", python, "tiny-001")
    version = build(deployment, "made")
    prefix = prefix_of(deployment, "made")
    digest, size = image_row(deployment, prefix)
    assert digest is not None
    assert store_of(deployment).size(prefix.name) == size == file_of(deployment, prefix).stat().st_size
    log = log_of(deployment, "made", 1)
    assert f"into an image of {size / 1e6:.0f} MB in " in log
    assert log.index("Sealed") < log.index("Packed") < log.index("Succeeded")
    assert [s.name for s in version.steps][-2:] == ["verifying", "packing"]
    assert not [p for p in prefix.parent.iterdir() if p.name.startswith(".partial")]


def test_who_has_not_got_the_files_fetches_them(deployment: Deployment, caplog: Any) -> None:
    prefix = prefix_of(deployment, "made")
    before = lose(deployment, prefix)
    caplog.set_level("INFO")
    deployment.activations.activate(ALICE, "made")
    assert contents(prefix) == before
    assert imports(prefix, "tiny_001, ipykernel").strip() == str(prefix)
    assert "made version 1: fetched in " in caplog.text
    spec = json.loads((deployment.root.path.parent / "kernels" / "dataflow-made" / "kernel.json").read_text())
    assert spec["metadata"]["conda_env_path"] == str(prefix)
    lose(deployment, prefix)
    assert deployment.activations.launcher(ALICE, "made").grant.prefix == str(prefix)
    assert is_whole(prefix)


def test_a_damaged_image_is_replaced_by_an_installation(deployment: Deployment, python: str, caplog: Any) -> None:
    create(deployment, "harm", python, "tiny-002")
    build(deployment, "harm")
    prefix = prefix_of(deployment, "harm")
    before = lose(deployment, prefix)
    with file_of(deployment, prefix).open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    deployment.activations.activate(ALICE, "harm")
    assert "harm version 1: The image can't be used (the image is damaged" in caplog.text
    assert imports(prefix, "tiny_002").strip() == str(prefix)
    after = contents(prefix)
    assert before.keys() == after.keys()
    assert {n: e[0] for n, e in after.items()} == {n: e[0] for n, e in before.items()}, "modes"
    file_of(deployment, prefix).unlink()
    lose(deployment, prefix)
    deployment.activations.activate(ALICE, "harm")
    assert "(the image is not in the image store)" in caplog.text
    assert is_whole(prefix)
    assert missing_images(deployment.workshop, store_of(deployment)) == [prefix.name]


def test_the_same_packages_are_taken_where_only_their_image_is_there(deployment: Deployment, python: str) -> None:
    prefix = prefix_of(deployment, "made")
    lose(deployment, prefix)
    create(deployment, "same", python, "tiny-001")
    build(deployment, "same")
    assert prefix_of(deployment, "same") == prefix
    assert "taking that prefix" in log_of(deployment, "same", 1)
    (found,) = [c for c in deployment.diagnosis.checks() if c.name == "disk against database"]
    assert found.ok, found.message
    deployment.activations.activate(ALICE, "same")
    assert imports(prefix, "tiny_001").strip() == str(prefix)


def test_a_kernel_in_use_comes_by_itself(deployment: Deployment) -> None:
    """Its version moved on another machine, say: nobody waits for its files, and the launcher follows."""
    deployment.activations.activate(ALICE, "made")
    launcher = deployment.activations.launcher(ALICE, "made").path
    prefix = prefix_of(deployment, "made")
    assert str(prefix) in launcher.read_text()
    lose(deployment, prefix)
    deployment.activations.reconcile()
    wait_until(lambda: is_whole(prefix) and str(prefix) in launcher.read_text(), "its files and launcher", 30)


def test_while_its_files_come_the_kernel_says_so(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment.activations.activate(ALICE, "made")
    launcher = deployment.activations.launcher(ALICE, "made").path
    prefix = prefix_of(deployment, "made")
    lose(deployment, prefix)
    goes_on = threading.Event()
    read = ImageStore.read

    def slowly(store: ImageStore, prefix_id: str) -> Iterator[bytes]:
        pieces = read(store, prefix_id)
        yield next(pieces)
        assert goes_on.wait(30)
        yield from pieces

    def arrival() -> Arrival | None:
        return deployment.activations.arrival(ALICE, "made")

    assert arrival() is None
    monkeypatch.setattr(ImageStore, "read", slowly)
    try:
        deployment.activations.reconcile()
        assert "being brought to this machine" in launcher.read_text()
        come = wait_until(lambda: (a := arrival()) and a.done and a, "its first bytes", 30)
        assert come.total == image_row(deployment, prefix)[1]
        with pytest.raises(NotFound):
            deployment.activations.arrival(CAROL, "made")
    finally:
        goes_on.set()
    wait_until(lambda: str(prefix) in launcher.read_text(), "the launcher", 30)
    assert arrival() is None


def test_files_that_cannot_be_brought_say_why(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of `harm`, whose image is gone."""
    deployment.activations.deactivate(ALICE, "harm")
    prefix = prefix_of(deployment, "harm")
    lose(deployment, prefix)
    monkeypatch.setattr(type(deployment.workshop.questions), "run", lambda *_: {"type": "failure", "reason": "no way"})
    with pytest.raises(Unavailable, match="The files of harm version 1 can't be brought to this machine: no way"):
        deployment.activations.activate(ALICE, "harm")
    assert deployment.environments.get(ALICE, "harm").active is False
    assert not prefix.exists()
    monkeypatch.undo()
    deployment.activations.activate(ALICE, "harm")
    assert is_whole(prefix)


def test_an_image_is_read_by_who_may_see_the_version(deployment: Deployment) -> None:
    prefix = prefix_of(deployment, "made")
    found = deployment.images.open(ALICE, "made", 1)
    assert (found.image.digest, found.image.size) == image_row(deployment, prefix)
    assert b"".join(found.pieces) == file_of(deployment, prefix).read_bytes()
    with pytest.raises(NotFound, match="There is no"):
        deployment.images.open(CAROL, "made", 1)
    with pytest.raises(NotFound, match="There is no version 2"):
        deployment.images.open(ALICE, "made", 2)
    with pytest.raises(NotFound, match="There is no image of version 1 of 'harm'"):
        deployment.images.open(ALICE, "harm", 1)


def test_an_image_goes_with_its_prefix_and_strays_go_later(
    deployment: Deployment, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(deployment, "goes", python, "tiny-003")
    build(deployment, "goes")
    image = file_of(deployment, prefix_of(deployment, "goes"))
    kept = file_of(deployment, prefix_of(deployment, "made"))
    stray, half = image.with_name("ffffffffffff.tar.zst"), kept.with_name(f"{kept.name[:12]}.abcd.part")
    for file in (stray, half):
        file.write_bytes(b"left")
    workshop, store = deployment.workshop, store_of(deployment)
    assert stray_images(workshop, store) == []
    sweep_images(workshop, (), whole=True)
    assert stray.exists()
    os.utime(stray, (0, 0))
    os.utime(half, (0, 0))
    (found,) = [c for c in deployment.diagnosis.checks() if c.name == "images"]
    assert "2 stray ones" in found.message or not found.ok
    sweep_images(workshop, (), whole=True)
    assert not stray.exists()
    assert not half.exists()
    monkeypatch.setattr("jupyter_dataflow_envs.builds.housekeeping.GRACE", timedelta(0))
    from jupyter_dataflow_envs.builds.housekeeping import sweep

    deployment.environments.delete(ALICE, "goes", force=False)
    wait_until(lambda: sweep(workshop, set, whole=False) and not image.exists(), "the image's removal", 20)
    assert kept.exists()


class Store(MemoryFileSystem):
    """One that takes its time, and one day fails. Nothing of it is shared with other tests."""

    protocol = ("slow",)
    store: dict[str, Any] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012
    written = threading.Event()
    goes_on = threading.Event()

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        if mode == "wb" and "broken" in path:
            raise PermissionError("the secret key abc is not allowed")
        file = super()._open(path, mode, **kwargs)
        return Slow(file) if mode == "wb" else file


class Slow:
    def __init__(self, file: MemoryFile) -> None:
        self._file = file
        self.close = file.close

    def write(self, data: bytes) -> int:
        Store.written.set()
        assert Store.goes_on.wait(30)
        return int(self._file.write(data))


@pytest.fixture
def elsewhere(deployment: Deployment, channel: Path, tmp_path: Path) -> Iterator[Any]:
    """Opens deployments with that image store."""
    fsspec.register_implementation("slow", Store, clobber=True)
    Store.written.clear()
    Store.goes_on.clear()

    def opened(url: str) -> Any:
        return deployment_in(warm(tmp_path / "root", channel), channel.as_uri(), image_store=url)

    yield opened
    remove_tree(tmp_path / "root")


def test_a_store_that_cannot_be_used_fails_the_build(elsewhere: Any, python: str) -> None:
    with elsewhere("slow://broken") as deployment:
        create(deployment, "fails", python, "tiny-001")
        deployment.versions.build(ALICE, "fails")
        version = ended(deployment, "fails")
        assert version.outcome.value == "failed"
        assert version.reason is not None
        assert "was built, but not stored for other machines: the image store slow://broken/" in version.reason
        assert "secret" not in version.reason + log_of(deployment, "fails", 1)
        assert deployment.workshop.folders.ids() == set()
        (found,) = [c for c in deployment.diagnosis.checks() if c.name == "images"]
        assert found.ok, found.message


def test_a_build_can_be_cancelled_while_it_is_packed(elsewhere: Any, python: str) -> None:
    with elsewhere("slow://bucket/images") as deployment:
        create(deployment, "stops", python, "tiny-001")
        deployment.versions.build(ALICE, "stops")
        assert Store.written.wait(60)
        assert deployment.versions.list(ALICE, "stops")[0].phase == "verifying"
        deployment.versions.cancel(ALICE, "stops")
        threading.Timer(0.3, Store.goes_on.set).start()
        version = ended(deployment, "stops", 5)
        assert version.reason == "cancelled by alice"
        assert store_of(deployment).names() == {}
        assert deployment.workshop.folders.ids() == set()


def test_what_cannot_be_packed_is_installed_elsewhere(deployment: Deployment, python: str, monkeypatch: Any) -> None:
    """A link that leads out of the prefix, say: the build says so, and its lock is enough for other machines."""
    monkeypatch.setattr(
        "jupyter_dataflow_envs.images.pack.foreign_entry", lambda *_: "the link 'lib/x' leads out of it"
    )
    create(deployment, "odd", python, "tiny-004")
    build(deployment, "odd")
    assert "No image is made of this environment, as the link 'lib/x' leads out of it" in log_of(deployment, "odd", 1)
    prefix = prefix_of(deployment, "odd")
    assert image_row(deployment, prefix) == (None, None)
    lose(deployment, prefix)
    deployment.activations.activate(ALICE, "odd")
    assert imports(prefix, "tiny_004").strip() == str(prefix)
