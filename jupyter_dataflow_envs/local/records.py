"""What is known of the Local environments that were made here: one JSON file each."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

import psutil

from ..domain.clock import from_text, to_text
from ..domain.errors import Conflict, LocalNameTaken, NotFound
from ..domain.local import CopiedFrom, InstalledPackage, Work, free_name
from ..kernels.atomic import replace_file
from .folder import LocalFolder


class State(str, Enum):
    """making → ready | failed. A failed one is made again under its name, or forgotten."""

    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Maker:
    """The server that makes it: while that lives, nobody else touches what it makes."""

    pid: int
    created: float
    host: str

    @classmethod
    def this_process(cls) -> Maker:
        process = psutil.Process()
        return cls(process.pid, process.create_time(), socket.gethostname())

    @property
    def lives(self) -> bool:
        """Of a server on another machine this can't be told: it counts as living."""
        if self.host != socket.gethostname():
            return True
        try:
            return psutil.Process(self.pid).create_time() == self.created
        except psutil.Error:
            return False


@dataclass(frozen=True, slots=True)
class Record:
    """`packages`: as they were when it was made, for drift. `requested`: what the form asked for, in the words of a
    version's `requested`. `session`: it goes with the server that made it."""

    name: str
    state: State
    work: Work
    maker: Maker
    created_at: datetime
    reason: str | None = None
    copied_from: CopiedFrom | None = None
    requested: dict[str, Any] | None = None
    packages: tuple[InstalledPackage, ...] = field(default=(), repr=False)
    session: bool = False

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "created_at": to_text(self.created_at)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        copied = data["copied_from"]
        return cls(
            **{
                **data,
                "state": State(data["state"]),
                "work": Work(data["work"]),
                "maker": Maker(**data["maker"]),
                "created_at": from_text(data["created_at"]),
                "copied_from": CopiedFrom(**copied) if copied else None,
                "packages": tuple(InstalledPackage(**p) for p in data["packages"]),
            }
        )


class Records:
    """Safe to use from several threads and servers of one person at once."""

    def __init__(self, folder: LocalFolder) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, Record]] = {}

    def all(self) -> dict[str, Record]:
        """By name. A file that can't be read is left out: it is not ours to judge."""
        found = {}
        for file in sorted(self._folder.records.glob("*.json")):
            try:
                written = file.stat().st_mtime_ns
                known = self._known.get(file.stem)
                if known is None or known[0] != written:
                    known = written, Record.from_json(json.loads(file.read_bytes()))
                    self._known[file.stem] = known
            except (OSError, ValueError, KeyError, TypeError):
                continue
            found[file.stem] = known[1]
        return found

    def get(self, name: str) -> Record:
        """Raises NotFound."""
        record = self.all().get(name)
        if record is None:
            raise NotFound(f"There is no Local environment '{name}'.")
        return record

    def claim(self, record: Record) -> None:
        """Take the name for what is about to be made; a failed one gives way. Raises LocalNameTaken."""
        with self._folder.alone():
            taken = {name for name, known in self.all().items() if known.state is not State.FAILED}
            # A folder without a record is not ours: somebody put it there.
            taken |= {path.name for path in self._folder.environments.iterdir()}
            if record.name in taken:
                raise LocalNameTaken(record.name, free_name(record.name, taken))
            self._write(record)

    def finish(self, record: Record, **changes: Any) -> bool:
        """What became of it; False when it is not this server's any more, or was removed."""
        with self._folder.alone():
            known = self.all().get(record.name)
            if known is None or known.maker != record.maker or known.created_at != record.created_at:
                return False
            self._write(replace(record, **changes))
            return True

    def remove(self, name: str) -> None:
        """With its prefix. Raises NotFound, and Conflict while it is being made."""
        with self._folder.alone():
            if self.get(name).state is State.MAKING:
                raise Conflict("It is being made: cancel that first.")
            self._folder.set_aside(name)
            (self._folder.records / f"{name}.json").unlink()

    def settle(self) -> list[str]:
        """What dead servers left: half-made ones become failed, those of a session go. Returns the names of these."""
        gone = []
        with self._folder.alone():
            for record in self.all().values():
                if record.maker.lives:
                    continue
                if record.state is State.MAKING:
                    self._folder.set_aside(record.name)
                    reason = "The server ended while it was made; nothing is left of it. Make it again."
                    self._write(replace(record, state=State.FAILED, reason=reason))
                elif record.session:
                    self._folder.set_aside(record.name)
                    (self._folder.records / f"{record.name}.json").unlink()
                    gone.append(record.name)
        return gone

    def _write(self, record: Record) -> None:
        text = json.dumps(record.to_json(), indent=1) + "\n"
        self._known.pop(record.name, None)
        replace_file(self._folder.records / f"{record.name}.json", text.encode(), 0o600, durable=True)
