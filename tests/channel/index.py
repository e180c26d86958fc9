"""A simple index (PEP 503 in HTML, PEP 691 in JSON, with PEP 658 metadata) over a folder of wheels."""

from __future__ import annotations

import hashlib
import html
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from .server import Page, Server

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"


@dataclass(frozen=True)
class Distribution:
    """One file of the index; `metadata` is its METADATA, None for a source distribution."""

    path: Path
    project: str
    version: str
    metadata: bytes | None

    @classmethod
    def read(cls, path: Path) -> Distribution:
        if path.suffix != ".whl":
            sdist, version = parse_sdist_filename(path.name)
            return cls(path, sdist, str(version), None)
        name, wheel_version, _, _ = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as z:
            inside = next(n for n in z.namelist() if n.endswith(".dist-info/METADATA"))
            return cls(path, name, str(wheel_version), z.read(inside))

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


class SimpleIndex:
    """The pages under `simple/` for the distributions in `folder` as it was at the start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.projects: dict[str, list[Distribution]] = {}
        for path in sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")]):
            found = Distribution.read(path)
            self.projects.setdefault(found.project, []).append(found)
        self._metadata = {f"{d.path.name}.metadata": d.metadata for ds in self.projects.values() for d in ds}

    def page(self, path: str, accept: str) -> Page | None:
        """What a server answers for `path`; None for files and for what is not there."""
        if metadata := self._metadata.get(path):
            return Page("application/octet-stream", metadata)
        top, _, name = path.strip("/").partition("/")
        if top != "simple" or "/" in name:
            return None
        as_json = JSON in accept
        if not name:
            return self._json_root() if as_json else self._html_root()
        found = self.projects.get(canonicalize_name(name))
        if found is None:
            return None
        return _json_project(canonicalize_name(name), found) if as_json else _html_project(found)

    def _json_root(self) -> Page:
        document = {"meta": {"api-version": "1.0"}, "projects": [{"name": name} for name in self.projects]}
        return Page(JSON, json.dumps(document).encode())

    def _html_root(self) -> Page:
        return _html_page([f'<a href="{name}/">{name}</a>' for name in self.projects])


def index_server(folder: Path, *, user: str = "", password: str = "", token: str = "") -> Server:
    """A server of the index: give its `index_url` to pip or uv."""
    return Server(folder, SimpleIndex(folder).page, user=user, password=password, token=token)


def index_url(server: Server) -> str:
    """What goes after `--index-url`."""
    return f"{server.url}/simple"


def _json_project(name: str, found: list[Distribution]) -> Page:
    files = []
    for d in found:
        file = {"filename": d.path.name, "url": f"../../{d.path.name}", "hashes": {"sha256": d.sha256}}
        size = {"size": d.path.stat().st_size}
        metadata = {"core-metadata": {"sha256": hashlib.sha256(d.metadata).hexdigest()}} if d.metadata else {}
        files.append({**file, **size, **metadata})
    versions = list(dict.fromkeys(d.version for d in found))
    document = {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": files}
    return Page(JSON, json.dumps(document).encode())


def _html_project(found: list[Distribution]) -> Page:
    links = []
    for d in found:
        metadata = f' data-core-metadata="sha256={hashlib.sha256(d.metadata).hexdigest()}"' if d.metadata else ""
        name = html.escape(d.path.name)
        links.append(f'<a href="../../{name}#sha256={d.sha256}"{metadata}>{name}</a>')
    return _html_page(links)


def _html_page(links: list[str]) -> Page:
    return Page(HTML, ("<!DOCTYPE html><html><body>\n" + "<br>\n".join(links) + "\n</body></html>\n").encode())
