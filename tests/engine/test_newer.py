"""Which packages of a lock the channels and indexes hold a newer version of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage
from jupyter_dataflow_envs.engine.protocol import Mode
from tests.channel.index import index_server, index_url
from tests.channel.server import Server
from tests.channel.special import python_package
from tests.channel.wheelhouse import write_wheel
from tests.engine.driver import Engine
from tests.engine.extra_channel import extra_channel


@pytest.fixture(scope="module")
def lock(engine: Engine) -> Lock:
    return engine.build("tiny-000=1.3", "numpy=1.26.4", pip=["tinywheel-00==1.4", "tinywheel-01==1.9"]).lock


def newer(engine: Engine, lock: Lock, **more: object) -> dict[tuple[str, str], tuple[str, str]]:
    run = engine.run(engine.job(Mode.NEWER, lock=lock, prefix="", python_version="", **more))
    assert run.result["packages"] == len(run.result["values"])
    assert run.result["values"] == sorted(run.result["values"], key=lambda v: (v["name"], v["manager"]))
    return {(v["manager"], v["name"]): (v["version"], v["newest"]) for v in run.result["values"]}


def like(lock: Lock, known: str, **more: str) -> LockedPackage:
    return replace(next(p for p in lock.packages if p.name == known), **more)


def test_newer_versions_of_both_managers(engine: Engine, lock: Lock) -> None:
    """Newest that the lock's own Python can take: the channel's last numpy is for another."""
    assert newer(engine, lock) == {
        ("conda", "numpy"): ("1.26.4", "2.4.6"),
        ("conda", "tiny-000"): ("1.3", "1.9"),
        ("pip", "tinywheel-00"): ("1.4", "1.9"),
    }


def test_unknown_packages_are_left_out(engine: Engine, lock: Lock) -> None:
    packages = (
        *lock.packages,
        like(lock, "tiny-000", name="nowhere"),
        like(lock, "tinywheel-00", name="neither"),
    )
    assert newer(engine, replace(lock, packages=packages)) == newer(engine, lock)


def test_pre_releases_count_for_pre_releases_only(engine: Engine, lock: Lock, tmp_path: Path) -> None:
    """A letter at the end of a conda version is none: tzdata 2024a."""
    conda = extra_channel(tmp_path / "extra", *(python_package("early", v, "") for v in ("1.0", "1.1rc1", "1.1a")))
    (tmp_path / "wheels").mkdir()
    for version in ("1.0", "1.1rc1", "1.0.post1"):
        write_wheel(tmp_path / "wheels", "early", version, {"early.py": b""})
    with index_server(tmp_path / "wheels") as server:
        sources = replace(engine.sources, channels=(conda, *engine.sources.channels), pip_index_url=index_url(server))

        def found(version: str) -> dict[tuple[str, str], tuple[str, str]]:
            early = [like(lock, name, name="early", version=version) for name in ("tiny-000", "tinywheel-00")]
            return newer(engine, replace(lock, packages=(like(lock, "python"), *early)), sources=sources)

        assert found("1.0") == {("conda", "early"): ("1.0", "1.1a"), ("pip", "early"): ("1.0", "1.0.post1")}
        assert found("0.9rc1") == {("conda", "early"): ("0.9rc1", "1.1rc1"), ("pip", "early"): ("0.9rc1", "1.1rc1")}


def test_first_channel_that_has_a_package_counts(engine: Engine, lock: Lock, tmp_path: Path) -> None:
    """As the solver has it: what a later channel offers can't be had."""
    other = extra_channel(
        tmp_path / "extra", python_package("tiny-000", "1.5", ""), python_package("tiny-001", "9.0", "")
    )
    first = replace(engine.sources, channels=(other, *engine.sources.channels))
    last = replace(engine.sources, channels=(*engine.sources.channels, other))
    assert newer(engine, lock, sources=first)["conda", "tiny-000"] == ("1.3", "1.5")
    assert newer(engine, lock, sources=last)["conda", "tiny-000"] == ("1.3", "1.9")


def test_python_is_compared_within_its_series(engine: Engine, lock: Lock) -> None:
    old = replace(lock, packages=(like(lock, "python", version=f"{engine.python}.0"),))
    assert newer(engine, old) == {("conda", "python"): (f"{engine.python}.0", lock.python)}


def test_every_page_is_asked_for_once(
    engine: Engine, channel: Path, wheelhouse: Path, tmp_path: Path, lock: Lock
) -> None:
    caches = replace(engine.caches, repodata=str(tmp_path / "repodata"))
    with Server(channel) as conda, index_server(wheelhouse) as pip:
        sources = replace(engine.sources, channels=(conda.url,), pip_index_url=index_url(pip))
        newer(engine, lock, sources=sources, caches=caches)
        assert sorted(r.path for r in pip.requests) == ["simple/tinywheel-00/", "simple/tinywheel-01/"]
        assert conda.count("noarch/repodata.json*", "GET") == 1


def test_source_that_can_not_be_reached_is_named(engine: Engine, lock: Lock) -> None:
    def reason(**sources: object) -> str:
        job = engine.job(Mode.NEWER, lock=lock, prefix="", sources=replace(engine.sources, **sources))
        return str(engine.run(job).failure["reason"])

    nowhere = "http://127.0.0.1:9"
    assert reason(pip_index_url=f"{nowhere}/simple").startswith(f"package index {nowhere}/simple/tinywheel-0")
    assert reason(channels=(f"{nowhere}/main",)).startswith(f"channel {nowhere}/main can't be reached")
