"""Two real prefixes from the test channel, and a deployment's folders apart from this account's own Jupyter."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_dataflow_envs.kernels.kernelspecs import KernelspecEntry, Kernelspecs
from jupyter_dataflow_envs.kernels.launcher import Target, write_fallback, write_launcher
from tests.channel.cache import cached_channel

# In a process of its own: rattler now and then crashes when the interpreter that used it exits.
_INSTALL = """
import asyncio, os, sys
from rattler import MatchSpec, install, solve
async def main(channel, cache, prefix, *specs):
    await install(await solve([channel], [MatchSpec(s) for s in specs]), prefix, cache_dir=cache)
asyncio.run(main(*sys.argv[1:]))
os._exit(0)
"""


@dataclass
class Deployment:
    """The folders of one deployment, and what the service would tell the kernels layer."""

    root: Path
    kernels_dir: Path
    id: str = "deployment-1"
    specs: Kernelspecs = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        self.specs = Kernelspecs(self.kernels_dir, self.id, self.root)
        write_fallback(self.root, Path(sys.executable))

    def point(self, prefix: Path, version: int = 1, prefix_id: str = "0123456789ab", **more: str) -> Path:
        """Move the launcher of `mlenv` to a prefix."""
        target = Target("mlenv", version, prefix, prefix_id, **more)
        return write_launcher(self.root, "environment-1", "latest", target)

    def entry(self, prefix: Path | None, **changed: object) -> KernelspecEntry:
        """What a kernelspec of `mlenv` says unless told otherwise."""
        fields = {
            "environment_id": "environment-1",
            "short_name": "mlenv",
            "full_name": "Machine learning",
            "version": 1,
            "digest": "d" * 64,
            "audience": "latest",
        }
        return KernelspecEntry(**{**fields, "prefix": prefix, **changed})  # type: ignore[arg-type]

    def activate(self, prefix: Path) -> str:
        """Launcher and kernelspec of `mlenv`; the kernel's name."""
        self.point(prefix)
        return self.specs.write(self.entry(prefix))


def _prefix(folder: Path, *specs: str) -> Path:
    channel, cache = cached_channel().as_uri(), str(folder.parent / "packages")
    subprocess.run([sys.executable, "-c", _INSTALL, channel, cache, str(folder), *specs], check=True)
    return folder


@pytest.fixture(scope="session")
def plain_prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix without activation scripts: its launchers are for /bin/sh."""
    return _prefix(tmp_path_factory.mktemp("plain") / "prefix", "python", "ipykernel")


@pytest.fixture(scope="session")
def activated_prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix with activation scripts that only bash understands."""
    return _prefix(tmp_path_factory.mktemp("activated") / "prefix", "python", "ipykernel", "activated")


@pytest.fixture(params=["plain_prefix", "activated_prefix"])
def prefix(request: pytest.FixtureRequest) -> Path:
    """Both kinds of launcher in turn."""
    found: Path = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Empty folders under names that would trip a careless shell script."""
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("JUPYTER_PATH", "CONDA_PREFIX", "VIRTUAL_ENV", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Deployment(tmp_path / "it's $(touch broken) `a` ü" / "root", tmp_path / "JUPYTER_DATA_DIR" / "kernels")
