"""The service of a team as people's servers reach it: where it is, as whom, and what may go there and come back."""

from __future__ import annotations

import functools
import re
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from ..client.transport import on_loopback
from ..domain.errors import NotFound, Unavailable
from ..home.team_service import AWAY

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
CONNECTIONS = 100
"""Open at a time, beside WebSockets; who comes then waits."""

IDLE_SECONDS = 30.0
"""A connection is kept so long for the next request."""

SENT = ("Accept", "Content-Type", "If-Match", "If-None-Match")
"""Headers of requests that the service gets to see: who asks is told by this server's own token alone."""

RECEIVED = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "ETag",
    "Retry-After",
    "Vary",
    "X-Image-Digest",
    "X-Image-Size",
    "X-Log-Complete",
    "X-Next-Offset",
    "X-Prefix-Id",
)
"""Headers of answers that reach the browser; `Location` does too, as one of this server."""

OWN_QUERY = ("token", "_xsrf")
"""Of the browser's address: secrets of this server."""

_PARAMETER = re.compile(r"\{(\w+)\}")


class Upstream:
    """For the event loop. `url`: the service's base, which ends in a slash."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token
        self._http: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"Upstream({self.url!r})"

    @property
    def http(self) -> httpx.AsyncClient:
        """Its connections; opened by the first request, as what they take is not loaded with the server."""
        if self._http is None:
            import httpx

            self._http = httpx.AsyncClient(
                verify=self.certificates or False,
                trust_env=not on_loopback(self.url),
                follow_redirects=False,
                limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=IDLE_SECONDS),
            )
        return self._http

    @functools.cached_property
    def certificates(self) -> ssl.SSLContext | None:
        """What its certificate is checked with; None where there is none. SSL_CERT_FILE names others."""
        if not self.url.startswith("https:"):
            return None
        import httpx

        return httpx.create_ssl_context()

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"token {self._token}"} if self._token else {}

    def address(self, template: str, segments: Mapping[str, str], query: Mapping[str, list[bytes]]) -> str:
        """The URL of a route. Raises NotFound for segments that would lead elsewhere."""
        path = _PARAMETER.sub(lambda m: _segment(segments[m[1]]), template)
        asked = [(k.encode("latin-1", "replace"), v) for k, vs in query.items() if k not in OWN_QUERY for v in vs]
        return f"{self.url}dataflow-envs{path}" + (f"?{urlencode(asked)}" if asked else "")

    def here(self, location: str, base_url: str) -> str:
        """Where something is that the service names, as it is reached through this server."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        path = location.removeprefix(origin)
        ours = f"{urlsplit(self.url).path}dataflow-envs/"
        return f"{base_url}dataflow-envs/{path[len(ours) :]}" if path.startswith(ours) else location

    async def state(self) -> dict[str, Any]:
        """What /health of the service says. Raises Unavailable."""
        import httpx

        try:
            answer = await self.http.get(f"{self.url}dataflow-envs/health", timeout=CONNECT_SECONDS)
            found = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unavailable(AWAY) from error
        if not isinstance(found, dict) or "status" not in found:
            raise Unavailable(AWAY)
        return found

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()


def received(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Those of an answer's headers that are passed on."""
    for name in RECEIVED:
        if (value := headers.get(name)) is not None:
            yield name, value


def is_ours(status: int, kind: str) -> bool:
    """Whether an answer is one of the service, and not of what is in front of it, which answers with pages."""
    return status < 300 or status in (304, 307) or (status >= 400 and kind.startswith("application/json"))


def _segment(value: str) -> str:
    """One segment of a path, quoted anew: whatever it holds, it stays one."""
    if value in ("", ".", "..") or "/" in value or "\\" in value:
        raise NotFound("There is no such thing.")
    return quote(value, safe="", errors="surrogatepass")
