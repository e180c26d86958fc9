"""Nobody changes a built prefix by accident: not as its owner, not as root, not as someone else."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.driver import Engine

NOBODY = 65534


@pytest.fixture(scope="module")
def prefix(engine: Engine) -> Path:
    job = engine.job(conda=("tiny-008", "activated"), pip=("tinywheel-05",))
    engine.run(job).result  # noqa: B018
    return Path(job.prefix)


@pytest.fixture(params=["owner", "somebody else"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """How to run a process as the prefix' owner (root, where tests run as root) or as an ordinary user."""
    home = tmp_path / "home"
    home.mkdir()
    settings: dict[str, Any] = {
        "env": {**os.environ, "HOME": str(home)},
        "cwd": "/",
        "capture_output": True,
        "text": True,
    }
    if request.param == "somebody else" and os.getuid() == 0:
        os.chown(home, NOBODY, NOBODY)
        for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            folder.chmod(0o755)
        settings |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return settings


def test_files_and_folders_are_read_only(prefix: Path) -> None:
    for path in [prefix, *prefix.rglob("*")]:
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode in ((0o555,) if path.is_dir() else (0o444, 0o555)), f"{path} {mode:o}"


def test_programs_stay_executable(prefix: Path) -> None:
    assert os.access((prefix / "bin" / "python").resolve(), os.X_OK)
    assert os.access(prefix / "bin" / "pip", os.X_OK)
    assert not os.access(prefix / "etc" / "conda" / "activate.d" / "activated.sh", os.X_OK)


@pytest.mark.parametrize("arguments", [(), ("--user",), ("--upgrade",)])
def test_pip_says_to_copy_it_to_local(prefix: Path, account: dict[str, Any], arguments: tuple[str, ...]) -> None:
    command = [str(prefix / "bin" / "python"), "-m", "pip", "install", *arguments, "tinywheel-06"]
    done = subprocess.run(command, **account, check=False)
    assert done.returncode != 0
    assert "copy it to Local" in done.stderr
    assert "'mlenv'" in done.stderr
    assert not list(Path(account["env"]["HOME"]).rglob("*.py"))
    assert not (Path(account["env"]["HOME"]) / ".local").exists()


def test_pip_uninstall_is_refused(prefix: Path, account: dict[str, Any]) -> None:
    done = subprocess.run(
        [prefix / "bin" / "python", "-m", "pip", "uninstall", "-y", "tinywheel-05"], **account, check=False
    )
    assert done.returncode != 0
    assert (prefix / "bin" / "pip").exists()
    assert list(prefix.rglob("tinywheel_05.py"))


def test_writing_is_refused_to_an_ordinary_user(prefix: Path, account: dict[str, Any]) -> None:
    if account.get("user", os.getuid()) == 0:
        account |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    script = f'echo x > "{prefix}/bin/new"; echo x >> "$(find {prefix}/lib -name tiny_008.py)"'
    done = subprocess.run(["sh", "-c", script], **account, check=False)
    assert done.stderr.count("denied") == 2
    assert not (prefix / "bin" / "new").exists()


def test_caches_hold_what_they_held(engine: Engine, prefix: Path) -> None:
    """What prefixes link to in the caches is protected with them, and unchanged."""
    packages = Path(engine.caches.packages)
    source = next(prefix.rglob("tiny_008.py"))
    (twin,) = packages.glob("tiny-008-*/site-packages/tiny_008.py")
    assert source.samefile(twin)
    assert stat.S_IMODE(twin.stat().st_mode) == 0o444
    record = next((packages / twin.parts[len(packages.parts)] / "info").glob("paths.json")).read_text()
    assert hashlib.sha256(twin.read_bytes()).hexdigest() in record


def test_next_build_works_from_read_only_caches(engine: Engine, prefix: Path) -> None:
    assert prefix.exists()
    assert engine.build("tiny-008", pip=["tinywheel-05"]).result
