"""Runs one engine child: what the service tells it and hears from it, and its certain end."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

import psutil

from ..engine.protocol import Answer, Job, Message
from .account import BuildAccount

TERM_SECONDS = 0.3
"""How long a process group has after SIGTERM."""

NICENESS = 10
"""Of engine children: a service that answers people comes before its builds. An idle machine gives them all it has."""

GROUP_SECONDS = 5.0
"""How long to wait for a killed group to be gone."""

LINE_LIMIT = 64 * 1024
"""Bytes of a line of output that are waited for; a longer one is broken."""

KEPT_NAMES = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "NETRC", "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
}  # fmt: skip
KEPT_PREFIXES = ("LC_", "UV_", "PIP_", "RATTLER_", "CONDA_OVERRIDE_", "SSL_", "XDG_")


class Listener(Protocol):
    """Hears what a run says; called in the thread that runs it."""

    def started(self, process: dict[str, Any]) -> None:
        """The process group exists; `process` is what `end_leftover` needs."""

    def heard(self, message: Message) -> Answer | None:
        """Every message; the answer to a `lock`."""

    def printed(self, text: str) -> None:
        """What the child or something it started wrote to its standard output or error."""


class RunLost(Exception):
    """What ran the job is gone, or may be running it still without being heard: the attempt needs another run.

    `counted`: whether the job itself may have caused it, so that it must not go on like this for ever.
    """

    def __init__(self, words: str, *, counted: bool) -> None:
        super().__init__(words)
        self.counted = counted


class Runner(Protocol):
    """Runs jobs somewhere."""

    interruptions: int = 1
    """How often a build may break off, by no fault that it could tell, and be taken up again."""

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        """The last message (`result` or `failure`), or None when there was none. Raises RunLost."""

    def end_leftover(self, process: Mapping[str, Any]) -> None:
        """End what a dead service's run left behind, by what its listener was told when it `started`."""
        if "group" in process:
            end_leftover(process)

    def close(self) -> None:
        """Nothing runs any more: give back what was held for runs."""
        return


def build_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What an engine child may know of this process' environment: no credentials of server, hub or database."""
    return {
        name: value for name, value in environ.items() if name.upper() in KEPT_NAMES or name.startswith(KEPT_PREFIXES)
    }


class LocalRunner(Runner):
    """Runs engine children on this machine, each with a process group of its own."""

    def __init__(self, folder: Path, account: BuildAccount | None = None) -> None:
        """`account`: other than this process', under which they run."""
        self._folder = folder
        self._account = account

    def run(self, job: Job, listener: Listener, stop: threading.Event) -> Message | None:
        """Blocks until the child has ended and nothing of its group is left. `stop` ends it early."""
        said, say = os.pipe()
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", "jupyter_dataflow_envs.engine", str(say)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(say,),
                start_new_session=True,
                cwd=self._folder,
                **self._identity(),
            )
        except BaseException:
            os.close(said)
            raise
        finally:
            os.close(say)
        try:
            with suppress(ProcessLookupError, PermissionError):
                os.setpriority(os.PRIO_PGRP, child.pid, NICENESS)
            listener.started(describe(child.pid))
            return _Conversation(child, said, listener, stop).hold(job)
        finally:
            end_group(child)
            os.close(said)
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    _close(pipe)

    def _identity(self) -> dict[str, Any]:
        environment = build_environment(os.environ)
        if self._account is None:
            return {"env": environment}
        return {
            # Folders that only its own person can use are no use to another account.
            "env": {n: v for n, v in environment.items() if not n.startswith("XDG_")} | self._account.environment(),
            "user": self._account.uid,
            "group": self._account.gid,
            "extra_groups": [],
            "umask": 0o022,
        }


class _Conversation:
    def __init__(self, child: subprocess.Popen[bytes], said: int, listener: Listener, stop: threading.Event) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self._stdin = child.stdin
        self._stdout = child.stdout.fileno()
        self._said = said
        self._listener = listener
        self._stop = stop
        self._lines = {self._said: b"", self._stdout: b""}

    def hold(self, job: Job) -> Message | None:
        """Tell the job; listen until the last message, the child's end, or `stop`."""
        self._tell(job.to_line())
        with selectors.DefaultSelector() as selector:
            for descriptor in self._lines:
                os.set_blocking(descriptor, False)
                selector.register(descriptor, selectors.EVENT_READ)
            while not self._stop.is_set():
                # Only the stop event can't be selected on; 50 ms are what a cancel may wait for it.
                for key, _ in selector.select(0.05):
                    descriptor = key.fd
                    data = os.read(descriptor, 1 << 16)
                    if not data and descriptor == self._said:
                        self._print_rest()
                        return None
                    if not data:
                        selector.unregister(descriptor)
                        continue
                    last = self._take(descriptor, data)
                    if last is not None:
                        self._print_rest()
                        return last
        return None

    def _take(self, descriptor: int, data: bytes) -> Message | None:
        *lines, self._lines[descriptor] = (self._lines[descriptor] + data).split(b"\n")
        if descriptor == self._stdout:
            if len(self._lines[descriptor]) > LINE_LIMIT:
                lines.append(self._lines[descriptor])
                self._lines[descriptor] = b""
            if lines:
                self._listener.printed(b"\n".join(lines).decode("utf-8", "replace"))
            return None
        for line in lines:
            message: Message = json.loads(line)
            answer = self._listener.heard(message)
            if answer is not None:
                self._tell(json.dumps({"answer": answer.value}) + "\n")
            if message["type"] in ("result", "failure"):
                return message
        return None

    def _tell(self, line: str) -> None:
        try:
            self._stdin.write(line.encode())
            self._stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: the message descriptor's end says so next

    def _print_rest(self) -> None:
        try:
            data = self._lines[self._stdout] + os.read(self._stdout, 1 << 20)
        except BlockingIOError:
            data = self._lines[self._stdout]
        if data.strip():
            self._listener.printed(data.decode("utf-8", "replace"))


def describe(pid: int) -> dict[str, Any]:
    """What names a process group beyond its number, which comes round again."""
    return {"group": pid, "started": _started(pid), "host": socket.gethostname()}


def end_leftover(process: Mapping[str, Any]) -> None:
    """End the group that a dead server left behind, if it is still the same one."""
    if process["host"] == socket.gethostname() and _started(process["group"]) == process["started"]:
        _signal(process["group"], signal.SIGKILL)
        _wait_gone(process["group"])


def end_group(child: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL, until no process of the child's group is left."""
    if child.poll() is None:
        _signal(child.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(TERM_SECONDS)
    _signal(child.pid, signal.SIGKILL)
    child.wait()
    _wait_gone(child.pid)


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        os.killpg(group, number)


def _wait_gone(group: int) -> None:
    deadline = time.monotonic() + GROUP_SECONDS
    while _has_members(group) and time.monotonic() < deadline:
        time.sleep(0.005)


def _has_members(group: int) -> bool:
    """Zombies don't count: they run nothing, and who should reap them is not ours to wait for."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
        except (psutil.Error, ProcessLookupError):
            continue
    return False


def _started(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # what was not read by the child is of no use any more
        pipe.close()
