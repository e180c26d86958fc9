"""A runner that a test leads step by step: each build waits until it is told how to end."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_dataflow_envs.builds.runner import Listener, Runner
from jupyter_dataflow_envs.domain.lock import Lock, LockedPackage
from jupyter_dataflow_envs.engine.protocol import Answer, Job, Message, Mode

SIZE = 1000


@dataclass
class Run:
    """One build on its way. `verdict`: None to succeed, else the reason of its failure."""

    lock: Lock | None
    told: threading.Event = field(default_factory=threading.Event)
    verdict: str | None = None


class ScriptedRunner(Runner):
    """Solves by the table `newest` (name → version), installs a folder with a `python` in it, and runs nothing.

    What a requirement does not pin comes in the version that is the newest when the build begins. `waits`: each build
    goes on to its end only when told to.
    """

    def __init__(self, newest: dict[str, int] | None = None, *, waits: bool = True) -> None:
        self.newest = newest if newest is not None else {}
        self.jobs: list[Job] = []
        self._waits = waits
        self._runs: dict[str, Run] = {}
        self._changed = threading.Condition()

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        self.jobs.append(job)
        run = Run(self._solved(job))
        if not self._waits:
            run.told.set()
        with self._changed:
            self._runs[job.title] = run
            self._changed.notify_all()
        try:
            listener.heard({"type": "step", "name": "solving"})
            while not run.told.wait(0.002):
                if stop.is_set():
                    return None
            return self._ended(job, run, listener)
        finally:
            with self._changed:
                del self._runs[job.title]
                self._changed.notify_all()

    def wait_busy(self, title: str, timeout: float = 5) -> None:
        """Until a build of that name has begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: title in self._runs, timeout), f"no run of {title} begins"

    def end(self, title: str, reason: str | None) -> None:
        """Let the build go on to success, or to failure with a reason."""
        with self._changed:
            run = self._runs[title]
            run.verdict = reason
            run.told.set()

    def wait_free(self, title: str, timeout: float = 5) -> None:
        """Until no build of that name is on its way."""
        with self._changed:
            assert self._changed.wait_for(lambda: title not in self._runs, timeout), f"the run of {title} goes on"

    def _ended(self, job: Job, run: Run, listener: Listener) -> Message:
        steps = [{"name": "solving", "duration": 0.01}]
        if run.verdict is not None or run.lock is None:
            reason = run.verdict or "what is asked for contradicts itself"
            return {"type": "failure", "reason": reason, "details": "", "steps": steps}
        key = run.lock.prefix_key(run_link_scripts=job.run_link_scripts)
        answer = listener.heard({"type": "lock", "lock": run.lock.to_json(), "prefix_key": key})
        if answer is not Answer.REUSE:
            _install(Path(job.prefix), run.lock)
        return {"type": "result", "lock": run.lock.to_json(), "size": SIZE, "warnings": [], "steps": steps}

    def _solved(self, job: Job) -> Lock | None:
        """None: what is held, or the base, allows no version of what is asked for."""
        if job.mode is Mode.INSTALL:
            return job.lock
        held = [*(job.lock.packages if job.lock else ()), *(job.base.packages if job.base else ())]
        found = {p.name: p for p in held}
        asked = {name: version for name, _, version in (text.partition("==") for text in job.conda)}
        if job.python_version:
            asked["python"] = job.python_version
        for name in (*asked, "ipykernel", "pip"):
            version = asked.get(name) or str(self.newest.get(name, 1))
            package = found.setdefault(name, _package(name, version))
            if asked.get(name) and package.version != version:
                return None
        return Lock("linux-64", ("file:///scripted",), tuple(sorted(found.values(), key=lambda p: p.name)))


def _package(name: str, version: str) -> LockedPackage:
    url = f"file:///scripted/noarch/{name}-{version}-0.conda"
    sha256 = hashlib.sha256(url.encode()).hexdigest()
    return LockedPackage("conda", name, version, "0", "linux-64", url, sha256, channel="file:///scripted")


def _install(prefix: Path, lock: Lock) -> None:
    for folder in ("conda-meta", "bin"):
        (prefix / folder).mkdir(parents=True)
    for package in lock.packages:
        (prefix / "conda-meta" / f"{package.name}-{package.version}-0.json").write_text("{}")
    (prefix / "bin" / "python").write_text("#!/bin/sh\n")
    (prefix / "bin" / "python").chmod(0o755)
