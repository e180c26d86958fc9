"""Packages added to a prefix that somebody else keeps: nothing else of it is touched."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from ..domain.errors import EngineError
from ..domain.version import Step
from .messages import Messages
from .processes import run
from .protocol import Job
from .uv import uv_binary, uv_environment, uv_fault

_MANAGED = "is externally managed"


def add(job: Job, messages: Messages) -> None:
    """Installs the job's pip requirements with uv, by copies. Ends with a `result` said, without a lock.

    Raises:
        EngineError: the interpreter does not run or forbids installs, an index out of reach, no permission.
    """
    messages.step(Step.PIP)
    started = time.monotonic()
    messages.log(f"Installing {', '.join(job.pip)} into {job.prefix}")
    python = Path(job.prefix) / "bin" / "python"
    with tempfile.TemporaryDirectory(prefix="dataflow-") as work:
        done = run(
            [uv_binary(), "pip", "install", "--python", str(python), "--", *job.pip],
            env=uv_environment(job),
            cwd=Path(work),
        )
    if done.code:
        if _MANAGED in done.err:
            raise EngineError(
                f"the Python in {job.prefix} belongs to another tool, which forbids installs into it: make a virtual "
                "environment of it and use that, or copy what you need to a Dataflow environment",
                done.err,
            )
        sources = job.sources
        indexes = [url for url in (sources.pip_index_url, *sources.pip_extra_index_urls) if url]
        raise uv_fault(done.err, indexes, Path(job.caches.uv), Path(job.prefix))
    messages.log("\n".join(line for line in done.err.splitlines() if line.strip()))
    messages.log(f"Installed in {time.monotonic() - started:.2f} s")
    messages.result(None)
