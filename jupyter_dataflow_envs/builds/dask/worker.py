"""What Dask runs in a worker: the task that holds a place for a build, and the service's requests to it."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from ..._version import __version__
from .exchange import ENDED, WAITING, Reply, Request
from .execution import Execution

ENDING_SECONDS = 5.0
"""How long a request to end waits for the end."""

_executions: dict[str, Execution] = {}
_changing = threading.Lock()


def hold(run: str, lost_seconds: float) -> None:
    """The task: a place on this worker, in which a build runs once the service has claimed it."""
    from distributed import Status, get_worker

    _keep_quiet()
    worker = get_worker()
    gone = (Status.closing, Status.closed, Status.failed)
    execution = Execution(run, Path(worker.local_directory), lost_seconds, lambda: worker.status in gone)
    with _changing:
        _executions[execution.id] = execution
    try:
        execution.live()
    finally:
        with _changing:
            del _executions[execution.id]


async def exchange(text: str) -> str:
    """A request of the service and what there is to say, by `Client.run`; runs on the worker's event loop.

    It never raises: Dask would write the request, with the build's sources, into the worker's log.
    """
    _keep_quiet()
    try:
        return (await _reply(Request.from_text(text))).to_text()
    except Exception as error:  # noqa: BLE001  # whatever it is, the service must hear of it
        return Reply(__version__, socket.gethostname(), error=f"{type(error).__name__}: {error}").to_text()


async def _reply(request: Request) -> Reply:
    with _changing:
        mine = [e for e in _executions.values() if e.run == request.run]
    for execution in mine:
        execution.attend()
    if request.end:
        await _end([e for e in mine if request.execution in (None, e.id)])
    waiting = [e.id for e in mine if e.state == WAITING]
    chosen = next((e for e in mine if e.id == request.execution), None)
    if chosen is None:
        return Reply(__version__, socket.gethostname(), waiting)
    if request.claim is not None:
        chosen.claim(request.claim)
    chosen.answer(request.answers)
    if request.done:
        chosen.dismiss()
        return Reply(__version__, socket.gethostname(), waiting, chosen.state, offset=request.offset)
    await _until(lambda: chosen.has_more(request.offset), request.wait)
    journal = chosen.journal
    lines, offset = journal.read(request.offset) if journal is not None else ("", request.offset)
    return Reply(__version__, socket.gethostname(), waiting, chosen.state, lines, offset)


async def _end(executions: list[Execution]) -> None:
    for execution in executions:
        execution.end()
    await _until(lambda: all(e.state == ENDED for e in executions), ENDING_SECONDS)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """What it waits for happens in other threads, and a hundredth of a second is soon enough."""
    for _ in range(math.ceil(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)


class _NotOurs(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.msg == "Run out-of-band function %r" and record.args == (exchange.__name__,))


_not_ours = _NotOurs()


def _keep_quiet() -> None:
    """Dask notes each function that is run; ten lines a second of ours would bury all others."""
    logging.getLogger("distributed.worker").addFilter(_not_ours)  # the same one is added but once
