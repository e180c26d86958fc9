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
    from distributed import Client

T = TypeVar("T")

CONNECT_SECONDS = 3.0
"""How long one try to reach the scheduler takes."""

AGAIN_SECONDS = 0.5
"""Between two tries."""

ASK_SECONDS = 5.0
"""How long the scheduler itself may take for an answer."""

_log = logging.getLogger(__name__)


class Cluster:
    """Nothing here blocks but what says so; to be used from any thread. `client` changes when the scheduler does."""

    def __init__(self, address: str) -> None:
        check_address(address)
        self.address = address
        self.trouble = ""
        """Why there is no connection, as far as known."""
        self._client: Client | None = None
        self._changing = threading.Lock()
        self._connecting = False
        self._tried = -AGAIN_SECONDS
        self._closed = False

    def client(self) -> Client | None:
        """The connection, if there is one at this moment; else one is being made."""
        with self._changing:
            if self._client is not None and self._client.status == "running":
                return self._client
            if self._connecting or self._closed or time.monotonic() - self._tried < AGAIN_SECONDS:
                return None
            self._connecting = True
            lost, self._client = self._client, None
        threading.Thread(target=self._connect, args=(lost,), name="dask connect", daemon=True).start()
        return None

    def start(
        self, client: Client, ask: Callable[[Client], Awaitable[T]], seconds: float
    ) -> concurrent.futures.Future[T]:
        """Begin to ask; the answer, an exception of Dask's, or TimeoutError comes within `seconds`."""

        async def asked() -> T:
            return await asyncio.wait_for(ask(client), seconds)

        loop: Any = client.loop
        return asyncio.run_coroutine_threadsafe(asked(), loop.asyncio_loop)

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

    def retire(self, client: Client, worker: str) -> None:
        """Have the scheduler forget a worker that does not answer, so that nothing more is sent to it; when it comes
        back, it finds itself dismissed and ends."""

        async def ask(client: Client) -> None:
            await client.retire_workers([worker], asynchronous=True)

        with suppress(RuntimeError):  # the loop has ended
            self.start(client, ask, ASK_SECONDS)

    def end_run(self, run: str, seconds: float) -> None:
        """See to it that no worker goes on with a run; in the background, for as long as one could without us."""
        threading.Thread(target=self._end_run, args=(run, seconds), name=f"dask end {run}", daemon=True).start()

    def close(self) -> None:
        with self._changing:
            self._closed = True
            client, self._client = self._client, None
        if client is not None:
            _close(client)

    def _ask(self, client: Client, ask: Callable[[Client], Awaitable[T]]) -> T:
        try:
            return self.start(client, ask, ASK_SECONDS).result(ASK_SECONDS + 1)
        except Exception as error:  # Dask's own kinds are many; all mean the same
            raise OSError(f"the Dask scheduler at {self.address} does not answer: {error}") from error

    def _connect(self, lost: Client | None) -> None:
        from distributed import Client

        if lost is not None:
            _close(lost)
        made = None
        try:
            made = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False, name="dataflow-envs")
            self.trouble = ""
        except Exception as error:  # noqa: BLE001  # wrong certificates, wrong host, nobody there: people read it
            self.trouble = str(error).strip() or type(error).__name__
        with self._changing:
            self._connecting = False
            self._tried = time.monotonic()
            if not self._closed:
                self._client, made = made, None
        if made is not None:
            _close(made)

    def _end_run(self, run: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._closed:
            client = self.client()
            if client is not None:
                try:
                    for worker in self.builders(client):
                        self.request(client, worker, Request(run, end=True), ASK_SECONDS)
                    return
                except (OSError, RuntimeError):
                    pass
            time.sleep(AGAIN_SECONDS)


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


def _close(client: Client) -> None:
    try:
        client.close(timeout=2)
    except Exception as error:  # noqa: BLE001  # it is of no use any more, however it ends
        _log.debug("A connection to Dask did not close: %s", error)
