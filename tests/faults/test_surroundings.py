"""Channels and indexes out of reach, packages that are not what they should be, a disk that is full."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channel.index import index_server
from tests.channel.server import Server
from tests.faults.site import Site, doctor, rest_of
from tests.handlers.rest import Rest
from tests.live import LiveServer, free_port
from tests.service.deployments import minor_of
from tests.service.warm import warm


@pytest.fixture(scope="module")
def away(
    tmp_path_factory: pytest.TempPathFactory, channel: Path, wheelhouse: Path
) -> Iterator[tuple[Site, LiveServer, str]]:
    """A server whose index nobody serves, and that index's URL."""
    nowhere = f"http://127.0.0.1:{free_port()}/simple"
    root = warm(tmp_path_factory.mktemp("away") / "root", channel)
    with Server(channel) as served, index_server(wheelhouse) as index:
        site = Site(root, served, index, minor_of(channel))
        with site.server(pip_index_url=nowhere) as server:
            yield site, server, nowhere


def _failed(person: Rest, name: str, python: str, **lists: list[str]) -> dict[str, object]:
    """The version of a build that must fail."""
    person.create(name, python_version=python, **lists)
    person.post(f"/environments/{name}/build", {}).ok(202)
    version: dict[str, object] = person.wait(name)
    assert version["outcome"] == "failed"
    return version


def test_an_index_out_of_reach_is_named(away: tuple[Site, LiveServer, str]) -> None:
    site, server, nowhere = away
    person = rest_of(server)
    failed = _failed(person, "noidx", site.python, pip_requirements=["tinywheel-00"])
    assert nowhere.removesuffix("/simple").removeprefix("http://") in str(failed["reason"])
    assert site.accounted_for()
    assert "can't be reached" in doctor(person)[f"index {nowhere}"]


def test_a_channel_that_answers_with_errors_is_named(away: tuple[Site, LiveServer, str]) -> None:
    site, server, _ = away
    site.channel.fail("*repodata*", 500)
    failed = _failed(rest_of(server), "ch500", site.python)
    site.heal()
    assert site.channel.netloc in str(failed["reason"])
    assert site.accounted_for()


def test_a_package_with_other_bytes_than_the_index_says_is_not_installed(away: tuple[Site, LiveServer, str]) -> None:
    site, server, _ = away
    person = rest_of(server)
    failed = _failed(person, "hash", site.python, conda_requirements=["bad-hash"])
    assert "bad-hash" in str(failed["reason"])
    assert site.accounted_for()
    # The cache is not poisoned: everybody else's builds go on.
    name = site.create(person)
    person.post(f"/environments/{name}/build", {}).ok(202)
    assert person.wait(name)["outcome"] == "succeeded"


def test_a_kernel_that_can_not_start_is_a_failed_build(away: tuple[Site, LiveServer, str]) -> None:
    site, server, _ = away
    failed = _failed(rest_of(server), "brokn", site.python, conda_requirements=["broken-kernel"])
    assert "kernel" in str(failed["reason"])
    assert site.accounted_for()


def test_a_download_that_breaks_off_fails_and_the_next_attempt_succeeds(away: tuple[Site, LiveServer, str]) -> None:
    site, server, _ = away
    person = rest_of(server)
    site.channel.fail("noarch/big-data-*", 503)
    failed = _failed(person, "break", site.python, conda_requirements=["big-data"])
    assert "big-data" in str(failed["reason"])
    site.heal()
    again = person.post("/environments/break/build", {}).ok(202)
    assert (again["number"], again["attempt"]) == (1, 2)
    assert person.wait("break")["outcome"] == "succeeded"
    first = person.get("/environments/break/versions/1/log?attempt=1").text
    assert "Failed: " in first
    assert "Succeeded." in person.get("/environments/break/versions/1/log").text
    assert site.accounted_for()


def test_a_channel_out_of_reach_is_named(tmp_path: Path, channel: Path, wheelhouse: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with Server(channel) as served, index_server(wheelhouse) as index:
        site = Site(warm(tmp_path / "root", channel), served, index, minor_of(channel))
        with site.server(channels=[f"{nowhere}/t/S3CRET/channel"]) as server:
            person = rest_of(server)
            failed = _failed(person, "noch", site.python)
            assert nowhere.removeprefix("http://") in str(failed["reason"])
            person.create("prev", python_version=site.python)
            refusal = person.post("/environments/prev/preview", {})
            assert refusal.status in (422, 503)
            said = "".join(
                [
                    str(failed),
                    refusal.text,
                    person.get("/environments/noch/versions/1/log").text,
                    person.get("/doctor").text,
                    person.get("/me").text,
                    person.get("/environments").text,
                ]
            )
            assert nowhere.removeprefix("http://") in said
            assert "S3CRET" not in said
            assert "S3CRET" not in server.log


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a size that root can change."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=30m", "tests", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_says_so_and_room_for_it_is_all_that_is_needed(
    small_disk: Path, channel: Path, wheelhouse: Path
) -> None:
    with Server(channel) as served, index_server(wheelhouse) as index:
        site = Site(small_disk / "root", served, index, minor_of(channel))
        with site.server() as server:
            person = rest_of(server)
            failed = _failed(person, "full", site.python)
            assert "full" in str(failed["reason"])
            assert "disk" in str(failed["reason"])
            assert site.accounted_for()
            assert not next(c for c in person.get("/doctor").ok()["checks"] if c["name"] == "disk")["ok"]
            subprocess.run(["mount", "-o", "remount,size=4g", str(small_disk)], check=True)
            person.post("/environments/full/build", {}).ok(202)
            again = person.wait("full")
            assert (again["outcome"], again["attempt"]) == ("succeeded", 2), again["reason"]
            assert site.accounted_for()
