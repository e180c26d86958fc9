"""What the channels and indexes offer: names, and the versions of one package that could be installed here."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags, platform_tags
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ..domain.errors import EngineError
from .credentials import mask
from .messages import Messages
from .processes import run
from .protocol import Job, Mode

if TYPE_CHECKING:
    from rattler import RepoDataRecord

_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_TIMEOUT = 60.0


def look_up(job: Job, messages: Messages) -> None:
    """Answers a job of mode NAMES, VERSIONS or NEWER with a `result`.

    Raises:
        EngineError: a channel or index out of reach, or an index that lists nothing.
    """
    if job.mode is Mode.NEWER:
        from .newer import newer

        found = newer(job, messages)
        messages.result(None, packages=len(found), values=found)
        return
    if job.mode is Mode.NAMES:
        names = _conda_names(job, messages) if job.manager == "conda" else _pip_names(job)
        _write(Path(job.output), sorted(names))
        messages.result(None, packages=len(names))
        return
    versions = _conda_versions(job, messages) if job.manager == "conda" else _pip_versions(job)
    messages.result(None, packages=len(versions), values=versions)


def _write(path: Path, names: Sequence[str]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    draft.replace(path)


def _conda_names(job: Job, messages: Messages) -> set[str]:
    from rattler import Subdir
    from rattler.exceptions import GatewayError

    from .conda import Conda, channel_fault

    channels = list(job.sources.channels)
    try:
        found = asyncio.run(Conda(job, messages).gateway.names(channels, [Subdir.current(), Subdir("noarch")]))
    except GatewayError as error:
        raise channel_fault(str(error), channels) from None
    return {name.normalized for name in found}


def _conda_versions(job: Job, messages: Messages) -> list[str]:
    from rattler import Subdir
    from rattler.exceptions import GatewayError

    from .conda import Conda, channel_fault

    channels, conda = list(job.sources.channels), Conda(job, messages)

    async def query(name: str) -> list[RepoDataRecord]:
        found = await conda.gateway.query(channels, [Subdir.current(), Subdir("noarch")], [name], recursive=False)
        return [record for records in found for record in records]

    async def both() -> tuple[list[RepoDataRecord], list[RepoDataRecord]]:
        return await query(job.name.lower()), await query("python")

    try:
        records, pythons = asyncio.run(both())
    except GatewayError as error:
        raise channel_fault(str(error), channels) from None
    series = job.python_version
    pythons = [p for p in pythons if not series or f"{p.version}.".startswith(series + ".")]
    virtual = {str(v.name.normalized): str(v.version) for v in conda.virtual_packages()}
    fitting = {r.version for r in records if installable(r, pythons, virtual)}
    return [str(v) for v in sorted(fitting, reverse=True)]


def installable(record: RepoDataRecord, pythons: Sequence[RepoDataRecord], virtual: dict[str, str]) -> bool:
    """Whether a package's requirements on Python and on the machine itself can be met."""
    from rattler import MatchSpec

    for text in record.depends:
        name = text.split(" ")[0]
        if name == "python":
            spec = MatchSpec(text)
            if not any(spec.matches(python) for python in pythons):
                return False
        elif name == "python_abi":
            wanted = re.match(r"python_abi (\d+\.\d+)\.\*", text)
            if wanted and not any(f"{p.version}.".startswith(wanted[1] + ".") for p in pythons):
                return False
        elif name.startswith("__") and (name not in virtual or not _holds(text, virtual[name])):
            return False
    return True


def _holds(text: str, version: str) -> bool:
    from rattler.version import Version as CondaVersion
    from rattler.version import VersionSpec

    parts = text.split(" ")
    return len(parts) < 2 or parts[1] == "*" or VersionSpec(parts[1]).matches(CondaVersion(version))


@dataclass(frozen=True, slots=True)
class File:
    """One file of a project's page on an index."""

    name: str
    requires_python: str = ""
    yanked: bool = False


def _pip_names(job: Job) -> set[str]:
    names: set[str] = set()
    for index in indexes(job):
        answer = _get(index)
        if answer is not None:
            names |= {canonicalize_name(n) for n in _project_names(*answer)}
    if not names:
        raise EngineError("the package index does not list its packages")
    return names


def _pip_versions(job: Job) -> list[str]:
    """Pre-releases only where there is nothing else."""
    found = pip_versions(job, job.name, indexes(job))
    stable = {v for v in found if not v.is_prerelease}
    return [str(v) for v in sorted(stable or found, reverse=True)]


def pip_versions(job: Job, name: str, places: Sequence[str]) -> set[Version]:
    """The versions that could be installed, on the first of these indexes that has the project, as uv takes them.

    Raises:
        EngineError: an index out of reach.
    """
    for index in places:
        answer = _get(urljoin(index, canonicalize_name(name) + "/"))
        if answer is not None:
            return {v for v in (_fitting(file, job) for file in _files(*answer)) if v is not None}
    return set()


def indexes(job: Job) -> list[str]:
    """The URLs of the indexes that uv would ask, in its order, each with a slash at its end."""
    from .uv import uv_binary, uv_environment

    done = run(
        [uv_binary(), "pip", "compile", "--quiet", "--offline", "--no-header", "--emit-index-url", "-"],
        env=uv_environment(job),
        cwd=Path(job.caches.uv).parent,
    )
    extra = re.findall(r"^--extra-index-url (\S+)", done.out, re.MULTILINE)
    default = re.findall(r"^--index-url (\S+)", done.out, re.MULTILINE)
    if done.code or not default:
        raise EngineError("uv does not say which package index it uses", mask(done.err))
    return [url.rstrip("/") + "/" for url in [*extra, *default]]


def _get(url: str) -> tuple[str, bytes] | None:
    """Content type and body of a page; None when there is none."""
    parts = urlsplit(url)
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    headers = {"Accept": _ACCEPT, "User-Agent": "jupyter-dataflow-envs"}
    user, password = _credentials(url)
    if user or password:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    try:
        with urllib.request.urlopen(urllib.request.Request(plain, headers=headers), timeout=_TIMEOUT) as answer:
            return str(answer.headers.get_content_type()), answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        why = f"it answers {error.code} {error.reason}"
        raise EngineError(f"package index {mask(url)} can't be reached: {why}") from None
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise EngineError(f"package index {mask(url)} can't be reached: {reason}") from None


def _credentials(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    if parts.username or parts.password:
        return unquote(parts.username or ""), unquote(parts.password or "")
    import netrc

    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return "", ""
    return (found[0], found[2] or "") if found else ("", "")


def _project_names(content_type: str, body: bytes) -> list[str]:
    if content_type.endswith("json"):
        return [project["name"] for project in json.loads(body)["projects"]]
    return [text for text, _ in _links(body)]


def _files(content_type: str, body: bytes) -> list[File]:
    if content_type.endswith("json"):
        entries: list[dict[str, Any]] = json.loads(body)["files"]
        return [File(e["filename"], e.get("requires-python") or "", bool(e.get("yanked"))) for e in entries]
    return [
        File(text, attributes.get("data-requires-python") or "", "data-yanked" in attributes)
        for text, attributes in _links(body)
    ]


def _fitting(file: File, job: Job) -> Version | None:
    """The version that a file brings, if it could be installed."""
    if file.yanked:
        return None
    minor = _minor(job.python_version)
    try:
        if minor and not SpecifierSet(file.requires_python).contains(_newest(job.python_version)):
            return None
    except InvalidSpecifier:
        pass
    try:
        if file.name.endswith(".whl"):
            _, version, _, tags = parse_wheel_filename(file.name)
            return version if _fits(tags, minor) else None
        if job.allow_source_builds:
            return parse_sdist_filename(file.name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        pass
    return None


def _fits(tags: Iterable[Tag], minor: tuple[int, int] | None) -> bool:
    """Whether this platform takes a wheel, with that Python, or with any where none is said."""
    if minor is None:
        return any(tag.platform in ("any", *_platforms()) for tag in tags)
    return not _tags(minor).isdisjoint(tags)


@cache
def _platforms() -> tuple[str, ...]:
    return tuple(platform_tags())


@cache
def _tags(minor: tuple[int, int]) -> frozenset[Tag]:
    return frozenset([*cpython_tags(minor), *compatible_tags(minor)])


def _minor(python: str) -> tuple[int, int] | None:
    match = re.match(r"(\d+)\.(\d+)", python)
    return (int(match[1]), int(match[2])) if match else None


def _newest(python: str) -> str:
    """A series stands for its newest patch release."""
    return python if python.count(".") > 1 else f"{python}.99"


def _links(body: bytes) -> Iterable[tuple[str, dict[str, str | None]]]:
    parser = _Links()
    parser.feed(body.decode("utf-8", errors="replace"))
    return parser.found


class _Links(HTMLParser):
    """Collects text and attributes of each anchor."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self._open: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = dict(attrs)

    def handle_data(self, data: str) -> None:
        if self._open is not None and data.strip():
            self.found.append((data.strip(), self._open))
            self._open = None
