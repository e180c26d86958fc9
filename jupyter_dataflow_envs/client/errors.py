"""Refusals as they arrive over HTTP, and what can go wrong before any server answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..domain.errors import DataflowError, FieldError, InvalidSpec, NotAllowed, Unavailable


class ServerNotFound(DataflowError):
    """No Jupyter server with the extension runs here, or the address given is not one."""

    code = "server_not_found"


class ServerUnreachable(DataflowError):
    """The server does not answer, or the connection to it broke."""

    code = "server_unreachable"


class NotSignedIn(NotAllowed):
    """The server does not know who is asking: the token is missing, wrong or no longer valid."""

    code = "not_logged_in"


class ServerError(DataflowError):
    """The server failed, or answered something that is no answer of this interface."""

    code = "server_error"


def error_from_answer(status: int, body: bytes, address: str) -> DataflowError:
    """The error that an answer of `status` (400 and up, or a redirection to a login page) stands for.

    `address` names the server in messages for answers that come from what is in front of the extension.
    """
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if isinstance(data, dict) and isinstance(data.get("code"), str) and isinstance(data.get("message"), str):
        # Jupyter refuses strangers itself, with no more than the name of the status.
        if data["code"] == NotSignedIn.code or (status == 403 and data["message"] == "Forbidden"):
            return _not_signed_in(address)
        return _refusal(data)
    if status in (301, 302, 303, 307, 308, 401, 403):
        return _not_signed_in(address)
    if status == 404:
        return ServerNotFound(
            f"The server at {address} does not have jupyter-dataflow-envs: install it where that server runs, "
            "see that `jupyter server extension list` shows it enabled, and start the server again."
        )
    if status in (502, 503, 504):
        return Unavailable(f"The server at {address} is not available (HTTP {status}); try again later.")
    return ServerError(f"The server at {address} answered HTTP {status}; its log says more.")


def _not_signed_in(address: str) -> NotSignedIn:
    return NotSignedIn(
        f"The server at {address} does not accept the token: give that server's (--token, or Client(token=…))."
    )


def _refusal(data: Mapping[str, Any]) -> DataflowError:
    code, message = data["code"], data["message"]
    more = {k: v for k, v in data.items() if k not in ("code", "message", "errors")}
    kind = _CLASSES.get(code, DataflowError)
    # Past the classes' own constructors: those make the message, and here it is made already.
    error = kind.__new__(kind)
    DataflowError.__init__(error, message, **more)
    if isinstance(error, InvalidSpec):
        error.errors = tuple(_field_errors(data.get("errors")))
    if kind is DataflowError:
        error.__dict__["code"] = code
    return error


def _field_errors(found: object) -> Iterator[FieldError]:
    for item in found if isinstance(found, list) else []:
        if isinstance(item, dict):
            yield FieldError(
                str(item.get("field", "")), item.get("line"), item.get("text"), str(item.get("message", ""))
            )


def _family(base: type[DataflowError]) -> Iterator[type[DataflowError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _family(kind)


_CLASSES = {kind.code: kind for kind in _family(DataflowError) if kind.__module__.endswith("domain.errors")}
