"""What the disk holds and nobody needs: found by `plan`, which only reads, and removed by `sweep`.

Only the coordinator sweeps.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from ..domain.clock import now
from ..domain.events import SERVICE, EventKind
from ..images import forget_lock
from ..kernels import leases
from ..store import deployment, events, prefixes, versions
from ..store.prefixes import Holding
from .image_sweep import start_image_sweep
from .prefix_folders import PrefixFolders, remove_tree
from .workshop import Workshop

GRACE = timedelta(minutes=1)
"""How long a prefix stays after its last version has gone: a kernel may be about to start in it."""

PREVIEW_GRACE = timedelta(minutes=10)
"""How long the folder of a preview stays: longer than any preview may take."""

BATCH = 50
"""Changes in one transaction: others write in between."""

MOST = 200
"""Changes of one kind in one sweep: the queue is looked after in between."""

InUse = Callable[[], Collection[str]]
"""Says the ids of the prefixes that processes run from."""

T = TypeVar("T")


class Why(str, Enum):
    """Why a prefix goes."""

    LIMIT = "limit"
    UNHELD = "no version holds it"
    PARTIAL = "partial"
    STRAY = "stray"
    PREVIEW = "left by a preview"


@dataclass(frozen=True, slots=True)
class Removal:
    """A prefix that is to go. `size`: bytes; None when it was never finished."""

    prefix_id: str
    size: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class StrayLogs:
    """Logs that belong to no attempt. `whole`: the folder's environment is gone."""

    environment_id: str
    names: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep would do."""

    limit: int | None
    """How many of an environment's versions stay installed; None: all."""
    surplus: tuple[Holding, ...]
    """Versions beyond the limit, which lose their prefixes."""
    removals: tuple[Removal, ...]
    waiting: tuple[Removal, ...]
    """Unused prefixes that stay for now: for the grace period, or while processes run from them."""
    notes_outdated: bool
    """Whether the database has to note which prefixes have come free, or which locks nobody needs."""
    logs: tuple[StrayLogs, ...] = ()

    @property
    def log_count(self) -> int:
        return sum(len(stray.names) for stray in self.logs)


def plan(workshop: Workshop, in_use: InUse, *, whole: bool = True) -> Plan:
    """Look for what is to go. `whole`: on the disk too, not only in the database."""
    on_disk = workshop.folders.ids() if whole else set()  # before the rows are read: a claim writes its row first
    held = set(in_use())
    with workshop.database.read() as connection:
        limit = deployment.policy(connection).max_versions
        surplus = prefixes.beyond_limit(connection, limit) if limit is not None else []
        partial = [Removal(p.id, p.size, Why.PARTIAL) for p in prefixes.unfinished(connection) if p.id not in held]
        due, waiting = _unused(connection, held)
        outdated = prefixes.has_outdated_notes(connection) or versions.has_unused_locks(connection)
        known = prefixes.all_ids(connection) if whole else set()
        log_names = versions.log_names(connection) if whole else set()
    strays = [Removal(name, None, Why.STRAY) for name in sorted(on_disk - known - held)]
    return Plan(
        limit=limit,
        surplus=tuple(surplus),
        removals=(*partial, *due, *strays, *(_previews(workshop) if whole else ())),
        waiting=tuple(waiting),
        notes_outdated=outdated,
        logs=tuple(_stray_logs(workshop.root.logs, log_names)) if whole else (),
    )


def sweep(workshop: Workshop, in_use: InUse, *, whole: bool = True) -> bool:
    """Do what `plan` finds; False when that is too much for one sweep, and the next should follow soon.

    One that finds nothing writes nothing, as every server looks up when something is written. What may have changed
    since is asked again in the transaction that removes it.
    """
    workshop.reserve.keep()
    found = plan(workshop, in_use, whole=whole)
    _release(workshop, found.surplus[:MOST])
    if found.notes_outdated:
        with workshop.database.write_as_coordinator() as connection:
            prefixes.note_unused(connection)
            versions.remove_unused_locks(connection)
    imaged = remove(workshop, found.removals[:MOST], in_use)
    _remove_logs(workshop, found.logs[:MOST])
    clear_aside(workshop)
    start_image_sweep(workshop, imaged, whole=whole)
    return max(len(found.surplus), len(found.removals), len(found.logs)) <= MOST


def missing(workshop: Workshop) -> list[Holding]:
    """Installed versions whose files are not on disk, and are not brought there: somebody else removed them."""
    if workshop.brings:
        return []
    with workshop.database.read() as connection:
        held = prefixes.holdings(connection)
    gone = {i for i in {h.prefix_id for h in held} if not workshop.folders.is_whole(i)}
    return [h for h in held if h.prefix_id in gone]


def remove(workshop: Workshop, removals: Sequence[Removal], in_use: InUse) -> list[str]:
    """First the rows: what a crash leaves then is a folder without one, which the next comparison finds.

    Returns those of which there are images, which are to go too.
    """
    imaged: list[str] = []
    for some in _batches(removals):
        held = set(in_use())
        with workshop.database.write_as_coordinator() as connection:
            rows = {r.prefix_id: prefixes.get(connection, r.prefix_id) for r in some}
            gone = [r for r in some if r.prefix_id not in held and _forget(connection, r)]
        for removal in gone:
            place = workshop.root.previews if removal.why is Why.PREVIEW else workshop.root.prefixes
            PrefixFolders(place).set_aside(removal.prefix_id)
            leases.forget(workshop.root.path, removal.prefix_id)
            forget_lock(workshop.root.prefixes / removal.prefix_id)
            row = rows[removal.prefix_id]
            if row is not None and row.image_digest is not None:
                imaged.append(row.id)
    return imaged


def clear_aside(workshop: Workshop) -> None:
    """In a thread of its own, as the queue must not wait for it; what it leaves undone the next sweep does."""
    threading.Thread(target=workshop.folders.clear, name="clear removed prefixes", daemon=True).start()


def _unused(connection: Connection, held: Collection[str]) -> tuple[list[Removal], list[Removal]]:
    """Unused prefixes that are to go now, and those that wait."""
    unused = prefixes.unused(connection)
    limited = prefixes.released(connection, [p.id for p in unused])
    before = now() - GRACE
    due: list[Removal] = []
    waiting: list[Removal] = []
    for prefix in unused:
        removal = Removal(prefix.id, prefix.size, Why.LIMIT if prefix.id in limited else Why.UNHELD)
        over = prefix.unused_since is not None and prefix.unused_since <= before
        (due if over and prefix.id not in held else waiting).append(removal)
    return due, waiting


def _previews(workshop: Workshop) -> Iterator[Removal]:
    before = (now() - PREVIEW_GRACE).timestamp()
    for entry in os.scandir(workshop.root.previews):
        if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before:
            yield Removal(entry.name, None, Why.PREVIEW)


def _stray_logs(folder: Path, kept: Collection[tuple[str, str]]) -> Iterator[StrayLogs]:
    environments = {environment_id for environment_id, _ in kept}
    for entry in os.scandir(folder):
        if not entry.is_dir(follow_symlinks=False):
            continue
        whole = entry.name not in environments
        names = tuple(
            file.name
            for file in os.scandir(entry.path)
            if file.is_file(follow_symlinks=False)
            and (whole or (entry.name, file.name.removesuffix(".log")) not in kept)
        )
        if names or whole:
            yield StrayLogs(entry.name, names, whole)


def _release(workshop: Workshop, surplus: Sequence[Holding]) -> None:
    for some in _batches(sorted({h.environment_id for h in surplus})):
        with workshop.database.write_as_coordinator() as connection:
            limit = deployment.policy(connection).max_versions
            if limit is None:
                return
            for holding in prefixes.beyond_limit(connection, limit, some):
                prefixes.release(connection, holding)
                events.record(
                    connection,
                    EventKind.PREFIX_RELEASED,
                    SERVICE,
                    environment_id=holding.environment_id,
                    short_name=holding.short_name,
                    version=holding.number,
                    limit=limit,
                    prefix=holding.prefix_id,
                    bytes=holding.size,
                )
            prefixes.note_unused(connection)


def _forget(connection: Connection, removal: Removal) -> bool:
    """False: it is in use again, or has gone already."""
    if removal.why in (Why.STRAY, Why.PREVIEW):
        going = prefixes.get(connection, removal.prefix_id) is None
    else:
        going = prefixes.forget(connection, removal.prefix_id)
    if going:
        events.record(
            connection,
            EventKind.PREFIX_REMOVED,
            SERVICE,
            prefix=removal.prefix_id,
            bytes=removal.size,
            why=removal.why.value,
        )
    return going


def _remove_logs(workshop: Workshop, strays: Sequence[StrayLogs]) -> None:
    """In the transaction that reads the rows again: no new attempt can begin a log of that name meanwhile."""
    for some in _batches(strays):
        with workshop.database.write_as_coordinator() as connection:
            kept = versions.log_names(connection)
            environments = {environment_id for environment_id, _ in kept}
            logs = folders = 0
            for stray in some:
                folder = workshop.root.logs / stray.environment_id
                if stray.whole and stray.environment_id not in environments:
                    remove_tree(folder)
                    logs, folders = logs + len(stray.names), folders + 1
                    continue
                for name in stray.names:
                    if (stray.environment_id, name.removesuffix(".log")) not in kept:
                        (folder / name).unlink(missing_ok=True)
                        logs += 1
            if logs or folders:
                events.record(connection, EventKind.LOGS_REMOVED, SERVICE, logs=logs, environments=folders)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
