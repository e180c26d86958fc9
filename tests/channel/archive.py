"""Conda archives: the `.conda` format and the older `.tar.bz2`, written without a clock in them."""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import zstandard
from rattler import Subdir

SUBDIR = str(Subdir.current())
PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"  # the prefix that conda's own tools put into text files
LEVEL = 3  # of zstd: the cache is read on this machine only
MTIME = 1_704_067_200  # of hand-made files: 2024-01-01, so that equal sources give equal archives


@dataclass
class PackageFile:
    """One file of a package: its path in the prefix, and its bytes or the target it links to.

    A `placeholder` is the text inside the file that stands for the prefix; `binary` says that the file keeps its length
    when the prefix replaces it.
    """

    path: str
    data: bytes = b""
    link: str = ""
    mode: int = 0o644
    mtime: int = MTIME
    placeholder: str = ""
    binary: bool = False

    def entry(self) -> dict[str, Any]:
        """The file's entry in `info/paths.json`."""
        if self.link:
            empty = hashlib.sha256(b"").hexdigest()
            return {"_path": self.path, "path_type": "softlink", "size_in_bytes": 0, "sha256": empty}
        entry: dict[str, Any] = {
            "_path": self.path,
            "path_type": "hardlink",
            "size_in_bytes": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(),
        }
        if self.placeholder:
            entry |= {"prefix_placeholder": self.placeholder, "file_mode": "binary" if self.binary else "text"}
        return entry


@dataclass
class Package:
    """A conda package before it is packed: its index entry, its files, what its scripts are called."""

    name: str
    version: str
    files: list[PackageFile]
    build: str = "0"
    depends: list[str] = field(default_factory=list)
    constrains: list[str] = field(default_factory=list)
    license: str = "BSD-3-Clause"
    noarch: Literal["python", "generic"] | None = None
    entry_points: list[str] = field(default_factory=list)
    site_packages: str = ""

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def subdir(self) -> str:
        return "noarch" if self.noarch else SUBDIR

    def info(self) -> list[PackageFile]:
        """The files of the archive's `info` folder."""
        index: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": 0,
            "subdir": self.subdir,
            "depends": self.depends,
            "constrains": self.constrains,
            "license": self.license,
        }
        if self.noarch:
            index["noarch"] = self.noarch
        if self.site_packages:
            index["python_site_packages_path"] = self.site_packages
        documents: dict[str, Any] = {
            "index.json": index,
            "about.json": {},
            "paths.json": {"paths_version": 1, "paths": [f.entry() for f in self.files]},
        }
        if self.noarch == "python":
            documents["link.json"] = {
                "noarch": {"type": "python", "entry_points": self.entry_points},
                "package_metadata_version": 1,
            }
        files = [PackageFile(f"info/{name}", json.dumps(data).encode()) for name, data in documents.items()]
        listing = "".join(f.path + "\n" for f in self.files).encode()
        prefixes = "".join(
            f'"{f.placeholder}" {"binary" if f.binary else "text"} "{f.path}"\n' for f in self.files if f.placeholder
        )
        files.append(PackageFile("info/files", listing))
        if prefixes:
            files.append(PackageFile("info/has_prefix", prefixes.encode()))
        return files

    def write(self, channel: Path) -> Path:
        """Pack into `channel` as `.conda`: a zip of metadata, a tar of info/ and a tar of the files."""
        target = self._target(channel, ".conda")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as z:
            # A ZipInfo has no clock in it, a bare name would.
            z.writestr(zipfile.ZipInfo("metadata.json"), '{"conda_pkg_format_version": 2}')
            z.writestr(zipfile.ZipInfo(f"pkg-{self.stem}.tar.zst"), _compressed(_tar(self.files)))
            z.writestr(zipfile.ZipInfo(f"info-{self.stem}.tar.zst"), _compressed(_tar(self.info())))
        return target

    def write_tar_bz2(self, channel: Path) -> Path:
        """Pack into `channel` in the format that conda wrote before 2019."""
        target = self._target(channel, ".tar.bz2")
        target.write_bytes(bz2.compress(_tar(self.info() + self.files)))
        return target

    def _target(self, channel: Path, suffix: str) -> Path:
        folder = channel / self.subdir
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.stem}{suffix}"


def _tar(files: list[PackageFile]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for f in files:
            info = tarfile.TarInfo(f.path)
            info.mode, info.mtime, info.size = f.mode, f.mtime, len(f.data)
            if f.link:
                info.type, info.linkname = tarfile.SYMTYPE, f.link
            tar.addfile(info, io.BytesIO(f.data))
    return out.getvalue()


def _compressed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(data)
