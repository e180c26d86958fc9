"""What the service says as it happens, and what this server tells it: one thread listens, one acts."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..client.errors import ServerUnreachable
from ..client.events import EventStream
from ..client.servers import Address
from ..domain.clock import to_text
from ..domain.errors import DataflowError
from ..domain.events import LAUNCHED, EventKind
from ..kernels import launcher, leases
from .activations import Activations
from .fetching import Fetching
from .memory import Memory
from .team_service import TeamService

RENEW_SECONDS = 30.0
"""Between two words of this server that it lives and what runs here."""

LOOK_SECONDS = 2.0
"""How often it is looked whether something runs from another prefix than was told: that can't wait."""

STOP_SECONDS = 2.0
"""For a thread that is just asking a service that does not answer: nobody waits for it."""

RETRY_SECONDS = 5.0
"""After the service has refused to talk, until it is asked again."""

_MOVING = {k.value for k in (*LAUNCHED, EventKind.DELETED, EventKind.DEACTIVATED)}
_PREFIX_ID = re.compile(r"[0-9a-f]{12,32}")


class Following:
    """`start` begins it; `stop` ends it, and returns when it has ended."""

    def __init__(
        self,
        service: TeamService,
        activations: Activations,
        memory: Memory,
        fetching: Fetching,
        root: Path,
        log: logging.Logger,
    ) -> None:
        self._service = service
        self._activations = activations
        self._memory = memory
        self._fetching = fetching
        self._root = root
        self._log = log
        self._ended = threading.Event()
        self._due = threading.Event()
        self._away = False
        self._changing = threading.Lock()
        self._changed: set[str] | None = None
        self._reported: set[str] | None = None
        self._renewed = 0.0
        self._stream: EventStream | None = None
        self._threads = [
            threading.Thread(target=self._listen, name="dataflow-envs events", daemon=True),
            threading.Thread(target=self._act, name="dataflow-envs home", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def look_again(self, short_name: str | None = None) -> None:
        """Launchers and kernelspecs are to be put right: this environment, or perhaps all, are not what they were."""
        with self._changing:
            if short_name is None:
                self._changed = None
            elif self._changed is not None:
                self._changed.add(short_name)
        self._due.set()

    def stop(self) -> None:
        self._ended.set()
        self._due.set()
        if (stream := self._stream) is not None:
            stream.close()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _listen(self) -> None:
        while not self._ended.is_set():
            self._stream = _Followed(self._service.address, self._on_connected)
            if self._ended.is_set():  # since, and `stop` has not seen it
                return
            try:
                for frame in self._stream:
                    if frame["type"] == "snapshot":
                        self.look_again()
                    elif frame["type"] == "event" and self._concerns(frame["kind"], frame["short_name"]):
                        self.look_again(frame["short_name"])
            except DataflowError as error:
                self._lost(error)
            except Exception:  # noqa: BLE001  # it must be listened to again, whatever it was
                self._log.exception("The environment service could not be followed; trying again")
            self._ended.wait(RETRY_SECONDS)

    def _on_connected(self, connected: bool) -> None:
        if connected:
            self._found()
            self._reported = None
            self.look_again()
        else:
            self._lost(None)

    def _concerns(self, kind: str, short_name: str | None) -> bool:
        return kind in _MOVING and short_name in self._memory.short_names()

    def _act(self) -> None:
        told = None
        while not self._ended.is_set():
            # Taken before: what happens meanwhile is looked at again.
            with self._changing:
                changed, self._changed = self._changed, set()
            try:
                if changed is None or changed or self._fetching.is_due():
                    self._activations.reconcile(changed)
                self._renew()
            except Exception as error:  # noqa: BLE001  # kernels must be put right again, whatever it was
                if self._ended.is_set():
                    return
                self.look_again()
                if not isinstance(error, DataflowError):
                    self._log.exception("Kernels could not be put right; trying again")
                elif not self._away and error.message != told:
                    told = error.message
                    self._log.warning("Kernels stay as they are: %s", told)
                self._ended.wait(LOOK_SECONDS)
            self._due.wait(LOOK_SECONDS)
            self._due.clear()

    def _renew(self) -> None:
        running = {i: len(pids) for i, pids in leases.running(self._root).items() if _PREFIX_ID.fullmatch(i)}
        started: dict[str, dict[str, str]] = {}
        for environment_id in launcher.written_launchers(self._root):
            moments = launcher.last_started(self._root, environment_id)
            if moments and self._memory.knows(environment_id):
                started[environment_id] = {a: to_text(m) for a, m in moments.items()}
        # A launcher leaves its lease first: with that alone, what it starts would be told half a minute later.
        telling = {*running, *started}
        due = time.monotonic() - self._renewed >= RENEW_SECONDS
        if not due and self._reported is not None and telling <= self._reported:
            return
        self._service.renew(self._activations.server, started, running)
        self._renewed, self._reported = time.monotonic(), telling

    def _lost(self, error: DataflowError | None) -> None:
        if not self._away and not self._ended.is_set():
            self._away = True
            why = f" ({error.message})" if error is not None else ""
            self._log.warning("The environment service is away%s: kernels stay as they are", why)

    def _found(self) -> None:
        if self._away:
            self._away = False
            self._log.info("The environment service is back")


class _Followed(EventStream):
    """Tells of each connection, and of each loss; it never gives up."""

    def __init__(self, address: Address, tell: Callable[[bool], None]) -> None:
        super().__init__(address, patience=float("inf"))
        self._tell = tell

    def _frames_of(self, path: str, query: Any) -> Iterator[dict[str, Any]]:
        for frame in super()._frames_of(path, query):
            if frame.get("type") == "hello":
                self._tell(True)
            yield frame

    def _pause_after(self, error: ServerUnreachable) -> None:
        self._tell(False)
        super()._pause_after(error)
