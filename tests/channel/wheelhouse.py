"""Hand-made wheels and a source distribution for pip's side of the tests: no network, no build tools."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import tarfile
import zipfile
from pathlib import Path

from .archive import MTIME

TINY_WHEELS = [f"tinywheel-{n:02d}" for n in range(20)]
TINY_WHEEL_VERSIONS = [f"1.{n}" for n in range(10)]
BIG_BYTES = 10_000_000
ZIP_TIME = (2024, 1, 1, 0, 0, 0)

# Builds a wheel with the standard library alone, so that the index needs no build tool in it.
BACKEND = """\
import pathlib
import zipfile


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "source_only-1.0-py3-none-any.whl"
    info = "source_only-1.0.dist-info"
    files = {
        "source_only.py": "BUILT = True\\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: source-only\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: hand\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as z:
        for path, text in files.items():
            z.writestr(path, text)
    return name
"""
PROJECT = """\
[build-system]
requires = []
build-backend = "source_only_backend"
backend-path = ["."]

[project]
name = "source-only"
version = "1.0"
"""


def make_wheelhouse(folder: Path) -> None:
    """Fill `folder`; the index serves whatever lies in it."""
    for name in TINY_WHEELS:
        for version in TINY_WHEEL_VERSIONS:
            module = {f"{name.replace('-', '_')}.py": f'VERSION = "{version}"\n'.encode()}
            write_wheel(folder, name, version, module)
    # Click as the index has it: old enough for `needs-old-click`, older than what the channel holds.
    write_wheel(folder, "click", "7.0", {"click/__init__.py": b'__version__ = "7.0"\n'})
    write_wheel(folder, "needs-old-click", "1.0", {"needs_old_click.py": b"import click\n"}, ["click<8"])
    write_wheel(folder, "needs-absent", "1.0", {"needs_absent.py": b""}, ["not-in-this-index>=1"])
    startup = b"import os; os.environ.setdefault('STARTUP_FILE_RAN', 'yes')\n"
    write_wheel(folder, "startup-file", "1.0", {"startup_file.pth": startup, "startup_file.py": b""})
    noise = random.Random("big-wheel").randbytes(BIG_BYTES)
    write_wheel(folder, "big-wheel", "1.0", {"big_wheel.py": b"", "big_wheel.bin": noise})
    write_sdist(folder)


def write_wheel(
    folder: Path, name: str, version: str, files: dict[str, bytes], requires: list[str] | None = None
) -> Path:
    """One pure wheel with these files; `requires` are its requirements. Tests may add their own."""
    under = name.replace("-", "_")
    info = f"{under}-{version}.dist-info"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.10\n"
    meta += "".join(f"Requires-Dist: {r}\n" for r in requires or [])
    wheel = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents = {**files, f"{info}/METADATA": meta.encode(), f"{info}/WHEEL": wheel.encode()}
    record = "".join(f"{path},sha256={_hash(data)},{len(data)}\n" for path, data in contents.items())
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    target = folder / f"{under}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as z:
        for path, data in contents.items():
            entry = zipfile.ZipInfo(path, ZIP_TIME)
            entry.external_attr = 0o644 << 16
            z.writestr(entry, data)
    return target


def write_sdist(folder: Path) -> Path:
    """`source-only`: no wheel of it exists, so that only a build can bring it."""
    top = "source_only-1.0"
    contents = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: source-only\nVersion: 1.0\n",
        "pyproject.toml": PROJECT,
        "source_only_backend.py": BACKEND,
    }
    target = folder / f"{top}.tar.gz"
    with tarfile.open(target, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for path, text in contents.items():
            info = tarfile.TarInfo(f"{top}/{path}")
            info.size, info.mtime = len(text.encode()), MTIME
            tar.addfile(info, io.BytesIO(text.encode()))
    return target


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
