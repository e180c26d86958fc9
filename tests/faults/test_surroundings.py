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
from tests.live import free_port
from tests.service.deployments import minor_of


@pytest.fixture(scope="module")
def nowhere() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def person(site: Site, nowhere: str) -> Iterator[Rest]:
    """Of a server whose index is out of reach."""
    with site.server(pip_index_url=f"{nowhere}/simple") as server:
        yield rest_of(server)


def _failed(person: Rest, name: str, python: str, **lists: list[str]) -> dict[str, object]:
    """The version of a build that must fail."""
    person.create(name, python_version=python, **lists)
    person.post(f"/environments/{name}/build", {}).ok(202)
    version: dict[str, object] = person.wait(name)
    assert version["outcome"] == "failed"
    return version


def test_an_index_out_of_reach_is_named(site: Site, person: Rest, nowhere: str) -> None:
    failed = _failed(person, "noidx", site.python, pip_requirements=["tinywheel-00"])
    assert nowhere.removeprefix("http://") in str(failed["reason"])
    assert site.accounted_for()
    assert "can't be reached" in doctor(person)[f"index {nowhere}/simple"]


def test_a_channel_that_answers_with_errors_is_named(site: Site, person: Rest, nowhere: str) -> None:
    site.channel.fail("*repodata*", 500)
    failed = _failed(person, "ch500", site.python)
    site.heal()
    assert site.channel.netloc in str(failed["reason"])
    assert site.accounted_for()


def test_a_package_with_other_bytes_than_the_index_says_is_not_installed(
    site: Site, person: Rest, nowhere: str
) -> None:
    failed = _failed(person, "hash", site.python, conda_requirements=["bad-hash"])
    assert "bad-hash" in str(failed["reason"])
    assert site.accounted_for()
    # The cache is not poisoned: everybody else's builds go on.
    name = site.create(person)
    person.post(f"/environments/{name}/build", {}).ok(202)
    assert person.wait(name)["outcome"] == "succeeded"


def test_a_kernel_that_can_not_start_is_a_failed_build(site: Site, person: Rest, nowhere: str) -> None:
    failed = _failed(person, "brokn", site.python, conda_requirements=["broken-kernel"])
    assert "kernel" in str(failed["reason"])
    assert site.accounted_for()


def test_a_download_that_breaks_off_fails_and_the_next_attempt_succeeds(site: Site, person: Rest, nowhere: str) -> None:
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


def test_a_channel_out_of_reach_is_named_and_its_token_is_not(tmp_path: Path, site: Site, nowhere: str) -> None:
    private = Site(tmp_path / "root", site.channel, site.index, site.python)
    with private.server(channels=[f"{nowhere}/t/S3CRET/channel"]) as server:
        person = rest_of(server)
        failed = _failed(person, "noch", site.python)
        assert nowhere.removeprefix("http://") in str(failed["reason"])
        refusal = person.post("/environments/noch/preview", {})
        assert refusal.status in (422, 503)
        log = person.get("/environments/noch/versions/1/log").text
        answers = [person.get(path).text for path in ("/doctor", "/me", "/environments", "/environments/noch")]
        said = "".join([str(failed), refusal.text, log, *answers])
        assert nowhere.removeprefix("http://") in said
        assert "S3CRET" not in said + server.log


@pytest.fixture(params=["12m", "36m"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system that is full at one step of a build or another, of a size that root can change."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={request.param}", "tests", str(disk)], capture_output=True, check=False
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
