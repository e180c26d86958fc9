"""A lock in the formats of other tools: conda-lock's own (version 1), explicit, environment.yml, requirements.txt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..domain.errors import EngineError
from ..domain.lock import Lock, LockedPackage

_WHEEL = ".whl"


def render_conda_lock(lock: Lock, sources: Sequence[str] = ("environment.yml",)) -> str:
    """conda-lock's version 1, as `conda-lock install` takes it; `sources` are the files it names as its origin."""
    python = lock.python
    content = {
        "version": 1,
        "metadata": {
            "content_hash": {lock.platform: lock.digest},
            "channels": [{"url": channel, "used_env_vars": []} for channel in lock.channels],
            "platforms": [lock.platform],
            "sources": list(sources),
        },
        "package": [_entry(p, python) for p in sorted(lock.packages, key=lambda p: (p.manager, p.name))],
    }
    return yaml.dump(content, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False, allow_unicode=True)


def parse_conda_lock(text: str, platform: str | None = None) -> Lock:
    """The packages of one platform of a conda-lock file of version 1; categories other than `main` are left out.

    `platform` may be None where the file holds but one. What the format has no room for (licenses, sizes, what packages
    constrain) stays empty.

    Raises:
        EngineError: no such file, or none for this platform.
    """
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if not isinstance(content, dict) or content.get("version") != 1:
            raise EngineError("this is no conda-lock file of version 1")
        metadata = content["metadata"]
        platforms = [str(p) for p in metadata["platforms"]]
        chosen = platform or (platforms[0] if len(platforms) == 1 else "")
        if chosen not in platforms:
            wanted = f"not for {platform}" if platform else "and it must be said which to take"
            raise EngineError(f"the lock is for {', '.join(platforms)}, {wanted}")
        channels = tuple(c if isinstance(c, str) else str(c["url"]) for c in metadata["channels"])
        entries = [e for e in content["package"] if e["platform"] == chosen and e.get("category", "main") == "main"]
        return Lock(chosen, channels, tuple(_package(e, channels) for e in entries))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise EngineError("this conda-lock file can't be read", f"{type(error).__name__}: {error}") from None


def render_explicit(lock: Lock) -> str:
    """For `conda create --file`: the conda packages by URL and hash; the pip part as the comments conda-lock writes."""
    lines = ["# For: conda create --name NAME --file explicit.txt", f"# platform: {lock.platform}", "@EXPLICIT"]
    lines += [f"{p.url}#{p.md5 or 'sha256:' + p.sha256}" for p in _sorted(lock, "conda")]
    lines += [f"# pip {p.name} @ {p.url}#sha256={p.sha256}" for p in _sorted(lock, "pip")]
    return "\n".join(lines) + "\n"


def render_environment_yml(lock: Lock, name: str, comments: Sequence[str] = ()) -> str:
    """For `conda env create`: every package at its version, the conda ones at their build too."""
    dependencies: list[Any] = [f"{p.name}={p.version}={p.build}" for p in _sorted(lock, "conda")]
    pip = [f"{p.name}=={p.version}" for p in _sorted(lock, "pip")]
    if pip:
        dependencies.append({"pip": pip})
    return dump_environment_yml(name, lock.channels, dependencies, comments)


def dump_environment_yml(name: str, channels: Sequence[str], dependencies: list[Any], comments: Sequence[str]) -> str:
    """`comments` stand above it, one a line."""
    content = {"name": name, "channels": [*channels, "nodefaults"], "dependencies": dependencies}
    head = "".join(comment + "\n" for comment in comments)
    return head + yaml.dump(content, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True, width=1000)


def render_requirements_txt(lock: Lock) -> str:
    """For `pip install -r`: the pip part with its hashes; what conda installed stands there as comments.

    pip asks for the hash of everything or of nothing, so that the hashes are left to comments where a package needs one
    that conda installed.
    """
    packages = _sorted(lock, "pip")
    held = {p.name for p in packages}
    closed = all(name in held for p in packages for name in pip_dependencies(p, lock.python))
    lines = [f"# Python {lock.python}, {lock.platform}"] if lock.python else []
    for package in packages:
        pin, digest = f"{package.name}=={package.version}", f"sha256:{package.sha256}"
        lines.append(f"{pin} \\\n    --hash={digest}" if closed else f"{pin}  # {digest}")
    lines += [f"# conda: {p.name}={p.version}={p.build}" for p in _sorted(lock, "conda")]
    return "\n".join(lines) + "\n"


def _sorted(lock: Lock, manager: str) -> list[LockedPackage]:
    return sorted((p for p in lock.packages if p.manager == manager), key=lambda p: p.name)


def _entry(package: LockedPackage, python: str) -> dict[str, Any]:
    conda = package.manager == "conda"
    hashes = {"md5": package.md5, "sha256": package.sha256}
    return {
        "name": package.name,
        "version": package.version,
        "manager": package.manager,
        "platform": package.platform,
        "dependencies": _conda_requirements(package) if conda else pip_dependencies(package, python),
        "url": package.url,
        "hash": {k: v for k, v in hashes.items() if v},
        **({"build": package.build} if package.build else {}),
        "category": "main",
        "optional": False,
    }


def _package(entry: Mapping[str, Any], channels: Sequence[str]) -> LockedPackage:
    conda, url = entry["manager"] == "conda", str(entry["url"])
    file_name = url.rsplit("/", 1)[1].removesuffix(".conda").removesuffix(".tar.bz2")
    base = url.rsplit("/", 2)[0]
    name = str(entry["name"])
    needs = entry.get("dependencies") or {}
    return LockedPackage(
        manager="conda" if conda else "pip",
        name=name if conda else canonicalize_name(name),
        version=str(entry["version"]),
        build=str(entry.get("build") or file_name.rsplit("-", 1)[1]) if conda else "",
        platform=str(entry["platform"]),
        url=url,
        sha256=str(entry["hash"].get("sha256") or ""),
        md5=entry["hash"].get("md5"),
        channel=_channel(base, channels) if conda else "",
        depends=tuple(f"{n} {v}".strip() if conda else f"{n}{v}" for n, v in needs.items()),
        source_build=not conda and not url.endswith(_WHEEL),
    )


def _channel(base: str, channels: Sequence[str]) -> str:
    """The channel of the list that a package's URL belongs to, as it is written there, else the URL's own."""
    for channel in channels:
        plain = channel.rstrip("/")
        if base == plain or ("://" not in channel and base.endswith("/" + plain)):
            return channel
    return base


def _conda_requirements(package: LockedPackage) -> dict[str, str]:
    found: dict[str, str] = {}
    for spec in package.depends:
        name, _, rest = spec.strip().partition(" ")
        found[name] = ",".join(part for part in (found.get(name, ""), rest.strip()) if part)
    return found


def pip_dependencies(package: LockedPackage, python: str) -> dict[str, str]:
    """A pip package's requirements where no extra is asked for, by name."""
    full = python or "3"
    where = {"python_version": ".".join(full.split(".")[:2]), "python_full_version": full, "extra": ""}
    found: dict[str, str] = {}
    for text in package.depends:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate(where):
            found[canonicalize_name(requirement.name)] = re.sub(r"\s", "", str(requirement.specifier))
    return found
