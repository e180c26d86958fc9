"""The index, as uv and pip read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from .index import JSON, index_server, index_url
from .server import Server
from .wheelhouse import TINY_WHEEL_VERSIONS, TINY_WHEELS


@pytest.fixture(scope="module")
def index(wheelhouse: Path) -> Iterator[Server]:
    with index_server(wheelhouse) as server:
        yield server


def uv(url: str, target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`uv pip install` into a folder, from this index and nothing else."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("UV_", "PIP_"))}
    command = [find_uv_bin(), "pip", "install", "--no-config", "--python", sys.executable, "--target", str(target)]
    return subprocess.run(
        [*command, "--index-url", url, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**clean, "UV_CACHE_DIR": str(target.parent / "uv-cache")},
    )


def test_uv_installs_from_it(index: Server, tmp_path: Path) -> None:
    got = uv(index_url(index), tmp_path / "t", "tinywheel-00==1.3", "tinywheel-19")
    assert got.returncode == 0, got.stderr
    assert (tmp_path / "t" / "tinywheel_00.py").read_text() == 'VERSION = "1.3"\n'
    assert (tmp_path / "t" / "tinywheel_19.py").read_text() == 'VERSION = "1.9"\n'
    assert index.count("tinywheel_19-1.9-*.metadata") == 1


def test_pip_reads_the_html(index: Server, tmp_path: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    command = [sys.executable, "-m", "pip", "--isolated", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    command += ["-d", str(tmp_path), "--no-cache-dir", "--index-url", index_url(index), "tinywheel-05"]
    subprocess.run(command, check=True, env=clean, timeout=120)
    assert [p.name for p in tmp_path.iterdir()] == ["tinywheel_05-1.9-py3-none-any.whl"]


def test_both_forms_list_the_same_files(index: Server) -> None:
    url = f"{index_url(index)}/tinywheel-07/"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": JSON}), timeout=30) as answer:
        document = json.load(answer)
    with urllib.request.urlopen(url, timeout=30) as answer:
        page = answer.read().decode()
    assert document["versions"] == TINY_WHEEL_VERSIONS
    for file in document["files"]:
        assert f"{file['filename']}#sha256={file['hashes']['sha256']}" in page


def test_the_root_lists_all_projects(index: Server) -> None:
    with urllib.request.urlopen(f"{index_url(index)}/", timeout=30) as answer:
        page = answer.read().decode()
    named = [*TINY_WHEELS, "click", "needs-old-click", "needs-absent", "startup-file", "big-wheel", "source-only"]
    assert all(f">{name}</a>" in page for name in named)


def test_a_source_distribution_is_refused_without_builds_and_built_with(index: Server, tmp_path: Path) -> None:
    refused = uv(index_url(index), tmp_path / "a", "--only-binary", ":all:", "source-only")
    assert refused.returncode != 0
    assert "source-only" in refused.stderr
    built = uv(index_url(index), tmp_path / "b", "source-only")
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "b" / "source_only.py").read_text() == "BUILT = True\n"


def test_an_old_requirement_replaces_what_is_newer_unless_it_is_held(index: Server, tmp_path: Path) -> None:
    held = tmp_path / "pins.txt"
    held.write_text("click==8.1.7\n")
    refused = uv(index_url(index), tmp_path / "a", "--constraints", str(held), "needs-old-click")
    assert refused.returncode != 0
    assert "click<8" in refused.stderr
    assert uv(index_url(index), tmp_path / "b", "needs-old-click").returncode == 0
    assert (tmp_path / "b" / "click" / "__init__.py").read_text() == '__version__ = "7.0"\n'


def test_what_a_wheel_needs_may_be_absent(index: Server, tmp_path: Path) -> None:
    got = uv(index_url(index), tmp_path / "t", "needs-absent")
    assert got.returncode != 0
    assert "not-in-this-index" in got.stderr


def test_a_startup_file_runs_when_python_starts(index: Server, tmp_path: Path) -> None:
    assert uv(index_url(index), tmp_path / "t", "startup-file").returncode == 0
    code = f"import site; site.addsitedir({str(tmp_path / 't')!r}); import os; print(os.environ['STARTUP_FILE_RAN'])"
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert got.stdout == "yes\n"


def test_an_index_behind_a_login(wheelhouse: Path, tmp_path: Path) -> None:
    with index_server(wheelhouse, user="ann", password="pass") as server:
        assert uv(index_url(server), tmp_path / "a", "tinywheel-01").returncode != 0
        got = uv(f"http://ann:pass@{server.netloc}/simple", tmp_path / "b", "tinywheel-01")
    assert got.returncode == 0, got.stderr
