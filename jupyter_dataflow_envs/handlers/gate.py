"""The deployment behind the handlers: opened once, in a worker thread, after the server answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..domain.errors import Unavailable

T = TypeVar("T")

THREADS = 16
READ_THREADS = 4
"""For what only reads and waits for nobody: more threads only take turns at the interpreter, and lose a third by it."""

SLOW_THREADS = 16
"""For what asks the engine, which may take minutes: on the same threads, everybody's list would wait for previews."""

RETRY_SECONDS = 5.0
"""After a failure to open, until the next request tries again."""


class Gate:
    """Gives handlers the open deployment; all methods are for the event loop."""

    def __init__(self, open: Callable[[], Any]) -> None:
        """`open`: makes a Deployment, or what stands for it: in the service of a team a Service."""
        self._open = open
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dataflow-envs")
        self._reading = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="dataflow-envs read")
        self._slow = ThreadPoolExecutor(SLOW_THREADS, thread_name_prefix="dataflow-envs engine")
        self._opening: asyncio.Task[Any] | None = None
        self._failed_at = 0.0

    @property
    def deployment(self) -> Any:
        """The deployment if it is open by now."""
        task = self._opening
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    @property
    def failure(self) -> Unavailable | None:
        """Why the deployment could not be opened."""
        task = self._opening
        error = task.exception() if task is not None and task.done() and not task.cancelled() else None
        if error is None or isinstance(error, Unavailable):
            return error
        return Unavailable("The environments can't be used: see the server's log for the reason.")

    async def ready(self) -> Any:
        """Waits for the deployment. Raises Unavailable with what is wrong with it."""
        failed = self.failure
        if failed is not None and time.monotonic() - self._failed_at < RETRY_SECONDS:
            raise failed
        if self._opening is None or failed is not None:
            self._opening = asyncio.create_task(self._run_open())
        try:
            return await asyncio.shield(self._opening)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise self.failure or Unavailable(str(error)) from error

    async def call(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a method of the service in a worker thread."""
        return await self._run(self._pool, lambda: method(*args, **kwargs))

    async def call_reading(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """As `call`, for what only reads."""
        return await self._run(self._reading, lambda: method(*args, **kwargs))

    async def call_slow(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """As `call`, for what asks the engine."""
        return await self._run(self._slow, lambda: method(*args, **kwargs))

    async def _run(self, pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        try:
            running = asyncio.get_running_loop().run_in_executor(pool, call)
        except RuntimeError as error:  # the pool was shut down
            raise Unavailable("The server is stopping: try again when it is up.") from error
        return await running

    async def stop(self) -> None:
        task = self._opening
        if task is not None:
            await asyncio.wait([task])
        deployment = self.deployment
        if deployment is not None:
            await self.call(deployment.stop)
        self._pool.shutdown(wait=False)
        self._reading.shutdown(wait=False)
        self._slow.shutdown(wait=False)

    async def _run_open(self) -> Any:
        try:
            return await self.call(self._open)
        except BaseException:
            self._failed_at = time.monotonic()
            raise
