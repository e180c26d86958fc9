"""Interpreters of this machine, and the `python` package made from one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.markers import default_environment
from packaging.utils import parse_wheel_filename

from .archive import Package, PackageFile

SUPPORTED = ("3.10", "3.11", "3.12", "3.13")
PREFERRED = ("3.11", "3.12", "3.13", "3.10")  # of those beside the running one: 3.11 takes the old pandas too

# Modules that a kernel or a download needs and that a Python built by hand may lack.
PROBE = """
import bz2, ctypes, importlib.util, json, platform, sqlite3, ssl, sys, sysconfig, zlib
print(json.dumps({
    "prefix": sys.base_prefix,
    "version": platform.python_version(),
    "cpython": sys.implementation.name == "cpython",
    "debian": "posix_local" in sysconfig.get_scheme_names(),
    "pip": importlib.util.find_spec("pip") is not None,
}))
"""

# Tests, GUI, static library, what pip installed, and what marks a distribution's own Python.
LEFT_OUT = re.compile(
    r"lib/python3[^/]*/(test|idlelib|tkinter|turtledemo|ensurepip|lib2to3|site-packages|dist-packages"
    r"|sitecustomize\.py|EXTERNALLY-MANAGED)(/|$)"
    r"|/tests?/|\.a$|\.opt-\d\.pyc$|_tkinter|_sysconfigdata.*\.pyc$|bin/(?!python[\d.]*$)"
)

# Debian's Python installs into dist-packages, and looks there, unless it is in a virtual environment. Its package
# installs into site-packages and links dist-packages to it: `site`, which looks, is frozen into the program.
DEBIAN_BRANCH = re.compile(rb'sys\.base_prefix != sys\.prefix or hasattr\(sys, "real_prefix"\)')


class UnusableInterpreterError(Exception):
    """An interpreter that no `python` package can be made from; the message says why."""


@dataclass(frozen=True)
class Interpreter:
    """A CPython of this machine: `executable` runs it (in a virtual environment or not), `prefix` holds its files.

    `debian` marks the Python of that distribution and of those made from it.
    """

    executable: Path
    prefix: Path
    version: str
    has_pip: bool
    debian: bool = False

    @classmethod
    def probe(cls, executable: Path) -> Interpreter:
        """Ask an executable what it is.

        Raises UnusableInterpreterError when it does not run, lacks modules, is not a supported CPython or has its
        parts elsewhere than under one prefix.
        """
        try:
            got = subprocess.run([executable, "-Ic", PROBE], capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnusableInterpreterError(f"{executable} does not run: {error}") from error
        if got.returncode:
            reason = (got.stderr.strip().splitlines() or ["no message"])[-1]
            raise UnusableInterpreterError(f"{executable} can't be used: {reason}")
        found = json.loads(got.stdout)
        interpreter = cls(executable, Path(found["prefix"]), found["version"], found["pip"], found["debian"])
        if not found["cpython"] or interpreter.minor not in SUPPORTED:
            raise UnusableInterpreterError(f"{executable} is {found['version']}, not CPython {', '.join(SUPPORTED)}")
        if not (interpreter.prefix / "lib" / f"python{interpreter.minor}" / "os.py").is_file():
            raise UnusableInterpreterError(f"{executable} has no standard library in {interpreter.prefix}/lib")
        if (interpreter.prefix / "conda-meta").is_dir():
            raise UnusableInterpreterError(f"{executable} is a conda environment: its shared libraries lie elsewhere")
        return interpreter

    @property
    def minor(self) -> str:
        """`3.11` of `3.11.7`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def site_packages(self) -> str:
        return f"lib/python{self.minor}/site-packages"

    @cached_property
    def markers(self) -> dict[str, str]:
        """The environment that requirements' markers are evaluated in."""
        own = {"python_version": self.minor, "implementation_version": self.version, "extra": ""}
        return {k: str(v) for k, v in default_environment().items()} | own | {"python_full_version": self.version}

    def takes(self, wheel: Path) -> bool:
        """Whether this interpreter can use a wheel that was downloaded for any interpreter of this machine."""
        for tag in parse_wheel_filename(wheel.name)[3]:
            if tag.interpreter.startswith("py3") or tag.interpreter == "cp" + self.minor.replace(".", ""):
                return True
            if tag.abi == "abi3" and int(tag.interpreter[3:]) <= int(self.minor[2:]):
                return True
        return False

    def package(self) -> Package:
        """The `python` package: this interpreter without tests, GUI, static library and site-packages."""
        old, lib = str(self.prefix).encode(), f"lib/python{self.minor}"
        files = [PackageFile(f"{self.site_packages}/README.txt")]
        if self.debian:
            files.append(PackageFile(f"{lib}/dist-packages", link="site-packages"))
        for path in self._paths(lib):
            name = path.relative_to(self.prefix).as_posix()
            if path.is_symlink():
                files.append(PackageFile(name, link=str(path.readlink())))
                continue
            stat = path.stat()
            f = PackageFile(name, path.read_bytes(), mode=stat.st_mode & 0o777, mtime=int(stat.st_mtime))
            if f.data.startswith(b"\x7fELF"):
                f.data = relocatable(f.data, old + b"/lib", os.path.relpath("lib", Path(name).parent))
            elif self.debian and name == f"{lib}/sysconfig.py":
                f.data = DEBIAN_BRANCH.sub(b"True", f.data)
            elif old in f.data and not name.endswith(".pyc") and not self.debian:  # `/usr` stands for too much
                f.placeholder = str(self.prefix)
            files.append(f)
        if not any(f.path == "bin/python" for f in files):
            files.append(PackageFile("bin/python", link=f"python{self.minor}"))
        return Package(
            "python", self.version, files, build="0_cpython", license="PSF-2.0", site_packages=self.site_packages
        )

    def _paths(self, lib: str) -> list[Path]:
        headers = self.prefix / "include"
        found = [*(self.prefix / "bin").glob("python*"), *headers.glob(f"python{self.minor}*/**/*")]
        found += [*(self.prefix / "lib").glob("libpython*"), *(self.prefix / lib).rglob("*")]
        names = {p: p.relative_to(self.prefix).as_posix() for p in found if p.is_symlink() or not p.is_dir()}
        if self.debian:  # the bytecode of what is patched
            names = {p: name for p, name in names.items() if "__pycache__/sysconfig." not in name}
        return sorted(p for p, name in names.items() if not LEFT_OUT.search(name))


def relocatable(elf: bytes, rpath: bytes, lib: str) -> bytes:
    """Make an absolute run path relative to the file that bears it; the text's length stays."""
    new = b"$ORIGIN/" + lib.encode()
    if b"\0" + rpath + b"\0" in elf and len(new) <= len(rpath):
        elf = elf.replace(b"\0" + rpath + b"\0", b"\0" + new.ljust(len(rpath), b"\0") + b"\0")
    return elf


def find_interpreters(at_most: int = 2) -> list[Interpreter]:
    """The running interpreter first, then one of each other minor version that pyenv holds.

    Raises UnusableInterpreterError with every reason when there is none.
    """
    found: list[Interpreter] = []
    reasons: list[str] = []
    for executable in [Path(sys.executable), *_pyenv()]:
        if len(found) == at_most:
            break
        try:
            interpreter = Interpreter.probe(executable)
        except UnusableInterpreterError as error:
            reasons.append(str(error))
            continue
        if not interpreter.has_pip:  # a virtual environment may lack what its base has
            interpreter = _with_pip(interpreter)
        if interpreter.has_pip and all(interpreter.minor != f.minor for f in found):
            found.append(interpreter)
        elif not interpreter.has_pip:
            reasons.append(f"{executable} has no pip")
    if not found:
        raise UnusableInterpreterError("no Python to make a channel from:\n" + "\n".join(reasons))
    return found


def _with_pip(interpreter: Interpreter) -> Interpreter:
    base = interpreter.prefix / "bin" / f"python{interpreter.minor}"
    return Interpreter.probe(base) if base.exists() else interpreter


def _pyenv() -> list[Path]:
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [(minor, p) for minor in PREFERRED for p in versions.glob(f"{minor}.*/bin/python{minor}")]
    return [p for _, p in sorted(found, key=lambda f: (PREFERRED.index(f[0]), -_patch(f[1])))]


def _patch(executable: Path) -> int:
    digits = re.match(r"\d+\.\d+\.(\d+)$", executable.parent.parent.name)
    return int(digits[1]) if digits else -1
