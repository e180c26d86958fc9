"""A build, or what is done with a Local environment, watched from the terminal: its log above, how far it is below."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..client.errors import ServerUnreachable
from ..domain.errors import DataflowError
from .output import Lines, cell, clean, is_terminal, print_line
from .quantities import duration, size

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from ..client.log import LogStream
    from ..models import LocalAnswer, ProgressAnswer, VersionAnswer
    from .session import Session

T = TypeVar("T")

LOOK_SECONDS = 0.25
"""How often phase and progress are asked for."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How far it is: the phase in words, empty where there is none, and its progress."""

    phase: str
    progress: ProgressAnswer | None


class View(Protocol):
    """What shows a log and how far it is."""

    def __enter__(self) -> View: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def log(self, text: str) -> None: ...

    def stage(self, stage: Stage) -> None: ...

    def ended(self, success: str | None) -> None: ...


def follow_build(session: Session, short_name: str, number: int, attempt: int) -> VersionAnswer:
    """Show the build until it has ended, and return its version."""
    client = session.client

    def look() -> Stage:
        environment = client.environment(short_name)
        if environment["queue_position"]:
            return Stage(f"queued, place {environment['queue_position']}", environment["progress"])
        return Stage(cell(environment["phase"]), environment["progress"])

    def end() -> tuple[VersionAnswer, str | None]:
        version = client.wait(short_name)
        return version, _success(short_name, version) if version["outcome"] == "succeeded" else None

    return _follow(session, client.follow_log(short_name, number, attempt=attempt), look, end)


def follow_local(session: Session, id: str) -> tuple[LocalAnswer, bool]:
    """Show what is done with a Local environment until it has ended; return the environment, and if it went well."""
    client = session.client
    stream = client.follow_local_log(id)

    def look() -> Stage:
        environment = client.local_environment(id)
        return Stage(cell(environment["phase"]), environment["progress"])

    def end() -> tuple[tuple[LocalAnswer, bool], str | None]:
        environment, well = client.wait_local(id), stream.outcome == "succeeded"
        return (environment, well), _local_success(environment) if well else None

    return _follow(session, stream, look, end)


def _follow(
    session: Session, stream: LogStream, look: Callable[[], Stage], end: Callable[[], tuple[T, str | None]]
) -> T:
    """`end` gives what came of it and, if it went well, the words for that."""
    heard: queue.Queue[str | DataflowError | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(stream, heard), daemon=True)
    reader.start()
    looked = 0.0
    try:
        with _view(session) as view:
            while True:
                try:
                    item = heard.get(timeout=LOOK_SECONDS / 2)
                except queue.Empty:
                    item = ""
                if item is None:
                    break
                if isinstance(item, DataflowError):
                    raise item
                view.log(item)
                if time.monotonic() - looked >= LOOK_SECONDS:
                    looked = time.monotonic()
                    # Where the server is away, the log's reader says so if it lasts.
                    with suppress(ServerUnreachable):
                        view.stage(look())
            found, success = end()
            view.ended(success)
            return found
    finally:
        stream.close()


def _read(stream: LogStream, heard: queue.Queue[str | DataflowError | None]) -> None:
    try:
        for text in stream:
            heard.put(text)
        heard.put(None)
    except DataflowError as error:
        heard.put(error)


def _view(session: Session) -> View:
    if session.as_json:
        return Silent()
    return Bars() if is_terminal() else Plain()


class Silent:
    """Shows nothing: the answer is what a program wants."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def log(self, text: str) -> None: ...

    def stage(self, stage: Stage) -> None: ...

    def ended(self, success: str | None) -> None: ...


class Plain(Silent):
    """Lines only, for files and pipes: the log, and a line for each phase."""

    def __init__(self) -> None:
        self._lines = Lines(colours=False)
        self._phase = ""

    def __enter__(self) -> Plain:
        return self

    def log(self, text: str) -> None:
        for line in self._lines.feed(text):
            print_line(line)

    def stage(self, stage: Stage) -> None:
        if (phase := stage.phase) and phase != self._phase:
            self._phase = phase
            print_line(f"[{phase}]")

    def ended(self, success: str | None) -> None:
        for line in self._lines.end():
            print_line(line)
        if success is not None:
            print_line(success)


class Bars:
    """For a terminal: the log runs above a bar that shows the phase, its packages and bytes."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        from .output import console

        self._lines = Lines(colours=True)
        self._phase = ""
        self._progress: Progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[amount]}", markup=False),
            TimeElapsedColumn(),
            console=console(),
            transient=True,
        )
        self._task: TaskID = self._progress.add_task("waiting", total=None, amount="")

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def log(self, text: str) -> None:
        self._print(self._lines.feed(text))

    def stage(self, stage: Stage) -> None:
        if (phase := stage.phase) and phase != self._phase:
            self._phase = phase
            self._progress.reset(self._task, description=phase, total=None, amount="")
        if (progress := stage.progress) is not None:
            done, total = _bar(progress)
            self._progress.update(self._task, completed=done, total=total or None, amount=_amount(progress))

    def ended(self, success: str | None) -> None:
        self._print(self._lines.end())
        if success is not None:
            self._print([success])

    def _print(self, lines: list[str]) -> None:
        from rich.text import Text

        for line in lines:
            self._progress.console.print(Text.from_ansi(line), soft_wrap=True)


def _bar(progress: ProgressAnswer) -> tuple[int, int]:
    if progress["bytes_total"]:
        return progress["bytes_done"], progress["bytes_total"]
    return progress["packages_done"], progress["packages_total"]


def _amount(progress: ProgressAnswer) -> str:
    parts = []
    if progress["packages_total"]:
        parts.append(f"{progress['packages_done']}/{progress['packages_total']} packages")
    if progress["bytes_total"]:
        parts.append(f"{size(progress['bytes_done'])}/{size(progress['bytes_total'])}")
    return ", ".join(parts)


def _success(short_name: str, version: VersionAnswer) -> str:
    steps = ", ".join(f"{cell(s['name'])} {duration(s['duration'])}" for s in version["phases"])
    name = cell(short_name)
    return clean(
        f"Version {version['number']} of {name} is built: {len(version['packages'])} packages, "
        f"{size(version['size'])}, in {duration(version['duration'])}"
        + (f" ({steps})." if steps else ".")
        + f"\nUse it in notebooks: jupyter dataflow-envs activate {name}"
    )


def _local_success(local: LocalAnswer) -> str:
    kernel, name = local["kernel"], cell(local["name"])
    use = f"Kernel {cell(kernel['name'])} can be started now." if kernel else "It has no kernel."
    return clean(f"{name} is ready: Python {cell(local['python_version'])}, {local['package_count']} packages.\n{use}")
