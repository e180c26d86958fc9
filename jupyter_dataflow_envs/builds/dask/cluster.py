"""The service's connection to a Dask scheduler: made when it is needed, and again when it was lost."""

from __future__ import annotations

import asyncio
import concurrent.futures
import ipaddress
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ...domain.errors import Unavailable
from .exchange import RESOURCE, Reply, Request
from .worker import exchange

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")

CONNECT_SECONDS = 3.0
"""How long one try to reach the scheduler takes."""

CLOSE_SECONDS = 2.0
"""How long a connection may take to close."""

AGAIN_SECONDS = 0.5
"""Between two tries."""

ASK_SECONDS = 5.0
"""How long the scheduler itself may take for an answer."""

_log = logging.getLogger(__name__)


class Cluster:
    """Nothing here blocks but what says so; to be used from any thread. `client` changes when the scheduler does.

    Dask's client lives on an event loop of its own, in a thread that is the same for all connections.
    """

    def __init__(self, address: str) -> None:
        check_address(address)
        self.address = address
        self.trouble = ""
        """Why there is no connection, as far as known."""
        self._client: Client | None = None
        self._changing = threading.Lock()
        self._connecting = False
        self._tried = -AGAIN_SECONDS
        self._closed = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dask", daemon=True)
        self._thread.start()

    def client(self) -> Client | None:
        """The connection, if there is one at this moment; else one is being made."""
        with self._changing:
            if self._client is not None and self._client.status == "running":
                return self._client
            if self._connecting or self._closed.is_set() or time.monotonic() - self._tried < AGAIN_SECONDS:
                return None
            self._connecting = True
            lost, self._client = self._client, None
            asyncio.run_coroutine_threadsafe(self._connect(lost), self._loop)
        return None

    def submit(self, client: Client, function: Callable[..., None], *arguments: Any, key: str) -> Future[None]:
        """Blocks for a moment: a task for the workers that builds may run on. Raises OSError as `processing` does."""

        async def ask(client: Client) -> Future[None]:
            return client.submit(function, *arguments, key=key, resources={RESOURCE: 1}, pure=False)

        return self._ask(client, ask)

    def error(self, client: Client, future: Future[None]) -> BaseException | None:
        """Blocks for a moment: why a task has failed."""

        async def ask(_: Client) -> BaseException | None:
            error: BaseException | None = await future.exception()
            return error

        return self._ask(client, ask)

    def release(self, future: Future[None]) -> None:
        """Nobody wants the task's result: Dask need not run it any more."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(future.release)

    def start(
        self, client: Client, ask: Callable[[Client], Awaitable[T]], seconds: float
    ) -> concurrent.futures.Future[T]:
        """Begin to ask; the answer, an exception of Dask's, or TimeoutError comes within `seconds`.

        Raises ConnectionError when this is closed.
        """
        if self._closed.is_set():
            raise ConnectionError("the connection to Dask is closed")

        async def asked() -> T:
            return await asyncio.wait_for(ask(client), seconds)

        return asyncio.run_coroutine_threadsafe(asked(), self._loop)

    def request(
        self, client: Client, worker: str, request: Request, seconds: float
    ) -> concurrent.futures.Future[Reply]:
        async def ask(client: Client) -> Reply:
            answers = await client.run(exchange, request.to_text(), workers=[worker], asynchronous=True)
            return Reply.from_text(answers[worker])

        return self.start(client, ask, seconds)

    def processing(self, client: Client) -> dict[str, list[str]]:
        """Blocks: which worker has which tasks, running or next. Raises OSError when the scheduler can't be asked."""

        async def ask(client: Client) -> dict[str, list[str]]:
            found: dict[str, list[str]] = await client.scheduler.processing(workers=None)  # type: ignore[union-attr]
            return found

        return self._ask(client, ask)

    def builders(self, client: Client) -> list[str]:
        """Blocks: the addresses of the workers that builds may run on. Raises OSError as `processing` does."""

        async def ask(client: Client) -> list[str]:
            identity: dict[str, Any] = await client.scheduler.identity()  # type: ignore[union-attr]
            return [w for w, known in identity["workers"].items() if known["resources"].get(RESOURCE, 0) >= 1]

        return self._ask(client, ask)

    def was_retired(self, client: Client, worker: str) -> bool:
        """Blocks: whether a worker that is not there any more was to go, as those of adaptive clusters and those with a
        lifetime are, as far as is known."""

        async def ask(client: Client) -> list[str]:
            known: tuple[tuple[float, Any], ...] = await client.get_events(worker)
            return [event.get("action", "") for _, event in known if isinstance(event, dict)]

        try:
            actions = self._ask(client, ask)
        except OSError:
            return False
        since = max((n for n, action in enumerate(actions) if action == "add-worker"), default=0)
        return "retired" in actions[since:]

    def retire(self, client: Client, worker: str) -> None:
        """Have the scheduler forget a worker that does not answer, so that nothing more is sent to it; when it comes
        back, it finds itself dismissed and ends."""

        async def ask(client: Client) -> None:
            await client.retire_workers([worker], asynchronous=True)

        with suppress(ConnectionError):
            self.start(client, ask, ASK_SECONDS)

    def end_run(self, run: str, seconds: float) -> None:
        """See to it that no worker goes on with a run; in the background, for as long as one could without us."""
        threading.Thread(target=self._end_run, args=(run, seconds), name=f"dask end {run}", daemon=True).start()

    def close(self) -> None:
        """Blocks until the connection is closed."""
        with self._changing:
            self._closed.set()
            client, self._client = self._client, None
        if client is not None:
            with suppress(concurrent.futures.TimeoutError):
                asyncio.run_coroutine_threadsafe(_close(client), self._loop).result(CLOSE_SECONDS)
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _ask(self, client: Client, ask: Callable[[Client], Awaitable[T]]) -> T:
        try:
            return self.start(client, ask, ASK_SECONDS).result(ASK_SECONDS + 1)
        except Exception as error:  # Dask's own kinds are many; all mean the same
            raise OSError(f"the Dask scheduler at {self.address} does not answer: {error}") from error

    async def _connect(self, lost: Client | None) -> None:
        if lost is not None:
            await _close(lost)
        made = await self._reached()
        with self._changing:
            self._connecting = False
            self._tried = time.monotonic()
            if not self._closed.is_set():
                self._client, made = made, None
        if made is not None:
            await _close(made)

    async def _reached(self) -> Client | None:
        from distributed import Client

        client = Client(
            self.address, asynchronous=True, timeout=CONNECT_SECONDS, set_as_default=False, name="dataflow-envs"
        )
        try:
            await client
        except BaseException as error:
            await _close(client)
            if not isinstance(error, Exception):
                raise
            # Wrong certificates, wrong host, nobody there: people read it.
            self.trouble = str(error).strip() or type(error).__name__
            return None
        self.trouble = ""
        return client

    def _end_run(self, run: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._closed.is_set():
            client = self.client()
            if client is not None:
                try:
                    for worker in self.builders(client):
                        self.request(client, worker, Request(run, end=True), ASK_SECONDS)
                    return
                except OSError:
                    pass
            self._closed.wait(AGAIN_SECONDS)


def check_address(address: str) -> None:
    """Raises Unavailable: what builds are told and say must not cross a network in the open."""
    parts = urlsplit(address)
    if not parts.scheme or not parts.hostname:
        raise Unavailable(f"dask_scheduler must be an address such as tls://scheduler:8786, not '{address}'.")
    if parts.scheme not in ("tls", "wss") and not _is_loopback(parts.hostname):
        raise Unavailable(
            f"The Dask scheduler {address} is on another machine and not reached by TLS: give it certificates and set "
            "dask_scheduler to its tls:// address (docs/deploy/dask.md)."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _close(client: Client) -> None:
    try:
        await client.close(timeout=CLOSE_SECONDS / 2)
    except Exception as error:  # noqa: BLE001  # it is of no use any more, however it ends
        _log.debug("A connection to Dask did not close: %s", error)
