"""The shared routes of a person's server: forwarded to the service of the team, as this server's owner.

What goes up is made anew: the path from the route's template, of the headers a few, and this server's own token. What
comes down is passed on byte for byte as it comes, so that nothing large is ever held.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from tornado import web
from tornado.iostream import StreamClosedError

from .._version import __version__
from ..domain.errors import DataflowError, Unavailable
from ..home.team_service import AWAY, REFUSED
from .base import DataflowHandler
from .forward_stream import ForwardedStream
from .streaming import Streaming
from .upstream import CONNECT_SECONDS, SENT, Upstream, is_ours, received

if TYPE_CHECKING:
    import httpx

ANSWER_SECONDS = 20.0
"""Until an answer begins, and between two parts of it."""

SLOW_SECONDS = 900.0
SLOW = frozenset(
    {
        "/doctor",
        "/environments/{short_name}/preview",
        "/environments/{short_name}/versions/{number}/export/{format}",
        "/environments/{short_name}/versions/{number}/newer",
        "/import",
        "/packages",
        "/packages/{manager}/{name}",
        "/policy",
        "/policy/violating",
        "/preview",
        "/reviews/{review}",
    }
)
"""What asks the engine, or looks at everything there is."""


class ForwardedHandler(DataflowHandler):
    """One route; a class of its own for each, which says what it is."""

    template: ClassVar[str]

    @property
    def upstream(self) -> Upstream:
        upstream: Upstream = self.settings["dataflow_envs_upstream"]
        return upstream

    @web.authenticated
    @authorized
    async def _forward(self, **segments: str) -> None:
        # What nobody waits for any more is given up.
        self._forwarding = asyncio.create_task(self._pass_on(segments))
        with suppress(asyncio.CancelledError):
            await self._forwarding

    get = post = put = patch = delete = _forward

    def on_connection_close(self) -> None:
        if (forwarding := getattr(self, "_forwarding", None)) is not None:
            forwarding.cancel()
        super().on_connection_close()

    async def _pass_on(self, segments: dict[str, str]) -> None:
        try:
            answer = await self._ask(segments)
            try:
                await self._answer(answer)
            finally:
                await answer.aclose()
        except DataflowError as error:
            self.refuse(error)

    async def _ask(self, segments: dict[str, str]) -> httpx.Response:
        """The answer, of which nothing but the headers is read. Raises Unavailable, NotFound."""
        import httpx

        seconds = SLOW_SECONDS if self.template in SLOW else ANSWER_SECONDS
        request = self.upstream.http.build_request(
            self.request.method or "GET",
            self.upstream.address(self.template, segments, self.request.query_arguments),
            headers={
                "Accept": "*/*",
                "Accept-Encoding": "gzip" if "gzip" in self.request.headers.get("Accept-Encoding", "") else "identity",
                "User-Agent": f"jupyter-dataflow-envs/{__version__}",
                **{name: self.request.headers[name] for name in SENT if name in self.request.headers},
                **self.upstream.authorization,
            },
            content=self.request.body or (None if self.request.method == "GET" else b""),
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
        )
        # A kept connection may have been closed by the service at this very moment; reading does nothing twice.
        attempts = 2 if self.request.method == "GET" else 1
        while True:
            attempts -= 1
            try:
                return await self.upstream.http.send(request, stream=True)
            except httpx.RemoteProtocolError as error:
                if not attempts:
                    raise self._unavailable(error) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> Unavailable:
        self.log.warning("The environment service at %s: %s", self.upstream.url, type(error).__name__)
        return Unavailable(AWAY)

    async def _answer(self, answer: httpx.Response) -> None:
        kind = answer.headers.get("Content-Type", "")
        if not is_ours(answer.status_code, kind):
            self.log.warning("%s answers %d, %s", self.upstream.url, answer.status_code, kind or "nothing")
            raise Unavailable(REFUSED if answer.status_code in (302, 401, 403) else AWAY)
        if answer.status_code in (401, 403):
            await self._answer_refusal(answer)
            return
        self._begin(answer)
        await self._send(answer)

    async def _answer_refusal(self, answer: httpx.Response) -> None:
        """Whether the service does not know this server is this server's trouble: nobody's login has ended."""
        import httpx

        try:
            refusal = json.loads(await answer.aread())
        except (httpx.HTTPError, ValueError) as error:
            raise self._unavailable(error) from error
        if refusal.get("code") == "not_logged_in":
            raise Unavailable(REFUSED)
        self.answer(refusal, answer.status_code)

    def _begin(self, answer: httpx.Response) -> None:
        self.set_status(answer.status_code)
        self.clear_header("Content-Type")
        for name, value in received(answer.headers):
            self.set_header(name, value)
        if (location := answer.headers.get("Location")) is not None:
            self.set_header("Location", self.upstream.here(location, self.base_url))

    async def _send(self, answer: httpx.Response) -> None:
        """Part by part: the next is read when this one has left."""
        import httpx

        kind = answer.headers.get("Content-Type", "application/json")
        try:
            if answer.status_code != 204:
                async for part in answer.aiter_raw():
                    self.write(part)
                    await self.flush()
            await self.finish(set_content_type=kind)
        except StreamClosedError:
            return
        except httpx.HTTPError as error:
            if not self._headers_written:
                self.clear()
                raise self._unavailable(error) from error
            # Status and length are told already: only a connection that ends early says that this is not all.
            self.log.warning("An answer of %s ended early: %s", self.upstream.url, type(error).__name__)
            self.detach().close()


class ForwardedHealthHandler(DataflowHandler):
    """Of this server, and of the service."""

    _track_activity = False

    @allow_unauthenticated
    async def get(self) -> None:
        home, failure = self.gate.deployment, self.gate.failure
        upstream: Upstream = self.settings["dataflow_envs_upstream"]
        there: dict[str, Any] = {}
        message = failure.message if failure else None
        try:
            there = await upstream.state()
        except Unavailable as error:
            message = message or error.message
        self.answer(
            {
                "status": "up" if home else "disabled" if failure else "starting",
                "version": __version__,
                "schema_version": there.get("schema_version"),
                "coordinator_alive": bool(there.get("coordinator_alive")),
                "message": message or there.get("message"),
                "service": there.get("status", "away"),
            }
        )


def forwarded(shared: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The same routes, each forwarded."""
    return [(template, _forwarding(template, handler)) for template, handler in shared]


def _forwarding(template: str, handler: Any) -> Any:
    if template == "/health":
        return ForwardedHealthHandler
    if issubclass(handler, Streaming):
        return type(f"Forwarded{handler.__name__}", (ForwardedStream,), {"template": template})
    about = {"template": template, "body_limit": handler.body_limit, "_track_activity": handler._track_activity}
    return type(f"Forwarded{handler.__name__}", (ForwardedHandler,), about)
