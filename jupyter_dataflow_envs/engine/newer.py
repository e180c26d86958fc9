"""Which packages of a lock have a newer version in the channels and indexes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from packaging.version import InvalidVersion, Version
from rattler import RepoDataRecord, Subdir
from rattler.exceptions import GatewayError

from ..domain.errors import EngineError
from ..domain.lock import Lock, LockedPackage, Manager
from .catalog import indexes, installable, pip_versions
from .conda import Conda, channel_fault
from .credentials import Vault
from .messages import Messages
from .protocol import Job
from .records import record_of

AT_ONCE = 8
"""Pages that are asked of the indexes at the same time."""

_PRERELEASE = re.compile(r"dev|alpha|beta|rc|\d(?:a|b)\d")
"""In conda's versions, where a letter at the end (`9e`, `2024a`) belongs to the release."""


class Newer(TypedDict):
    manager: Manager
    name: str
    version: str
    newest: str


def newer(job: Job, messages: Messages) -> list[Newer]:
    """For each package of the job's lock that has one, the newest version that its Python and the machine can take.

    Python itself is compared within its series: another series is another environment. Pre-releases count only for what
    is one already, and packages that no channel or index knows any more are left out. Sorted by name.

    Raises:
        EngineError: no lock; a channel or an index out of reach, by its name.
    """
    lock = job.lock
    if lock is None:
        raise EngineError("there is no lock to look for newer versions of")
    Path(job.caches.uv).mkdir(parents=True, exist_ok=True)
    job = replace(job, python_version=lock.python)
    pip = [p for p in lock.packages if p.manager == "pip"]
    places = indexes(job) if pip else []
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        asked = [(package, pool.submit(_newest_pip, job, package, places)) for package in pip]
        found = _conda(job, lock, messages)
        found += [_said(package, str(answer.result())) for package, answer in asked if answer.result() is not None]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # a failure is said without waiting for the other pages
    return sorted(found, key=lambda n: (n["name"], n["manager"]))


def _conda(job: Job, lock: Lock, messages: Messages) -> list[Newer]:
    packages = [p for p in lock.packages if p.manager == "conda"]
    if not packages:
        return []
    conda, channels = Conda(job, messages), list(job.sources.channels)
    platforms = [Subdir.current(), Subdir("noarch")]

    async def query() -> list[list[RepoDataRecord]]:
        return await conda.gateway.query(channels, platforms, [p.name for p in packages], recursive=False)

    try:
        offered = _by_name(asyncio.run(query()))
    except GatewayError as error:
        raise channel_fault(str(error), channels) from None
    virtual = {str(v.name.normalized): str(v.version) for v in conda.virtual_packages()}
    held = {p.name: record_of(p, Vault(())) for p in packages}
    pythons = [held["python"]] if "python" in held else []
    found = []
    for package in packages:
        newest = _newest_conda(held[package.name], offered.get(package.name, []), pythons, virtual)
        if newest is not None:
            found.append(_said(package, newest))
    return found


def _by_name(channels: Sequence[Sequence[RepoDataRecord]]) -> dict[str, list[RepoDataRecord]]:
    """The records of each package in the first channel that has it: the solver takes no other's."""
    found: dict[str, list[RepoDataRecord]] = {}
    for records in channels:
        here: dict[str, list[RepoDataRecord]] = {}
        for record in records:
            here.setdefault(record.name.normalized, []).append(record)
        found = {**here, **found}
    return found


def _newest_conda(
    held: RepoDataRecord, offered: Sequence[RepoDataRecord], pythons: Sequence[RepoDataRecord], virtual: dict[str, str]
) -> str | None:
    versions = sorted((r for r in offered if r.version > held.version), key=lambda r: r.version, reverse=True)
    series = f"{'.'.join(str(held.version).split('.')[:2])}." if held.name.normalized == "python" else ""
    for record in versions:
        text = str(record.version)
        if _PRERELEASE.search(text) and not _PRERELEASE.search(str(held.version)):
            continue
        if text.startswith(series) and installable(record, pythons, virtual):
            return text
    return None


def _newest_pip(job: Job, package: LockedPackage, places: Sequence[str]) -> Version | None:
    try:
        held = Version(package.version)
    except InvalidVersion:
        return None
    found = pip_versions(job, package.name, places)
    return max((v for v in found if v > held and (held.is_prerelease or not v.is_prerelease)), default=None)


def _said(package: LockedPackage, newest: str) -> Newer:
    return Newer(manager=package.manager, name=package.name, version=package.version, newest=newest)
