"""The pip part: resolved and installed by uv against the linked prefix, without touching what conda installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from email.parser import HeaderParser
from importlib import import_module
from pathlib import Path
from typing import Any

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from ..domain.errors import EngineError
from ..domain.lock import LockedPackage
from .credentials import Vault, mask, strip
from .faults import explain_text
from .messages import Messages
from .processes import Finished, clean_environment, run
from .protocol import Job

_DISTRIBUTION = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-]+)(-py[0-9.]+)?\.(dist|egg)-info$")
_PLANNED = re.compile(r"^ (?P<sign>[+-]) (?P<name>[^\s=]+)==(?P<version>\S+)", re.MULTILINE)
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|dns error|client error|tls|certificate|timed out|status client error"
    r"|status server error|Connection",
    re.IGNORECASE,
)


class Pip:
    """The pip part of one build."""

    def __init__(self, job: Job, prefix: Path, site_packages: str, work: Path, messages: Messages) -> None:
        self._job = job
        self._prefix = prefix
        self._site_packages = prefix / site_packages
        self._work = work
        self._messages = messages
        self._uv_binary = uv_binary()
        self._environment = uv_environment(job)

    def resolve(self, platform: str) -> tuple[LockedPackage, ...]:
        """What has to be installed for the job's pip requirements beside what conda installed, one file each.

        Wheels come first; source distributions only where there is no way without them and the job allows them.

        Raises:
            EngineError: requirements that contradict each other or conda's packages, an index out of reach.
        """
        pins = self._pins()
        self._write("constraints.txt", pins)
        requirements = [*self._job.pip, *(f"{p.name}=={p.version}" for p in self._held())]
        self._write("requirements.in", requirements)
        command = ["pip", "install", "--dry-run", *self._target(), "-c", "constraints.txt", "-r", "requirements.in"]
        done = self._uv([*command, "--no-build"])
        wheels_only = not done.code
        if done.code and self._job.allow_source_builds and "no usable wheels" in done.err:
            self._messages.log("pip: there are no wheels for all of it, trying source distributions")
            done = self._uv(command)
        if done.code:
            raise self._fault(done)
        planned = [(m["sign"], m["name"], m["version"]) for m in _PLANNED.finditer(done.err)]
        removed = [name for sign, name, _ in planned if sign == "-"]
        if removed:
            raise EngineError(f"the pip libraries would replace what conda installed: {', '.join(removed)}", done.err)
        return self._lock([(name, version) for _, name, version in planned], platform, wheels_only=wheels_only)

    def _lock(
        self, planned: Sequence[tuple[str, str]], platform: str, *, wheels_only: bool
    ) -> tuple[LockedPackage, ...]:
        """The files that uv would take for the planned versions, with URL and hash."""
        if not planned:
            return ()
        self._write("planned.in", [f"{name}=={version}" for name, version in planned])
        command = ["pip", "compile", "-q", "--no-deps", "--format", "pylock.toml", *self._target(), "planned.in"]
        command += ["--no-build"] if wheels_only else []
        done = self._uv([*command, "--offline"])
        if done.code:
            done = self._uv(command)
        if done.code:
            raise self._fault(done)
        return tuple(self._locked(entry, platform) for entry in _toml(done.out)["packages"])

    def _locked(self, entry: dict[str, Any], platform: str) -> LockedPackage:
        wheels = entry.get("wheels") or []
        file = _best(wheels, self._site_packages.parent.name) if wheels else entry.get("sdist")
        if file is None:
            raise EngineError(f"{entry['name']} {entry['version']} has no file that this platform can install")
        if not wheels and not self._job.allow_source_builds:
            raise EngineError(f"{entry['name']} {entry['version']} has no wheel, and {_NO_SOURCES}")
        sha256 = file.get("hashes", {}).get("sha256", "")
        if not sha256:
            raise EngineError(f"the index gives no SHA-256 for {entry['name']} {entry['version']}")
        return LockedPackage(
            manager="pip",
            name=canonicalize_name(entry["name"]),
            version=entry["version"],
            build="",
            platform=platform,
            url=strip(file["url"]),
            sha256=sha256,
            size=file.get("size"),
            source_build=not wheels,
        )

    def install(self, packages: Sequence[LockedPackage]) -> None:
        """Installs exactly these files: from uv's cache, else from the index, else from their own URLs.

        Raises:
            EngineError: a file whose hash is wrong, an index out of reach, a source build that fails, no room.
        """
        self._write("locked.txt", [f"{p.name}=={p.version} --hash=sha256:{p.sha256}" for p in packages])
        vault = Vault(self._indexes())
        links = [f'<a href="{vault.restore(p.url)}#sha256={p.sha256}">{p.url.rsplit("/", 1)[1]}</a>' for p in packages]
        self._write("links.html", links)
        command = ["pip", "install", *self._target(), "--no-deps", "--require-hashes", "-r", "locked.txt"]
        command += [] if any(p.source_build for p in packages) else ["--no-build"]
        done = self._uv([*command, "--offline"])
        if done.code:
            first = self._uv(command)
            done = self._uv([*command, "--no-index", "--find-links", "links.html"]) if _gone(first) else first
            if done.code:
                raise self._fault(first)

    def check(self) -> frozenset[str]:
        """The broken requirements of the prefix, a line each."""
        done = self._uv(["pip", "check", *self._target()])
        lines = [re.sub(r"\s+", " ", line) for line in re.sub(r"\n\s+(?=-)", " ", done.err).splitlines()]
        return frozenset(line for line in lines if line.startswith("The package "))

    def described(self, packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
        """The packages with the requirements and licenses that their installed metadata tell."""
        folders = {name: path for name, _, path in self._distributions()}
        return tuple(_described(p, folders.get(p.name)) for p in packages)

    def sources(self, package: LockedPackage) -> list[str]:
        """The Python files that an installed package brought, relative to the prefix."""
        folder = next((path for name, _, path in self._distributions() if name == package.name), None)
        record = folder / "RECORD" if folder else None
        if record is None or not record.exists():
            return []
        inside = str(self._site_packages.relative_to(self._prefix))
        names = (line.rsplit(",", 2)[0].strip('"') for line in record.read_text().splitlines())
        return [f"{inside}/{name}" for name in names if name.endswith(".py") and not name.startswith("..")]

    def _pins(self) -> list[str]:
        """What conda installed, in the names and versions that pip sees: conda's own names can differ."""
        return [f"{name}=={version}" for name, version, _ in self._distributions() if _is_version(version)]

    def _distributions(self) -> list[tuple[str, str, Path]]:
        found = ((_DISTRIBUTION.match(path.name), path) for path in self._site_packages.iterdir())
        return [(canonicalize_name(m["name"]), m["version"], path) for m, path in found if m]

    def _held(self) -> list[LockedPackage]:
        return [p for p in self._job.lock.packages if p.manager == "pip"] if self._job.lock else []

    def _indexes(self) -> list[str]:
        sources = self._job.sources
        return [url for url in (sources.pip_index_url, *sources.pip_extra_index_urls) if url]

    def _target(self) -> list[str]:
        return ["--python", str(self._prefix / "bin" / "python")]

    def _write(self, name: str, lines: Sequence[str]) -> None:
        (self._work / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    def _uv(self, arguments: Sequence[str]) -> Finished:
        return run([self._uv_binary, *arguments], env=self._environment, cwd=self._work)

    def _fault(self, done: Finished) -> EngineError:
        return uv_fault(done.err, self._indexes(), Path(self._job.caches.uv), self._prefix)


_NO_SOURCES = "this deployment builds no source distributions"


def uv_binary() -> str:
    beside = Path(sys.executable).with_name("uv")
    if beside.exists():
        return str(beside)
    import uv

    return str(uv.find_uv_bin())


def uv_environment(job: Job) -> dict[str, str]:
    """For uv: the deployment's cache and indexes. URLs travel here, since command lines can be read by everyone."""
    environment = clean_environment(
        UV_CACHE_DIR=job.caches.uv,
        UV_NO_PROGRESS="1",
        UV_PYTHON_DOWNLOADS="never",
        UV_LINK_MODE="hardlink",
        NO_COLOR="1",
    )
    sources = job.sources
    if sources.pip_index_url:
        environment.pop("UV_INDEX_URL", None)
        environment["UV_DEFAULT_INDEX"] = sources.pip_index_url
    if sources.pip_extra_index_urls:
        environment.pop("UV_EXTRA_INDEX_URL", None)
        environment["UV_INDEX"] = " ".join(sources.pip_extra_index_urls)
    return environment


def uv_fault(text: str, indexes: Sequence[str], *places: Path) -> EngineError:
    """What uv said, as a sentence and the lines that matter."""
    known = explain_text(text, *places)
    if known is not None:
        return known
    lines = [line for line in mask(text).splitlines() if line.strip() and not line.startswith("Using Python")]
    details = "\n".join(lines)
    said = re.sub(r"\s+", " ", details)
    if match := re.search(r"Hash mismatch for `([^`]+)`", said):
        package = match[1].replace("==", " ")
        return EngineError(f"pip package {package} has a wrong hash: its file on the index was changed or cut", details)
    if names := re.findall(r"Because (\S+) was not found in the (?:package registry|provided package locations)", said):
        return EngineError(f"no pip package called '{names[0]}' on the index", details)
    if "no usable wheels" in said:
        name = re.search(r"(?:all versions of )?(\S+) ha(?:s|ve) no usable wheels", said)
        what = name[1].split("=")[0] if name else "a pip library"
        return EngineError(f"{what} has no wheel for this Python, and {_NO_SOURCES}", details)
    if match := re.search(r"Failed to build `?([^`\s]+)`?", said):
        return EngineError(f"the source distribution of {match[1].replace('==', ' ')} can't be built", details)
    if match := re.search(r"there (?:is|are) no versions? of (\S+)", said):
        return EngineError(f"no version of {match[1].rstrip(',')} on the index fits the pip requirements", details)
    if "No solution found" in said:
        return EngineError("the pip libraries do not fit together with what conda installed", _reasons(details))
    if _UNREACHABLE.search(said):
        index = mask(indexes[0]) if indexes else "the default index"
        if match := re.search(r"(\w+://[^\s)]+)", said):
            host = match[1].split("/simple/")[0]
            index = next((mask(i) for i in indexes if strip(i).startswith(strip(host))), host)
        why = [line.strip().removeprefix("cause: ") for line in lines if "cause:" in line]
        return EngineError(f"package index {index} can't be reached: {why[-1] if why else lines[0]}", details)
    return EngineError("uv can't install the pip libraries", details)


def _reasons(details: str) -> str:
    """uv's chain of reasons, a sentence a line."""
    text = re.sub(r"\s+", " ", details.split("cause:", 1)[-1].split("hint:")[0]).strip()
    sentences = re.sub(r"(?<=\.) (?=And |Because )", "\n", text)
    return f"{sentences}\n(versions with == that you did not ask for are conda's)"


def _gone(done: Finished) -> bool:
    """Whether an exact file failed for want of it on the index, where its own URL may still answer."""
    return bool(done.code) and "Hash mismatch" not in done.err


def _best(wheels: Sequence[dict[str, Any]], lib: str) -> dict[str, Any]:
    """The wheel that fits best, as uv chooses: by the order of the platform's tags."""
    if len(wheels) == 1:
        return wheels[0]
    from packaging.tags import compatible_tags, cpython_tags

    match = re.match(r"python(\d+)\.(\d+)(t?)$", lib)
    version = (int(match[1]), int(match[2])) if match else sys.version_info[:2]
    abis = [f"cp{version[0]}{version[1]}t"] if match and match[3] else None
    rank = {tag: i for i, tag in enumerate([*cpython_tags(version, abis), *compatible_tags(version)])}

    def place(wheel: dict[str, Any]) -> int:
        try:
            tags = parse_wheel_filename(wheel["url"].rsplit("/", 1)[1])[3]
        except InvalidWheelFilename:
            return len(rank)
        return min(rank.get(tag, len(rank)) for tag in tags)

    return min(wheels, key=place)


def _described(package: LockedPackage, folder: Path | None) -> LockedPackage:
    metadata = folder / "METADATA" if folder else None
    if package.manager != "pip" or metadata is None or not metadata.exists():
        return package
    text = metadata.read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0]
    headers = HeaderParser().parsestr(text + "\n\n")
    license = headers.get("License-Expression") or headers.get("License") or ""
    depends = tuple(headers.get_all("Requires-Dist") or ())
    return replace(package, depends=depends, license=license.splitlines()[0][:100] if license else None)


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _toml(text: str) -> dict[str, Any]:
    parser = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    parsed: dict[str, Any] = parser.loads(text)
    return parsed
