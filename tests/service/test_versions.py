"""Versions as they are built, kept, looked at and gone back to; packages come from the test channel and index."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_dataflow_envs.builds import housekeeping
from jupyter_dataflow_envs.builds.prefix_folders import remove_tree
from jupyter_dataflow_envs.builds.runner import Listener, LocalRunner, Runner
from jupyter_dataflow_envs.domain.draft import Draft, WantedBase
from jupyter_dataflow_envs.domain.environment import Status
from jupyter_dataflow_envs.domain.errors import Conflict, NotFound, PolicyViolated
from jupyter_dataflow_envs.domain.policy import DeniedPackage, Policy
from jupyter_dataflow_envs.domain.version import Version
from jupyter_dataflow_envs.engine.protocol import Job, Message, Mode
from jupyter_dataflow_envs.service.deployment import Deployment
from tests.channel.archive import Package, PackageFile
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.engine.extra_channel import extra_channel
from tests.service.deployments import ALICE, BOSS, build, create, deployment_in, edit, ended, log_of, minor_of, query
from tests.service.installed import named, records
from tests.service.warm import warm

BOTH = {"conda tiny-000", "conda python", "conda ipykernel", "pip tinywheel-00"}


@dataclass
class Counted(Runner):
    """The real runner, and how often it is asked for what."""

    runner: LocalRunner
    modes: list[Mode] = field(default_factory=list)

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        self.modes.append(job.mode)
        return self.runner.run(job, listener, stop)


@dataclass
class House:
    """A deployment, and what it downloads from."""

    deployment: Deployment
    runner: Counted
    channel: Server
    index: Server
    python: str

    @property
    def traffic(self) -> tuple[int, int, int]:
        """Engine runs, requests to the channel and to the index."""
        return len(self.runner.modes), len(self.channel.requests), len(self.index.requests)

    def create(self, name: str, *conda: str, pip: tuple[str, ...] = ()) -> None:
        create(self.deployment, name, self.python, *conda, pip=pip)

    def two_versions(self, name: str, *, pip: str = "tinywheel-00==1.1") -> tuple[Version, Version]:
        """Version 1 with tiny-000 1.1 and a pip package, version 2 with neither."""
        self.create(name, "tiny-000=1.1", pip=(pip,))
        first = build(self.deployment, name)
        self.deployment.environments.edit(
            ALICE, name, Draft(conda_requirements=("tiny-001=1.2",), pip_requirements=()), None
        )
        return first, build(self.deployment, name)

    def revert(self, name: str, number: int) -> Version:
        self.deployment.versions.revert(ALICE, name, number)
        version = ended(self.deployment, name)
        assert version.outcome.value == "succeeded", (
            f"{version.reason}\n{log_of(self.deployment, name, version.number)}"
        )
        return version

    def prefix(self, version: Version) -> Path:
        assert version.prefix_id is not None
        return self.deployment.workshop.folders.path(version.prefix_id)

    def packages(self, name: str, number: int) -> dict[str, str]:
        details = self.deployment.versions.get(ALICE, name, number)
        return {p.package.name: p.package.version for p in details.packages}


@pytest.fixture(scope="module")
def house(channel: Path, wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = warm(tmp_path_factory.mktemp("deployment") / "root", channel)
    runner = Counted(LocalRunner(root))
    with (
        Server(channel) as conda,
        index_server(wheelhouse) as index,
        deployment_in(root, conda.url, pip_index_url=index_url(index), runner=runner) as opened,
    ):
        yield House(opened, runner, conda, index, minor_of(channel))
    remove_tree(root)


# Going back.


def test_a_revert_takes_the_prefix_that_is_there(house: House, record_property: Callable[[str, object], None]) -> None:
    """No engine, no download, under a second; the requirements are that version's again."""
    first, second = house.two_versions("same")
    installed = records(house.prefix(first))
    assert installed.keys() >= BOTH
    assert installed["pip tinywheel-00"]["installer"] == "uv"
    before = house.deployment.environments.get(ALICE, "same")
    traffic = house.traffic
    began = time.perf_counter()
    third = house.revert("same", 1)
    seconds = time.perf_counter() - began
    record_property("revert_seconds", round(seconds, 3))
    assert house.traffic == traffic
    assert seconds < 1

    assert (third.number, third.attempt, third.reverted_from) == (3, 1, 1)
    assert (third.digest, third.python, third.size) == (first.digest, first.python, first.size)
    assert third.prefix_id == first.prefix_id != second.prefix_id
    assert records(house.prefix(third)) == installed
    assert house.packages("same", 3) == house.packages("same", 1)
    assert third.requested == first.requested

    after = house.deployment.environments.get(ALICE, "same")
    assert after.status is Status.DRAFT
    assert after.spec == first.requested != before.spec
    assert after.etag != before.etag
    assert not after.modified
    log = log_of(house.deployment, "same", 3)
    assert "Going back to version 1" in log
    assert "taking that prefix" in log


@pytest.mark.parametrize("gone", ["the folder alone", "by the limit"])
def test_what_is_no_longer_installed_is_installed_from_its_lock(
    house: House, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"gone{len(gone) % 10}"
    first, _ = house.two_versions(name, pip=f"tinywheel-00==1.{len(gone) % 10}")
    installed = records(house.prefix(first))
    if gone == "by the limit":
        monkeypatch.setattr(housekeeping, "GRACE", timedelta(0))
        house.deployment.policies.set(BOSS, Policy(max_versions=1))
        for _ in range(2):  # what the first releases has no version from then on
            housekeeping.sweep(house.deployment.workshop, lambda: ())
        house.deployment.policies.set(BOSS, Policy())
        assert first.prefix_id not in {row.id for row in query(house.deployment, "SELECT id FROM prefixes")}
    else:
        remove_tree(house.prefix(first))
    assert not house.prefix(first).exists()

    traffic = house.traffic
    third = house.revert(name, 1)
    assert house.runner.modes[traffic[0] :] == [Mode.INSTALL]
    assert house.traffic[1:] == traffic[1:], "all of it is in the caches"
    assert "without a solve" in log_of(house.deployment, name, 3)
    assert (third.digest, third.reverted_from) == (first.digest, 1)
    assert third.prefix_id != first.prefix_id
    assert records(house.prefix(third)) == installed
    assert {s.name for s in third.steps} >= {"linking", "pip", "verifying"}
    # The next one finds what this one has made.
    edit(house.deployment, name, "tiny-001=1.2")
    build(house.deployment, name)
    assert house.revert(name, 1).prefix_id == third.prefix_id


def test_source_builds_are_gone_back_to_in_their_own_prefix(house: House) -> None:
    """Nobody shares what was built from source; the version gone back to holds it still."""
    first, _ = house.two_versions("src", pip="source-only==1.0")
    house.create("src2", "tiny-000=1.1", pip=("source-only==1.0",))
    other = build(house.deployment, "src2")
    assert other.digest == first.digest
    assert other.prefix_id != first.prefix_id, "what was built from source is not shared"
    installed = records(house.prefix(first))
    assert installed["pip source-only"]["version"] == "1.0"

    runs = len(house.runner.modes)
    third = house.revert("src", 1)
    assert len(house.runner.modes) == runs
    assert (third.prefix_id, third.digest) == (first.prefix_id, first.digest)

    edit(house.deployment, "src", "tiny-001=1.3")
    build(house.deployment, "src")
    remove_tree(house.prefix(first))
    fifth = house.revert("src", 1)
    assert house.runner.modes[-1] is Mode.INSTALL
    assert (fifth.number, fifth.digest) == (5, first.digest)
    assert fifth.prefix_id not in (first.prefix_id, other.prefix_id)
    assert records(house.prefix(fifth)).keys() == installed.keys()


def test_a_revert_takes_the_number_of_a_failed_version(house: House) -> None:
    first, _ = house.two_versions("after")
    edit(house.deployment, "after", "conflict-a", "conflict-b")
    house.deployment.versions.build(ALICE, "after")
    failed = ended(house.deployment, "after")
    assert (failed.number, failed.outcome.value, failed.reverted_from) == (3, "failed", None)
    why = log_of(house.deployment, "after", 3)

    again = house.revert("after", 1)
    assert (again.number, again.attempt, again.reverted_from, again.reason) == (3, 2, 1, None)
    assert again.digest == first.digest
    assert log_of(house.deployment, "after", 3, 1) == why
    assert "conflict-a" in why
    attempts = house.deployment.versions.get(ALICE, "after", 3).attempts
    assert [(a.number, a.outcome.value) for a in attempts] == [(2, "succeeded"), (1, "failed")]


def test_base_and_python_are_gone_back_to(house: House) -> None:
    """Even when the base is there no more: its lock is kept with the child."""
    house.create("below", "tiny-002=1.2")
    build(house.deployment, "below")
    first, _ = house.two_versions("child")
    on_base = Draft(base=WantedBase("below"))
    house.deployment.environments.edit(ALICE, "child", on_base, None)
    third = build(house.deployment, "child")
    assert house.packages("child", 3)["tiny-002"] == "1.2"
    base = third.requested.base
    assert base is not None

    fourth = house.revert("child", 1)
    spec = house.deployment.environments.get(ALICE, "child").spec
    assert (spec.base, spec.python_version) == (None, house.python)
    house.deployment.environments.delete(ALICE, "below")
    fifth = house.revert("child", 3)
    assert (fourth.digest, fifth.digest) == (first.digest, third.digest)
    spec = house.deployment.environments.get(ALICE, "child").spec
    assert (spec.base, spec.python_version) == (base, "")
    # And what was built on it can be built on it again, without the base's environment.
    origins = {p.package.name: p.origin for p in house.deployment.versions.get(ALICE, "child", 5).packages}
    assert (origins["tiny-002"], origins["tiny-001"]) == ("base", "requested")
    assert build(house.deployment, "child", from_scratch=True).digest == third.digest


def test_what_can_not_be_gone_back_to_is_refused(house: House) -> None:
    versions = house.deployment.versions
    house.create("no", "tiny-000=1.1")
    with pytest.raises(Conflict, match="no earlier version"):
        versions.revert(ALICE, "no", 1)
    build(house.deployment, "no")
    with pytest.raises(Conflict, match="no earlier version"):
        versions.revert(ALICE, "no", 1)
    edit(house.deployment, "no", "tiny-000=1.2")
    build(house.deployment, "no")
    with pytest.raises(Conflict, match="in use already"):
        versions.revert(ALICE, "no", 2)
    for number in (0, 9, 2**40):
        with pytest.raises(NotFound, match="There is no version"):
            versions.revert(ALICE, "no", number)

    edit(house.deployment, "no", "conflict-a", "conflict-b")
    versions.build(ALICE, "no")
    with pytest.raises(Conflict, match="in progress"):
        versions.revert(ALICE, "no", 1)
    ended(house.deployment, "no")
    with pytest.raises(Conflict, match="not built successfully"):
        versions.revert(ALICE, "no", 3)

    house.deployment.policies.set(BOSS, Policy(denied_packages=(DeniedPackage("tiny-000", "<1.2", "too old"),)))
    with pytest.raises(PolicyViolated, match=r"tiny-000 1\.1: too old") as refused:
        versions.revert(ALICE, "no", 1)
    assert refused.value.more["violations"][0]["rule"] == "denied_packages"
    house.deployment.policies.set(BOSS, Policy())

    before = house.deployment.environments.get(ALICE, "no")
    house.deployment.reviews.submit(ALICE, "no", "")
    with pytest.raises(Conflict, match="waits for approval"):
        versions.revert(ALICE, "no", 1)
    assert house.deployment.environments.get(ALICE, "no").spec == before.spec, "a refusal changes nothing"


# Building.


def test_a_build_that_keeps_what_is_installed_only_adds(house: House) -> None:
    with_pip = ("tinywheel-00==1.3",)
    house.create("keep", "tiny-000=1.3", "tiny-001=1.4", pip=with_pip)
    with pytest.raises(Conflict, match="Nothing is installed yet"):
        house.deployment.versions.build(ALICE, "keep", pin_installed=True)
    first = build(house.deployment, "keep")
    wanted = Draft(conda_requirements=("tiny-000", "tiny-002=1.5"), pip_requirements=("tinywheel-00",))
    house.deployment.environments.edit(ALICE, "keep", wanted, None)
    kept = build(house.deployment, "keep", pin_installed=True)
    assert kept.pin_installed
    assert named(house.prefix(kept)) > named(house.prefix(first))
    before, after = house.packages("keep", 1), house.packages("keep", 2)
    assert after == {**before, "tiny-002": "1.5"}

    fresh = build(house.deployment, "keep")
    assert not fresh.pin_installed
    after = house.packages("keep", 3)
    assert (after["tiny-000"], after["tinywheel-00"]) == ("1.9", "1.9")
    assert "tiny-001" not in after, "what nobody asks for any more is gone"

    edit(house.deployment, "keep", "tiny-000=1.2")
    house.deployment.versions.build(ALICE, "keep", pin_installed=True)
    failed = ended(house.deployment, "keep")
    assert failed.outcome.value == "failed"
    assert failed.reason is not None
    assert "which is installed and has to stay" in failed.reason
    # The same number again, without keeping; what it was built with is said of each.
    again = build(house.deployment, "keep")
    assert (again.number, again.attempt, again.pin_installed) == (4, 2, False)
    assert house.packages("keep", 4)["tiny-000"] == "1.2"


def test_a_build_that_keeps_what_is_installed_keeps_to_its_base_too(house: House) -> None:
    house.create("under", "tiny-003=1.1")
    build(house.deployment, "under")
    on_base = Draft("Over", "", "", ("tiny-004=1.2",), (), WantedBase("under"))
    house.deployment.environments.create(ALICE, "over", on_base)
    first = build(house.deployment, "over")
    edit(house.deployment, "over", "tiny-004", "tiny-005")
    kept = build(house.deployment, "over", pin_installed=True)
    assert house.packages("over", 2) == {**house.packages("over", 1), "tiny-005": "1.9"}
    assert named(house.prefix(kept)) > named(house.prefix(first))
    origins = {p.package.name: p.origin for p in house.deployment.versions.get(ALICE, "over", 2).packages}
    assert {k: origins[k] for k in ("tiny-003", "tiny-004", "tiny-005")} == {
        "tiny-003": "base",
        "tiny-004": "requested",
        "tiny-005": "requested",
    }


def test_a_failed_version_keeps_its_attempts_and_their_logs(house: House) -> None:
    """As long as it is there; the next number is that of the next success."""
    house.create("tries", "conflict-a", "conflict-b")
    for attempt in (1, 2):
        house.deployment.versions.build(ALICE, "tries")
        failed = ended(house.deployment, "tries")
        assert (failed.number, failed.attempt, failed.outcome.value) == (1, attempt, "failed")
    edit(house.deployment, "tries", "tiny-000=1.4")
    built = build(house.deployment, "tries")
    assert (built.number, built.attempt) == (1, 3)
    details = house.deployment.versions.get(ALICE, "tries", 1)
    assert [(a.number, a.outcome.value) for a in details.attempts] == [(3, "succeeded"), (2, "failed"), (1, "failed")]
    assert [a.reason is None for a in details.attempts] == [True, False, False]
    logs = [log_of(house.deployment, "tries", 1, attempt) for attempt in (1, 2, 3)]
    assert ["Failed: " in log for log in logs] == [True, True, False]
    assert all(f"attempt {n}, " in log for n, log in enumerate(logs, 1))
    assert log_of(house.deployment, "tries", 1) == logs[2]
    with pytest.raises(NotFound, match="no attempt 4"):
        log_of(house.deployment, "tries", 1, 4)


# Looking.


def test_a_version_is_seen_as_it_was_built(house: House) -> None:
    house.create("view", "tiny-006=1.1", pip=("tinywheel-01>=1.1",))
    version = build(house.deployment, "view")
    details = house.deployment.versions.get(ALICE, "view", 1)
    assert details.version == version
    assert details.version.requested.conda_requirements == ("tiny-006=1.1",)
    by_name = {p.package.name: (p.package.manager, p.requested, p.origin) for p in details.packages}
    assert by_name["tiny-006"] == ("conda", "tiny-006=1.1", "requested")
    assert by_name["tinywheel-01"] == ("pip", "tinywheel-01>=1.1", "requested")
    assert by_name["python"] == ("conda", f"python={house.python}", "requested")
    assert {by_name[n] for n in ("ipykernel", "pip")} == {("conda", None, "added")}
    assert by_name["jupyter-client"] == ("conda", None, "dependency")
    assert all(p.package.url and len(p.package.sha256) == 64 for p in details.packages)
    assert len(named(house.prefix(version))) == len(details.packages)

    steps = {s.name: s.duration for s in version.steps}
    assert list(steps) == ["solving", "downloading", "linking", "pip", "compiling", "sealing", "verifying"]
    assert all(duration >= 0 for duration in steps.values())
    assert version.duration is not None
    assert version.duration > max(steps.values())
    assert version.size is not None
    on_disk = sum(f.lstat().st_size for f in house.prefix(version).rglob("*") if not f.is_dir() or f.is_symlink())
    assert abs(version.size - on_disk) < on_disk / 20
    assert version.warnings == ()
    assert version.python is not None
    assert version.python.startswith(house.python)
    assert version.created_by == "alice"


def test_a_version_that_took_an_equal_prefix_says_how_long_it_took(house: House) -> None:
    house.create("eq1", "tiny-007=1.1", pip=("tinywheel-02==1.1",))
    house.create("eq2", "tiny-007=1.1", pip=("tinywheel-02==1.1",))
    first, second = build(house.deployment, "eq1"), build(house.deployment, "eq2")
    assert second.prefix_id == first.prefix_id
    assert second.duration is not None
    assert {s.name for s in second.steps} >= {"solving", "linking", "pip"}, "pip's part is resolved in a prefix"
    assert "verifying" not in {s.name for s in second.steps}
    assert sum(s.duration for s in second.steps) <= second.duration
    assert (second.size, second.python, second.warnings) == (first.size, first.python, first.warnings)


def test_what_packages_break_themselves_is_said_of_each_version(
    channel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one that took an equal prefix, and of one that went back."""
    info = "inconsistent-1.0.dist-info"
    metadata = b"Metadata-Version: 2.1\nName: inconsistent\nVersion: 1.0\nRequires-Dist: click<1\n"
    wheel = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = [PackageFile(f"site-packages/{info}/{n}", d) for n, d in (("METADATA", metadata), ("WHEEL", wheel))]
    own = extra_channel(
        tmp_path / "channel", Package("inconsistent", "1.0", files, noarch="python", depends=["python", "click"])
    )
    root = warm(tmp_path / "root", channel)
    with deployment_in(root, own, channels=(own, channel.as_uri())) as deployment:
        for name in ("warn1", "warn2"):
            create(deployment, name, minor_of(channel), "inconsistent")
        first, second = build(deployment, "warn1"), build(deployment, "warn2")
        (warning,) = first.warnings
        assert warning.startswith("The package `inconsistent` requires `click<1`")
        assert second.prefix_id == first.prefix_id
        assert second.warnings == first.warnings
        edit(deployment, "warn1", "tiny-000=1.1")
        assert build(deployment, "warn1").warnings == ()
        deployment.versions.revert(ALICE, "warn1", 1)
        assert ended(deployment, "warn1").warnings == first.warnings
    remove_tree(root)
