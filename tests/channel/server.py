"""A folder served on loopback, with the faults that real servers have."""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from fnmatch import fnmatchcase
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote, urlsplit

CHUNK = 64 * 1024


@dataclass
class Page:
    """An answer that is not a file."""

    content_type: str
    body: bytes


# Given a path without its leading slash and the Accept header; None lets the folder answer.
Pages = Callable[[str, str], Page | None]


@dataclass
class Request:
    """One request as the server saw it; `sent` counts the body's bytes so far."""

    method: str
    path: str
    status: int = 0
    sent: int = 0
    done: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What happens to paths that match `pattern` (of fnmatch): one of a status, a pace or no answer at all."""

    pattern: str
    status: int | None = None
    bytes_per_second: float | None = None
    hangs: bool = False


class Server:
    """Serves `folder`, and before it `pages`, while the `with` block lasts.

    With `user` and `password`, or with `token` (as `Authorization: Bearer TOKEN` or as `/t/TOKEN/` before the path),
    others get 401. Faults can be set and healed while it runs; patterns are matched against the path without its
    leading slash and token, such as `noarch/big-data-*`.
    """

    def __init__(
        self, folder: Path, pages: Pages | None = None, *, user: str = "", password: str = "", token: str = ""
    ) -> None:
        self.folder = folder.resolve()
        self.pages = pages
        self.token = token
        self.basic = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self.requests: list[Request] = []
        self._faults: list[Fault] = []
        self._changed = threading.Condition()
        self._closing = False
        server = self

        class Handler(_Handler):
            home = server

        self._http = _Http(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Without a slash at its end, and without credentials."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self._http.server_port}"

    def throttle(self, pattern: str, bytes_per_second: float) -> None:
        """Send bodies no faster than this."""
        self._set(Fault(pattern, bytes_per_second=bytes_per_second))

    def fail(self, pattern: str, status: int = 500) -> None:
        """Answer with this status."""
        self._set(Fault(pattern, status=status))

    def hang(self, pattern: str) -> None:
        """Take the request and say nothing until healed or closed."""
        self._set(Fault(pattern, hangs=True))

    def heal(self) -> None:
        """Forget all faults; what hangs or crawls goes on at once."""
        with self._changed:
            self._faults.clear()
            self._changed.notify_all()

    def count(self, pattern: str = "*", method: str = "*") -> int:
        """How many requests there were for paths that match."""
        with self._changed:
            return len(self._matching(pattern, method))

    def wait_for(self, pattern: str, *, sent: int = 0, timeout: float = 30) -> Request:
        """The first GET of a matching path that has sent at least so many bytes of its body, as soon as there is one.

        Raises TimeoutError.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._under_way(pattern, sent), timeout):
                seen = ", ".join(f"{r.path} ({r.sent} bytes)" for r in self.requests[-20:]) or "none"
                raise TimeoutError(f"no request for {pattern} with {sent} bytes sent in {timeout} s; seen: {seen}")
            return self._under_way(pattern, sent)[0]

    def _matching(self, pattern: str, method: str) -> list[Request]:
        return [r for r in self.requests if fnmatchcase(r.path, pattern) and fnmatchcase(r.method, method)]

    def _under_way(self, pattern: str, sent: int) -> list[Request]:
        return [r for r in self._matching(pattern, "GET") if r.sent >= sent]

    def _set(self, fault: Fault) -> None:
        with self._changed:
            self._faults = [f for f in self._faults if f.pattern != fault.pattern] + [fault]
            self._changed.notify_all()

    def fault(self, path: str) -> Fault | None:
        """The fault set last for a path."""
        with self._changed:
            return next((f for f in reversed(self._faults) if fnmatchcase(path, f.pattern)), None)

    def began(self, request: Request) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def went_on(self, request: Request, sent: int = 0, done: bool = False) -> None:
        with self._changed:
            request.sent += sent
            request.done = request.done or done
            self._changed.notify_all()

    def hold(self, fault: Fault, seconds: float | None = None) -> bool:
        """Wait while the fault stands, so long at most; whether the server is to go on."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or fault not in self._faults, seconds)
            return not self._closing

    def admits(self, authorization: str, token: str) -> bool:
        """Whether a request with this header and this token in its path may pass."""
        allowed = [f"Basic {self.basic}"] if self.basic else []
        if self.token:
            allowed.append(f"Bearer {self.token}")
        return not allowed or authorization in allowed or bool(self.token and token == self.token)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed in the middle is no error of the server's."""


class _Handler(BaseHTTPRequestHandler):
    home: Server
    protocol_version = "HTTP/1.1"
    timeout = 60  # a client that keeps an idle connection open would else hold its thread for ever

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `requests`; standard error is theirs."""

    def _answer(self) -> None:
        path, token = unquote(urlsplit(self.path).path).lstrip("/"), ""
        if path.startswith("t/"):
            _, token, path = [*path.split("/", 2), ""][:3]
        request = Request(self.command, path, headers=dict(self.headers.items()))
        self.home.began(request)
        try:
            self._serve(request, path, token)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            self.home.went_on(request, done=True)

    def _serve(self, request: Request, path: str, token: str) -> None:
        if not self.home.admits(self.headers.get("Authorization", ""), token):
            self._refuse(request, HTTPStatus.UNAUTHORIZED)
            return
        fault = self.home.fault(path)
        if fault and fault.hangs and not self.home.hold(fault):
            self.close_connection = True
            return
        if fault and fault.status:
            self._refuse(request, HTTPStatus(fault.status))
            return
        page = self.home.pages(path, self.headers.get("Accept", "")) if self.home.pages else None
        if page is not None:
            self._send(request, page.content_type, page.body, None)
            return
        file = (self.home.folder / path).resolve()
        if not file.is_relative_to(self.home.folder) or not file.is_file():
            self._refuse(request, HTTPStatus.NOT_FOUND)
            return
        self._send(request, "application/octet-stream", file.read_bytes(), file.stat().st_mtime)

    def _send(self, request: Request, content_type: str, body: bytes, mtime: float | None) -> None:
        tag = f'"{len(body)}-{mtime}"'
        fresh = mtime is not None and self.headers.get("If-None-Match") == tag
        request.status = HTTPStatus.NOT_MODIFIED if fresh else HTTPStatus.OK
        self.send_response(request.status)
        if mtime is not None:
            self.send_header("ETag", tag)
            self.send_header("Last-Modified", formatdate(mtime, usegmt=True))
        if not fresh:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if self.command == "GET" and not fresh:
            self._send_body(request, body)

    def _send_body(self, request: Request, body: bytes) -> None:
        started, paced = time.monotonic(), 0
        while request.sent < len(body):
            fault = self.home.fault(request.path)
            pace = fault.bytes_per_second if fault else None
            size = CHUNK if pace is None else max(1, min(CHUNK, int(pace / 20)))
            chunk = body[request.sent : request.sent + size]
            self.wfile.write(chunk)
            self.home.went_on(request, sent=len(chunk))
            if fault and pace:
                paced += len(chunk)
                ahead = paced / pace - (time.monotonic() - started)
                if ahead > 0 and not self.home.hold(fault, ahead):
                    self.close_connection = True
                    return

    def _refuse(self, request: Request, status: HTTPStatus) -> None:
        request.status = status
        body = f"{status.value} {status.phrase}\n".encode()
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="channel"')
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)
