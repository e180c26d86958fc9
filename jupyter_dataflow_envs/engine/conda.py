"""The conda part: solve, download and link with rattler."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name
from rattler import (
    Channel,
    Client,
    Config,
    Gateway,
    GenericVirtualPackage,
    MatchSpec,
    PackageName,
    RepoDataRecord,
    Subdir,
    VirtualPackage,
    VirtualPackageOverrides,
    install,
    solve,
)
from rattler.exceptions import GatewayError, InvalidMatchSpecError, SolverError
from rattler.package import BuildString
from rattler.version import Version

from ..domain.errors import EngineError
from ..domain.lock import Lock
from ..domain.origins import ADDED
from ..domain.version import Step
from .credentials import Vault, mask, strip
from .faults import explain_text
from .held import Held
from .messages import Messages
from .protocol import Job
from .records import base_url, locked, name_of, record_of, stem

_WRONG_HASH = "a wrong hash: the channel's file was changed or cut"
_LINKS = "allow-symbolic-links = false"
_COPIES = f"{_LINKS}\nallow-hard-links = false"


class Conda:
    """The conda part of one build; `asyncio` only inside."""

    def __init__(self, job: Job, messages: Messages, held: Held | None = None) -> None:
        self._job = job
        self._messages = messages
        self._held = held or Held()
        self._vault = Vault(Channel(c).base_url if "://" in c else c for c in job.sources.channels)
        self._client = Client.default_client()
        self._gateway: Gateway | None = None

    @property
    def gateway(self) -> Gateway:
        if self._gateway is None:
            Path(self._job.caches.repodata).mkdir(parents=True, exist_ok=True)
            self._gateway = Gateway(cache_dir=Path(self._job.caches.repodata), client=self._client)
        return self._gateway

    def solve(self) -> list[RepoDataRecord]:
        """The packages that fulfil the job's requirements.

        Raises:
            EngineError: requirements that exclude each other, unknown packages, a channel out of reach.
        """
        return asyncio.run(self._solve())

    def specs(self) -> list[str]:
        """The job's requirements, Python, and what every environment holds, as far as held pip packages lack it."""
        asked = self._asked()
        named = {canonicalize_name(name_of(s)) for s in (*asked, *self._job.pip)} | self._held.names
        by_pip = {p.name for p in self._held.pip} - {canonicalize_name(p.name) for p in self._held.conda}
        lacking = [s for s in asked if canonicalize_name(name_of(s)) not in by_pip]
        return [*lacking, *(name for name in ADDED if name not in named)]

    def _asked(self) -> list[str]:
        python = [f"python={self._job.python_version}"] if self._job.python_version else []
        return [*python, *self._job.conda]

    async def _solve(self) -> list[RepoDataRecord]:
        channels = list(self._job.sources.channels)
        try:
            self._check_held()
            pins = [record_of(p, self._vault) for p in self._held.conda]
            try:
                records = await self._solved([*self.specs(), *_names(pins)], pinned_packages=pins)
            except SolverError as error:
                raise await self._unsolvable(str(error), pins) from None
        except GatewayError as error:
            raise channel_fault(str(error), channels) from None
        except InvalidMatchSpecError as error:
            raise EngineError(f"conda can't read a requirement: {str(error).splitlines()[0]}", str(error)) from None
        return sorted(records, key=lambda r: r.name.normalized)

    async def _solved(self, specs: Sequence[str], **records: Sequence[RepoDataRecord]) -> list[RepoDataRecord]:
        return await solve(
            list(self._job.sources.channels),
            list(specs),
            gateway=self.gateway,
            virtual_packages=self.virtual_packages(),
            **records,  # type: ignore[arg-type]
        )

    def _check_held(self) -> None:
        """Finds requirements that exclude a held package before a solve has to."""
        if self._held:
            from .conflicts import contradictions

            found = contradictions(self._asked(), self._held)
            if found:
                raise self._held.contradiction(found)

    async def _unsolvable(self, text: str, pins: Sequence[RepoDataRecord]) -> EngineError:
        """Why the solve failed: where it would not without the pins, they are what the requirements do not fit."""
        from .conflicts import changes, explain_unsolvable

        specs = self.specs()
        apart = False
        if pins:
            try:
                freed = await self._solved([*specs, *_names(pins)], locked_packages=pins)
            except SolverError as error:
                text = str(error)
                apart = await self._is_solvable(specs)
            else:
                changed = changes(self._held, pins, freed, specs)
                if changed:
                    return self._held.conflict(changed, text)
        reason = await explain_unsolvable(text, specs, list(self._job.sources.channels), self.gateway)
        return self._held.excluded(reason) if apart else reason

    async def _is_solvable(self, specs: Sequence[str]) -> bool:
        """Whether the requirements fit together where nothing is held, in whatever version."""
        try:
            await self._solved(specs)
        except SolverError:
            return False
        return True

    def virtual_packages(self) -> list[GenericVirtualPackage]:
        """What is detected here, overridden by what the job says of the machines that will run the kernels."""
        found = [v.into_generic() for v in VirtualPackage.detect(VirtualPackageOverrides.from_env())]
        wanted = self._job.virtual_packages or {}
        build = BuildString("0")
        told = [GenericVirtualPackage(PackageName(n), Version(v), build) for n, v in wanted.items() if v]
        return [v for v in found if v.name.normalized not in wanted] + told

    def lock(self, records: Sequence[RepoDataRecord]) -> Lock:
        """The solved packages, and the held ones of pip."""
        platform = str(Subdir.current())
        channels = self._job.sources.channels
        packages = self._held.kept(locked(r, platform, channels) for r in records)
        named = dict.fromkeys([*map(strip, channels), *(p.channel for p in packages if p.channel)])
        return Lock(platform, tuple(named), (*packages, *self._held.pip))

    def records(self, lock: Lock) -> list[RepoDataRecord]:
        """The records that a lock's conda packages were made from, as far as installing them needs."""
        return [record_of(p, self._vault) for p in lock.packages if p.manager == "conda"]

    def cached(self, records: Sequence[RepoDataRecord]) -> list[bool]:
        """For each package, whether the package cache seems to hold it: for figures and forecasts only."""
        cache = Path(self._job.caches.packages)
        return [(cache / stem(r.file_name)).is_dir() for r in records]

    def install(self, records: Sequence[RepoDataRecord], prefix: Path, specs: Sequence[str]) -> None:
        """Downloads what the cache lacks and links all into `prefix`.

        Raises:
            EngineError: a file whose hash is wrong, a channel out of reach, no room, no permission.
        """
        Path(self._job.caches.packages).mkdir(parents=True, exist_ok=True)
        self._check_local(records)
        asyncio.run(self._install(list(records), prefix, specs))
        self._clean_metadata(prefix)

    async def _install(self, records: list[RepoDataRecord], prefix: Path, specs: Sequence[str]) -> None:
        cache = Path(self._job.caches.packages)
        reporter = _Reporter(records, self.cached(records), self._messages)
        try:
            await install(
                records,
                prefix,
                cache_dir=cache,
                installed_packages=[],
                execute_link_scripts=self._job.run_link_scripts,
                show_progress=False,
                client=self._client,
                requested_specs=[MatchSpec(s)._match_spec for s in specs],  # MatchSpec itself is refused by 0.28
                reporter=reporter,  # type: ignore[arg-type]
                config=Config.from_toml(_COPIES if self._job.writable else _LINKS),
            )
        except Exception as error:  # noqa: BLE001  # rattler has an exception class for each of its layers
            raise install_fault(str(error), records, list(self._job.sources.channels), cache, prefix) from None
        reporter.finish()

    def _check_local(self, records: Sequence[RepoDataRecord]) -> None:
        """Checks the hashes of what comes from a channel on a disk: rattler 0.28 does so for downloads only."""
        for record, here in zip(records, self.cached(records), strict=True):
            if here or not record.url.startswith("file://") or not record.sha256:
                continue
            try:
                with open(url2pathname(urlsplit(record.url).path), "rb") as file:  # noqa: PTH123  # a str, no Path
                    digest = _digest(file)
            except FileNotFoundError:
                raise EngineError(f"package {record.file_name} is not in the channel any more", record.url) from None
            if digest != record.sha256:
                raise EngineError(
                    f"package {record.file_name} has {_WRONG_HASH}",
                    f"expected {record.sha256.hex()}, got {digest.hex()}",
                )

    def _clean_metadata(self, prefix: Path) -> None:
        for plain, secret in self._vault:
            for path in (prefix / "conda-meta").glob("*.json"):
                text = path.read_text()
                if secret in text or secret.rstrip("/") in text:
                    path.write_text(text.replace(secret, plain).replace(secret.rstrip("/"), plain.rstrip("/")))


class _Reporter:
    """Turns rattler's callbacks, which come on its own threads, into the steps and the progress people see."""

    def __init__(self, records: Sequence[RepoDataRecord], cached: Sequence[bool], messages: Messages) -> None:
        self._messages = messages
        self._lock = threading.Lock()
        self._sizes = {r.name.normalized: r.size or 0 for r, here in zip(records, cached, strict=True) if not here}
        self._missing = len(self._sizes)
        self._bytes = sum(self._sizes.values())
        self._packages = len(records)
        self._names: dict[int, str] = {}
        self._received: dict[str, int] = {}
        self._downloaded = 0
        self._linked = 0
        messages.step(Step.DOWNLOADING if self._missing else Step.LINKING)
        if self._missing:
            here = self._packages - self._missing
            messages.log(f"Downloading {self._missing} packages, {self._bytes / 1e6:.1f} MB; {here} are cached")

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        self._names[operation] = package_name
        return operation

    def on_download_start(self, cache_entry: int) -> int:
        return cache_entry

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        name = self._names.get(download_idx, "")
        if name in self._sizes:
            with self._lock:
                self._received[name] = min(progress, self._sizes[name])
            self._tell_download()

    def on_populate_cache_complete(self, cache_entry: int) -> None:
        name = self._names.get(cache_entry, "")
        with self._lock:
            if name not in self._sizes:
                return
            self._received[name] = self._sizes.pop(name)
            self._downloaded += 1
            done = not self._sizes
        self._tell_download(last=done)
        if done:
            self._messages.step(Step.LINKING)

    def on_link_complete(self, index: int) -> None:
        with self._lock:
            self._linked += 1
        if not self._sizes:
            self._messages.progress((self._linked, self._packages), last=self._linked == self._packages)

    def on_post_link_complete(self, index: int, success: bool) -> None:
        if not success:
            self._messages.log("Warning: a post-link script failed")

    def finish(self) -> None:
        self._messages.step(Step.LINKING)

    def _tell_download(self, *, last: bool = False) -> None:
        received = sum(self._received.values())
        self._messages.progress((self._downloaded, self._missing), (received, self._bytes), last=last)

    def __getattr__(self, name: str) -> Callable[..., int]:
        if name.startswith("on_"):
            return _ignore
        raise AttributeError(name)


def _ignore(*_: object) -> int:
    return 0


def _names(records: Sequence[RepoDataRecord]) -> list[str]:
    return [r.name.normalized for r in records]


def channel_fault(text: str, channels: Sequence[str]) -> EngineError:
    """A channel that can't be read: which one, and what happened."""
    known = explain_text(text)
    if known is not None and "repodata" not in text:
        return known
    match = re.search(r"\((\w+://[^)\s]+)\)|'(\w+://[^']+)'|`([^`]+)`", text)
    url = next((g for g in match.groups() if g), "") if match else ""
    place = strip(url).removeprefix("file://")
    bases = {strip(base_url(c)).removeprefix("file://").rstrip("/"): c for c in channels}
    base = next((channel for url, channel in bases.items() if place.startswith(url)), None)
    named = mask(base) if base else ", ".join(mask(c) for c in channels)
    causes = [line.removeprefix("Caused by: ") for line in mask(text).splitlines() if line.strip()]
    why = causes[-1] if causes else "no reason given"
    if "No such file" in why or "could not find subdir" in text or "404" in text:
        why = "there is no channel at this place"
    return EngineError(f"channel {named} can't be reached: {why}", mask(text))


def install_fault(
    text: str, records: Sequence[RepoDataRecord], channels: Sequence[str], cache: Path, prefix: Path
) -> EngineError:
    known = explain_text(text, cache, prefix)
    if known is not None:
        return known
    name = next((r.file_name for r in records if r.file_name in text or stem(r.file_name) in text), None)
    if re.search(r"hash mismatch|sha256|md5", text, re.IGNORECASE):
        what = f"package {name}" if name else "a package"
        return EngineError(f"{what} has {_WRONG_HASH}", mask(text))
    if match := re.search(r"HTTP status \w+ error \(([^)]+)\)", text):
        what = f"package {name}" if name else "a package"
        return EngineError(f"{what} can't be downloaded: its channel answers {match[1]}", mask(text))
    if re.search(r"error sending request|Request failed|HTTP status|dns error|Connection refused", text, re.IGNORECASE):
        return channel_fault(text, channels)
    what = f"package {name}" if name else "a conda package"
    return EngineError(f"{what} can't be installed", mask(text))


def _digest(file: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.digest()
