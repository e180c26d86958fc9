"""Locks in other tools' formats, read back by those tools themselves."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rattler import LockFile

from jupyter_dataflow_envs.domain.errors import EngineError
from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage
from jupyter_dataflow_envs.exchange.lockfile import (
    parse_conda_lock,
    render_conda_lock,
    render_environment_yml,
    render_explicit,
    render_requirements_txt,
)
from tests.engine.driver import Engine

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # conda_lock's own copies of other packages are deprecated in many ways
    import conda_lock.conda_lock
    import conda_lock.lockfile

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,6})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc[0-9])?", fullmatch=True)
DIGESTS = st.binary(min_size=1, max_size=4).map(lambda b: hashlib.sha256(b).hexdigest())
REQUIREMENTS = st.one_of(st.just(""), VERSIONS.map(">={}".format), VERSIONS.map("<{}".format))


@st.composite
def conda_packages(draw: st.DrawFn) -> LockedPackage:
    name, version, sha256 = draw(NAMES), draw(VERSIONS), draw(DIGESTS)
    build = draw(st.from_regex(r"(py3[0-9]{1,2}h[0-9a-f]{4}_)?[0-9]", fullmatch=True))
    subdir, suffix = draw(st.sampled_from(["linux-64", "noarch"])), draw(st.sampled_from([".conda", ".tar.bz2"]))
    depends = draw(st.dictionaries(NAMES, REQUIREMENTS, max_size=3))
    return LockedPackage(
        "conda", name, version, build, "linux-64", f"https://host/chan/{subdir}/{name}-{version}-{build}{suffix}",
        sha256,
        md5=sha256[:32], channel="https://host/chan", depends=tuple(f"{n} {v}".strip() for n, v in depends.items()),
    )  # fmt: skip


@st.composite
def pip_packages(draw: st.DrawFn) -> LockedPackage:
    name, version, source = draw(NAMES), draw(VERSIONS), draw(st.booleans())
    file = f"{name}-{version}.tar.gz" if source else f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    depends = draw(st.dictionaries(NAMES, REQUIREMENTS, max_size=3))
    return LockedPackage(
        "pip", name, version, "", "linux-64", f"https://index/packages/{file}", draw(DIGESTS),
        depends=tuple(f"{n}{v}" for n, v in depends.items()), source_build=source,
    )  # fmt: skip


LOCKS = st.builds(
    lambda conda, pip: Lock("linux-64", ("https://host/chan", "conda-forge"), (*conda, *pip)),
    st.lists(conda_packages(), max_size=6, unique_by=lambda p: p.name),
    st.lists(pip_packages(), max_size=4, unique_by=lambda p: p.name),
)


@given(lock=LOCKS)
def test_round_trip(lock: Lock) -> None:
    read = parse_conda_lock(render_conda_lock(lock))
    assert read.digest == lock.digest
    assert (read.platform, read.channels) == (lock.platform, lock.channels)
    assert set(read.packages) == set(lock.packages)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lock=LOCKS)
def test_conda_lock_and_rattler_read_ours(lock: Lock, tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    path.write_text(render_conda_lock(lock))
    read = conda_lock.lockfile.parse_conda_lock_file(path)
    assert {(p.manager, p.name, p.version, p.url, p.hash.sha256) for p in read.package} == {
        (p.manager, p.name, p.version, p.url, p.sha256) for p in lock.packages
    }
    assert read.metadata.content_hash == {"linux-64": lock.digest}
    assert LockFile.from_path(path).default_environment() is not None


@pytest.fixture(scope="module")
def lock(engine: Engine) -> Lock:
    """A built one, with a pip part."""
    return engine.build("tiny-013", "click=8.1.7", pip=["tinywheel-10==1.2", "tinywheel-11"]).lock


def test_conda_lock_renders_an_explicit_file_from_ours(lock: Lock, tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    path.write_text(render_conda_lock(lock))
    lines = conda_lock.conda_lock.render_lockfile_for_platform(
        lockfile=conda_lock.lockfile.parse_conda_lock_file(path),
        include_dev_dependencies=False,
        extras=set(),
        kind="explicit",
        platform=lock.platform,
        suppress_warning_for_pip_and_explicit=True,
    )
    ours = render_explicit(lock).splitlines()
    assert {line for line in lines if not line.startswith("#")} == {line for line in ours if not line.startswith("#")}
    assert {line for line in lines if line.startswith("# pip")} == {line for line in ours if line.startswith("# pip")}


def test_environment_yml(lock: Lock) -> None:
    content = yaml.safe_load(render_environment_yml(lock, "mlenv"))
    assert content["name"] == "mlenv"
    assert content["channels"] == [*lock.channels, "nodefaults"]
    assert "tiny-013=1.9=0" in content["dependencies"]
    assert content["dependencies"][-1] == {"pip": ["tinywheel-10==1.2", "tinywheel-11==1.9"]}


def dry_run(text: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "requirements.txt"
    path.write_text(text)
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "-r", str(path), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_pip_takes_requirements_txt(lock: Lock, engine: Engine, tmp_path: Path) -> None:
    text = render_requirements_txt(lock)
    assert text.count("--hash=sha256:") == 2
    assert "# conda: tiny-013=1.9=0" in text
    done = dry_run(text, tmp_path, "--index-url", str(engine.sources.pip_index_url))
    assert done.returncode == 0, done.stderr
    assert "Would install tinywheel-10-1.2 tinywheel-11-1.9" in done.stdout


def test_pip_refuses_other_bytes_than_the_lock_s(lock: Lock, engine: Engine, tmp_path: Path) -> None:
    text = render_requirements_txt(lock).replace(
        next(p.sha256 for p in lock.packages if p.name == "tinywheel-10"), "0" * 64
    )
    done = dry_run(text, tmp_path, "--index-url", str(engine.sources.pip_index_url))
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_requirements_on_conda_packages_leave_no_hashes() -> None:
    """With a hash on one line, pip would refuse a dependency that has none."""
    package = LockedPackage(
        "pip", "a", "1", "", "linux-64", "https://x/a-1-py3-none-any.whl", "f" * 64, depends=("numpy>=1",)
    )
    python = LockedPackage(
        "conda", "python", "3.11.7", "0", "linux-64", "https://x/y/linux-64/python-3.11.7-0.conda", "e" * 64
    )
    assert "a==1  # sha256:" in render_requirements_txt(Lock("linux-64", (), (package, python)))
    for harmless in ('numpy; extra == "test"', 'numpy; python_version < "3.5"'):
        closed = LockedPackage("pip", "a", "1", "", "linux-64", package.url, "f" * 64, depends=(harmless,))
        assert "--hash" in render_requirements_txt(Lock("linux-64", (), (closed, python)))


FOREIGN = """
version: 1
metadata:
  content_hash: {linux-64: abc, osx-arm64: def}
  channels: [{url: conda-forge, used_env_vars: []}]
  platforms: [linux-64, osx-arm64]
  sources: [environment.yml]
package:
- {name: Zlib, version: 1.3.1, manager: conda, platform: linux-64, dependencies: {__glibc: '>=2.17'}, category: main,
   url: 'https://host/conda-forge/linux-64/zlib-1.3.1-hb9d3cd8_2.conda', hash: {md5: aa, sha256: bb}, optional: false}
- {name: zlib, version: 1.3.1, manager: conda, platform: osx-arm64, dependencies: {}, category: main,
   url: 'https://host/conda-forge/osx-arm64/zlib-1.3.1-h8359307_2.conda', hash: {md5: cc}, optional: false}
- {name: pytest, version: 8.0.0, manager: pip, platform: linux-64, dependencies: {}, category: dev,
   url: 'https://host/pytest-8.0.0-py3-none-any.whl', hash: {sha256: dd}, optional: true}
"""


def test_foreign_lock() -> None:
    lock = parse_conda_lock(FOREIGN, "linux-64")
    (package,) = lock.packages
    assert (package.build, package.channel, package.sha256) == ("hb9d3cd8_2", "conda-forge", "bb")
    assert parse_conda_lock(FOREIGN, "osx-arm64").packages[0].sha256 == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FOREIGN, "it must be said which to take"),
        ("version: 6\n", "no conda-lock file of version 1"),
        ("a: [", "can't be read"),
        ("just text", "no conda-lock file"),
        ("version: 1\nmetadata: {}\npackage: []\n", "can't be read"),
        ("version: 1\nmetadata: {platforms: [a], channels: []}\npackage: [3]\n", "can't be read"),
    ],
)
def test_unreadable_locks_say_why(text: str, reason: str) -> None:
    with pytest.raises(EngineError, match=reason):
        parse_conda_lock(text)


def test_lock_for_another_platform_says_so() -> None:
    with pytest.raises(EngineError, match="linux-64, osx-arm64, not for win-64"):
        parse_conda_lock(FOREIGN, "win-64")
