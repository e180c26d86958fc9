"""A real Dask scheduler and real workers, in processes of their own on loopback: to use, to kill, to suspend."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.live import free_port, wait_until

QUIET = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__BOKEH_APPLICATION__CHECK_UNUSED_SESSIONS_MILLISECONDS": "60000",
}


@dataclass
class Worker:
    """One worker with room for one build."""

    name: str
    process: subprocess.Popen[bytes]
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def is_up(self) -> bool:
        return self.process.poll() is None


@dataclass
class DaskCluster:
    """`folder`: for logs and the workers' own files. `more`: arguments for scheduler and workers. `command` stands
    before each process' own, such as what starts it as somebody else."""

    folder: Path
    more: tuple[str, ...] = ()
    command: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    workers: dict[str, Worker] = field(default_factory=dict)
    scheduler: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{'tls' if self.more else 'tcp'}://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        self.scheduler = self._start(
            "scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", *self.more
        )
        wait_until(self._answers, "the scheduler")

    def start_worker(self, name: str, *more: str, resource: bool = True) -> Worker:
        process = self._start(
            name,
            "worker",
            self.address,
            *("--host", "127.0.0.1", "--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
            *("--memory-limit", "0", "--local-directory", str(self.folder)),
            *(("--resources", "dataflow-build=1") if resource else ()),
            *self.more,
            *more,
        )
        worker = self.workers[name] = Worker(name, process, self.folder / f"{name}.log")
        return worker

    def wait_joined(self, *names: str) -> None:
        """Whoever starts one can do so while the others come up."""
        for name in names:
            worker = self.workers[name]
            wait_until(lambda w=worker: "Registered to" in w.log, f"worker {name}")

    def whole(self) -> None:
        """A scheduler and the workers a and b, whatever a test has done to them."""
        if self.scheduler is None or self.scheduler.poll() is not None:
            if self.scheduler is not None:
                self.scheduler.wait()
            self.start_scheduler()
        fresh = [n for n in ("a", "b") if n not in self.workers or not self.workers[n].is_up()]
        for name in fresh:
            if name in self.workers:
                self.workers[name].process.wait()
            self.start_worker(name)
        self.wait_joined(*fresh)

    def holder(self, address_in_log: str) -> Worker:
        """The worker that an attempt's log names: `Building on worker tcp://…`."""
        address = address_in_log.rpartition("Building on worker ")[2].split(",")[0]
        return next(w for w in self.workers.values() if address in w.log)

    def stop(self) -> None:
        started = [w.process for w in self.workers.values()] + ([self.scheduler] if self.scheduler else [])
        for process in started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    def _answers(self) -> bool:
        assert self.scheduler is not None
        assert self.scheduler.poll() is None, (self.folder / "scheduler.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [*self.command, sys.executable, "-m", "dask", *arguments],
                env={**os.environ, **QUIET, "DASK_TEMPORARY_DIRECTORY": str(self.folder)},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@contextmanager
def dask_cluster(folder: Path, *more: str) -> Iterator[DaskCluster]:
    folder.mkdir(parents=True, exist_ok=True)
    cluster = DaskCluster(folder, more)
    try:
        yield cluster
    finally:
        cluster.stop()
