"""What the service has to offer, asked by JupyterHub without blocking it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

KEPT_SECONDS = 5.0
"""How long a list answers everybody: a course that begins asks for the same one a hundred times."""

MOST = 1000
"""Environments on one page; the service gives no more at once."""


class ServiceAway(Exception):
    """The service did not answer, or not with environments; the text is for the hub's log."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One published environment. `published` is when it was, as ISO 8601 in UTC; `deprecated` why it is not to be taken
    any more."""

    short_name: str
    full_name: str
    description: str
    python_version: str | None
    published: str
    deprecated: str | None


class PublishedEnvironments:
    """`timeout` is in seconds, for each question; `token` is asked for each time, so that it can be exchanged."""

    def __init__(self, service_url: str, token: Callable[[], str], timeout: float, ca_file: str | None) -> None:
        self._url = f"{service_url.rstrip('/')}/dataflow-envs/environments"
        self._token = token
        self._timeout = timeout
        self._ca_file = ca_file
        self._http: SimpleAsyncHTTPClient | None = None
        self._listing: asyncio.Task[list[Offer]] | None = None
        self._listed_at = 0.0

    async def offered(self) -> list[Offer]:
        """By full name, without those that nobody is to begin with. Raises ServiceAway."""
        if self._listing is None or (self._listing.done() and time.monotonic() - self._listed_at > KEPT_SECONDS):
            self._listing = asyncio.create_task(self._list())
            self._listed_at = time.monotonic()
        return await asyncio.shield(self._listing)

    async def find(self, short_name: str) -> Offer | None:
        """None when there is none that is published. Raises ServiceAway."""
        found = await self._get(f"/{quote(short_name, safe='')}")
        return _offer(found) if found is not None else None

    async def _list(self) -> list[Offer]:
        page = await self._get("?" + urlencode({"status": "Published", "sort": "full_name", "limit": MOST}))
        try:
            offers = [_offer(e) for e in page["items"]]
        except (KeyError, TypeError) as error:
            raise ServiceAway(f"{self._url} does not list environments: see that service_url is right.") from error
        return [o for o in offers if o is not None and o.deprecated is None]

    async def _get(self, path: str) -> Any:
        """The answer's JSON; None when it says that there is no such thing."""
        if self._http is None:
            self._http = SimpleAsyncHTTPClient(force_instance=True)
        try:
            request = HTTPRequest(
                self._url + path,
                headers={"Authorization": f"token {self._token()}", "Accept": "application/json"},
                connect_timeout=self._timeout,
                request_timeout=self._timeout,
                follow_redirects=False,
                ca_certs=self._ca_file,
            )
            answer = await asyncio.wait_for(self._http.fetch(request), self._timeout)
            return json.loads(answer.body)
        except HTTPClientError as error:
            if error.code == 404 and _is_refusal(error):
                return None
            why = f"HTTP {error.code}"
        except asyncio.TimeoutError:
            why = f"nothing within {self._timeout:g} s"
        except (OSError, ValueError) as error:
            why = str(error) or type(error).__name__
        raise ServiceAway(f"The environments can't be asked for at {self._url}: {why}.")


def _is_refusal(error: HTTPClientError) -> bool:
    """Whether it is the service that says so, and not what is in front of it or somebody else."""
    try:
        return bool(error.response and json.loads(error.response.body)["code"] == "not_found")
    except (KeyError, TypeError, ValueError):
        return False


def _offer(environment: Any) -> Offer | None:
    """None for what is not published, which administrators alone see."""
    if environment["published_version"] is None:
        return None
    deprecated = environment["deprecated"]
    return Offer(
        short_name=environment["short_name"],
        full_name=environment["full_name"],
        description=environment["description"],
        python_version=environment["python_version"],
        # To who is neither owner nor administrator it is as it was published: it changes with each approval.
        published=environment["updated_at"],
        deprecated=deprecated["reason"] if deprecated else None,
    )
