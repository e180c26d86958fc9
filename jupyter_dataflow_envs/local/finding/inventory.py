"""Everything that was found, read again only where its folders have changed since."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from ...domain.local import FOUND_PREFIX, FoundKernel, FoundPrefix, InstalledPackage
from .looks import Looks, Signature, real
from .packages import installed
from .places import Candidate, Places, Surroundings, find_places
from .prefix import read_layout, read_prefix


def found_id(prefix: Path) -> str:
    """The id of a found environment: the same at each look, and for each way that it is found by."""
    return FOUND_PREFIX + hashlib.sha256(os.fsencode(os.path.realpath(prefix))).hexdigest()[:12]


def packages_of(prefix: Path) -> tuple[InstalledPackage, ...]:
    """What is really installed in any prefix, made or found; sorted by name."""
    real = os.path.realpath(prefix)
    return installed(real, read_layout(real, Looks()).site_folders)


class Inventory:
    """The environments of `around`, but for those in the `excluded` folders. Safe to use from several threads.

    `owner`: whose kernelspecs count as ours.
    """

    def __init__(self, around: Surroundings, *, excluded: Iterable[Path] = (), owner: str = "") -> None:
        self._around = around
        self._excluded = tuple(os.path.realpath(folder) for folder in excluded)
        self._owner = owner
        self._lock = threading.Lock()
        self._places: tuple[Looks, Places] | None = None
        self._read: dict[Candidate, tuple[Looks, FoundPrefix]] = {}
        self._found: tuple[FoundPrefix, ...] = ()
        self._seen: list[dict[str, Signature]] = []
        self._kernels: dict[str, tuple[FoundKernel, ...]] = {}
        self._stamp = 0

    def look(self) -> list[FoundPrefix]:
        """Sorted by name, then prefix. It reads the disk: not for the event loop."""
        with self._lock:
            self._refresh()
            return list(self._found)

    def stamp(self) -> int:
        """Another one as soon as `look` or `kernels_of` would give something else, or something was installed into one
        of them or updated; it costs a look."""
        with self._lock:
            self._refresh()
            return self._stamp

    def kernels_of(self, prefix: Path) -> tuple[FoundKernel, ...]:
        """The kernelspecs that start this prefix' Python, ours first, also of one that is not found but made."""
        with self._lock:
            self._refresh()
            return self._kernels.get(os.path.realpath(prefix), ())

    def _refresh(self) -> None:
        if self._places is None or not self._places[0].hold():
            looks = Looks()
            self._places = (looks, find_places(self._around, looks))
        places = self._places[1]
        read: dict[Candidate, tuple[Looks, FoundPrefix]] = {}
        for candidate in places.candidates:
            if not self._is_excluded(candidate.prefix):
                known = self._read.get(candidate)
                read[candidate] = known if known is not None and known[0].hold() else _fresh(candidate)
        self._read = read
        found = tuple(sorted((one for _, one in read.values()), key=lambda one: (one.name.casefold(), one.prefix)))
        kernels = self._kernels_by_prefix(places)
        seen = [known.seen for known, _ in read.values()]
        if (found, kernels, seen) != (self._found, self._kernels, self._seen):
            self._found, self._kernels, self._seen = found, kernels, seen
            self._stamp += 1

    def _is_excluded(self, prefix: str) -> bool:
        return any(prefix == folder or prefix.startswith(f"{folder}/") for folder in self._excluded)

    def _kernels_by_prefix(self, places: Places) -> dict[str, tuple[FoundKernel, ...]]:
        found: dict[str, list[FoundKernel]] = {}
        for spec in places.kernelspecs:
            ours = bool(self._owner) and spec.owner == self._owner
            kernel = FoundKernel(spec.name, spec.display_name, ours)
            found.setdefault(real(spec.prefix), []).append(kernel)
        return {prefix: tuple(sorted(some, key=lambda k: (not k.ours, k.name))) for prefix, some in found.items()}


def _fresh(candidate: Candidate) -> tuple[Looks, FoundPrefix]:
    looks = Looks()
    return looks, read_prefix(candidate, looks)
