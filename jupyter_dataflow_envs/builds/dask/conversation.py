"""The service's side of one run: a place on a worker, the claim, and all that is said until the end."""

from __future__ import annotations

import concurrent.futures
import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..._version import __version__
from ...engine.protocol import Message
from ..runner import Listener, RunLost
from .cluster import Cluster
from .exchange import RESOURCE, Claim, Reply, Request
from .worker import hold

if TYPE_CHECKING:
    from distributed import Client, Future

PAUSE_SECONDS = 0.1
"""Between two requests, so that what is said quickly travels together."""

LOOK_SECONDS = 0.05
"""How long a stop waits to be seen."""

HOLD_SECONDS = 2.0
"""How long a worker keeps a request that it has no news for: each one is a connection of the scheduler to it."""

FIND_SECONDS = 0.2
"""Between two looks where the task is, once it is known to wait."""

LOST_SECONDS = 1.0
"""Between two looks whether the scheduler still has the worker that owes an answer: a broken connection it sees at
once, but it goes on trying to hand over what is meant for that worker."""

NOTICE_SECONDS = 1.0
"""How long nobody is told that there is nothing but waiting."""

END_SECONDS = 1.5
"""How long a cancelled run waits for the word that nothing of it is left; the worker goes on ending it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds without contact. A worker gives up later than the service: nothing runs that the service has forgotten
    for longer than their difference, and nothing is forgotten that may still answer."""

    contact_seconds: float = 10.0
    """After which the service thinks that a worker is lost which the scheduler still has: it may only be busy."""
    lost_seconds: float = 30.0
    """After which a worker ends what it runs for a service that it does not hear."""


class SchedulerLost(Exception):
    """The connection has ended, and with it all that was submitted by it."""


class Conversation:
    """Held in the thread of its build. `run` names it on all workers; only one execution of it is ever claimed."""

    def __init__(
        self, cluster: Cluster, patience: Patience, run: str, claim: Claim, listener: Listener, stop: threading.Event
    ) -> None:
        self._cluster = cluster
        self._patience = patience
        self._run = run
        self._claim = claim
        self._listener = listener
        self._stop = stop
        self._notice = ""
        self._noticed = 0.0
        self._said = False
        self._answers: list[str] = []
        self._tries = 0

    def hold(self) -> Message | None:
        """The last message, or None when it was stopped. Raises RunLost once something was claimed and lost."""
        while not self._stop.is_set():
            client = self._cluster.client()
            if client is None:
                self._wait_for(f"there is no connection to {self._cluster.address} yet", self._cluster.trouble)
                self._stop.wait(PAUSE_SECONDS)
                continue
            try:
                place = _Place(self._cluster, client, self._submit(client))
                try:
                    return self._use(place)
                finally:
                    place.give_back()
            except SchedulerLost:
                continue  # nothing was claimed: a task that still waits somewhere ends by itself
        return None

    def _submit(self, client: Client) -> Future[None]:
        self._tries += 1
        key = f"dataflow-build-{self._run}-{self._tries}"
        try:
            return self._cluster.submit(client, hold, self._run, self._patience.lost_seconds, key=key)
        except OSError as error:
            raise SchedulerLost from error

    def _use(self, place: _Place) -> Message | None:
        """Raises SchedulerLost while nothing is claimed yet, and when the task has to be submitted again."""
        reply = self._find(place)
        if isinstance(reply, str):
            return _failure(reply)
        if reply is None:
            return None
        if reply.version != __version__:
            self._end(place, None)
            return _failure(
                f"the build worker {place.worker} on {reply.host} has jupyter_dataflow_envs {reply.version} and the "
                f"service {__version__}: install the same version on both"
            )
        if reply.error:
            return _failure(f"the build worker {place.worker} on {reply.host} can't build: {reply.error}")
        execution = reply.executions[0]
        finished = False
        try:
            self._listener.printed(f"Building on worker {place.worker}, {reply.host}.")
            self._listener.started(
                {"dask": self._cluster.address, "run": self._run, "worker": place.worker, "execution": execution}
            )
            last = self._listen(place, execution)
            finished = last is not None
            return last
        finally:
            if finished:
                place.request(Request(self._run, execution, done=True), self._patience.contact_seconds)
            else:
                self._end(place, execution)

    def _find(self, place: _Place) -> Reply | str | None:
        """Wait until the task runs on a worker; what that says. None: stopped; a text: why there will never be one."""
        begun = contact = time.monotonic()
        while not self._stop.is_set():
            place.check()
            if place.future.status == "finished":
                raise SchedulerLost  # it waited for us in vain, as for a machine that slept
            if place.future.status == "error":
                return f"the build workers can't build; their logs say more: {place.error()}"
            had, place.worker = place.worker, self._where(place)
            if not place.worker:
                self._wait_for(self._nobody(place))
            if had != place.worker or not place.worker:
                contact = time.monotonic()
            if place.worker:
                reply = self._ask(place, Request(self._run))
                if reply is not None and (reply.executions or reply.error or reply.version != __version__):
                    return reply
                if reply is not None:
                    contact = time.monotonic()
                    self._wait_for("all of them are busy")
                elif time.monotonic() - contact > self._patience.contact_seconds:
                    self._cluster.retire(place.client, place.worker)
                    raise SchedulerLost
            self._stop.wait(FIND_SECONDS if time.monotonic() - begun > NOTICE_SECONDS else LOOK_SECONDS)
        self._cluster.end_run(self._run, self._patience.lost_seconds)
        return None

    def _where(self, place: _Place) -> str:
        try:
            return place.find()
        except OSError:
            return ""

    def _nobody(self, place: _Place) -> str:
        try:
            there = bool(self._cluster.builders(place.client))
        except OSError as error:
            return str(error)
        return "all of them are busy" if there else f"no worker with the resource {RESOURCE} has joined {place.address}"

    def _listen(self, place: _Place, execution: str) -> Message | None:
        """None: stopped. Raises RunLost."""
        request = Request(
            self._run, execution, claim=self._claim, wait=min(HOLD_SECONDS, self._patience.contact_seconds / 3)
        )
        contact = time.monotonic()
        while not self._stop.is_set():
            request = replace(request, answers=self._answers)
            reply = self._ask(place, request)
            if reply is not None:
                contact = time.monotonic()
                if reply.error or reply.state is None:
                    raise RunLost(f"The build worker {place.worker} has lost the build. {reply.error}", counted=True)
                request = replace(request, claim=None, offset=reply.offset)
                for line in reply.journal.splitlines():
                    said = json.loads(line)
                    if "broken_off" in said:
                        raise RunLost(f"The build worker {place.worker} has stopped.", counted=False)
                    if "last" in said:
                        return said["last"] or _failure("the build process ended unexpectedly at its worker")
                    self._hear(said)
            elif not self._stop.is_set():
                self._judge(place, contact)
            if len(request.answers) == len(self._answers):  # else the engine waits for the next request
                self._stop.wait(PAUSE_SECONDS)
        return None

    def _hear(self, said: dict[str, Any]) -> None:
        if "printed" in said:
            self._listener.printed(said["printed"])
            return
        answer = self._listener.heard(said["heard"])
        if answer is not None:
            self._answers = [*self._answers, answer.value]

    def _judge(self, place: _Place, contact: float) -> None:
        """Nothing was heard: whose fault is it, and is it for ever? Raises RunLost."""
        silent = time.monotonic() - contact > self._patience.contact_seconds
        try:
            place.check()
            moved = place.find() != place.worker
        except (SchedulerLost, OSError) as error:
            if silent or isinstance(error, SchedulerLost):
                self._cluster.end_run(self._run, self._patience.lost_seconds)
                raise RunLost("The connection to the Dask scheduler was lost.", counted=False) from error
            return
        if not silent and not moved:
            return
        retired = moved and self._cluster.was_retired(place.client, place.worker)
        if not moved:
            self._cluster.retire(place.client, place.worker)
        self._cluster.end_run(self._run, self._patience.lost_seconds)
        words = "was retired" if retired else "was lost"
        raise RunLost(f"The build worker {place.worker} {words}.", counted=not retired)

    def _ask(self, place: _Place, request: Request) -> Reply | None:
        """None: there was no answer, or a stop came first."""
        asked = place.request(request, self._patience.contact_seconds)
        looked, gone = time.monotonic(), False
        while not self._stop.is_set():
            try:
                return asked.result(LOOK_SECONDS)
            except concurrent.futures.TimeoutError:
                if asked.done() or place.is_lost():
                    return None
            except Exception:  # noqa: BLE001  # Dask's own kinds are many; whoever asked looks into it
                return None
            if time.monotonic() - looked >= LOST_SECONDS:
                if gone:  # what a worker says in going had the time to arrive
                    return None
                gone = self._has_moved(place)
                looked = time.monotonic()
        return None

    def _has_moved(self, place: _Place) -> bool:
        try:
            return place.find() != place.worker
        except OSError:  # it can't be asked: that tells nothing of the worker
            return False

    def _end(self, place: _Place, execution: str | None) -> None:
        """Have it ended, and wait a little for the word that it is."""
        with suppress(Exception):
            place.request(Request(self._run, execution, end=True), self._patience.contact_seconds).result(END_SECONDS)

    def _wait_for(self, what: str, trouble: str = "") -> None:
        """Say in the log what is waited for, if it takes a while, and once."""
        now = time.monotonic()
        if what != self._notice:
            self._notice, self._noticed, self._said = what, now, False
        elif not self._said and now - self._noticed >= NOTICE_SECONDS:
            self._said = True
            more = f" ({trouble})" if trouble else ""
            self._listener.printed(f"Waiting for a build worker: {what}{more}.")


class _Place:
    """One task of the run at the scheduler, and the worker that has it."""

    def __init__(self, cluster: Cluster, client: Client, future: Future[None]) -> None:
        self.client = client
        self.future = future
        self.address = cluster.address
        self.worker = ""
        self._cluster = cluster

    def is_lost(self) -> bool:
        return self._cluster.client() is not self.client or self.future.status in ("cancelled", "lost")

    def check(self) -> None:
        """Raises SchedulerLost."""
        if self.is_lost():
            raise SchedulerLost

    def error(self) -> BaseException | None:
        """Why Dask could not run the task. Raises SchedulerLost."""
        try:
            return self._cluster.error(self.client, self.future)
        except OSError as error:
            raise SchedulerLost from error

    def find(self) -> str:
        """The worker that Dask has sent the task to; empty: none. Raises OSError when it can't be asked."""
        processing = self._cluster.processing(self.client)
        return next((worker for worker, keys in processing.items() if self.future.key in keys), "")

    def request(self, request: Request, seconds: float) -> concurrent.futures.Future[Reply]:
        return self._cluster.request(self.client, self.worker, request, seconds)

    def give_back(self) -> None:
        """Dask need not run it any more."""
        self._cluster.release(self.future)


def _failure(reason: str) -> Message:
    return {"type": "failure", "reason": reason, "steps": []}
