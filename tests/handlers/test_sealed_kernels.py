"""Nobody installs into a built environment from its kernel, and nobody fills `~/.local` by trying."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.handlers.rest import Rest
from tests.kernels.session import session
from tests.live import LiveServer

NOBODY = 65534


@pytest.fixture
def active(alice: Rest, server: LiveServer, fresh_name: Callable[[], str], minor: str) -> str:
    """Kernel name of an activated environment."""
    name = fresh_name()
    alice.create(name, python_version=minor, conda_requirements=["tiny-008=1.3"])
    alice.post(f"/environments/{name}/build").ok(202)
    assert alice.wait(name)["outcome"] == "succeeded"
    return str(alice.post(f"/environments/{name}/activate").ok()["kernel_name"])


@pytest.mark.parametrize("command", ["%pip install tinywheel-00", "!pip install --user tinywheel-00"])
def test_pip_in_a_notebook_says_to_copy_it_to_local(
    active: str, server: LiveServer, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(server.data_dir))
    monkeypatch.setenv("HOME", str(tmp_path))
    with session(active) as kernel:
        printed = kernel.run(command)
        assert "copy it to Local to change it" in printed
        assert not (tmp_path / ".local").exists()
        found = kernel.run("import importlib.util; print(importlib.util.find_spec('tinywheel_00'))")
        assert found == "None"


def test_pip_of_an_ordinary_user_says_the_same(active: str, server: LiveServer, tmp_path: Path) -> None:
    """What a notebook's `!pip` is, without the notebook: a process that the kernel's launcher has activated."""
    home = tmp_path / "home"
    home.mkdir()
    account: dict[str, object] = {}
    if os.getuid() == 0:
        os.chown(home, NOBODY, NOBODY)
        account = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        # The root is its owner's alone; here somebody else is let in, so that they could do harm.
        for folder in {*home.parents, server.root, *server.root.parents}:
            if folder.is_relative_to(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
                folder.chmod(0o755)
    spec = json.loads((server.data_dir / "kernels" / active / "kernel.json").read_text())
    for arguments in ((), ("--user",)):
        done = subprocess.run(
            [spec["argv"][0], "--run", "pip", "install", *arguments, "tinywheel-00"],
            env={"HOME": str(home), "PATH": os.environ["PATH"]},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **account,  # type: ignore[call-overload]
        )
        assert done.returncode != 0
        assert "copy it to Local to change it" in done.stderr
    assert not (home / ".local").exists()
