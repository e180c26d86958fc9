"""Prefixes of a person's own: they may change, and nothing else changes with them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.engine.protocol import Mode
from tests.engine.driver import Engine


@pytest.fixture(scope="module")
def source(engine: Engine) -> tuple[Path, Lock]:
    """A sealed prefix and its lock."""
    job = engine.job(conda=("tiny-000",), pip=("tinywheel-00",))
    return Path(job.prefix), engine.run(job).lock


@pytest.fixture
def copy(engine: Engine, source: tuple[Path, Lock]) -> Path:
    job = engine.job(Mode.INSTALL, lock=source[1], python_version="", writable=True)
    assert engine.run(job).lock.digest == source[1].digest
    return Path(job.prefix)


def contents(*folders: Path) -> dict[str, tuple[int, str]]:
    """Mode and hash of every file below the folders."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                found[str(path)] = path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def python(prefix: Path, *arguments: str) -> str:
    done = subprocess.run(
        [prefix / "bin/python", *arguments], capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def site_packages(prefix: Path) -> Path:
    (found,) = prefix.glob("lib/python3*/site-packages")
    return found


def test_every_file_is_its_own_and_writable(copy: Path) -> None:
    files = [p for p in copy.rglob("*") if p.is_file() and not p.is_symlink()]
    assert [p for p in files if p.stat().st_nlink != 1] == []
    assert [p for p in [copy, *copy.rglob("*")] if not p.is_symlink() and not p.stat().st_mode & 0o200] == []
    assert not list(copy.glob("lib/python3*/EXTERNALLY-MANAGED"))


def test_no_file_names_the_prefix_it_was_copied_from(copy: Path, source: tuple[Path, Lock]) -> None:
    other = os.fsencode(source[0])
    assert [p for p in copy.rglob("*") if p.is_file() and not p.is_symlink() and other in p.read_bytes()] == []
    assert python(copy, "-c", "import sys; print(sys.prefix)") == str(copy)
    assert subprocess.run([copy / "bin/jupyter", "--version"], capture_output=True).returncode == 0


def test_changes_reach_neither_the_source_nor_the_caches(engine: Engine, copy: Path, source: tuple[Path, Lock]) -> None:
    before = contents(source[0], *map(Path, (engine.caches.packages, engine.caches.uv, engine.caches.bytecode)))
    for path in contents(copy):
        with Path(path).open("ab") as file:
            file.write(b"\n# changed\n")
    after = contents(source[0], *map(Path, (engine.caches.packages, engine.caches.uv, engine.caches.bytecode)))
    assert after == before


def test_pip_upgrades_in_it_and_nowhere_else(
    engine: Engine, copy: Path, source: tuple[Path, Lock], wheelhouse: Path
) -> None:
    before = contents(source[0], Path(engine.caches.uv))
    options = ["-q", "--no-index", "--find-links", str(wheelhouse)]
    older = next(p for p in source[1].packages if p.name == "tinywheel-00")
    wanted = "1.0" if older.version != "1.0" else "1.1"
    python(copy, "-m", "pip", "install", *options, f"tinywheel-00=={wanted}")
    assert python(copy, "-c", "import importlib.metadata as m; print(m.version('tinywheel-00'))") == wanted
    assert contents(source[0], Path(engine.caches.uv)) == before


def test_its_bytecode_is_valid_and_gives_way_to_edits(copy: Path) -> None:
    module = site_packages(copy) / "traitlets" / "__init__.py"
    compiled = {p: p.stat().st_mtime_ns for p in copy.rglob("*.pyc")}
    assert any(p.parent.parent == module.parent for p in compiled), "it came with bytecode"
    python(copy, "-c", "import traitlets, IPython")
    assert {p: p.stat().st_mtime_ns for p in copy.rglob("*.pyc")} == compiled, "all of it was taken as it is"
    module.write_text(module.read_text() + "\nEDITED = True\n")
    assert python(copy, "-c", "import traitlets; print(traitlets.EDITED)") == "True"


def test_a_new_one_is_solved_as_a_shared_one_is(engine: Engine) -> None:
    job = engine.job(conda=("tiny-001",), pip=("tinywheel-01",), writable=True)
    run = engine.run(job)
    assert {"tiny-001", "tinywheel-01", "ipykernel"} <= run.versions().keys()
    assert [
        p for p in Path(job.prefix).rglob("*") if p.is_file() and not p.is_symlink() and p.stat().st_nlink > 1
    ] == []
    assert os.access(site_packages(Path(job.prefix)), os.W_OK)


def test_adding_to_a_prefix_that_is_there(engine: Engine, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    job = engine.job(Mode.ADD, prefix=str(tmp_path / "venv"), pip=("tinywheel-00",), writable=True)
    assert engine.run(job).result["lock"] is None
    (module,) = (tmp_path / "venv").glob("lib/python3*/site-packages/tinywheel_00*.dist-info")
    assert {p.stat().st_nlink for p in module.iterdir()} == {1}


def test_adding_says_why_it_can_not(engine: Engine, tmp_path: Path, copy: Path) -> None:
    (site_packages(copy).parent / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=no\n")
    managed = engine.run(engine.job(Mode.ADD, prefix=str(copy), pip=("tinywheel-03",), writable=True))
    assert "belongs to another tool" in managed.failure["reason"]
    unknown = engine.job(Mode.ADD, prefix=str(tmp_path), pip=("tinywheel-00",), writable=True)
    assert engine.run(unknown).failure["reason"]
