"""One build, in the order of its steps."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.errors import EngineError
from ..domain.lock import Lock, LockedPackage
from ..domain.version import Step
from .held import Held
from .messages import Messages
from .protocol import Answer, Job, Mode

if TYPE_CHECKING:
    from rattler import RepoDataRecord

    from .bytecode import BytecodeStore, Tally
    from .conda import Conda
    from .pip import Pip

WORK = ".building"
"""Folder in the prefix for what the build itself needs; removed before the prefix is closed."""


class Build:
    """Takes a job of mode BUILD, INSTALL or PREVIEW to its result.

    What does not wait for one another runs side by side: the conda packages' bytecode beside the pip part's
    resolution, the sealing and the check of requirements beside the start of the kernel that verifies.
    """

    def __init__(self, job: Job, messages: Messages, answer: Callable[[], Answer]) -> None:
        self._job = job
        self._messages = messages
        self._answer = answer
        self._held = Held.of(job)
        self._prefix = Path(job.prefix)
        self._work = self._prefix / WORK
        self._beside = ThreadPoolExecutor(4, "beside")

    def run(self) -> None:
        """Ends with a `result` said.

        Raises:
            EngineError: the build can't go on.
        """
        self._messages.step(Step.SOLVING)
        from .conda import Conda

        conda = Conda(self._job, self._messages, self._held)
        if self._job.mode is Mode.PREVIEW:
            self._preview(conda)
            return
        records, lock, specs = self._planned(conda)
        asked = None
        if self._knows_all():
            asked = self._ask(lock)
            if asked is Answer.REUSE:
                self._messages.result(lock)
                return
        self._install(conda, records, lock, specs, asked=asked is not None)

    def _planned(self, conda: Conda) -> tuple[list[RepoDataRecord], Lock, list[str]]:
        """The conda packages, and the lock as far as it is known: without the pip part, or all of it for INSTALL."""
        job = self._job
        if job.mode is Mode.INSTALL:
            if job.lock is None:
                raise EngineError("there is no lock to install from")
            self._check(job.lock.packages, complete=True)
            self._messages.log(f"Installing {len(job.lock.packages)} packages from the lock, without a solve")
            return conda.records(job.lock), job.lock, []
        wants_pip = self._wants_pip()  # what contradicts the held pip packages is refused before the solve
        specs = conda.specs()
        started = time.monotonic()
        self._messages.log(
            f"Solving {', '.join(specs) or 'nothing more'} with channels {', '.join(job.sources.channels)}"
        )
        if self._held:
            base = f", {len(self._held.base)} of them of the base {job.base_title}".rstrip() if self._held.base else ""
            self._messages.log(f"Holding on to {len(self._held.packages)} packages{base}")
        records = conda.solve()
        lock = conda.lock(records)
        self._messages.log(f"Solved {len(records)} packages in {_since(started)}")
        self._check(lock.packages, complete=not wants_pip)
        return records, lock, specs

    def _knows_all(self) -> bool:
        return self._job.mode is Mode.INSTALL or not self._wants_pip()

    def _wants_pip(self) -> bool:
        return bool(self._held.lacking(self._job.pip))

    def _ask(self, lock: Lock) -> Answer:
        self._check(lock.packages, complete=True)
        self._messages.lock(lock, lock.prefix_key(run_link_scripts=self._job.run_link_scripts))
        answer = self._answer()
        if answer is Answer.REUSE:
            self._messages.log("These packages are installed already, with the same hashes: that prefix is taken")
        return answer

    def _check(self, packages: Sequence[LockedPackage], *, complete: bool) -> None:
        violations = self._job.policy.check_resolved(packages, complete=complete)
        if violations:
            lines = [str(v) for v in violations]
            raise EngineError(f"the deployment's policy does not allow {lines[0]}", "\n".join(lines))

    def _install(
        self, conda: Conda, records: Sequence[RepoDataRecord], lock: Lock, specs: Sequence[str], *, asked: bool
    ) -> None:
        from .records import site_packages

        self._work.mkdir(parents=True, mode=0o700)
        site = site_packages(records)
        self._beside.submit(_warm_up)
        self._link(conda, records, specs)
        from .bytecode import BytecodeStore
        from .pip import Pip

        pip = Pip(self._job, self._prefix, site, self._work, self._messages, self._held)
        library, writable = site.rsplit("/", 1)[0], self._job.writable
        store = BytecodeStore(Path(self._job.caches.bytecode), self._prefix, library, writable=writable)
        compiled = self._beside.submit(self._compile_conda, store, lock)
        broken = self._beside.submit(pip.check)
        if self._held.pip:
            broken.result()  # what conda left broken must be seen before pip adds to it
            self._install_held(pip)
        if not self._knows_all():
            self._messages.step(Step.PIP)
            lock = replace(lock, packages=(*lock.packages, *self._resolve(pip, lock.platform)))
        if not asked and self._ask(lock) is Answer.REUSE:
            compiled.result()
            self._messages.result(lock)
            return
        added = [p for p in lock.packages if p.manager == "pip"]
        new = [p for p in added if p not in self._held.pip]
        if new:
            broken.result()
            self._install_pip(pip, new)
        self._messages.step(Step.COMPILING)
        tally = compiled.result()
        if added:
            tally += store.link([_pip_compilable(store, pip, p) for p in added])
        self._messages.log(f"Bytecode: {tally.linked:,} files linked, {tally.compiled:,} compiled")
        lock = replace(lock, packages=pip.described(lock.packages))
        self._finish(pip, lock, site, broken.result(), checks=bool(added))

    def _link(self, conda: Conda, records: Sequence[RepoDataRecord], specs: Sequence[str]) -> None:
        started = time.monotonic()
        conda.install(records, self._prefix, specs)
        self._messages.log(f"Linked {len(records)} packages in {_since(started)}")

    def _compile_conda(self, store: BytecodeStore, lock: Lock) -> Tally:
        from .bytecode import Compilable, conda_sources

        folder = self._prefix / "conda-meta"
        return store.link(
            [
                Compilable(p.sha256, partial(conda_sources, store, folder / f"{p.name}-{p.version}-{p.build}.json"))
                for p in lock.packages
                if p.manager == "conda"
            ]
        )

    def _resolve(self, pip: Pip, platform: str) -> tuple[LockedPackage, ...]:
        started = time.monotonic()
        packages = pip.resolve(platform)
        names = ", ".join(f"{p.name} {p.version}{' (from source)' if p.source_build else ''}" for p in packages)
        self._messages.log(f"pip: resolved in {_since(started)}: {names or 'conda installed all of it'}")
        return packages

    def _install_held(self, pip: Pip) -> None:
        """Before anything is resolved for pip: it then finds these there, like conda's, and leaves them alone."""
        pip.check_held()
        self._install_pip(pip, self._held.pip)

    def _install_pip(self, pip: Pip, packages: Sequence[LockedPackage]) -> None:
        self._messages.step(Step.PIP)
        started = time.monotonic()
        pip.install(packages)
        self._messages.progress((len(packages), len(packages)), last=True)
        self._messages.log(f"pip: installed {len(packages)} packages in {_since(started)}")

    def _finish(self, pip: Pip, lock: Lock, site: str, broken: frozenset[str], *, checks: bool) -> None:
        """Seals, or makes writable what is somebody's own, and verifies, side by side."""
        from .seal import close, forbid_installs, make_read_only, make_writable
        from .verify import verify_kernel, verify_python

        writable = self._job.writable
        self._messages.step(Step.SEALING)
        if not writable:
            forbid_installs((self._prefix / site).parent, self._job.title)
        self._messages.step(Step.VERIFYING)
        extent = self._beside.submit(make_writable if writable else make_read_only, self._prefix, self._work)
        still: Future[frozenset[str]] | None = self._beside.submit(pip.check) if checks else None
        if writable and self._job.mode is Mode.INSTALL:
            # The very same files were verified when this lock was made: a copy need not start a kernel once more.
            verify_python(self._prefix, self._work)
        else:
            kernel = verify_kernel(self._prefix, self._work, self._job.title)
            self._messages.log(f"Verified: {kernel.banner or 'kernel'} answered after {kernel.duration:.2f} s")
        new = (still.result() if still else broken) - broken
        if new:
            raise EngineError(f"the pip libraries break what is installed: {sorted(new)[0]}", "\n".join(sorted(new)))
        for line in sorted(broken):
            self._messages.log(f"Warning: {line}")
        size = extent.result()
        shutil.rmtree(self._work)
        if not writable:
            close(self._prefix)
        done = "Done" if writable else "Sealed"
        kind = "writable copies" if writable else "read-only"
        self._messages.log(f"{done}: {size.files:,} files, {size.size / 1e6:.0f} MB, {kind}")
        self._messages.result(
            lock, size=size.size, files=size.files, packages=len(lock.packages), warnings=sorted(broken)
        )

    def _preview(self, conda: Conda) -> None:
        records, lock, specs = self._planned(conda)
        cached = conda.cached(records)
        pip: tuple[LockedPackage, ...] = ()
        if self._wants_pip():
            if all(cached):
                pip = self._preview_pip(conda, records, lock, specs)
            else:
                self._messages.log("The pip libraries are resolved during the build, when the conda packages are there")
        size = sum(r.size or 0 for r, here in zip(records, cached, strict=True) if not here)
        self._messages.result(
            replace(lock, packages=(*lock.packages, *pip)),
            packages=len(lock.packages) + len(pip),
            download_size=size + sum(p.size or 0 for p in pip),
            pip_resolved=all(cached) or not self._wants_pip(),
        )

    def _preview_pip(
        self, conda: Conda, records: Sequence[RepoDataRecord], lock: Lock, specs: Sequence[str]
    ) -> tuple[LockedPackage, ...]:
        """Resolves the pip part against a prefix that exists only for this."""
        from .pip import Pip
        from .records import site_packages

        self._work.mkdir(parents=True, mode=0o700)
        try:
            site = site_packages(records)
            self._link(conda, records, specs)
            pip = Pip(self._job, self._prefix, site, self._work, self._messages, self._held)
            if self._held.pip:
                self._install_held(pip)
            self._messages.step(Step.PIP)
            return self._resolve(pip, lock.platform)
        finally:
            shutil.rmtree(self._prefix, ignore_errors=True)


def _pip_compilable(store: BytecodeStore, pip: Pip, package: LockedPackage) -> Any:
    from .bytecode import Compilable, Sources

    def sources() -> Sources:
        return Sources([path for path in pip.sources(package) if store.wanted(path)])

    return Compilable("" if package.source_build else package.sha256, sources)


def _warm_up() -> None:
    """Imports what comes later while rattler's own threads link."""
    import zmq  # noqa: F401

    from . import bytecode, pip, seal, verify  # noqa: F401


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.2f} s"
