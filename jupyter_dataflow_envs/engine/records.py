"""rattler's records and a lock's conda packages, each made from the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rattler import Channel, PackageRecord, RepoDataRecord
from rattler.package import BuildString

from ..domain.errors import EngineError
from ..domain.lock import LockedPackage
from .credentials import Vault, strip


def locked(record: RepoDataRecord, platform: str, channels: Sequence[str]) -> LockedPackage:
    """What the lock says of a package; its channel in the words of `channels`."""
    url = strip(record.url)
    named = ((strip(base_url(c)), strip(c)) for c in channels)
    channel = next((name for base, name in named if url.startswith(base)), strip(record.channel or ""))
    return LockedPackage(
        manager="conda",
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        platform=platform,
        url=url,
        sha256=record.sha256.hex() if record.sha256 else "",
        md5=record.md5.hex() if record.md5 else None,
        size=record.size,
        channel=channel,
        license=record.license or None,
        depends=tuple(record.depends),
        constrains=tuple(record.constrains),
    )


def record_of(package: LockedPackage, vault: Vault) -> RepoDataRecord:
    """The record that a locked package was made from, as far as solving and installing need it."""
    base, subdir, file_name = package.url.rsplit("/", 2)
    python = any(d.split(" ")[0] == "python" for d in package.depends)
    tail = re.search(r"(\d+)$", package.build)
    record = PackageRecord(
        package.name,
        package.version,
        BuildString.new_unchecked(package.build),
        int(tail[1]) if tail else 0,
        subdir,
        noarch=("python" if python else "generic") if subdir == "noarch" else None,
        depends=list(package.depends),
        constrains=list(package.constrains),
        sha256=bytes.fromhex(package.sha256) if package.sha256 else None,
        md5=bytes.fromhex(package.md5) if package.md5 else None,
        size=package.size,
        license=package.license,
        python_site_packages_path=_own_site_packages(package),
    )
    return RepoDataRecord(record, file_name, vault.restore(package.url), vault.restore(base + "/"))


def _own_site_packages(package: LockedPackage) -> str | None:
    """A free-threaded Python has its packages in a folder that its version does not name, and a lock does not tell."""
    match = re.search(r"_cp(\d)(\d+)t$", package.build) if package.name == "python" else None
    return f"lib/python{match[1]}.{match[2]}t/site-packages" if match else None


def site_packages(records: Sequence[RepoDataRecord]) -> str:
    """The prefix' site-packages folder, relative to the prefix, as its python package says."""
    for record in records:
        if record.name.normalized == "python":
            minor = ".".join(str(record.version).split(".")[:2])
            return record.python_site_packages_path or f"lib/python{minor}/site-packages"
    raise EngineError("the environment holds no Python: add one, or a Python version")


def name_of(spec: str) -> str:
    """The package that a conda requirement names."""
    return re.split(r"[\s=<>!~\[]", spec, maxsplit=1)[0].lower()


def base_url(channel: str) -> str:
    return str(Channel(channel).base_url)


def stem(file_name: str) -> str:
    return file_name.removesuffix(".conda").removesuffix(".tar.bz2")
