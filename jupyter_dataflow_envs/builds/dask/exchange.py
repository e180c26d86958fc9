"""What the service and an execution on a worker say to each other: JSON texts, of which Dask sees nothing.

The service asks (`Request`), by running a function in the worker; the worker never calls. A request may come twice.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

RESOURCE = "dataflow-build"
"""What a worker must offer; a build takes one of it."""

TOKEN_FILE = "dask-token"
"""In the deployment's folder: a worker that reads there what it was told has the service's disk, not one of its own."""

WAITING, RUNNING, ENDED = "waiting", "running", "ended"
"""States of an execution: not claimed yet; its engine may be running; nothing of it runs any more."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What turns a task that waits into a build. It is not among the task's arguments, which the scheduler keeps and
    would give to another worker: a task that Dask runs again can do nothing."""

    job: str
    """A line as `Job.to_line` makes it."""
    root: str
    """The deployment's folder, the same path on all machines."""
    max_log_bytes: int
    token: str
    """Stands in the file `TOKEN_FILE` of the service's folder."""
    image_url: str | None = None
    """Where what was built is put as an image, by the worker and with the worker's credentials."""


@dataclass(frozen=True, slots=True)
class Request:
    """`execution` None: only asks which executions of the run there are (or ends them all)."""

    run: str
    execution: str | None = None
    offset: int = 0
    """Of the journal, in bytes: what the service has not got yet."""
    wait: float = 0.0
    """Seconds the answer may take while there is nothing new."""
    claim: Claim | None = None
    answers: list[str] = field(default_factory=list)
    """To all questions so far, in their order."""
    end: bool = False
    """Leave nothing running, nothing of the prefix; answered when it is so."""
    done: bool = False
    """Everything is read: the task may return."""

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Request:
        data = json.loads(text)
        return cls(**{**data, "claim": Claim(**data["claim"]) if data["claim"] else None})


@dataclass(frozen=True, slots=True)
class Reply:
    """`state` None: the worker knows of no such execution."""

    version: str
    """Of this package, as it is installed on the worker."""
    host: str
    executions: list[str] = field(default_factory=list)
    """All of the run that wait to be claimed."""
    state: str | None = None
    journal: str = ""
    """Whole lines from the offset on."""
    offset: int = 0
    """After them."""
    error: str = ""

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Reply:
        data: dict[str, Any] = json.loads(text)
        # A worker of another release may say more; its version is what matters then.
        return cls(**{name: value for name, value in data.items() if name in cls.__slots__})
