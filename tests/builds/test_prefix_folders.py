"""Removing what was made read-only on purpose."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_dataflow_envs.builds.prefix_folders import PrefixFolders

SCRIPT = """
import sys
from pathlib import Path
from jupyter_dataflow_envs.builds.prefix_folders import PrefixFolders
folders = PrefixFolders(Path(sys.argv[1]))
folders.remove(sys.argv[2])
assert folders.ids() == set(), folders.ids()
"""


def _seal(folders: PrefixFolders, outside: Path) -> str:
    """A prefix as the engine leaves it: read-only, hard links into a cache, symbolic links in and out."""
    prefix_id = folders.new_id()
    prefix = folders.path(prefix_id)
    for name in ("bin", "lib/python3.11/site-packages/deep/er", "empty", "conda-meta"):
        (prefix / name).mkdir(parents=True)
    (outside / "cached.py").write_text("shared\n")
    (outside / "cached.py").chmod(0o444)
    os.link(outside / "cached.py", prefix / "lib/python3.11/site-packages/cached.py")
    (prefix / "bin" / "python3.11").write_text("")
    (prefix / "bin" / "python").symlink_to("python3.11")
    (prefix / "lib" / "outside").symlink_to(outside)
    (prefix / "lib" / "dangling").symlink_to("/no/such/file")
    (prefix / "lib" / "loop").symlink_to(".")
    for folder, _, names in os.walk(prefix, topdown=False):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o444)
        Path(folder).chmod(0o555)
    return prefix_id


@pytest.fixture
def folders(tmp_path: Path) -> PrefixFolders:
    (tmp_path / "prefixes").mkdir()
    (tmp_path / "outside").mkdir()
    return PrefixFolders(tmp_path / "prefixes")


def test_a_read_only_prefix_goes_and_what_it_was_linked_to_stays(folders: PrefixFolders, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    prefix_id = _seal(folders, outside)
    outside.chmod(0o555)
    assert folders.ids() == {prefix_id}
    assert folders.is_whole(prefix_id)
    folders.remove(prefix_id)
    assert folders.ids() == set()
    assert (outside / "cached.py").read_text() == "shared\n"
    assert (outside / "cached.py").stat().st_mode & 0o777 == 0o444, "the cache's file was made writable"
    assert outside.stat().st_mode & 0o777 == 0o555, "a folder behind a symbolic link was made writable"
    outside.chmod(0o755)


def test_an_ordinary_user_can_remove_it_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Root may do anything; everybody else has to give the folders their modes back first."""
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not here")
    base = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())  # pytest's own folders are 0700
    try:
        base.chmod(0o755)
        for name in ("prefixes", "outside"):
            (base / name).mkdir()
        prefix_id = _seal(PrefixFolders(base / "prefixes"), base / "outside")
        os.chown(base, 65534, 65534)
        for folder, names, files in os.walk(base):
            for name in (*names, *files):
                os.chown(Path(folder, name), 65534, 65534, follow_symlinks=False)
        command = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
        repository = str(Path(__file__).resolve().parents[2])
        done = subprocess.run(
            [*command, sys.executable, "-c", SCRIPT, str(base / "prefixes"), prefix_id],
            env={"PYTHONPATH": repository, "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if "Permission denied" in done.stderr and sys.executable in done.stderr:
            pytest.skip("an ordinary user can't run this Python")
        assert done.returncode == 0, done.stderr
        assert not (base / "prefixes" / prefix_id).exists()
        assert (base / "outside" / "cached.py").stat().st_mode & 0o777 == 0o444
    finally:
        shutil.rmtree(base)


def test_removing_what_is_not_there_is_nothing(folders: PrefixFolders) -> None:
    folders.remove("0123456789ab")


def test_a_damaged_prefix_is_not_whole(folders: PrefixFolders, tmp_path: Path) -> None:
    for damage in ("bin/python3.11", "conda-meta"):
        prefix_id = _seal(folders, tmp_path / "outside")
        path = folders.path(prefix_id)
        path.chmod(0o755)
        (path / "bin").chmod(0o755)
        target = path / damage
        target.unlink() if target.is_file() else target.rmdir()
        assert not folders.is_whole(prefix_id)
    assert not folders.is_whole("0123456789ab")


def test_what_is_set_aside_is_no_prefix_any_more_and_is_cleared_later(folders: PrefixFolders, tmp_path: Path) -> None:
    prefix_ids = [_seal(folders, tmp_path / "outside")]
    (tmp_path / "outside" / "cached.py").unlink()
    prefix_ids.append(_seal(folders, tmp_path / "outside"))
    for prefix_id in (*prefix_ids, "0123456789ab"):
        folders.set_aside(prefix_id)
    assert folders.ids() == set()
    assert {p.name for p in folders.aside.iterdir()} == set(prefix_ids)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(folders.clear) for _ in range(4)]:
            done.result()
    assert list(folders.aside.iterdir()) == []


def test_ids_are_short_and_random(folders: PrefixFolders) -> None:
    ids = {folders.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(i) == 12 and set(i) <= set("0123456789abcdef") for i in ids)
