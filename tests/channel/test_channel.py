"""What the channel is for: rattler solves from it and installs from it, and what comes out runs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from rattler import Channel, Gateway, MatchSpec, PrefixRecord, RepoDataRecord, install, solve
from rattler.exceptions import InstallerError, SolverError
from rattler.index import index_fs

from .interpreter import Interpreter, find_interpreters
from .server import Server
from .special import ACTIVATED_SUM, LONG_PLACEHOLDER, TINY_NAMES, TINY_VERSIONS, long_prefix

SPECIAL = ["activated", "long-prefix", "msgpack-python", "old-format", "post-link", "tiny-007 ==1.3"]


def solved(channel: Path | str, *specs: str, more: Path | None = None) -> list[RepoDataRecord]:
    source = channel if isinstance(channel, str) else channel.as_uri()
    channels = [Channel(source), *([Channel(more.as_uri())] if more else [])]
    return asyncio.run(solve(channels, [*specs], gateway=Gateway()))


def versions(records: list[RepoDataRecord]) -> dict[str, str]:
    return {r.name.normalized: str(r.version) for r in records}


def installed(records: list[RepoDataRecord], prefix: Path, cache: Path, scripts: bool = False) -> Path:
    work = install(records, prefix, cache_dir=cache, execute_link_scripts=scripts, show_progress=False)
    asyncio.run(work)
    return prefix


def said(*command: str | Path, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=120, env={**clean, **environment}
    ).stdout


@pytest.fixture(scope="module")
def python() -> Interpreter:
    return find_interpreters()[0]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module")
def prefix(channel: Path, python: Interpreter, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pandas, a kernel and what is special, link scripts run."""
    records = solved(channel, f"python {python.minor}.*", "ipykernel", "pandas", "pip", *SPECIAL)
    return installed(records, tmp_path_factory.mktemp("prefix"), cache, scripts=True)


def test_the_installed_python_imports_pandas_and_ipykernel(prefix: Path, python: Interpreter) -> None:
    code = "import sys, pandas, ipykernel, msgpack; print(sys.prefix, pandas.DataFrame({'a': [1, 2]})['a'].sum())"
    assert said(prefix / "bin" / "python", "-c", code).split() == [str(prefix), "3"]
    assert said(prefix / "bin" / "python", "-V").split() == ["Python", python.version]


def test_scripts_of_wheels_run_in_the_prefix(prefix: Path) -> None:
    assert str(prefix) in said(prefix / "bin" / "pip", "--version")


def test_conda_names_differ_from_those_that_pip_sees(prefix: Path) -> None:
    listed = json.loads(said(prefix / "bin" / "python", "-m", "pip", "list", "--format=json"))
    seen_by_pip = {d["name"].lower() for d in listed}
    seen_by_conda = {PrefixRecord.from_path(p).name.normalized for p in (prefix / "conda-meta").glob("*.json")}
    assert "msgpack" in seen_by_pip
    assert "msgpack-python" not in seen_by_pip
    assert "msgpack-python" in seen_by_conda
    assert "msgpack" not in seen_by_conda


def test_activation_computes_something_in_bash(prefix: Path) -> None:
    script = prefix / "etc" / "conda" / "activate.d" / "activated.sh"
    down = prefix / "etc" / "conda" / "deactivate.d" / "activated.sh"
    code = f'. "{script}"; echo "$ACTIVATED_SUM $ACTIVATED_HOME"; . "{down}"; echo "left ${{ACTIVATED_SUM-unset}}"'
    lines = said("bash", "-c", code, CONDA_PREFIX=str(prefix)).splitlines()
    assert lines == [f"{ACTIVATED_SUM} {prefix / 'share' / 'activated'}", "left unset"]


def test_a_binary_has_its_prefix_replaced_and_runs(prefix: Path) -> None:
    program = prefix / "bin" / "long-prefix"
    assert len(LONG_PLACEHOLDER) == 255
    assert LONG_PLACEHOLDER.encode() not in program.read_bytes()
    assert said(program).splitlines() == [str(prefix), "found by an embedded path"]


def test_the_post_link_script_ran(prefix: Path) -> None:
    assert (prefix / "share" / "post-link" / "ran.txt").read_text() == "post-link 1.0\n"


def test_without_leave_the_post_link_script_does_not_run(channel: Path, cache: Path, tmp_path: Path) -> None:
    installed(solved(channel, "post-link"), tmp_path, cache)
    assert (tmp_path / "share" / "post-link" / "README.txt").exists()
    assert not (tmp_path / "share" / "post-link" / "ran.txt").exists()


def test_old_archives_and_tiny_packages_import(prefix: Path) -> None:
    code = "import old_format, tiny_007; print(old_format.FORMAT, tiny_007.VERSION)"
    assert said(prefix / "bin" / "python", "-c", code).split() == ["tar.bz2", "1.3"]


def test_tiny_packages_give_as_many_locks_as_wanted(channel: Path) -> None:
    data = json.loads((channel / "noarch" / "repodata.json").read_text())
    held = {(p["name"], p["version"]) for p in data["packages.conda"].values() if p["name"].startswith("tiny-")}
    assert held == {(name, version) for name in TINY_NAMES for version in TINY_VERSIONS}


def test_older_versions_are_there(channel: Path) -> None:
    old = "pandas <3" if find_interpreters()[-1].minor > "3.11" else "pandas ==1.5.3"
    found = versions(solved(channel, old, "click ==8.1.7", "attrs ==23.2.0", "tqdm ==4.66.1", "requests"))
    assert found["numpy"].split(".")[0] == ("1" if found["pandas"] == "1.5.3" else "2")


def test_constrains_holds_a_package_back_that_it_does_not_need(channel: Path) -> None:
    assert "click" not in versions(solved(channel, "constrains"))
    assert versions(solved(channel, "constrains", "click"))["click"] == "8.1.7"


@pytest.mark.parametrize(
    ("specs", "named"),
    [
        (["conflict-a", "conflict-b"], "shared-lib"),
        (["dangling"], "not-in-this-channel"),
        (["needs-cuda"], "__cuda"),
    ],
)
def test_what_can_not_be_installed_is_explained(channel: Path, specs: list[str], named: str) -> None:
    with pytest.raises(SolverError, match=named):
        solved(channel, *specs)


def test_each_half_of_the_conflict_can_be_installed(channel: Path) -> None:
    assert versions(solved(channel, "conflict-a"))["shared-lib"] == "1.0"
    assert versions(solved(channel, "conflict-b"))["shared-lib"] == "2.0"


def test_a_bad_hash_is_refused(channel: Path, cache: Path, tmp_path: Path) -> None:
    # Over HTTP: rattler 0.28 does not compare hashes when it takes an archive from a file:// channel.
    with Server(channel) as server:
        records = solved(server.url, "bad-hash")
        with pytest.raises(InstallerError, match="hash mismatch"):
            installed(records, tmp_path, cache)
    assert not (tmp_path / "share" / "bad-hash").exists()


def test_the_bad_hash_is_in_the_folder_too(channel: Path) -> None:
    data = json.loads((channel / "noarch" / "repodata.json").read_text())["packages.conda"]
    archive = (channel / "noarch" / "bad-hash-1.0-0.conda").read_bytes()
    assert data["bad-hash-1.0-0.conda"]["sha256"] != hashlib.sha256(archive).hexdigest()


def test_the_broken_kernel_breaks_nothing_but_the_kernel(
    channel: Path, python: Interpreter, cache: Path, tmp_path: Path
) -> None:
    records = solved(channel, f"python {python.minor}.*", "ipykernel", "broken-kernel")
    program = installed(records, tmp_path / "prefix", cache) / "bin" / "python"
    assert said(program, "-c", "import traitlets; print('runs')").strip() == "runs"
    got = subprocess.run([program, "-m", "ipykernel_launcher"], capture_output=True, text=True, check=False, timeout=60)
    assert got.returncode != 0
    assert "broken-kernel" in got.stderr


def test_each_python_of_the_channel_starts(channel: Path, cache: Path, tmp_path: Path) -> None:
    for interpreter in find_interpreters():
        records = solved(channel, f"python {interpreter.minor}.*", "pandas")
        program = installed(records, tmp_path / interpreter.minor, cache) / "bin" / "python"
        code = "import ssl, sqlite3, ctypes, pandas, sys; print(sys.base_prefix)"
        assert said(program, "-c", code).strip() == str(tmp_path / interpreter.minor)


def test_without_a_compiler_the_long_prefix_is_in_a_data_file(
    channel: Path, python: Interpreter, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    package = long_prefix()
    monkeypatch.undo()
    package.write(tmp_path / "channel")
    asyncio.run(index_fs(tmp_path / "channel", write_shards=False))
    record = solved(tmp_path / "channel", "long-prefix", "python", more=channel)
    prefix = installed(record, tmp_path / "prefix", cache / "scripted")
    assert said(prefix / "bin" / "long-prefix").splitlines() == [str(prefix), "found by an embedded path"]
    assert LONG_PLACEHOLDER.encode() not in (prefix / "share" / "long-prefix" / "paths.bin").read_bytes()


def test_requested_specs_are_recorded(channel: Path, cache: Path, tmp_path: Path) -> None:
    specs = [MatchSpec("tiny-000")]
    raw = [m._match_spec for m in specs]  # what this release of rattler takes
    records = solved(channel, "tiny-000", "shared-lib")
    asyncio.run(install(records, tmp_path, cache_dir=cache, requested_specs=raw, show_progress=False))
    record = PrefixRecord.from_path(next((tmp_path / "conda-meta").glob("tiny-000-*.json")))
    assert record.requested_spec or record.requested_specs
