"""What all handlers share: who asks, bodies checked by the typed models, and the one table of errors and statuses."""

from __future__ import annotations

import functools
import grp
import gzip
import json
import os
import pwd
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.auth.identity import IdentityProvider, LegacyIdentityProvider, PasswordIdentityProvider
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from ..domain import errors
from ..domain.errors import DataflowError, FieldError, InvalidSpec, Malformed, NotAllowed, TooLarge, Unavailable
from ..domain.names import shown
from ..domain.permissions import Person
from .gate import Gate

if TYPE_CHECKING:
    from ..models import Request
    from ..service.deployment import Deployment

T = TypeVar("T")
Method = Callable[..., Awaitable[None]]

BODY_LIMIT = 1024 * 1024
"""Bytes of the largest request; a spec of 2 × 500 lines needs a tenth of it."""

ERRORS_SHOWN = 100
"""Faults of one body that are told; more would be a larger answer than the request was."""

COMPRESSED_FROM = 1024
"""Bytes; what is smaller gains nothing."""

COMPRESSION_LEVEL = 1
"""Of gzip: a listing becomes a fiftieth of its size within a millisecond; higher levels take longer for little."""

JSON_TYPE = "application/json"

STATUSES: dict[type[DataflowError], int] = {
    errors.Malformed: 400,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.ShortNameTaken: 409,
    errors.LocalNameTaken: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.InvalidSpec: 422,
    errors.Unreproducible: 422,
    errors.PolicyViolated: 422,
    errors.Unsolvable: 422,
    errors.QuotaExceeded: 429,
    errors.Unavailable: 503,
}
"""The one table: every class of error, and the HTTP status that answers it."""

CODES = {400: "malformed", 401: "not_logged_in", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed"}
"""For refusals of the server around us."""

NOT_YOURS = (
    "This notebook server is somebody else's, and asks for environments in their name: use the Environments panel of "
    "your own server."
)

SHARED_LOGIN = (IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider)
"""Identity providers whose users are made up anew for each browser: behind them is one person, who owns the account."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What the OpenAPI document says about one method of a route; bodies by their names in `models`."""

    summary: str
    body: str | None = None
    answer: str | None = None
    status: int = 200
    media_type: str = "application/json"
    query: tuple[str, ...] = ()


def operation(
    summary: str,
    *,
    body: str | None = None,
    answer: str | None = None,
    status: int = 200,
    media_type: str = "application/json",
    query: tuple[str, ...] = (),
) -> Callable[[Method], Method]:
    """A method of a route: behind login and authorisation, its errors answered by the one table, and documented."""
    about = Operation(summary, body, answer, status, media_type, query)

    def wrap(method: Method) -> Method:
        @functools.wraps(method)
        async def inner(self: DataflowHandler, *args: Any, **kwargs: Any) -> None:
            try:
                await self.make_ready()
                await method(self, *args, **kwargs)
            except DataflowError as error:
                self.refuse(error)

        guarded = cast("Method", web.authenticated(authorized(inner)))
        guarded.operation = about  # type: ignore[attr-defined]
        return guarded

    return wrap


class Asking(JupyterHandler):
    """Who asks; for REST and WebSocket handlers."""

    auth_resource: ClassVar[str] = "dataflow-envs"
    deployment: Deployment

    @property
    def gate(self) -> Gate:
        gate: Gate = self.settings["dataflow_envs_gate"]
        return gate

    async def prepare(self, **how: Any) -> None:
        try:
            await super().prepare(**how)
        except Unavailable as error:  # who asks could not be found out
            self.refuse(error)
            return
        if not self._finished and self._is_stranger():
            self.refuse(NotAllowed(NOT_YOURS))

    async def make_ready(self) -> None:
        """What must be there before the request is looked at. Raises Unavailable."""
        self.deployment = await self.gate.ready()

    def _is_stranger(self) -> bool:
        """Whether somebody asks whom this server must not serve: as all it does, it would do it as its owner."""
        owner = self.settings.get("dataflow_envs_owner")
        if owner is None or self.is_sole or self.current_user is None:
            return False
        return bool(self.current_user.username != owner)

    @property
    def is_sole(self) -> bool:
        """Whether the operating system's user is the only identity here."""
        return type(self.identity_provider) in SHARED_LOGIN

    @property
    def person(self) -> Person:
        """With the login of one shared token or password, the operating system's user; else the provider's user."""
        if self.is_sole:
            return self.deployment.person(operating_system_user(), operating_system_groups(), sole=True)
        user = self.current_user
        return self.deployment.person(
            user.username,
            groups_of(user),
            admin=getattr(user, "is_admin", False),
            decides=getattr(user, "decides", True),
        )

    async def call(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.gate.call(method, *args, **kwargs)

    async def call_reading(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.gate.call_reading(method, *args, **kwargs)

    async def call_slow(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await self.gate.call_slow(method, *args, **kwargs)

    def integer(self, name: str, default: int, *, most: int) -> int:
        """A query argument from 0 to `most`. Raises Malformed."""
        text = self.get_query_argument(name, None)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) <= most):
            raise Malformed(f"{name} must be a number from 0 to {most}.")
        return int(text)

    def flag(self, name: str) -> bool:
        """A query argument that is true, false or not there; by itself (`?mine`) it is true. Raises Malformed."""
        text = self.get_query_argument(name, "false").lower()
        if text not in ("", "true", "1", "false", "0"):
            raise Malformed(f"{name} must be true or false.")
        return text in ("", "true", "1")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What tornado and jupyter_server refuse, and our own defects, in the one shape; never a traceback."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, web.HTTPError):
            message = error.log_message or error.reason or self._reason
            if error.args:
                message = self._reason
        else:
            message = "The server failed at this; its log says why. Nothing was changed."
        code = CODES.get(status_code, "error")
        if status_code == 403 and getattr(self, "_jupyter_current_user", None) is None:
            code, message = "not_logged_in", "Log in first, or send a token that this server knows."
        self.answer({"code": code, "message": message, "errors": []}, status_code)

    def answer(self, content: Any, status: int = 200) -> None:
        from pydantic_core import to_json  # half the time of `json` for a page of a listing

        self.set_status(status)
        self.set_header("Content-Type", f"{JSON_TYPE}; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(self._compressed(to_json(content)))

    def _compressed(self, content: bytes) -> bytes:
        """What is read, where that is worth it and asked for. Not what has an ETag: a strong one names exact bytes."""
        if self.request.method != "GET" or len(content) < COMPRESSED_FROM or "ETag" in self._headers:
            return content
        self.add_header("Vary", "Accept-Encoding")
        if not _takes_gzip(self.request.headers.get("Accept-Encoding", "")):
            return content
        self.set_header("Content-Encoding", "gzip")
        return gzip.compress(content, COMPRESSION_LEVEL)

    def refuse(self, error: DataflowError) -> None:
        if self._finished:
            return
        if isinstance(error, errors.Unavailable):
            self.set_header("Retry-After", "5")
        self.answer(error.body(), status_of(type(error)))


class DataflowHandler(Asking, APIHandler):
    """One route of the REST interface."""

    body_limit: ClassVar[int] = BODY_LIMIT

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        if not self._finished and len(self.request.body) > self.body_limit:
            self.refuse(TooLarge(f"The request is larger than {self.body_limit // 1024} KiB."))

    def body(self, model: type[Request]) -> Any:
        """The request's body as `model`. Raises Malformed, and InvalidSpec with field and line."""
        from pydantic import ValidationError

        self._require_json()
        try:
            content = json.loads(self.request.body.decode("utf-8") or "{}", object_pairs_hook=_without_duplicates)
            json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        except (UnicodeError, ValueError, RecursionError) as error:
            raise Malformed("The body is not JSON in UTF-8.") from error
        if not isinstance(content, dict):
            raise Malformed("The body must be a JSON object.")
        try:
            return model.model_validate(content)
        except ValidationError as error:
            raise InvalidSpec([field_error(e) for e in error.errors()[:ERRORS_SHOWN]]) from error

    def _require_json(self) -> None:
        kind = self.request.headers.get("Content-Type", JSON_TYPE).partition(";")[0].strip().lower()
        if self.request.body and kind != JSON_TYPE:
            raise Malformed(f"The body must be JSON, sent with Content-Type: {JSON_TYPE}.")

    def check_etag_header(self) -> bool:
        """An ETag here names what may be edited, not what is shown: it answers no conditional GET."""
        return False

    def compute_etag(self) -> str | None:
        return None


def send_log(handler: DataflowHandler, data: bytes, next_offset: int, *, complete: bool) -> None:
    """Answer with a part of a log; its headers say where it goes on, and whether this was all."""
    handler.set_header("X-Next-Offset", str(next_offset))
    handler.set_header("X-Log-Complete", "true" if complete else "false")
    handler.set_header("Cache-Control", "no-store")
    handler.finish(data, set_content_type="text/plain; charset=UTF-8")


def status_of(kind: type[DataflowError]) -> int:
    """By the table; a class that a layer derived for itself is answered as the one it is derived from."""
    return next(STATUSES[c] for c in kind.__mro__ if c in STATUSES)


def groups_of(user: Any) -> tuple[str, ...]:
    """The groups that the identity provider tells, as its own attribute or as JupyterHub's model of the user."""
    groups = getattr(user, "groups", None)
    if groups is None:
        groups = (getattr(user, "hub_user", None) or {}).get("groups", ())
    return tuple(str(g) for g in groups)


@functools.cache
def operating_system_groups() -> tuple[str, ...]:
    """Of who runs this process."""
    names = []
    for gid in os.getgroups():
        with suppress(KeyError):  # a group that only has a number
            names.append(grp.getgrgid(gid).gr_name)
    return tuple(names)


def operating_system_user() -> str:
    """Who runs this process."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` names gzip, and not as what is refused (`q=0`)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";")
        if name == "gzip":
            return not re.fullmatch(r"q=0(\.0*)?", weight)
    return False


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values for one field either could be meant."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidSpec([FieldError(shown(name, 100), None, None, "this field stands twice: keep one of them")])
        found[name] = value
    return found


def field_error(error: Any) -> FieldError:
    """What pydantic says of one fault."""
    location = error["loc"] or ("body",)
    line = next((part + 1 for part in location if isinstance(part, int)), None)
    text = shown(error["input"], 200) if isinstance(error["input"], str) and error["input"] else None
    message = "this field is not known" if error["type"] == "extra_forbidden" else error["msg"]
    return FieldError(shown(str(location[0]), 100), line, text, message)
