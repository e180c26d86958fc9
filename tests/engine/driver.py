"""Runs the real engine child through its protocol, as the runner does."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_dataflow_envs.domain.lock import Lock
from jupyter_dataflow_envs.engine.protocol import Answer, Caches, Job, Message, Mode, Sources

PATIENCE = 60.0


class Child:
    """One engine child; its messages arrive in a thread of this process."""

    def __init__(
        self, job: Job, answer: Answer | None, command: Sequence[str] = (), env: dict[str, str] | None = None
    ) -> None:
        said, say = os.pipe()
        self.process = subprocess.Popen(
            [*command, sys.executable, "-m", "jupyter_dataflow_envs.engine", str(say)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(say,),
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
        os.close(say)
        self.messages: list[Message] = []
        self._answer = answer
        self._changed = threading.Condition()
        self._over = False
        assert self.process.stdin is not None
        self._stdin = self.process.stdin
        self._reader = threading.Thread(target=self._read, args=(said,), daemon=True)
        self._reader.start()
        self._write(job.to_line())

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_stdin()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._reader.join()

    def _write(self, line: str) -> None:
        self._stdin.write(line.encode())
        self._stdin.flush()

    def close_stdin(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def _read(self, said: int) -> None:
        with os.fdopen(said, encoding="utf-8") as lines:
            for line in lines:
                message = json.loads(line)
                if message["type"] == "lock" and self._answer is not None:
                    self._write(json.dumps({"answer": self._answer.value}) + "\n")
                with self._changed:
                    self.messages.append(message)
                    self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Message], bool]) -> Message | None:
        """The first message that is wanted; None when the child ended without it."""

        def found() -> Message | None:
            return next((m for m in self.messages if wanted(m)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() or self._over, PATIENCE), "the engine is silent"
            return found()

    def wait_for_step(self, step: str) -> None:
        assert self.wait_for(lambda m: m["type"] == "step" and m["name"] == step), (
            f"{step} never came: {self.messages[-1:]}"
        )

    def printed(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read().decode()


@dataclass
class Run:
    """All that a finished child said."""

    messages: list[Message]
    printed: str

    @property
    def last(self) -> Message:
        return self.messages[-1]

    @property
    def result(self) -> Message:
        assert self.last["type"] == "result", f"{self.last}\n{self.log}\n{self.printed}"
        return self.last

    @property
    def failure(self) -> Message:
        assert self.last["type"] == "failure", f"it succeeded:\n{self.log}"
        return self.last

    @property
    def lock(self) -> Lock:
        return Lock.from_json(self.result["lock"])

    @property
    def asked(self) -> Message:
        """The one message that asks whether to install."""
        (message,) = self.of("lock")
        return message

    @property
    def log(self) -> str:
        return "\n".join(m["text"] for m in self.of("log"))

    @property
    def steps(self) -> list[str]:
        return [m["name"] for m in self.of("step")]

    def of(self, kind: str) -> list[Message]:
        return [m for m in self.messages if m["type"] == kind]

    def versions(self) -> dict[str, str]:
        return {p.name: p.version for p in self.lock.packages}


@dataclass
class Engine:
    """Starts children that share caches, each build with a prefix of its own."""

    root: Path
    sources: Sources
    python: str
    count: int = field(default=0)

    @property
    def caches(self) -> Caches:
        return Caches(*(str(self.root / "cache" / name) for name in ("packages", "repodata", "uv", "bytecode")))

    def prefix(self) -> Path:
        self.count += 1
        return self.root / "prefixes" / f"{self.count:012x}"

    def job(self, mode: Mode = Mode.BUILD, **more: Any) -> Job:
        given = {"prefix": str(self.prefix()), "title": "mlenv", "python_version": self.python, **more}
        return Job(mode=mode, **{"caches": self.caches, "sources": self.sources, **given})

    def start(self, job: Job, answer: Answer | None = Answer.INSTALL, **more: Any) -> Child:
        return Child(job, answer, **more)

    def run(self, job: Job, answer: Answer = Answer.INSTALL, **more: Any) -> Run:
        """Runs a child to its end; it has said how it ended."""
        with self.start(job, answer, **more) as child:
            child.wait_for(lambda m: m["type"] in ("result", "failure"))
            child.process.wait(PATIENCE)
            run = Run(child.messages, child.printed())
        if run.last["type"] == "failure" and job.prefix:
            shutil.rmtree(job.prefix, ignore_errors=True)  # as the runner does
        return run

    def build(self, *conda: str, pip: Sequence[str] = (), **more: Any) -> Run:
        return self.run(self.job(conda=conda, pip=tuple(pip), **more))


def members(group: int) -> list[str]:
    """The command lines of a process group's living processes."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, _, pgrp = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def eventually(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.01)
    return True
