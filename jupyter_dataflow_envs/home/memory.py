"""What this server was last told: with it kernels are right also when it starts while the service is away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..domain.grant import Grant
from ..kernels.atomic import replace_file


@dataclass
class Told:
    """`active`: by environment id; `used`: what else launchers were written for, and may run. `digests`: of versions
    that kernels may run, by environment id and number."""

    service: str
    deployment: str | None = None
    active: dict[str, Grant] = field(default_factory=dict)
    used: dict[str, Grant] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    channels: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)


class Memory:
    """One file; safe to use from several threads. `service`: its address: what another one told is forgotten."""

    def __init__(self, file: Path, service: str) -> None:
        self._file = file
        self._changing = threading.Lock()
        self._told = _read(file, service)

    @property
    def deployment(self) -> str | None:
        """Its id; None before it was reached for the first time."""
        return self._told.deployment

    @property
    def sources(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Channels and indexes of the deployment."""
        return tuple(self._told.channels), tuple(self._told.indexes)

    def active(self) -> dict[str, Grant]:
        """By environment id."""
        with self._changing:
            return dict(self._told.active)

    def used(self) -> dict[str, Grant]:
        """Not active, but launched from here once, by environment id."""
        with self._changing:
            return dict(self._told.used)

    def short_names(self) -> set[str]:
        """Of all that this server has launchers for."""
        with self._changing:
            return {g.short_name for g in (*self._told.active.values(), *self._told.used.values())}

    def knows(self, environment_id: str) -> bool:
        """Whether it is, or once was, one of this service's."""
        return environment_id in self._told.names

    def launched(self, environment_id: str, version: int) -> tuple[str | None, str | None]:
        """Short name of the environment and digest of that version, as far as they are known."""
        with self._changing:
            digest = self._told.digests.get(environment_id, {}).get(str(version))
            return self._told.names.get(environment_id), digest

    def set_deployment(self, deployment: str, channels: Iterable[str], indexes: Iterable[str]) -> None:
        """Another one than before: what was known of that is forgotten."""
        with self._changing:
            if self._told.deployment not in (None, deployment):
                self._told = Told(self._told.service)
            self._told.deployment = deployment
            self._told.channels, self._told.indexes = list(channels), list(indexes)
            self._write()

    def set_active(self, grants: Iterable[Grant]) -> None:
        """Exactly these; those that were are still launched by what runs."""
        with self._changing:
            wanted = {g.environment_id: g for g in grants}
            for environment_id, grant in self._told.active.items():
                if environment_id not in wanted:
                    self._told.used[environment_id] = grant
            self._told.active = {}
            for grant in wanted.values():
                self._add(grant)
            self._write()

    def add(self, grant: Grant) -> None:
        """It is active from now on."""
        with self._changing:
            self._add(grant)
            self._write()

    def end(self, environment_id: str) -> None:
        """It is not active any more."""
        with self._changing:
            grant = self._told.active.pop(environment_id, None)
            if grant is not None:
                self._told.used[environment_id] = grant
            self._write()

    def use(self, grant: Grant) -> None:
        """Commands may run in it from now on."""
        with self._changing:
            self._note(grant)
            if grant.environment_id not in self._told.active:
                self._told.used[grant.environment_id] = grant
            self._write()

    def forget(self, environment_id: str) -> None:
        with self._changing:
            self._told.used.pop(environment_id, None)
            self._write()

    def _add(self, grant: Grant) -> None:
        self._note(grant)
        self._told.active[grant.environment_id] = grant
        self._told.used.pop(grant.environment_id, None)

    def _note(self, grant: Grant) -> None:
        self._told.names[grant.environment_id] = grant.short_name
        if grant.version is not None and grant.digest is not None:
            self._told.digests.setdefault(grant.environment_id, {})[str(grant.version)] = grant.digest

    def _write(self) -> None:
        told = self._told
        content: dict[str, Any] = {
            **{k: v for k, v in vars(told).items() if k not in ("active", "used")},
            "active": [asdict(g) for g in told.active.values()],
            "used": [asdict(g) for g in told.used.values()],
        }
        replace_file(self._file, json.dumps(content, indent=1).encode(), 0o600)


def _read(file: Path, service: str) -> Told:
    """Nothing, where nothing can be read: the service tells it again."""
    try:
        content = json.loads(file.read_bytes())
        grants = {k: [Grant.from_json(g) for g in content.pop(k)] for k in ("active", "used")}
        told = Told(**content)
        told.active, told.used = ({g.environment_id: g for g in grants[k]} for k in ("active", "used"))
    except (OSError, ValueError, KeyError, TypeError):
        return Told(service)
    return told if told.service == service else Told(service)
