"""The extension's own routes, asked inside the Jupyter server by another extension on behalf of who asks that one.

No connection is opened: the application is given a request with the headers of the one that is being answered. So the
answer is that person's, however they have logged in and wherever the deployment is, and the event loop stays free.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server import CallContext
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPServerRequest, RequestStartLine, ResponseStartLine
from tornado.web import Application

from ..client.errors import error_from_answer
from ..domain.errors import Unavailable

ANSWER_SECONDS = 30.0
"""After which a route is given up; the service behind it may be far away."""

_WHO_ASKS = ("Authorization", "Cookie", "Host", "X-XSRFToken", "X-Forwarded-For", "X-Real-Ip")


class _Answer(HTTPConnection):
    """The end of a connection that keeps what a handler writes."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.status = 0
        self.body = b""
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        assert isinstance(start_line, ResponseStartLine)
        self.status = start_line.code
        return self.write(chunk or b"")

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        self.body += chunk
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def set_close_callback(self, callback: Any) -> None:
        """Nobody closes this one: who asks waits for a limited time."""


async def ask(path: str) -> Any:
    """The JSON that GET `path`, below our name, answers to the person whose request is being answered.

    Raises a DataflowError: Unavailable outside a request, or when there is no answer in time; else what was refused.
    """
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    if handler is None:
        raise Unavailable("Nobody is asking: environments are listed while a request is answered.")
    asked: HTTPServerRequest = handler.request
    headers = HTTPHeaders({name: asked.headers[name] for name in _WHO_ASKS if name in asked.headers})
    headers.setdefault("Host", asked.host)
    uri = f"{handler.base_url}dataflow-envs/{path}"
    answer = _Answer(getattr(asked.connection, "context", None))
    request = HTTPServerRequest(start_line=RequestStartLine("GET", uri, "HTTP/1.1"), headers=headers, connection=answer)
    request.remote_ip, request.protocol = asked.remote_ip, asked.protocol
    application: Application = handler.application
    application(request)
    try:
        await asyncio.wait_for(answer.finished, ANSWER_SECONDS)
    except asyncio.TimeoutError as error:
        raise Unavailable(f"There was no answer within {ANSWER_SECONDS:.0f} s: try again later.") from error
    if answer.status != 200:
        raise error_from_answer(answer.status, answer.body, uri)
    return json.loads(answer.body)
