"""The folders that a prefix' Python imports from, and the distributions whose metadata lies in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from packaging.utils import canonicalize_name

from .looks import Looks

_LIBRARY = re.compile(r"(?:python|pypy)(\d+\.\d+)t?")
_EGG_INFO = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-py\d[^-]*(?:-.+)?)?")
_LINK_LIMIT = 64 * 1024
_METADATA = {".dist-info": "METADATA", ".egg-info": "PKG-INFO", ".egg": "EGG-INFO/PKG-INFO"}


@dataclass(frozen=True, slots=True)
class Distribution:
    """What one entry of a site-packages folder says is installed; name and version as the entry has them."""

    folder: str
    entry: str
    suffix: Literal[".dist-info", ".egg-info", ".egg", ".egg-link"]
    name: str
    version: str
    source: str | None = None
    """The folder that it is imported from, where that is not this one: what setuptools calls develop mode."""

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.entry}"

    @property
    def metadata(self) -> str:
        """Of an egg-info that is a file: the file."""
        return f"{self.path}/{_METADATA[self.suffix]}"


def site_folders(prefix: str, minor: str | None, looks: Looks) -> list[str]:
    """The real ones, first come, first imported. `minor`: of its Python; None: of every Python that it has."""
    names = [
        f"{lib}/{name}"
        for lib in ("lib", "lib64", "local/lib")
        for name in looks.entries(f"{prefix}/{lib}")
        if (found := _LIBRARY.fullmatch(name)) and minor in (None, found[1])
    ]
    folders = [f"{prefix}/{name}/{packages}" for name in names for packages in ("site-packages", "dist-packages")]
    folders.append(f"{prefix}/lib/python3/dist-packages")  # which Debian's Pythons share
    # lib64 is a link to lib in a virtual environment.
    real = dict.fromkeys(os.path.realpath(folder) for folder in folders)
    return [folder for folder in real if looks.is_folder(folder)]


def minor_of(text: str | None) -> str | None:
    """3.11 of 3.11.7."""
    found = re.match(r"\d+\.\d+", text or "")
    return found[0] if found else None


def distributions(folders: list[str], looks: Looks) -> dict[str, list[Distribution]]:
    """Canonical name → those of that name, the one that is imported first."""
    found: dict[str, list[Distribution]] = {}
    for folder in folders:
        entries = looks.entries(folder)
        listed = [one for one in map(partial(_distribution, folder), entries) if one and _is_whole(one, looks)]
        for one in (*listed, *_developed(folder, entries, looks)):
            found.setdefault(canonicalize_name(one.name), []).append(one)
    return found


def _developed(folder: str, entries: list[str], looks: Looks) -> Iterator[Distribution]:
    """What `setup.py develop` has linked: its metadata lie in its sources."""
    sources: dict[str, str] = {}
    for entry in entries:
        if entry.endswith(".egg-link"):
            lines = (looks.text(f"{folder}/{entry}", _LINK_LIMIT) or "").splitlines()
            if lines and lines[0].strip():
                sources[lines[0].strip()] = entry
    if "easy-install.pth" in entries:
        for line in (looks.text(f"{folder}/easy-install.pth", _LINK_LIMIT) or "").splitlines():
            if line.startswith("/") and not line.startswith(f"{folder}/"):
                sources.setdefault(line.strip(), "")
    for source, link in sources.items():
        infos = [entry for entry in looks.entries(source) if entry.endswith(".egg-info")]
        developed = [one for one in map(partial(_distribution, source), infos) if one]
        if link and not developed:
            developed = [Distribution(folder, link, ".egg-link", link.removesuffix(".egg-link"), "")]
        yield from (replace(one, source=source) for one in developed)


def _distribution(folder: str, entry: str) -> Distribution | None:
    stem, _, suffix = entry.rpartition(".")
    # pip renames what it is about to remove to ~name.
    if not stem or entry.startswith("~"):
        return None
    if suffix == "dist-info":
        name, _, version = stem.partition("-")
        return Distribution(folder, entry, ".dist-info", name, version.replace("_", "-")) if version else None
    if suffix in ("egg-info", "egg"):
        match = _EGG_INFO.fullmatch(stem)
        name, version = (match["name"], match["version"]) if match else (stem, "")
        return Distribution(folder, entry, ".egg-info" if suffix == "egg-info" else ".egg", name, version)
    return None


def _is_whole(one: Distribution, looks: Looks) -> bool:
    """Whether it has metadata: folders without are left behind by removals."""
    return os.access(one.metadata, os.F_OK) or looks.is_file(one.metadata) or looks.is_file(one.path)
