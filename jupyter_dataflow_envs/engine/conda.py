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
    PackageRecord,
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
from ..domain.lock import Lock, LockedPackage
from ..domain.origins import ADDED
from ..domain.version import Step
from .credentials import Vault, mask, strip
from .faults import explain_text
from .messages import Messages
from .protocol import Job

_WRONG_HASH = "a wrong hash: the channel's file was changed or cut"
_NO_SYMLINKS = "allow-symbolic-links = false"


class Conda:
    """The conda part of one build; `asyncio` only inside."""

    def __init__(self, job: Job, messages: Messages) -> None:
        self._job = job
        self._messages = messages
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
        return asyncio.run(self._solve([*self.specs(), *self.held()]))

    def specs(self) -> list[str]:
        """The job's requirements, Python, and what every environment holds."""
        job = self._job
        specs = [f"python={job.python_version}"] if job.python_version else []
        specs += job.conda
        named = {canonicalize_name(re.split(r"[\s=<>!~\[]", s, maxsplit=1)[0]) for s in (*job.conda, *job.pip)}
        specs += [name for name in ADDED if name not in named]
        return specs

    def held(self) -> list[str]:
        """What has to stay exactly as it is installed."""
        packages = self._job.lock.packages if self._job.lock else ()
        return [f"{p.name} =={p.version} {p.build}" for p in packages if p.manager == "conda"]

    async def _solve(self, specs: Sequence[str]) -> list[RepoDataRecord]:
        channels = list(self._job.sources.channels)
        try:
            records = await solve(channels, list(specs), gateway=self.gateway, virtual_packages=self.virtual_packages())
        except SolverError as error:
            from .conflicts import explain_unsolvable

            raise await explain_unsolvable(str(error), specs, channels, self.gateway) from None
        except GatewayError as error:
            raise channel_fault(str(error), channels) from None
        except InvalidMatchSpecError as error:
            raise EngineError(f"conda can't read a requirement: {str(error).splitlines()[0]}", str(error)) from None
        return sorted(records, key=lambda r: r.name.normalized)

    def virtual_packages(self) -> list[GenericVirtualPackage]:
        """What is detected here, overridden by what the job says of the machines that will run the kernels."""
        found = [v.into_generic() for v in VirtualPackage.detect(VirtualPackageOverrides.from_env())]
        wanted = self._job.virtual_packages or {}
        build = BuildString("0")
        told = [GenericVirtualPackage(PackageName(n), Version(v), build) for n, v in wanted.items() if v]
        return [v for v in found if v.name.normalized not in wanted] + told

    def lock(self, records: Sequence[RepoDataRecord]) -> Lock:
        platform = str(Subdir.current())
        channels = tuple(strip(c) for c in self._job.sources.channels)
        bases = [(strip(_base_url(c)), strip(c)) for c in self._job.sources.channels]
        return Lock(platform, channels, tuple(_locked(r, platform, bases) for r in records))

    def records(self, lock: Lock) -> list[RepoDataRecord]:
        """The records that a lock's conda packages were made from, as far as installing them needs."""
        return [_record(p, self._vault) for p in lock.packages if p.manager == "conda"]

    def cached(self, records: Sequence[RepoDataRecord]) -> list[bool]:
        """For each package, whether the package cache seems to hold it: for figures and forecasts only."""
        cache = Path(self._job.caches.packages)
        return [(cache / _stem(r.file_name)).is_dir() for r in records]

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
                config=Config.from_toml(_NO_SYMLINKS),
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


def site_packages(records: Sequence[RepoDataRecord]) -> str:
    """The prefix' site-packages folder, relative to the prefix, as its python package says."""
    for record in records:
        if record.name.normalized == "python":
            minor = ".".join(str(record.version).split(".")[:2])
            return record.python_site_packages_path or f"lib/python{minor}/site-packages"
    raise EngineError("the environment holds no Python: add one, or a Python version")


def channel_fault(text: str, channels: Sequence[str]) -> EngineError:
    """A channel that can't be read: which one, and what happened."""
    known = explain_text(text)
    if known is not None and "repodata" not in text:
        return known
    match = re.search(r"\((\w+://[^)\s]+)\)|'(\w+://[^']+)'|`([^`]+)`", text)
    url = next((g for g in match.groups() if g), "") if match else ""
    place = strip(url).removeprefix("file://")
    bases = {strip(_base_url(c)).removeprefix("file://").rstrip("/"): c for c in channels}
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
    name = next((r.file_name for r in records if r.file_name in text or _stem(r.file_name) in text), None)
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


def _base_url(channel: str) -> str:
    return str(Channel(channel).base_url)


def _stem(file_name: str) -> str:
    return file_name.removesuffix(".conda").removesuffix(".tar.bz2")


def _locked(record: RepoDataRecord, platform: str, channels: Sequence[tuple[str, str]]) -> LockedPackage:
    url = strip(record.url)
    channel = next((name for base, name in channels if url.startswith(base)), strip(record.channel or ""))
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


def _record(package: LockedPackage, vault: Vault) -> RepoDataRecord:
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
    )
    return RepoDataRecord(record, file_name, vault.restore(package.url), vault.restore(base + "/"))
