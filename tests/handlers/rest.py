"""Requests as they go over the wire, and every answer held against the contract."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter

from jupyter_dataflow_envs import models
from jupyter_dataflow_envs.handlers.base import Operation
from jupyter_dataflow_envs.handlers.routes import tornado_handlers
from tests.live import wait_until

if TYPE_CHECKING:
    from websocket import WebSocket

BASE = "/dataflow-envs"
REFUSAL = {"code", "message", "errors"}

EMPTY_POLICY: dict[str, Any] = {
    "channels": [],
    "indexes": [],
    "denied_packages": [],
    "required_packages": [],
    "python_versions": [],
    "max_environments": None,
    "max_versions": None,
    "max_bytes": None,
}
"""Allows everything."""


@dataclass
class Answer:
    """One answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    def refused(self, status: int, code: str | None = None) -> dict[str, Any]:
        """The refusal it must be."""
        assert self.status == status, (self.status, self.body[:500])
        refusal: dict[str, Any] = self.json
        if code is not None:
            assert refusal["code"] == code, refusal
        return refusal

    def ok(self, status: int = 200) -> Any:
        """What it holds, which must not be a refusal."""
        assert self.status == status, (self.status, self.body[:500])
        return self.json if self.body else None


@dataclass
class Rest:
    """One person's requests to one server; may be used from several threads."""

    url: str
    token: str | None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> Answer:
        return self.request("GET", path, **more)

    def post(self, path: str, content: Any = None, **more: Any) -> Answer:
        return self.request("POST", path, content, **more)

    def patch(self, path: str, content: Any = None, **more: Any) -> Answer:
        return self.request("PATCH", path, content, **more)

    def put(self, path: str, content: Any = None, **more: Any) -> Answer:
        return self.request("PUT", path, content, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.request("DELETE", path, **more)

    def request(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        """`path` is below our name and is sent as it stands; `content` goes as JSON, `body` as it is.

        AssertionError when the answer is not what the models say.
        """
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        sent = {**self.headers, **(headers or {})}
        if self.token is not None:
            sent.setdefault("Authorization", f"token {self.token}")
        if body is None and content is not None:
            body = json.dumps(content).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        try:
            connection.putrequest(method, parts.path.rstrip("/") + BASE + path, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body is not None or method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders()
            try:
                if body:
                    connection.send(body)
            except ConnectionError:
                pass  # a server that has read enough answers before it has read all
            got = connection.getresponse()
            received, got_headers = got.read(), {k.lower(): v for k, v in got.getheaders()}
            if got_headers.get("content-encoding") == "gzip":
                received = gzip.decompress(received)
            answer = Answer(got.status, got_headers, received)
        finally:
            connection.close()
        check(method, path, answer)
        return answer

    def create(self, short_name: str, **more: Any) -> dict[str, Any]:
        """A new environment, saved."""
        made: dict[str, Any] = self.post("/environments", spec(short_name, **more)).ok(201)
        return made

    def wait(self, short_name: str, timeout: float = 120) -> dict[str, Any]:
        """Its latest version, once its build has ended."""

        def ended() -> dict[str, Any] | None:
            latest: dict[str, Any] = self.get(f"/environments/{short_name}/versions").ok()["items"][0]
            return latest if latest["outcome"] in ("succeeded", "failed") else None

        return wait_until(ended, f"the build of {short_name}", timeout, interval=0.1)

    def build(self, short_name: str, **options: Any) -> dict[str, Any]:
        """A build, up to its end, whatever that is."""
        self.post(f"/environments/{short_name}/build", options).ok(202)
        return self.wait(short_name)

    def make(self, short_name: str, **more: Any) -> dict[str, Any]:
        """A new environment, and its first version, which must succeed."""
        self.create(short_name, **more)
        return self.succeed(short_name)

    def succeed(self, short_name: str, **edited: Any) -> dict[str, Any]:
        """The next version, of what it says then, which must succeed."""
        if edited:
            self.patch(f"/environments/{short_name}", edited).ok()
        version = self.build(short_name)
        assert version["outcome"] == "succeeded", version["reason"]
        return version

    def fail(self, short_name: str) -> dict[str, Any]:
        """The next version, which fails at once."""
        self.patch(f"/environments/{short_name}", {"conda_requirements": ["no-such-package"]}).ok()
        version = self.build(short_name)
        assert version["outcome"] == "failed", version
        return version

    def submit(self, short_name: str, comment: str = "") -> dict[str, Any]:
        """The review that it opens."""
        review: dict[str, Any] = self.post(f"/environments/{short_name}/submit", {"comment": comment}).ok()
        return review

    def decide(self, review: Mapping[str, Any], decision: str, comment: str = "") -> Answer:
        """`decision`: approve or reject."""
        return self.post(f"/reviews/{review['id']}/{decision}", {"digest": review["digest"], "comment": comment})

    def approve(self, review: Mapping[str, Any]) -> dict[str, Any]:
        """The review, decided."""
        decided: dict[str, Any] = self.decide(review, "approve").ok()
        return decided

    def show(self, short_name: str) -> dict[str, Any]:
        """The environment as this person sees it."""
        environment: dict[str, Any] = self.get(f"/environments/{short_name}").ok()
        return environment

    @contextmanager
    def stream(self, path: str, **headers: str) -> Iterator[WebSocket]:
        """A WebSocket; raises websocket.WebSocketBadStatusException when the server refuses it."""
        import websocket

        sent = dict(headers)
        if self.token is not None:
            sent["Authorization"] = f"token {self.token}"
        socket = websocket.create_connection(
            f"ws{self.url.removeprefix('http').rstrip('/')}{BASE}{path}",
            header=sent,
            timeout=60,
            suppress_origin=True,
            http_no_proxy=["*"],
        )
        try:
            yield socket
        finally:
            socket.shutdown()  # type: ignore[no-untyped-call]


def spec(short_name: str, **more: Any) -> dict[str, Any]:
    """The body that creates an environment."""
    return {"short_name": short_name, "full_name": "Full name", "python_version": "3.11", **more}


def check(method: str, path: str, answer: Answer) -> None:
    """What holds for every answer of every route, whatever was asked."""
    assert answer.status < 500 or answer.status == 503, (method, path, answer.status, answer.body[:2000])
    assert b"Traceback" not in answer.body
    if answer.status >= 400:
        refusal = answer.json
        assert refusal.keys() >= REFUSAL, (method, path, refusal)
        assert isinstance(refusal["code"], str)
        assert refusal["code"]
        assert isinstance(refusal["message"], str)
        assert refusal["message"]
        _same("ErrorAnswer", {k: refusal[k] for k in REFUSAL})
        return
    about = _operation(method, path)
    if about is None:
        return
    assert answer.status == about.status, (method, path, answer.status)
    if about.answer is not None:
        _same(about.answer, answer.json)
    elif about.status == 204:
        assert answer.body == b""


def _same(model: str, content: Any) -> None:
    """Valid, and without a field that the model does not know."""
    adapter = _adapter(model)
    assert adapter.dump_python(adapter.validate_python(content, strict=True)) == content


@cache
def _adapter(model: str) -> TypeAdapter[Any]:
    return TypeAdapter(models.ANSWERS[model])


def _operation(method: str, path: str) -> Operation | None:
    asked = unquote(BASE + path.partition("?")[0])
    for pattern, handler in tornado_handlers("/"):
        if re.fullmatch(pattern, asked):
            return getattr(getattr(handler, method.lower(), None), "operation", None)
    return None
