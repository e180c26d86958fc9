"""Short questions to the engine: previews, and what channels and indexes offer."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ..builds.workshop import Workshop
from ..domain.draft import Draft
from ..domain.environment import Environment
from ..domain.errors import Conflict, Malformed, NotFound, Unavailable, Unsolvable
from ..domain.lock import Lock, LockDiff, LockedPackage, Manager, diff
from ..domain.origins import ExplainedPackage, explain
from ..domain.permissions import Action, Person, may_see_version, require
from ..domain.policy import Policy
from ..domain.spec import EnvironmentSpec
from ..engine.protocol import Answer, Job, Message, Mode
from ..store import deployment, environments, versions
from .sorted_names import SortedNames
from .specs import Specs, refuse, violations_of

CONCURRENT = 2
"""Questions that the engine answers at the same time; a large solve can need gigabytes."""

SECONDS = 300.0
"""After which a question is given up."""

STOPPING = "The server is stopping: try again when it is up."

NAMES_FRESH = 3600.0
VERSIONS_FRESH = 600.0

_NAME = re.compile(r"_?[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
"""Nothing else is asked for: it becomes a part of the index's URL."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a build would install; `pip_resolved` is False when the pip part can only be resolved in the build."""

    lock: Lock
    packages: list[ExplainedPackage]
    diff: LockDiff
    download_size: int
    pip_resolved: bool


@dataclass(frozen=True, slots=True)
class _Question:
    """What the engine is to solve, and what its answer is read with."""

    job: Job
    spec: EnvironmentSpec
    policy: Policy
    base: Sequence[LockedPackage]


class _Silent:
    """The engine's listener for questions: nobody follows them, what counts is the last message."""

    def started(self, process: dict[str, Any]) -> None: ...

    def heard(self, message: Message) -> Answer | None:
        return None

    def printed(self, text: str) -> None: ...


class Solver:
    def __init__(self, workshop: Workshop, specs: Specs) -> None:
        self._workshop = workshop
        self._specs = specs
        self._places = threading.BoundedSemaphore(CONCURRENT)
        self._asking = threading.Lock()
        self._running: set[threading.Event] = set()
        self._stopped = False
        self._versions: dict[tuple[str, str], tuple[float, list[str]]] = {}

    def preview(self, person: Person, short_name: str, draft: Draft, *, pin_installed: bool = False) -> Preview:
        """Solve the saved requirements, or the draft's, without installing: what changes against the usable version.

        Raises Unsolvable, PolicyViolated, and what saving the draft would raise.
        """
        with self._workshop.database.read() as connection:
            environment = environments.find(connection, short_name, person)
            require(Action.PREVIEW, environment, person)
            spec, _ = self._specs.draw_up(
                connection, person, draft, before=environment.spec, environment_id=environment.id
            )
            usable = self._usable(connection, environment)
            question = self._question(connection, spec, hold=usable if pin_installed else None)
        return self._answered(question, usable.packages if usable else ())

    def preview_new(self, person: Person, draft: Draft) -> Preview:
        """Solve what is not saved yet: what it adds to its base, or to nothing. Raises what `preview` raises."""
        with self._workshop.database.read() as connection:
            spec, _ = self._specs.draw_up(connection, person, draft)
            question = self._question(connection, spec)
        return self._answered(question, question.base)

    def _question(self, connection: Connection, spec: EnvironmentSpec, hold: Lock | None = None) -> _Question:
        policy = deployment.policy(connection)
        refuse(violations_of(policy, spec))
        job = self._workshop.job(
            connection,
            title="",
            spec=spec,
            prefix=self._workshop.root.previews / self._workshop.folders.new_id(),
            hold=hold,
        )
        # The engine would refuse with a sentence; who asks gets to know each violation.
        job = replace(job, mode=Mode.PREVIEW, policy=Policy())
        return _Question(job, spec, policy, job.base.packages if job.base else ())

    def _answered(self, question: _Question, before: Sequence[LockedPackage]) -> Preview:
        """`before`: what is there already, and is not new therefore."""
        result = self._ask(question.job)
        lock = Lock.from_json(result["lock"])
        refuse(question.policy.check_resolved(lock.packages, complete=result["pip_resolved"]))
        return Preview(
            lock=lock,
            packages=explain(lock.packages, question.spec, question.base),
            diff=diff(before, lock.packages),
            download_size=result["download_size"],
            pip_resolved=result["pip_resolved"],
        )

    def names(self, manager: str, prefix: str, limit: int = 50) -> list[str]:
        """Names that begin so, in order."""
        kind = _manager(manager)
        file = self._workshop.root.names / f"{kind}-{self._sources_key()}.txt"
        if not file.exists():
            self._refresh(kind, file)
        elif time.time() - file.stat().st_mtime > NAMES_FRESH:
            threading.Thread(target=self._refresh_quietly, args=(kind, file), name="names", daemon=True).start()
        return SortedNames(file).beginning_with(prefix.lower(), limit)

    def versions(self, manager: str, name: str) -> list[str]:
        """Versions that this machine's platform could install, newest first. Raises NotFound."""
        kind = _manager(manager)
        key = (kind, name.lower())
        asked, known = self._versions.get(key, (0.0, []))
        if (time.monotonic() - asked > VERSIONS_FRESH or not known) and _NAME.fullmatch(name):
            known = list(self._ask(self._job(Mode.VERSIONS, kind, name=name.lower()))["values"])
            self._versions[key] = (time.monotonic(), known)
        if not known:
            raise NotFound(f"No channel or index of this deployment offers '{name[:80]}' for this platform.")
        return known

    def newer(self, person: Person, short_name: str, number: int) -> list[dict[str, Any]]:
        """Packages of a version of which there is a newer one: `manager`, `name`, `version`, `newest` of each.

        Raises NotFound, and Conflict for a version that was not built.
        """
        with self._workshop.database.read() as connection:
            environment = environments.find(connection, short_name, person)
            if not may_see_version(environment, number, person):
                raise NotFound(f"There is no version {number}.")
            version = versions.find(connection, environment.id, number)
            if version.digest is None:
                raise Conflict(f"Version {number} was not built, so there is nothing to look up.")
            lock = versions.lock(connection, version.digest)
        settings = self._workshop.settings
        job = Job(
            mode=Mode.NEWER,
            caches=self._workshop.caches,
            sources=settings.sources,
            lock=lock,
            allow_source_builds=settings.allow_source_builds,
            virtual_packages=settings.virtual_packages,
        )
        return list(self._ask(job)["values"])

    def _usable(self, connection: Connection, environment: Environment) -> Lock | None:
        if environment.latest_success is None:
            return None
        version = versions.find(connection, environment.id, environment.latest_success)
        return versions.lock(connection, version.digest) if version.digest else None

    def _refresh(self, manager: Manager, file: Path) -> None:
        with self._asking:
            if not file.exists() or time.time() - file.stat().st_mtime > NAMES_FRESH:
                self._ask(self._job(Mode.NAMES, manager, output=str(file)))

    def _refresh_quietly(self, manager: Manager, file: Path) -> None:
        try:
            self._refresh(manager, file)
        except (Unavailable, Unsolvable):
            file.touch()  # the old names serve for another hour

    def _job(self, mode: Mode, manager: Manager, *, name: str = "", output: str = "") -> Job:
        return Job(
            mode=mode,
            caches=self._workshop.caches,
            sources=self._workshop.settings.sources,
            manager=manager,
            name=name,
            output=output,
        )

    def stop(self) -> None:
        """End all questions: the server stops, and must not wait for them."""
        self._stopped = True
        for stop in list(self._running):
            stop.set()

    def _ask(self, job: Job) -> Message:
        stop = threading.Event()
        self._running.add(stop)
        try:
            return self._wait_for(job, stop)
        finally:
            self._running.discard(stop)

    def _wait_for(self, job: Job, stop: threading.Event) -> Message:
        deadline = time.monotonic() + SECONDS
        while not self._places.acquire(timeout=0.5):
            if self._stopped:
                raise Unavailable(STOPPING)
            if time.monotonic() > deadline:
                raise Unavailable("The server is busy with other previews: try again in a moment.")
        timer = threading.Timer(SECONDS, stop.set)
        timer.daemon = True
        timer.start()
        try:
            last = None if self._stopped else self._workshop.questions.run(job, _Silent(), stop)
        finally:
            timer.cancel()
            self._places.release()
        if last is None:
            if self._stopped:
                raise Unavailable(STOPPING)
            raise Unavailable(
                f"No answer within {SECONDS:.0f} s: the requirements may be too wide; narrow the versions."
                if stop.is_set()
                else "The solver ended unexpectedly: try again."
            )
        if last["type"] == "failure":
            raise Unsolvable(last["reason"], details=last.get("details", ""))
        return last

    def _sources_key(self) -> str:
        sources = self._workshop.settings.sources
        parts: Sequence[Any] = (sources.channels, sources.pip_index_url, sources.pip_extra_index_urls)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _manager(text: str) -> Manager:
    if text not in ("conda", "pip"):
        raise Malformed("manager must be conda or pip.")
    return "conda" if text == "conda" else "pip"
