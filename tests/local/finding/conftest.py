"""A whole home of a person, made by hand, and real prefixes made by the tools that people use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_dataflow_envs.local.finding.places import Surroundings

# In a process of its own: rattler now and then crashes when the interpreter that used it exits. Nothing is linked, so
# that tests may change what they get.
_INSTALL = """
import asyncio, os, sys
from rattler import Config, MatchSpec, install, solve
async def main(channel, cache, prefix, *specs):
    config = Config.from_toml("allow-hard-links = false")
    await install(await solve([channel], [MatchSpec(s) for s in specs]), prefix, cache_dir=cache, config=config)
asyncio.run(main(*sys.argv[1:]))
os._exit(0)
"""


class Home:
    """Puts environments where tools would, with no more in them than a look can see."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = folder / "base-python"
        self._program(self.base / "bin/python3.11")
        (self.base / "include/python3.11").mkdir(parents=True)
        (self.base / "include/python3.11/patchlevel.h").write_text('#define PY_VERSION "3.11.4"\n')
        self.around = Surroundings(
            home=folder,
            environ={},
            kernels_dirs=(folder / "kernels",),
            sys_prefix=self.venv(folder / "server"),
            system=folder / "system",
        )

    def with_environ(self, **environ: object) -> Surroundings:
        return replace(self.around, environ={name: str(value) for name, value in environ.items()})

    def venv(self, prefix: Path, *packages: str, version: str = "3.11.4", **config: str) -> Path:
        """`packages` as in `rich-13.0`."""
        site = prefix / "lib/python3.11/site-packages"
        site.mkdir(parents=True)
        (prefix / "bin").mkdir()
        (prefix / "bin/python").symlink_to(self.base / "bin/python3.11")
        lines = {"home": str(self.base / "bin"), "version": version, **config}
        (prefix / "pyvenv.cfg").write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        for package in packages:
            self.distribution(site, package)
        return prefix

    def conda(self, prefix: Path, *packages: str, python: str | None = "3.12.1") -> Path:
        """`packages` as in `zlib-1.3-h1_0`; those with `py` in their build get metadata too."""
        (prefix / "conda-meta").mkdir(parents=True)
        (prefix / "conda-meta/history").touch()
        if python:
            self._program(prefix / "bin/python")
            packages = (f"python-{python}-0_cpython", *packages)
        site = "lib/python3.12/site-packages"
        (prefix / site).mkdir(parents=True)
        for package in packages:
            name, version, build = package.rsplit("-", 2)
            files = [f"{site}/{name}-{version}.dist-info/METADATA"] if build.startswith("py") else [f"lib/{name}.so"]
            self.record(prefix, package, files)
            if build.startswith("py"):
                self.distribution(prefix / site, f"{name}-{version}")
        return prefix

    def record(self, prefix: Path, package: str, files: list[str], **more: Any) -> None:
        record = {"channel": "https://channel.invalid/main", "files": files, **more}
        (prefix / f"conda-meta/{package}.json").write_text(json.dumps(record, indent=2))

    def distribution(self, site: Path, package: str, **files: str) -> Path:
        name, version = package.rsplit("-", 1)
        folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: other\n")
        for file, text in files.items():
            (folder / file.replace("__", ".")).write_text(text)
        return folder

    def interpreter(self, prefix: Path) -> Path:
        """As uv and pyenv lay theirs out."""
        shutil.copytree(self.base, prefix)
        (prefix / "bin/python").symlink_to("python3.11")
        (prefix / "lib/python3.11/site-packages").mkdir(parents=True)
        return prefix

    def kernel(self, name: str, python: object, folder: str = "kernels", **more: Any) -> Path:
        file = self.folder / folder / name / "kernel.json"
        file.parent.mkdir(parents=True)
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        file.write_text(json.dumps({"argv": argv, "display_name": f"Kernel {name}", "language": "python", **more}))
        return file

    def _program(self, path: Path) -> None:
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(Path(os.path.realpath(tmp_path)))


@pytest.fixture(scope="session")
def conda_prefix(channel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real conda environment, made by rattler: tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("conda")
    prefix, cache = folder / "real", folder / "cache"
    specs = ["python", "pip", "click ==8.1.7", "tqdm", "tiny-001"]
    subprocess.run([sys.executable, "-c", _INSTALL, channel.as_uri(), cache, prefix, *specs], check=True)
    return prefix


@pytest.fixture
def own_conda(conda_prefix: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(conda_prefix, tmp_path / "own", symlinks=True))


@pytest.fixture
def real_venv(tmp_path: Path) -> Path:
    folder = tmp_path / "real"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def pyenv_root() -> Path:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    if not any((root / "versions").glob("3.*/bin/python3")):
        pytest.skip("this machine has no pyenv with a Python 3")
    return root
