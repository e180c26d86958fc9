"""The pip part: resolved and installed by uv against the linked prefix, without touching what conda installed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.parser import HeaderParser
from importlib import import_module
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from ..domain.errors import EngineError
from ..domain.lock import LockedPackage
from .credentials import Vault, strip
from .held import Change, Held, Holding, fits
from .messages import Messages
from .processes import Finished, run
from .protocol import Job
from .uv import NO_SOURCES, reasons, uv_binary, uv_environment, uv_fault

_DISTRIBUTION = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-]+)(-py[0-9.]+)?\.(dist|egg)-info$")
_FROM = re.compile(r"^(?P<name>[^\s=]+)==\S+\n +# from (?P<index>\S+)", re.MULTILINE)
_PLANNED = re.compile(r"^ (?P<sign>[+-]) (?P<name>[^\s=]+)==(?P<version>\S+)", re.MULTILINE)


class Pip:
    """The pip part of one build."""

    def __init__(
        self, job: Job, prefix: Path, site_packages: str, work: Path, messages: Messages, held: Held | None = None
    ) -> None:
        self._job = job
        self._held = held or Held()
        self._prefix = prefix
        self._site_packages = prefix / site_packages
        self._work = work
        self._messages = messages
        self._uv_binary = uv_binary()
        self._environment = uv_environment(job)

    def check_held(self) -> None:
        """Finds held pip packages that conda brought too, which would replace one another.

        Raises:
            EngineError: there is one.
        """
        by_conda = {name: version for name, version, _ in self._distributions()}
        twice = [p for p in self._held.pip if p.name in by_conda]
        if twice:
            found = [Change(self._held.holding(p), f"{p.name} {by_conda[p.name]} from conda") for p in twice]
            raise self._held.conflict(
                found, "One package can't come from conda and from pip: ask for it in the pip list."
            )

    def resolve(self, platform: str) -> tuple[LockedPackage, ...]:
        """What has to be installed for the job's pip requirements beside what is there, one file each.

        Wheels come first; source distributions only where there is no way without them and the job allows them.

        Raises:
            EngineError: requirements that contradict each other or what is installed, an index out of reach.
        """
        self._write("constraints.txt", self._pins())
        self._write("requirements.in", self._job.pip)
        command = ["pip", "install", "--dry-run", *self._target(), "-c", "constraints.txt", "-r", "requirements.in"]
        done = self._uv([*command, "--no-build"])
        wheels_only = not done.code
        if done.code and self._job.allow_source_builds and "no usable wheels" in done.err:
            self._messages.log("pip: there are no wheels for all of it, trying source distributions")
            done = self._uv(command)
        if done.code:
            raise self._conflict(done, command) or self._fault(done)
        planned = _planned(done)
        removed = [name for sign, name, _ in planned if sign == "-"]
        if removed:
            raise EngineError(f"the pip libraries would replace what conda installed: {', '.join(removed)}", done.err)
        return self._lock([(name, version) for _, name, version in planned], platform, wheels_only=wheels_only)

    def _conflict(self, done: Finished, command: Sequence[str]) -> EngineError | None:
        """Whether it is what is held that the requirements do not fit."""
        if not self._held or "No solution found" not in done.err:
            return None
        held = self._held_distributions()
        asked = [(text, Requirement(text)) for text in self._job.pip]
        named = [(text, held.get(canonicalize_name(r.name)), r) for text, r in asked]
        found = [(text, holding) for text, holding, r in named if holding and not fits(r, holding.version)]
        if found:
            return self._held.contradiction(found)
        self._write("constraints.txt", [pin for pin in self._pins() if pin.split("==")[0] not in held])
        freed = _planned(self._uv(command))
        needed = {name: version for sign, name, version in freed if sign == "+"}
        gone = [held[name] for sign, name, _ in freed if sign == "-" and name in held and name in needed]
        changed = [Change(h, f"{h.name} {needed[h.name]}", ("the pip libraries need it",)) for h in gone]
        if changed:
            return self._held.conflict(changed, reasons(done.err))
        if match := re.search(r"(\S+) requires Python (\S+)", re.sub(r"\s+", " ", done.err)):
            needs = f"{match[1].replace('==', ' ')} requires Python {match[2]}"
            return self._held.python_conflict(needs, reasons(done.err))
        return None

    def _held_distributions(self) -> dict[str, Holding]:
        """What is held, in the names and versions that pip sees."""
        holdings = {p.name: self._held.holding(p) for p in self._held.pip}
        for package in self._held.conda:
            record = self._prefix / "conda-meta" / f"{package.name}-{package.version}-{package.build}.json"
            for path in json.loads(record.read_text(encoding="utf-8"))["files"]:
                folder, _, file = path.rpartition("/")
                match = _DISTRIBUTION.match(folder.rpartition("/")[2])
                if match and file in ("METADATA", "PKG-INFO"):
                    name = canonicalize_name(match["name"])
                    holdings[name] = Holding(name, match["version"], self._held.holding(package).of_base)
        return holdings

    def _lock(
        self, planned: Sequence[tuple[str, str]], platform: str, *, wheels_only: bool
    ) -> tuple[LockedPackage, ...]:
        """The files that uv would take for the planned versions, with URL and hash."""
        if not planned:
            return ()
        self._write("planned.in", [f"{name}=={version}" for name, version in planned])
        command = ["pip", "compile", "-q", "--no-deps", "--no-header", *self._target(), "planned.in"]
        command += ["--no-build"] if wheels_only else []
        # uv names the index in no pylock.toml, only in the other format.
        with ThreadPoolExecutor(2) as pool:
            files = pool.submit(self._compiled, [*command, "--format", "pylock.toml"])
            origins = pool.submit(self._compiled, [*command, "--no-annotate", "--emit-index-annotation"])
        indexes = {canonicalize_name(m["name"]): m["index"] for m in _FROM.finditer(origins.result())}
        entries = _toml(files.result())["packages"]
        return tuple(self._locked(e, platform, indexes.get(canonicalize_name(e["name"]), "")) for e in entries)

    def _compiled(self, command: Sequence[str]) -> str:
        """What uv says from its cache alone, where the resolution has just put it, else with the index' help."""
        done = self._uv([*command, "--offline"])
        if done.code:
            done = self._uv(command)
        if done.code:
            raise self._fault(done)
        return done.out

    def _locked(self, entry: dict[str, Any], platform: str, index: str) -> LockedPackage:
        wheels = entry.get("wheels") or []
        file = _best(wheels, self._site_packages.parent.name) if wheels else entry.get("sdist")
        if file is None:
            raise EngineError(f"{entry['name']} {entry['version']} has no file that this platform can install")
        if not wheels and not self._job.allow_source_builds:
            raise EngineError(f"{entry['name']} {entry['version']} has no wheel, and {NO_SOURCES}")
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
            channel=strip(index).rstrip("/"),
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
            if first.code and self._uv([*command, "--no-index", "--find-links", "links.html"]).code:
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


def _planned(done: Finished) -> list[tuple[str, str, str]]:
    """What uv would do: `+` or `-`, name and version each."""
    return [(m["sign"], canonicalize_name(m["name"]), m["version"]) for m in _PLANNED.finditer(done.err)]


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
