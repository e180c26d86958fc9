"""Requests to one server: headers, time limits, and answers turned into values or errors."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ..domain.errors import NotFound
from .errors import ServerError, ServerUnreachable, error_from_answer
from .servers import Address

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0


def http_client(address: Address, timeout: float = ANSWER_SECONDS) -> httpx.Client:
    """An HTTP client whose paths are relative to the extension's routes."""
    import httpx

    secure = address.url.startswith("https:")
    return httpx.Client(
        base_url=f"{address.url}dataflow-envs/",
        headers=authorization(address),
        timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        # Loading the certificates takes longer than a request to loopback.
        verify=secure,
        trust_env=not on_loopback(address.url),
    )


def authorization(address: Address) -> dict[str, str]:
    """The header that says who is asking; with it Jupyter asks for no XSRF token."""
    return {"Authorization": f"token {address.token}"} if address.token else {}


def on_loopback(url: str) -> bool:
    """Whether the server is on this machine, where no proxy may come between."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def segment(value: str | int) -> str:
    """A value as one segment of a path, whatever is in it. Raises NotFound for nothing: that would be another path."""
    if value == "":
        raise NotFound("There is nothing without a name.")
    text = quote(str(value), safe="", errors="replace")
    return {".": "%2E", "..": "%2E%2E"}.get(text, text)


class Transport:
    """One server's answers. May be used from several threads."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._http = http_client(address)

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = ANSWER_SECONDS,
        accept: Container[int] = (),
    ) -> httpx.Response:
        """The answer, if it is a good one or its status is in `accept`; a DataflowError otherwise.

        `body` goes as JSON, `content` as it is. Query values that are None are left out.
        """
        import httpx

        try:
            answer = self._http.request(
                method,
                path,
                params={k: _plain(v) for k, v in (query or {}).items() if v is not None},
                content=content if body is None else json.dumps(body),
                headers={**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})},
                timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            )
        except httpx.TimeoutException as error:
            raise ServerUnreachable(
                f"The server at {self.address.url} did not answer in time ({type(error).__name__}): see whether it is "
                "overloaded or stopped, and try again."
            ) from error
        except httpx.HTTPError as error:
            raise self.unreachable(error) from error
        if not answer.is_success and answer.status_code not in accept:
            raise error_from_answer(answer.status_code, answer.content, self.address.url)
        return answer

    def json(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON."""
        answer = self.send(method, path, **options)
        try:
            return answer.json()
        except ValueError as error:
            raise ServerError(f"The server at {self.address.url} answered something that is not JSON.") from error

    def unreachable(self, error: BaseException) -> ServerUnreachable:
        """What to say when there is no connection."""
        why = str(error) or type(error).__name__
        return ServerUnreachable(
            f"Can't reach the server at {self.address.url} ({why}): see that it runs and that the address is right."
        )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
