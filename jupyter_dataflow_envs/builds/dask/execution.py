"""One execution of a task on a worker: waits to be claimed, builds, and never goes on unseen."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...engine.faults import explain
from ...engine.protocol import Answer, Job, Message
from ...store.root import Root
from ..packing import with_image
from ..prefix_folders import PrefixFolders
from ..runner import LocalRunner
from .exchange import ENDED, RUNNING, TOKEN_FILE, WAITING, Claim
from .journal import Journal

LOOK_SECONDS = 0.1
"""Between two looks whether the service is still heard."""


_NOWHERE = (
    "the build worker on {host} does not see the service's folder {root}, so that what it builds would reach nobody: "
    "share the folder with the workers, or set image_store (docs/deploy/dask.md)"
)


class Execution:
    """Draws an id of its own: Dask may run the same task twice, and only one of them is claimed.

    `live` belongs to the task's thread; what the service asks comes in other threads. `leaving`: whether the worker is
    about to go.
    """

    def __init__(self, run: str, folder: Path, lost_seconds: float, leaving: Callable[[], bool]) -> None:
        self.run = run
        self.id = uuid.uuid4().hex
        self.state = WAITING
        self.journal: Journal | None = None
        self._folder = folder
        self._lost_seconds = lost_seconds
        self._leaving = leaving
        self._heard_at = time.monotonic()
        self._stop = threading.Event()
        self._done = threading.Event()
        self._claimed = threading.Event()
        self._claim: Claim | None = None
        self._claiming = threading.Lock()
        self._unwanted = False
        self._answers: list[str] = []

    def attend(self) -> None:
        """The service was heard."""
        self._heard_at = time.monotonic()

    def claim(self, claim: Claim) -> None:
        """Build this; nothing when it was claimed or ended before."""
        with self._claiming:
            if self._claim is None and self.state == WAITING and not self._stop.is_set():
                self.journal = Journal(self._folder / f"dataflow-build-{self.id}.jsonl", claim.max_log_bytes)
                self._claim = claim
                self.state = RUNNING
                self._claimed.set()

    def answer(self, answers: list[str]) -> None:
        self._answers = answers

    def end(self) -> None:
        """Its result is not wanted, even if there is one."""
        self._unwanted = True
        self._break_off()

    def _break_off(self) -> None:
        self._stop.set()
        self._claimed.set()

    def has_more(self, offset: int) -> bool:
        """Whether there is something in the journal after the offset."""
        return self.journal is not None and self.journal.has_more(offset)

    def dismiss(self) -> None:
        """Everything was read."""
        self._done.set()

    def live(self) -> None:
        """From the begin of the task to its end; when this returns nothing of it runs any more."""
        watch = threading.Thread(target=self._watch, name=f"dataflow-build {self.id}", daemon=True)
        watch.start()
        self._claimed.wait()
        with self._claiming:
            claim = self._claim
            if claim is None:
                self.state = ENDED
        try:
            if claim is not None and self.journal is not None:
                self._build(claim, self.journal)
                # The service reads on, for as long as it would have been waited for. Only if it says so its prefix
                # goes: it may have taken the result, and only its thanks were lost.
                while not self._done.wait(LOOK_SECONDS) and not self._abandoned() and not self._unwanted:
                    pass
                if self._unwanted:
                    folders, prefix = _place(Job.from_line(claim.job))
                    folders.remove(prefix)
        finally:
            self.state = ENDED
            self._done.set()
            watch.join()
            if self.journal is not None:
                self.journal.remove()

    def _watch(self) -> None:
        while not self._done.is_set() and not self._stop.is_set():
            if self._abandoned():
                self._break_off()
            elif self.state == ENDED:
                return
            self._stop.wait(LOOK_SECONDS)

    def _abandoned(self) -> bool:
        return time.monotonic() - self._heard_at > self._lost_seconds or self._leaving()

    def _build(self, claim: Claim, journal: Journal) -> None:
        job = Job.from_line(claim.job)
        root = Root(Path(claim.root))
        shared = _is_shared(root, claim.token)
        scribe = _Scribe(journal, self._answered)
        last: Message | None = None
        try:
            if shared or claim.image_url is not None:
                _make_folders(root)
                last = self._built(job, claim, scribe)
            else:
                reason = _NOWHERE.format(root=root.path, host=socket.gethostname())
                last = {"type": "failure", "reason": reason, "steps": []}
        except OSError as error:
            last = {"type": "failure", "reason": _reason(error, root.path), "steps": []}
        finally:
            folders, prefix = _place(job)
            # On a disk of the worker's own the image is all that anybody will use.
            good = last is not None and last["type"] == "result" and not scribe.reused and not self._stop.is_set()
            wanted = good and shared
            if not wanted:
                folders.set_aside(prefix)
            if last is None and self._stop.is_set():
                journal.break_off()
            else:
                journal.end(last)
            self.state = ENDED
            if not wanted:
                folders.remove(prefix)

    def _built(self, job: Job, claim: Claim, scribe: _Scribe) -> Message | None:
        """What the engine said last, with the image of what it built."""
        last = LocalRunner(Path(claim.root)).run(job, scribe, self._stop)
        if last is None or last["type"] != "result" or claim.image_url is None or scribe.reused:
            return last
        prefix = Path(job.prefix)
        last = with_image(last, claim.image_url, prefix, say=scribe.printed, stop=self._stop.is_set)
        return {"image": None, **last}  # None: there can't be one, and nobody is to try again

    def _answered(self, question: int) -> Answer | None:
        """None: it is to end."""
        while len(self._answers) <= question:
            if self._stop.wait(0.01):
                return None
        return Answer(self._answers[question])


class _Scribe:
    """The listener on the worker: writes all down, and lets the service answer."""

    def __init__(self, journal: Journal, answered: Callable[[int], Answer | None]) -> None:
        self.reused = False
        self._journal = journal
        self._answered = answered
        self._questions = 0

    def started(self, process: dict[str, Any]) -> None:
        return

    def printed(self, text: str) -> None:
        self._journal.printed(text)

    def heard(self, message: Message) -> Answer | None:
        if message["type"] in ("result", "failure"):
            return None  # said as the last line, when nothing runs any more
        self._journal.heard(message)
        if message["type"] != "lock":
            return None
        answer = self._answered(self._questions)
        self._questions += 1
        self.reused = answer is Answer.REUSE
        return answer


def _place(job: Job) -> tuple[PrefixFolders, str]:
    prefix = Path(job.prefix)
    return PrefixFolders(prefix.parent), prefix.name


def _is_shared(root: Root, token: str) -> bool:
    try:
        return (root.path / TOKEN_FILE).read_text() == token
    except OSError:
        return False


def _make_folders(root: Root) -> None:
    """As the service makes them, on a disk of the worker's own; on a shared one they are there."""
    if not root.path.exists():
        root.create()
    for folder in (root.prefixes, root.removed):
        folder.mkdir(exist_ok=True)


def _reason(error: OSError, root: Path) -> str:
    known = explain(error, root)
    return known.reason if known is not None else f"The build could not go on at its worker: {error}."
