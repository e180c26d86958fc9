"""What is wrong with an installation, in words that say what to do."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..builds import housekeeping
from ..builds.coordinator import Coordinator
from ..builds.housekeeping import Plan, Removal, Why
from ..builds.image_sweep import missing_images, stray_images
from ..builds.workshop import Workshop
from ..engine.credentials import mask
from ..images import StoreFailed
from ..kernels import leases
from ..store.postgresql import DatabaseAway, shown
from ..store.tables import SCHEMA_VERSION

ENOUGH_BYTES = 2 * 1024**3
CONNECT_SECONDS = 5.0
NAMED = 5
"""How many versions a message names."""


KINDS = {
    "unused prefix": (Why.LIMIT, Why.UNHELD),
    "partial prefix": (Why.PARTIAL,),
    "stray prefix": (Why.STRAY, Why.PREVIEW),
}


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    message: str


class Diagnosis:
    def __init__(self, workshop: Workshop, coordinator: Coordinator, kernels_dir: Path | None) -> None:
        self._workshop = workshop
        self._coordinator = coordinator
        self._kernels_dir = kernels_dir

    @property
    def schema_version(self) -> str:
        return SCHEMA_VERSION

    def channels(self) -> list[str]:
        """As they may be shown."""
        return [mask(c) for c in self._workshop.settings.channels]

    def indexes(self) -> list[str]:
        """Where pip packages come from, as it may be shown; empty where that is what uv is configured to use."""
        settings = self._workshop.settings
        return [mask(i) for i in (settings.pip_index_url, *settings.pip_extra_index_urls) if i]

    def coordinator_alive(self) -> bool:
        try:
            return self._coordinator.holder() is not None
        except DatabaseAway:
            return False

    def checks(self) -> list[Check]:
        """Every check, the good ones too."""
        found: list[Check] = []
        for look in self._looks():
            try:
                found += look()
            except DatabaseAway as error:
                found.append(Check(look.__name__.strip("_"), False, error.message))
        return found

    def _looks(self) -> tuple[Callable[[], Iterator[Check]], ...]:
        return (
            self._root,
            self._kernels,
            self._database,
            self._lock,
            self._disk,
            self._installed,
            self._images,
            self._housekeeping,
            self._channels,
            self._indexes,
        )

    def _root(self) -> Iterator[Check]:
        yield _writable("root", self._workshop.root.path, "DataflowEnvsApp.root_dir")

    def _kernels(self) -> Iterator[Check]:
        if self._kernels_dir is None:
            return
        folder = next(p for p in (self._kernels_dir, *self._kernels_dir.parents) if p.exists())
        yield _writable("kernels", folder, "JUPYTER_DATA_DIR")

    def _database(self) -> Iterator[Check]:
        version = self._workshop.database.schema_version()
        good = version == SCHEMA_VERSION
        where = shown(self._workshop.database.url)
        yield Check(
            "database",
            good,
            f"{where}, schema {version}"
            if good
            else f"schema {version}, this release needs {SCHEMA_VERSION}: restart it",
        )

    def _lock(self) -> Iterator[Check]:
        holder = self._coordinator.holder()
        if holder is None:
            yield Check(
                "coordinator", False, "No server runs the queue: builds wait. A running server takes over within 5 s."
            )
            return
        here = " (this server)" if self._coordinator.here else ""
        yield Check(
            "coordinator",
            True,
            f"The queue is run by process {holder['pid']} on {holder['host']} since {holder['since']}{here}",
        )

    def _disk(self) -> Iterator[Check]:
        free = shutil.disk_usage(self._workshop.root.path).free
        words = f"{free / 1024**3:.1f} GiB free below {self._workshop.root.path}"
        enough = free >= ENOUGH_BYTES
        yield Check(
            "disk", enough, words if enough else words + ": delete environments, or move root_dir to a larger disk"
        )

    def _installed(self) -> Iterator[Check]:
        missing = housekeeping.missing(self._workshop)
        if not missing:
            yield Check("disk against database", True, "the files of every installed version are there")
            return
        named = [f"{h.short_name} {h.number}" for h in missing[:NAMED]]
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        yield Check(
            "disk against database",
            False,
            f"the files of {', '.join(named)}{more} are not below {self._workshop.root.prefixes}: put them back from a "
            "backup, or build these environments again; a revert to an older version installs it again",
        )

    def _images(self) -> Iterator[Check]:
        store = self._workshop.images()
        if store is None:
            return
        try:
            missing = missing_images(self._workshop, store)
            strays = stray_images(self._workshop, store)
        except StoreFailed as error:
            yield Check("images", False, f"{error}: builds fail until it can be used")
            return
        if missing:
            lost = _count(len(missing), "image")
            yield Check("images", False, f"{lost} missing from {store}: machines install from the locks instead")
            return
        stray = f"; {_count(len(strays), 'stray one')}: removed at the next comparison" if strays else ""
        yield Check("images", True, f"{store} has the image of every prefix that was packed{stray}")

    def _housekeeping(self) -> Iterator[Check]:
        """What the coordinator would do now; nothing of it is done."""
        root = self._workshop.root.path
        found = housekeeping.plan(self._workshop, lambda: leases.held(root, clear=False))
        yield Check("housekeeping", True, _in_words(found))

    def _channels(self) -> Iterator[Check]:
        for channel in self._workshop.settings.channels:
            yield _reachable("channel", channel)

    def _indexes(self) -> Iterator[Check]:
        settings = self._workshop.settings
        for index in filter(None, (settings.pip_index_url, *settings.pip_extra_index_urls)):
            yield _reachable("index", index)


def _in_words(plan: Plan) -> str:
    parts = []
    if plan.surplus:
        parts.append(f"{_count(len(plan.surplus), 'version')} beyond the limit of {plan.limit}")
    for kind, reasons in KINDS.items():
        some = [r for r in plan.removals if r.why in reasons]
        if some:
            parts.append(f"{_count(len(some), kind, 'es')}{_bytes(some)}")
    if plan.log_count:
        parts.append(_count(plan.log_count, "stray log"))
    words = f"{', '.join(parts)}: removed at the next sweep" if parts else "nothing is to be removed"
    if plan.waiting:
        waits = _count(len(plan.waiting), "unused prefix", "es")
        words += f"; kept while processes may need them: {waits}{_bytes(plan.waiting)}"
    return words


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number:,} {noun}{plural if number != 1 else ''}"


def _bytes(removals: Sequence[Removal]) -> str:
    size = sum(r.size or 0 for r in removals)
    if not size:
        return ""
    return f" ({size / 1e9:.1f} GB)" if size >= 1e9 else f" ({size / 1e6:.1f} MB)"


def _writable(name: str, folder: Path, setting: str) -> Check:
    good = os.access(folder, os.W_OK)
    return Check(name, good, f"{folder} can be written" if good else f"{folder} can't be written: set {setting}")


def _reachable(kind: str, url: str) -> Check:
    """Whether a folder is there, or a host answers; a name such as conda-forge is rattler's to resolve."""
    shown, parts = mask(url), urlsplit(url)
    name = f"{kind} {shown}"
    if parts.scheme == "file" or (not parts.scheme and "/" in url):
        folder = Path(url2pathname(parts.path) if parts.scheme else url)
        return Check(name, folder.is_dir(), "is there" if folder.is_dir() else "there is no such folder")
    if not parts.hostname:
        return Check(name, True, "a channel's name: its versions are asked for when a build or preview needs them")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        return Check(name, False, f"can't be reached: {error}. Check the URL, the network and the proxy.")
    return Check(name, True, "answers")
