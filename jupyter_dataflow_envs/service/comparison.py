"""Versions side by side: any two that a person may see, and the published ones that are most like another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from ..domain.environment import Environment
from ..domain.errors import Conflict, Malformed, NotFound
from ..domain.lock import Lock, LockDiff, diff
from ..domain.origins import ExplainedPackage, explain
from ..domain.permissions import Person, may_see_version
from ..domain.version import Version
from ..store import environments, versions
from ..store.database import Database

MOST_ALIKE = 3

KEPT_LOCKS = 4096
"""Sets of packages kept in memory, some 10 kB each: without them every review would read all published locks."""

_SIDE = re.compile(r"([^@]{1,40})(?:@([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A published environment, and which share of the packages of both is equal in both (0 to 1)."""

    short_name: str
    full_name: str
    version: int
    share: float


@dataclass(frozen=True, slots=True)
class Side:
    short_name: str
    version: Version
    packages: list[ExplainedPackage]


@dataclass(frozen=True, slots=True)
class Compared:
    left: Side
    right: Side
    diff: LockDiff


class Comparison:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._packages = lru_cache(KEPT_LOCKS)(self._read_packages)

    def compare(self, person: Person, left: str, right: str) -> Compared:
        """`left` and `right`: `short@version`, or `short` for what this person can use.

        Raises Malformed, NotFound, and Conflict for a version that was not built.
        """
        with self._database.read() as connection:
            before, after = (self._side(connection, person, text) for text in (left, right))
        return Compared(before, after, diff((e.package for e in before.packages), (e.package for e in after.packages)))

    def look_alikes(self, connection: Connection, lock: Lock, itself: Environment) -> Sequence[LookAlike]:
        """The published environments that share the most packages with a lock; `itself` is none of them."""
        mine = _identities(lock)
        found = []
        for digest, environment in self._published(connection):
            if environment.id == itself.id or environment.publication is None:
                continue
            theirs = self._packages(digest)
            share = len(mine & theirs) / len(mine | theirs)
            if share > 0:
                shown = environment.publication
                found.append(LookAlike(environment.short_name, shown.full_name, shown.version, share))
        return sorted(found, key=lambda a: (-a.share, a.short_name))[:MOST_ALIKE]

    def _published(self, connection: Connection) -> list[tuple[str, Environment]]:
        digests = versions.published_digests(connection)
        return [(digests[e.id], e) for e in environments.published(connection) if e.id in digests]

    def _read_packages(self, digest: str) -> frozenset[tuple[str, ...]]:
        with self._database.read() as connection:
            return _identities(versions.lock(connection, digest))

    def _side(self, connection: Connection, person: Person, text: str) -> Side:
        match = _SIDE.fullmatch(text.strip())
        if match is None:
            raise Malformed("left and right must be a short name, or one with a version: mlenv@3.")
        environment = environments.find(connection, match[1], person)
        number = int(match[2]) if match[2] else environment.usable_by(person.name)
        if number is None:
            raise Conflict(f"'{environment.short_name}' has no version that you can use: name one ({match[1]}@1).")
        if not may_see_version(environment, number, person):
            raise NotFound(f"There is no version {number} of '{environment.short_name}'.")
        version = versions.find(connection, environment.id, number)
        if version.digest is None:
            raise Conflict(
                f"Version {number} of '{environment.short_name}' was not built: there is nothing to compare."
            )
        base = version.requested.base
        held = versions.lock(connection, base.digest).packages if base else ()
        packages = explain(versions.lock(connection, version.digest).packages, version.requested, held)
        return Side(environment.short_name, version, packages)


def _identities(lock: Lock) -> frozenset[tuple[str, ...]]:
    return frozenset((p.manager, p.name, p.version, p.build, p.sha256) for p in lock.packages)
